"""3D motion without pictures, seen through Human3.6M's cameras: what such data sets share.

Protocol:
  - Training clips are seen by the eight cameras of Human3.6M's S1 and S5, test clips by the four
    of S9. A camera is named `S1.54138969`.
  - A clip is turned about the vertical by one random heading. A training clip's body and path
    are scaled by one factor of ±7 %. Both depend on the clip's key alone.
  - The root's path is centred on its mean; in frames where it still lies farther than 1.5 m from
    the origin, the whole pose is moved radially back to 1.5 m.
"""

import dataclasses
import functools
import pathlib
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from synpose_tf.datasets.pose_dataset import Shard, View
from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import h36m_cameras
from synpose_tf.structures.skeleton import H36M_17

SPLITS = ("train", "test")
CAMERA_SUBJECTS = {"train": ("S1", "S5"), "test": ("S9",)}
RATE = 30.0  # frames a second of every clip
SEED = 0
MAX_RADIUS = 1.5  # metres from the world's origin, horizontally, to the root
SCALE_RANGE = (0.93, 1.07)
SHARD_EXAMPLES = 20_000


@dataclasses.dataclass(frozen=True)
class Clip:
    """F frames of one recording.

    Args:
        key: `<group>/<clip>`; a group is a performer, a folder, or its author's choice.
        positions: (F, 17, 3), world, metres, z up, 30 Hz.
        frames: (F,), the frame numbers in the source file, from 0, at the file's own rate.
        file: where it was read.
    """

    key: str
    positions: np.ndarray
    frames: np.ndarray
    file: pathlib.Path | zipfile.Path

    @property
    def subject(self) -> str:
        return self.key.split("/")[0]

    @property
    def action(self) -> str:
        """`walking` for `walking_13`; a clip whose name is a number, `02_01`, keeps it."""
        return re.sub(r"^([A-Za-z].*)_\d+$", r"\1", self.key.split("/")[1])


def shards(splits: Mapping[str, Sequence[Clip]]) -> dict[str, list[Shard]]:
    """The shards of each split's views, for a `PoseDatasetBuilder`."""
    return {
        split: [
            functools.partial(views, split, shard) for shard in group(clips, len(_cameras(split)))
        ]
        for split, clips in splits.items()
    }


def describe(splits: Mapping[str, Sequence[Clip]]) -> dict[str, dict]:
    """How many clips, frames and which subjects each split has, for a builder's metadata."""
    return {
        split: {
            "clips": len(clips),
            "frames": sum(len(clip.frames) for clip in clips),
            "subjects": sorted({clip.subject for clip in clips}),
        }
        for split, clips in splits.items()
    }


def _cameras(split):
    """(name, camera) of each camera that sees a split."""
    return [
        (f"{subject}.{name}", camera)
        for subject in CAMERA_SUBJECTS[split]
        for name, camera in h36m_cameras()[subject].items()
    ]


def group(clips: Sequence[Clip], cameras: int) -> list[list[Clip]]:
    """Consecutive clips whose views are together at most `SHARD_EXAMPLES`, or one longer clip."""
    groups: list[list[Clip]] = []
    room = 0
    for clip in clips:
        examples = len(clip.frames) * cameras
        if examples > room:
            groups.append([])
            room = SHARD_EXAMPLES
        groups[-1].append(clip)
        room -= examples
    return groups


def place(clip: Clip, split: str) -> np.ndarray:
    """Puts a clip in front of the cameras, as the protocol says.

    Returns:
        (F, 17, 3), world, metres, z up.
    """
    rng = np.random.default_rng([SEED, zlib.crc32(clip.key.encode())])
    angle = rng.uniform(-np.pi, np.pi)
    scale = rng.uniform(*SCALE_RANGE) if split == "train" else 1.0
    cos, sin = np.cos(angle), np.sin(angle)
    heading = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    points = scale * clip.positions.astype(np.float64) @ heading.T
    root = points[:, H36M_17.root, :2]
    path = root - root.mean(axis=0)
    distance = np.linalg.norm(path, axis=-1, keepdims=True)
    path = path * np.minimum(1.0, MAX_RADIUS / np.maximum(distance, MAX_RADIUS))
    points[..., :2] += (path - root)[:, None]
    return points


def views(split: str, clips: Iterable[Clip]) -> Iterator[View]:
    """Each clip, placed, as each camera of the split sees it.

    Raises:
        SynposeError: a joint lies behind a camera; names the clip's file and key.
    """
    for clip in clips:
        world = 1000.0 * place(clip, split)
        for name, camera in _cameras(split):
            points = camera.to_camera(world)
            if points[..., 2].min() <= 0:
                raise SynposeError(
                    f"{clip.file}: a joint of {clip.key!r} lies behind camera {name}. Are the "
                    "positions in metres, z up?"
                )
            yield View(
                subject=clip.subject,
                action=clip.action,
                camera=name,
                keypoints_2d=camera.project(points),
                keypoints_3d=points,
                intrinsics=camera.intrinsics,
                up=camera.up,
                frames=clip.frames,
            )
