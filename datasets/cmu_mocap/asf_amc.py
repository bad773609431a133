"""Acclaim skeletons (ASF) and motions (AMC) to joint positions.

An ASF file holds a tree of bones at rest; an AMC file holds, frame by frame, the root's
position and each moving bone's angles. With C the rotation of a bone's own axis at rest and
M the frame's rotation, both extrinsic in the order that the axis names, the bone's global
rotation is

    R = R_parent C M C⁻¹,

and its end is the parent's end + R direction length.
"""

import dataclasses
import math
import pathlib
import zipfile
import zlib

import numpy as np
from scipy.spatial.transform import Rotation

from synpose_tf.errors import SynposeError
from synpose_tf.structures.skeleton import CMU_ASF, CMU_BONES, H36M_17

METRES_PER_INCH = 0.0254
NOSE_FORWARD = 0.10  # metres from the middle of the head along its own forward, ASF's +z
# Joints that lie along a bone: the share of the way from its start, the end of its parent. The
# radius bone ends in the middle of the forearm, and the thorax bone below the shoulders. With
# these shares root to thorax is 0.49 m and elbow to wrist 0.25 m, as people have it
# (`tests` hold them against Human3.6M's skeleton).
ALONG_BONE = {
    "Thorax": ("lowerneck", 0.5),
    "LWrist": ("lwrist", 0.6),
    "RWrist": ("rwrist", 0.6),
}
# ASF's world is y-up with z forward: (x, y, z) becomes (x, -z, y), a quarter turn about x.
_Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
_Entries = dict[str, tuple[int, list[str]]]  # By keyword, the line and its words.
_SECTIONS = ("units", "root", "bonedata", "hierarchy")


@dataclasses.dataclass(frozen=True)
class Bone:
    """A bone at rest.

    Args:
        offset: (3,), from the parent's end to the bone's own, metres, y-up world.
        axis: (3, 3), the rotation C of the bone's own axis; the file lists its angles in `order`.
        order: the order of extrinsic rotations, such as "xyz".
        channels: what an AMC line of this bone holds, such as ("rx", "rz").
    """

    offset: np.ndarray
    axis: np.ndarray
    order: str
    channels: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class AsfSkeleton:
    """A tree of bones.

    Args:
        path: the file it comes from.
        bones: name to bone, parents first; the first is "root".
        parents: name to the parent's name, None for the root.
        scale: metres per unit of length in the file and in its motions.
    """

    path: pathlib.Path | zipfile.Path
    bones: dict[str, Bone]
    parents: dict[str, str | None]
    scale: float


def read_asf(path: pathlib.Path | zipfile.Path) -> AsfSkeleton:
    """Reads a skeleton.

    Raises:
        SynposeError: the file cannot be read, lacks a section, or has a line that does not
            follow the format; names the file and the line.
    """
    sections = _asf_sections(path)
    missing = [f":{name}" for name in _SECTIONS if name not in sections]
    if missing:
        raise SynposeError(
            f"{path}: lacks the section {', '.join(missing)}; an ASF skeleton needs "
            f"{', '.join(':' + name for name in _SECTIONS)}. Fetch the file again."
        )
    scale = _scale(path, sections["units"])
    bones = _bones(path, sections["bonedata"], scale)
    bones["root"] = _root(path, sections["root"], scale)
    parents = _parents(path, sections["hierarchy"], bones)
    return AsfSkeleton(path, {name: bones[name] for name in parents}, parents, scale)


def read_amc(path: pathlib.Path | zipfile.Path, skeleton: AsfSkeleton) -> np.ndarray:
    """Reads a motion of `skeleton`.

    Returns:
        (frames, channels), the channels of each bone in `skeleton`'s order; degrees and the
        file's own units of length.

    Raises:
        SynposeError: the file cannot be read or is cut off, its frames do not count up by
            one, or a line does not fit the skeleton; names the file and the line.
    """
    counts = {name: len(bone.channels) for name, bone in skeleton.bones.items() if bone.channels}
    frames, number, line = [], None, 0
    values: dict[str, list[float]] = {}
    for line, words in _lines(path):
        if words[0].startswith(":"):
            if words[0].lower() == ":radians":
                raise SynposeError(f"{path}, line {line}: angles must be in degrees.")
        elif len(words) == 1 and words[0].isdecimal():
            if number is not None:
                frames.append(_frame(path, line, number, values, counts))
                if int(words[0]) != number + 1:
                    raise SynposeError(
                        f"{path}, line {line}: frame {words[0]} follows frame {number}; frames "
                        "must count up by one. Fetch the file again."
                    )
            number, values = int(words[0]), {}
        elif number is None:
            raise SynposeError(f"{path}, line {line}: {words[0]!r} stands before any frame number.")
        elif words[0] not in counts:
            raise SynposeError(
                f"{path}, line {line}: bone {words[0]!r} has no degree of freedom in "
                f"{skeleton.path}. Is the file cut off, or the skeleton another performer's?"
            )
        else:
            values[words[0]] = _numbers(path, line, words[1:], counts[words[0]])
    if number is None:
        raise SynposeError(f"{path}: holds no frame. Fetch the file again.")
    frames.append(_frame(path, line, number, values, counts))
    return np.array(frames)


