"""What joints are called: tables of names, and a user's own in `joint_map.json`.

A table gives for joints of Human3.6M-17 the joint of the file that lies there, or two joints
and the share of the way from the first to the second. `Skull` is the joint that turns the head.
Hip, and where no table names them Spine, Thorax, Nose and Head, are derived
(`synpose_tf.datasets.bvh_motion.joints`).

Names are compared without what comes before a colon, without a beginning that most of a file's
names share (`mixamorig_`, `Bip01 `), without separators, and in small letters.
"""

import dataclasses
import json
import pathlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from synpose_tf.errors import SynposeError
from synpose_tf.structures.skeleton import H36M_17

OWN_TABLE = "joint_map.json"
LIMBS = ("Hip", "Knee", "Ankle", "Shoulder", "Elbow", "Wrist")
REQUIRED = (*(f"{side}{limb}" for side in "LR" for limb in LIMBS), "Skull")
KNOWN = {*REQUIRED, *H36M_17.joints} - {"Hip"}
_AXES = re.compile(r"[+-]?[xyz]")

Place = str | tuple[str, str, float]


@dataclasses.dataclass(frozen=True)
class Convention:
    """A way to name joints.

    Args:
        name: whose.
        table: where Human3.6M's joints and `Skull` lie.
    """

    name: str
    table: Mapping[str, Place]


@dataclasses.dataclass(frozen=True)
class Own:
    """What `joint_map.json` says.

    Args:
        convention: the user's own table, or None.
        metres_per_unit: the unit of length, or None where it is to be found out.
        up: such as `z` or `-y`, or None where it is to be found out.
    """

    convention: Convention | None = None
    metres_per_unit: float | None = None
    up: str | None = None


def _limbs(*names, skull="head", **others):
    """A table from the names of hip, knee, ankle, shoulder, elbow and wrist of both sides."""
    table = {"Skull": skull} | others
    for side, word in (("L", "left"), ("R", "right")):
        for limb, name in zip(LIMBS, names, strict=True):
            table[side + limb] = name.format(side=word, s=word[0])
    return table


def _cmu():
    """CMU's bones: the hand's starts in the middle of the forearm, the neck's below the thorax.

    So has `synpose_tf.datasets.cmu_mocap.asf_amc`.
    """
    table = _limbs(
        "{side}upleg", "{side}leg", "{side}foot", "{side}arm", "{side}forearm", "{side}hand",
        Spine="spine", Thorax=("neck", "neck1", 0.5), Head="headend",
    )  # fmt: skip
    for side, word in (("L", "left"), ("R", "right")):
        table[f"{side}Wrist"] = (f"{word}hand", f"{word}fingerbase", 0.6)
    return table


_ARM = ("{side}arm", "{side}forearm", "{side}hand")
# The first whose joints are all there counts.
CONVENTIONS = tuple(
    Convention(name, table)
    for name, table in {
        "CMU": _cmu(),
        "MotionBuilder (Mixamo, LaFAN1)": _limbs("{side}upleg", "{side}leg", "{side}foot", *_ARM),
        "synpose_tf": _limbs(
            "{side}upleg", "{side}leg", "{side}legend",
            "{side}arm", "{side}forearm", "{side}forearmend",
            Spine="spine", Thorax="spine1", Nose="head", Head="headend",
        ),
        "Rokoko": _limbs("{side}thigh", "{side}shin", "{side}foot", *_ARM),
        "Xsens, Biovision": _limbs(
            "{side}hip", "{side}knee", "{side}ankle",
            "{side}shoulder", "{side}elbow", "{side}wrist",
        ),
        "Xsens (segments)": _limbs(
            "{side}upperleg", "{side}lowerleg", "{side}foot",
            "{side}upperarm", "{side}forearm", "{side}hand",
        ),
        "Bandai Namco": _limbs(
            "upperleg{s}", "lowerleg{s}", "foot{s}", "upperarm{s}", "lowerarm{s}", "hand{s}"
        ),
        "Character Creator, Biped": _limbs(
            "{s}thigh", "{s}calf", "{s}foot", "{s}upperarm", "{s}forearm", "{s}hand"
        ),
        "Unreal": _limbs("thigh{s}", "calf{s}", "foot{s}", "upperarm{s}", "lowerarm{s}", "hand{s}"),
        "Poser, Daz": _limbs("{s}thigh", "{s}shin", "{s}foot", "{s}shldr", "{s}forearm", "{s}hand"),
        "SMPL": _limbs("{s}hip", "{s}knee", "{s}ankle", "{s}shoulder", "{s}elbow", "{s}wrist"),
    }.items()
)  # fmt: skip


