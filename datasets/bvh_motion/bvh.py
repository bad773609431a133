"""BVH files to joint positions.

The library bvhio parses the tree of joints. It holds each joint of each frame as an object, which
takes 70 times as long as NumPy, by which motion is read and placed in space. With M the
rotations of a joint's channels, intrinsic in the order of the file, a joint's place and turn are

    place = place of parent + turn of parent · offset,    turn = turn of parent · M,

where position channels, if there are any, stand for the offset.
"""

import dataclasses
import itertools
import pathlib
import re
import tempfile
from collections.abc import Iterable

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io import files

_MOTION = re.compile(r"^[ \t]*MOTION[ \t]*$", re.MULTILINE)
_HEADER = re.compile(r"\s*Frames:\s*(\d+)\s+Frame\s+Time:\s*(\S+)[ \t]*(?:\n|$)")
_JOINT = re.compile(r"^([ \t]*(?:ROOT|JOINT))[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
_CHANNEL = re.compile(r"([XYZ])(position|rotation)", re.IGNORECASE)
_SLOWEST, _FASTEST = 1.0, 1000.0  # Hz


@dataclasses.dataclass(frozen=True)
class Skeleton:
    """A tree of J joints and End Sites, parents first.

    Args:
        names: the joints'; an End Site is called after its joint, `Head_End`.
        parents: index of each one's parent, -1 for the root.
        offsets: (J, 3), from the parent at rest, in the file's unit.
        channels: of each joint such as (("position", 0), ("rotation", 2)), with the axis.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    channels: tuple[tuple[tuple[str, int], ...], ...]

    def ancestors(self, joint: int) -> list[int]:
        """The joint and those above it, up to the root."""
        found = []
        while joint >= 0:
            found.append(joint)
            joint = self.parents[joint]
        return found


@dataclasses.dataclass(frozen=True)
class Motion:
    """A file's motion.

    Args:
        skeleton: whose it is.
        values: (F, channels), the joints' channels in order; the file's unit, degrees.
        rate: frames a second.
    """

    skeleton: Skeleton
    values: np.ndarray
    rate: float


def read_skeleton(path: pathlib.Path) -> tuple[Skeleton, int, float]:
    """The skeleton of a file, how many frames it holds, and how many a second.

    Raises:
        SynposeError: it is no BVH file, or damaged; names the file and what is wrong.
    """
    return _head(path)[:3]


def read(path: pathlib.Path) -> Motion:
    """Reads a file.

    Raises:
        SynposeError: it is no BVH file, is damaged or cut off, or holds no frame; names the
            file and what is wrong.
    """
    skeleton, frames, rate, lines = _head(path)
    width = sum(map(len, skeleton.channels))
    with files.reading(path):
        values = np.loadtxt(lines, ndmin=2, comments=None) if lines else np.zeros((0, width))
    if values.shape != (frames, width):
        raise SynposeError(
            f"{path}: its motion has {values.shape[0]} lines of {values.shape[1]} numbers, its "
            f"head promises {frames} of {width}. The file is cut off or damaged; export it again."
        )
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        raise SynposeError(
            f"{path}: frame {wrong[0][0]} holds a number that is not finite. Export it again."
        )
    return Motion(skeleton, values, rate)


def forward_kinematics(
    motion: Motion, frames: np.ndarray, joints: Iterable[int]
) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray]]:
    """Places joints in some frames.

    Args:
        motion: of F frames.
        frames: (n,), which of them.
        joints: indices; those above them are placed too.

    Returns:
        By joint the place (n, 3), in the file's unit, and the rotation (n, 3, 3), in its world.
    """
    skeleton = motion.skeleton
    columns = np.cumsum([0, *map(len, skeleton.channels)])
    places: dict[int, np.ndarray] = {}
    turns: dict[int, np.ndarray] = {}
    for joint in sorted({above for low in joints for above in skeleton.ancestors(low)}):
        values = motion.values[frames, columns[joint] : columns[joint + 1]]
        offset, turn = _local(skeleton, joint, values)
        parent = skeleton.parents[joint]
        if parent >= 0:
            offset = places[parent] + (turns[parent] @ offset[..., None])[..., 0]
            turn = turns[parent] @ turn
        places[joint], turns[joint] = offset, turn
    return places, turns


def rest_places(skeleton: Skeleton) -> np.ndarray:
    """(J, 3): the joints with all rotations zero, the root at 0."""
    places = np.zeros((len(skeleton.names), 3))
    for joint, parent in enumerate(skeleton.parents):
        if parent >= 0:
            places[joint] = places[parent] + skeleton.offsets[joint]
    return places


def _local(skeleton, joint, values):
    """A joint's offset (n, 3) and rotation, seen from its parent."""
    offset = np.tile(skeleton.offsets[joint], (len(values), 1))
    turn = np.broadcast_to(np.eye(3), (len(values), 3, 3))
    for (kind, axis), column in zip(skeleton.channels[joint], values.T, strict=True):
        if kind == "position":
            offset[:, axis] = column
        else:
            turn = turn @ _about(axis, column)
    return offset, turn


def _about(axis, degrees):
    """(n, 3, 3), rotations about a coordinate axis; scipy's take a hundred times as long."""
    angle = np.radians(degrees)
    turn = np.zeros((len(angle), 3, 3))
    second, third = (axis + 1) % 3, (axis + 2) % 3
    turn[:, axis, axis] = 1.0
    turn[:, second, second] = turn[:, third, third] = np.cos(angle)
    turn[:, third, second] = np.sin(angle)
    turn[:, second, third] = -np.sin(angle)
    return turn


# === The file's head ===


def _head(path):
    """Skeleton, number of frames, rate, and the lines of the motion."""
    with files.reading(path):
        text = _decode(path.read_bytes())
    start = _MOTION.search(text)
    header = start and _HEADER.match(text, start.end())
    if not start or not header or not text.lstrip().startswith("HIERARCHY"):
        raise SynposeError(
            f"{path}: is no BVH file, or cut off. Expected HIERARCHY and the joints, then MOTION, "
            "Frames: and Frame Time:."
        )
    with files.reading(path):
        skeleton = _skeleton(text[: start.start()])
        if not np.isfinite(skeleton.offsets).all():
            raise ValueError("an OFFSET is not finite")
        frames, step = int(header[1]), float(header[2])
    if not frames:
        raise SynposeError(f"{path}: holds no frame. Export it with its motion.")
    if not 1 / _FASTEST <= step <= 1 / _SLOWEST:
        raise SynposeError(
            f"{path}: Frame Time is {header[2]}, expected seconds between {1 / _FASTEST:g} and "
            f"{1 / _SLOWEST:g}. Put it right in the file."
        )
    return skeleton, frames, 1 / step, text[header.end() :].splitlines()


def _decode(content):
    """Text of any usual encoding, with one kind of line end."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _skeleton(hierarchy):
    import bvhio  # Half a second, for which other data sets need not wait.

    # The parser cuts names off at spaces, and reads them in the system's encoding: it gets
    # numbers. It waits forever for more where a file ends too soon: the end is always there.
    called = [found[2] for found in _JOINT.finditer(hierarchy)]
    numbers = itertools.count()
    text = _JOINT.sub(lambda found: f"{found[1]} {next(numbers)}", hierarchy)
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "head.bvh"
        copy.write_text(
            f"{text}\nMOTION\nFrames: 0\nFrame Time: 1\n", encoding="ascii", errors="replace"
        )
        root = bvhio.readAsBvh(str(copy), loadKeyFrames=False).Root
    names: list[str] = []
    parents, offsets, channels = [], [], []
    open_joints: list[int] = []  # the indices of the joints above, by depth
    for joint, _, depth in root.layout():
        parents.append(open_joints[depth - 1] if depth else -1)
        open_joints[depth:] = [len(names)]
        names.append(called[int(joint.Name)])
        offsets.append([*joint.Offset])
        channels.append(tuple(map(_channel, joint.Channels)))
        if not joint.Children:
            parents.append(len(names) - 1)
            names.append(f"{names[-1]}_End")
            offsets.append([*joint.EndSite])
            channels.append(())
    return Skeleton(tuple(names), tuple(parents), np.array(offsets), tuple(channels))


def _channel(name):
    found = _CHANNEL.fullmatch(name)
    if not found:
        raise ValueError(f"expected channels such as Xposition and Zrotation, found {name}")
    return found[2].lower(), "XYZ".index(found[1].upper())
