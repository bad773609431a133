"""Finds and reads the clips of a folder of BVH files.

Each becomes a `Clip` of Human3.6M-17 joints at 30 Hz, z up, in metres, the floor at 0.
"""

import dataclasses
import pathlib
from collections import Counter, defaultdict
from collections.abc import Collection

import numpy as np
import tqdm
from absl import logging

from synpose_tf.datasets import split_file
from synpose_tf.datasets.bvh_motion import bvh, conventions, joints, posture
from synpose_tf.datasets.motion_views import RATE, SPLITS, Clip
from synpose_tf.errors import SynposeError
from synpose_tf.structures.skeleton import H36M_17

INSTRUCTIONS = f"""\
The folder, or any folder below it, must hold BVH files of people. Known are the joint names of
{", ".join(convention.name for convention in conventions.CONVENTIONS)};
others go into {conventions.OWN_TABLE} in the folder, or into a file that --joint_map names:
{{"joints": {{"LHip": "NAME", ...}}}} with {", ".join(conventions.REQUIRED)}.
{split_file.NAME} in the folder is optional: {{"train": ["<group>/<clip>", ...], "test": [...]}}."""
_ANKLE = 0.1  # of a leg, the height of an ankle that stands on the floor


@dataclasses.dataclass(frozen=True)
class _Take:
    """A file, read.

    Args:
        frames: (F,), which of the file's frames were taken.
        kind: what files share that come from one exporter: the convention's name, `rest_up`.
        unit: its unit's name.
    """

    key: str
    path: pathlib.Path
    figure: joints.Figure
    frames: np.ndarray
    kind: tuple[str, str | None]
    unit: str
    metres: float


@dataclasses.dataclass(frozen=True)
class Source:
    """What a folder held.

    Args:
        splits: the clips of each split, in the order of their keys.
        assumed: lines that say what was found out about the files: names, unit, up.
    """

    splits: dict[str, list[Clip]]
    assumed: list[str]


def find(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """The BVH files in a folder and below it, by clip.

    A clip is called `<folders>/<file>` without the ending, with dots between the folders, and
    `clips/<file>` for one in the folder itself. Hidden files are passed over.

    Raises:
        SynposeError: two files have the same key.
    """
    found: dict[str, pathlib.Path] = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.suffix.lower() != ".bvh" or not path.is_file():
            continue
        if any(part.startswith(".") or part == "__MACOSX" for part in parts):
            continue
        key = f"{'.'.join(parts[:-1]) or 'clips'}/{path.stem}"
        if key in found:
            raise SynposeError(f"{path} and {found[key]} are both called {key!r}. Rename one.")
        found[key] = path
    return found


def split(folder: pathlib.Path, keys: Collection[str]) -> dict[str, list[str]]:
    """The keys of the clips of each split, in order.

    Without `split.json` a fifth of the clips test, at least one: those whose keys have the
    smallest checksums.

    Raises:
        SynposeError: `split.json` is not as it should be, or a split has no clip.
    """
    path = folder / split_file.NAME
    chosen = split_file.choose(folder, keys)
    for name in SPLITS:
        if not chosen[name]:
            raise SynposeError(
                f"{folder}: no clip is for {name!r}; there are {len(keys)}. Add files, or choose "
                f"in {path}."
            )
    return {name: sorted(chosen[name]) for name in SPLITS}


def read(folder: pathlib.Path, joint_map: pathlib.Path | None = None) -> Source:
    """Reads and checks every clip of both splits.

    Args:
        folder: of the files.
        joint_map: see `conventions.read_own`.

    Raises:
        SynposeError: there is no BVH file, a split has no clip, a file is broken, or what a
            file means can't be told; names the file and what to do.
    """
    files = find(folder)
    if not files:
        raise SynposeError(f"{folder}: no BVH file is here.\n{INSTRUCTIONS}")
    own = conventions.read_own(folder, joint_map)
    splits = split(folder, files)
    keys = [key for name in SPLITS for key in splits[name]]
    with tqdm.tqdm(keys, "Reading", unit=" clips") as progress:
        takes = [take for key in progress if (take := _read(key, files[key], own))]
    ups = _ups(takes, own)
    clips = {take.key: _clip(take, ups[take.kind]) for take in takes}
    assumed = _assumed(takes, ups)
    for line in assumed:
        logging.info("%s", line)
    found = {name: [clips[key] for key in splits[name] if key in clips] for name in SPLITS}
    for name in SPLITS:
        if not found[name]:
            raise SynposeError(
                f"{folder}: every clip for {name!r} is a rest pose from beginning to end. Choose "
                f"others in {folder / split_file.NAME}."
            )
    return Source(found, assumed)


def read_clip(
    folder: pathlib.Path, key: str, path: pathlib.Path, joint_map: pathlib.Path | None = None
) -> Clip | None:
    """Reads one clip; None where it is a rest pose from beginning to end.

    Raises:
        SynposeError: as `read`.
    """
    own = conventions.read_own(folder, joint_map)
    take = _read(key, path, own)
    return take and _clip(take, _ups([take], own)[take.kind])


def _read(key, path, own):
    motion = bvh.read(path)
    convention = conventions.recognise(path, motion.skeleton.names, own)
    frames = thirty_hertz(len(motion.values), motion.rate)
    figure = joints.figure(motion, convention.table, frames)
    unit, metres = ("as said", own.metres_per_unit)
    if metres is None:
        unit, metres = posture.unit(path, figure.leg)
    start = posture.rest_frames(figure)
    if start == len(frames):
        logging.warning("%s is a rest pose from beginning to end, and left out.", path)
        return None
    figure = dataclasses.replace(figure, points=figure.points[start:].astype(np.float32))
    posture.check_sides(path, figure)
    kind = (convention.name, posture.rest_up(figure))
    return _Take(key, path, figure, frames[start:], kind, unit, metres)


def thirty_hertz(count: int, rate: float) -> np.ndarray:
    """The frames nearest to 30 moments a second; of a slower clip all."""
    step = max(rate / RATE, 1.0)
    # A frame time of 0.0333333 is meant as a thirtieth.
    moments = step * np.arange(int((count - 1) / step + 0.01) + 1)
    return np.unique(np.rint(moments).astype(int).clip(max=count - 1))


def _ups(takes, own):
    """Which way is up in the files of each kind."""
    kinds = defaultdict(list)
    for take in takes:
        kinds[take.kind].append(take)
    if own.up:
        return dict.fromkeys(kinds, own.up.removeprefix("+"))
    return {
        kind: posture.up([take.path for take in group], [take.figure for take in group], kind[1])
        for kind, group in kinds.items()
    }


def _clip(take, up):
    points = take.metres * take.figure.points @ posture.to_z_up(up).T
    floor = np.percentile(points[..., 2].min(axis=1), 5) - _ANKLE * take.metres * take.figure.leg
    points[..., 2] -= floor
    points[..., :2] -= points[:, H36M_17.root, :2].mean(axis=0)
    return Clip(take.key, points.astype(np.float32), take.frames, file=take.path)


def _assumed(takes, ups):
    counts = Counter((take.kind[0], take.unit, ups[take.kind]) for take in takes)
    return [
        f"{count} clips: joints as {name} has them, lengths in {unit}, {up} is up"
        for (name, unit, up), count in counts.items()
    ]