def recognise(path: pathlib.Path, names: Sequence[str], own: Own) -> Convention:
    """The convention that a file's joints follow, its table with the file's own names.

    Args:
        path: of the file, for the error.
        names: the joints'.
        own: is tried first.

    Raises:
        SynposeError: no convention has all of its joints there.
    """
    plain = _plain(names)
    lacking: list[tuple[int, int, Convention, list[str]]] = []
    for convention in filter(None, (own.convention, *CONVENTIONS)):
        found = {joint: _found(place, plain) for joint, place in convention.table.items()}
        missing = [joint for joint, place in found.items() if place is None]
        if not missing:
            return Convention(convention.name, found)
        lacking.append((len(missing), len(lacking), convention, missing))
    *_, closest, missing = min(lacking)
    wanted = ", ".join(f"{joint} ({_text(closest.table[joint])})" for joint in missing)
    raise SynposeError(
        f"{path}: its joints follow no convention that is known. The closest is {closest.name}, "
        f"but for {wanted}. The file has {', '.join(names[:40])}"
        f"{', …' * (len(names) > 40)}. Say in {OWN_TABLE}, in the folder or "
        "named with --joint_map, which is which: "
        f'{{"joints": {{"LHip": "NAME", …}}}} with {", ".join(REQUIRED)}.'
    )


def _plain(names):
    """By what is compared of a name, and by the whole name, the name; None where two agree."""
    bare = [name.rsplit(":", 1)[-1] for name in names]
    beginnings = Counter(
        text[: found.end()] for text in bare for found in re.finditer(r"[\s_.-]+", text)
    )
    shared = [start for start, count in beginnings.items() if count >= 0.8 * len(bare)]
    start = max(shared, key=len, default="")
    plain: dict[str, str | None] = {}
    for keys in (names, [_squeezed(text.removeprefix(start)) for text in bare]):
        found = {}
        for key, name in zip(keys, names, strict=True):
            found[key] = None if key in found else name
        plain = found | plain
    return plain


def _squeezed(name):
    return re.sub(r"[\s_.-]+", "", name).lower()


def _found(place, plain):
    """A table's entry with the names of a file, or None where the file lacks one."""
    if isinstance(place, str):
        return plain.get(place) or plain.get(_squeezed(place.rsplit(":", 1)[-1]))
    start, end, share = place
    ends = (_found(start, plain), _found(end, plain))
    return (*ends, share) if all(ends) else None


def _text(place):
    return place if isinstance(place, str) else f"{place[2]:g} from {place[0]} to {place[1]}"


# === joint_map.json ===


def read_own(folder: pathlib.Path, joint_map: pathlib.Path | None = None) -> Own:
    """What the folder's `joint_map.json` says; nothing where there is none.

    Args:
        folder: of the files.
        joint_map: a file in place of the folder's.

    Raises:
        SynposeError: it can't be read, or says something that is not understood.
    """
    path = joint_map or folder / OWN_TABLE
    if joint_map is None and not path.is_file():
        return Own()
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SynposeError(f"{path}: is no readable JSON ({error}).") from error
    if not isinstance(content, dict) or not content.keys() <= {"joints", "metres_per_unit", "up"}:
        raise SynposeError(
            f'{path}: expected {{"joints": {{…}}, "metres_per_unit": 0.01, "up": "y"}}, of which '
            f"each may be left out; found {json.dumps(content)[:200]}."
        )
    table, unit, up = (content.get(key) for key in ("joints", "metres_per_unit", "up"))
    if unit is not None and not (isinstance(unit, int | float) and 1e-6 < unit < 1e3):
        raise SynposeError(f"{path}: metres_per_unit must be a number such as 0.01, found {unit}.")
    if up is not None and not (isinstance(up, str) and _AXES.fullmatch(up)):
        raise SynposeError(f"{path}: up must be x, y, z, -x, -y or -z, found {up!r}.")
    convention = None if table is None else Convention(path.name, _own_table(path, table))
    return Own(convention, unit, up)


def _own_table(path, table):
    if not isinstance(table, dict) or not {*REQUIRED} <= table.keys() <= KNOWN:
        keys = table.keys() if isinstance(table, dict) else set()
        lacking, unknown = sorted({*REQUIRED} - keys), sorted(keys - KNOWN)
        raise SynposeError(
            f"{path}: joints lacks {lacking or 'nothing'} and has unknown {unknown or 'none'}. It "
            f"needs {', '.join(REQUIRED)}, and may have {', '.join(sorted(KNOWN - {*REQUIRED}))}."
        )
    return {joint: _own_place(path, joint, place) for joint, place in table.items()}


def _own_place(path, joint, place):
    match place:
        case str():
            return place
        case [str() as start, str() as end, int() | float() as share]:
            return start, end, float(share)
    raise SynposeError(
        f'{path}: {joint} must be a joint\'s name or ["FIRST", "SECOND", 0.6], the share of the '
        f"way from the first to the second; found {json.dumps(place)[:100]}."
    )