def forward_kinematics(
    skeleton: AsfSkeleton, motion: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Places every bone in every frame.

    Args:
        skeleton: B bones.
        motion: (F, channels) as `read_amc` gives it.

    Returns:
        The bones' ends, name to (F, 3), metres, and their global rotations, name to
        (F, 3, 3); the world is ASF's, y-up.
    """
    ends, rotations = {}, {}
    column = 0
    for name, bone in skeleton.bones.items():
        channels = {key: motion[:, column + i] for i, key in enumerate(bone.channels)}
        column += len(bone.channels)
        still = np.zeros(len(motion))
        angles = np.stack([channels.get("r" + axis, still) for axis in bone.order], axis=-1)
        turn = bone.axis @ _rotation(bone.order, angles) @ bone.axis.T
        parent = skeleton.parents[name]
        if parent is None:
            shift = np.stack([channels.get("t" + axis, still) for axis in "xyz"], axis=-1)
            rotations[name], ends[name] = turn, bone.offset + shift * skeleton.scale
        else:
            rotations[name] = rotations[parent] @ turn
            ends[name] = ends[parent] + rotations[name] @ bone.offset
    return ends, rotations


def h36m_17(skeleton: AsfSkeleton, motion: np.ndarray) -> np.ndarray:
    """Human3.6M-17 joints of a motion: (F, 17, 3), world metres, z up.

    Some joints are no bone's end. The hip is the midpoint of the two hip joints. Thorax and
    wrists lie along a bone (`ALONG_BONE`). The nose has no marker: it is put 10 cm in front of
    the middle of the head.

    Raises:
        SynposeError: the skeleton lacks a bone that a joint needs.
    """
    bone_of = dict(zip(CMU_ASF.joints, CMU_BONES, strict=True))
    needed = {bone_of[joint] for joint in H36M_17.joints if joint in bone_of} | {"upperneck"}
    needed |= {bone for bone, _ in ALONG_BONE.values()}
    missing = sorted(needed - skeleton.bones.keys())
    if missing:
        raise SynposeError(
            f"{skeleton.path}: lacks the bones {missing}, which the joints of "
            f"{H36M_17.name} need. Only CMU's skeletons are understood."
        )
    ends, rotations = forward_kinematics(skeleton, motion)
    joints = {joint: ends[bone] for joint, bone in bone_of.items() if bone in ends}
    joints["Hip"] = (joints["LHip"] + joints["RHip"]) / 2
    for joint, (bone, share) in ALONG_BONE.items():
        start = ends[skeleton.parents[bone] or "root"]
        joints[joint] = start + share * (ends[bone] - start)
    forward = rotations["head"] @ [0.0, 0.0, NOSE_FORWARD]
    joints["Nose"] = (joints["UpperNeck"] + joints["Head"]) / 2 + forward
    return np.stack([joints[joint] for joint in H36M_17.joints], axis=1) @ _Z_UP.T


def _rotation(order, degrees):
    """Extrinsic rotations about the axes of `order`: (..., 3) to (..., 3, 3)."""
    return Rotation.from_euler(order, degrees, degrees=True).as_matrix()


# === Lines and numbers ===


def _lines(path):
    """(line number, words) of each line that is neither empty nor a comment."""
    try:
        text = path.read_text(encoding="latin-1")
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        raise SynposeError(f"{path}: cannot be read ({error}). Fetch it again.") from error
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.split()
        if words and not words[0].startswith("#"):
            yield number, words


def _numbers(path, line, words, count):
    if len(words) != count:
        raise SynposeError(
            f"{path}, line {line}: found {len(words)} values, expected {count}. "
            "Is the file cut off? Fetch it again."
        )
    try:
        values = [float(word) for word in words]
    except ValueError as error:
        raise SynposeError(f"{path}, line {line}: expected numbers, found {words}.") from error
    if not math.isfinite(sum(values)):
        raise SynposeError(f"{path}, line {line}: found {words}, expected finite numbers.")
    return values


def _frame(path, line, number, values, counts):
    """One frame's values in the skeleton's order."""
    missing = [name for name in counts if name not in values]
    if missing:
        raise SynposeError(
            f"{path}, line {line}: frame {number} ends without the bones {missing}. "
            "Is the file cut off? Fetch it again."
        )
    return [value for name in counts for value in values[name]]


# === The sections of an ASF file ===


def _asf_sections(path):
    """Section name to its (line, words), the keyword line left out."""
    sections: dict[str, list[tuple[int, list[str]]]] = {}
    current = None
    for line, words in _lines(path):
        if words[0].startswith(":"):
            current = sections.setdefault(words[0][1:].lower(), [])
        elif current is not None:
            current.append((line, words))
    return sections


def _scale(path, lines):
    units = {words[0].lower(): (line, words[1:]) for line, words in lines}
    line, angle = units.get("angle", (0, ["deg"]))
    if angle != ["deg"]:
        raise SynposeError(f"{path}, line {line}: angles must be in deg, found {angle}.")
    line, length = _entry(path, units, "length", "the :units section")
    (inches,) = _numbers(path, line, length, 1)
    if inches <= 0:
        raise SynposeError(f"{path}, line {line}: the unit of length must be positive.")
    return METRES_PER_INCH / inches


def _root(path, lines, scale):
    entry = {words[0].lower(): (line, words[1:]) for line, words in lines}
    orientation = _entry(path, entry, "orientation", "the :root section")
    order = _order(path, *_entry(path, entry, "axis", "the :root section"))
    line, channels = _entry(path, entry, "order", "the :root section")
    position = _numbers(path, *_entry(path, entry, "position", "the :root section"), 3)
    return Bone(
        offset=np.array(position) * scale,
        axis=_rotation(order, _numbers(path, *orientation, 3)),
        order=order,
        channels=_channels(path, line, channels, ("tx", "ty", "tz", "rx", "ry", "rz")),
    )


def _bones(path, lines, scale):
    bones: dict[str, Bone] = {}
    entry: _Entries = {}
    for line, words in lines:
        key = words[0].lower()
        if key == "begin":
            entry = {}
        elif key == "end":
            name, bone = _bone(path, line, entry, scale)
            bones[name] = bone
        else:
            entry[key] = (line, words[1:])
    return bones


def _bone(path: pathlib.Path, end: int, entry: _Entries, scale: float) -> tuple[str, Bone]:
    where = f"the bone that ends at line {end}"
    line, name = _entry(path, entry, "name", where)
    if len(name) != 1:
        raise SynposeError(f"{path}, line {line}: expected one bone name, found {name}.")
    direction = _numbers(path, *_entry(path, entry, "direction", where), 3)
    length = _numbers(path, *_entry(path, entry, "length", where), 1)[0]
    line, axis = _entry(path, entry, "axis", where)
    order = _order(path, line, axis[3:])
    degrees: tuple[int, list[str]] = entry.get("dof", (end, []))
    bone = Bone(
        offset=np.array(direction) * length * scale,
        axis=_rotation(order, _numbers(path, line, axis[:3], 3)),
        order=order,
        channels=_channels(path, *degrees, ("rx", "ry", "rz")),
    )
    return name[0], bone


def _entry(path: pathlib.Path, entry: _Entries, key: str, where: str) -> tuple[int, list[str]]:
    if key not in entry:
        raise SynposeError(f"{path}: {where} lacks {key!r}.")
    return entry[key]


def _order(path, line, words):
    order = "".join(words).lower()
    if sorted(order) != ["x", "y", "z"]:
        raise SynposeError(f"{path}, line {line}: expected an order such as XYZ, found {words}.")
    return order


def _channels(path, line, words, known):
    channels = tuple(word.lower() for word in words)
    if not set(channels) <= set(known):
        raise SynposeError(f"{path}, line {line}: expected channels of {known}, found {words}.")
    return channels


def _parents(path, lines, bones):
    """Name to parent of each bone in the hierarchy, parents first."""
    parents = {"root": None}
    for line, (parent, *children) in lines:
        if parent in ("begin", "end"):
            continue
        for name in (parent, *children):
            if name not in bones:
                raise SynposeError(f"{path}, line {line}: bone {name!r} is not in :bonedata.")
        if parent not in parents:
            raise SynposeError(f"{path}, line {line}: {parent!r} is no child of a bone above.")
        for name in children:
            if name in parents:
                raise SynposeError(f"{path}, line {line}: {name!r} is the child of two bones.")
            parents[name] = parent
    return parents
