"""People through time: 2D keypoints as a detector saw them, and the 3D poses lifted from them.

Of long recordings the joints lie on disk (`synpose_tf.io.scratch`): their fields are then no
arrays, but are read by slices and indices as these, and become arrays by `np.asarray`.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, TypeVar

import numpy as np

from synpose_tf.io.scratch import Column, Rows, Scratch, pieces, slices
from synpose_tf.structures.skeleton import Skeleton

_TrackT = TypeVar("_TrackT", bound="_Track")


class _Track:
    """What tracks have in common: F frames, and `columns` with a row for each."""

    columns: ClassVar[tuple[str, ...]]
    frames: np.ndarray

    def pieces(self: _TrackT) -> Iterator[_TrackT]:
        """The track some thousand frames at a time, in memory."""
        for part in slices(len(self.frames)):
            yield self.part(part)

    def part(self: _TrackT, rows: slice) -> _TrackT:
        """Some frames of the track, in memory."""
        return self._with(lambda column: column[rows])

    def loaded(self: _TrackT) -> _TrackT:
        """The track with all of its frames in memory."""
        return dataclasses.replace(self._with(np.asarray), scratch=None)

    def _with(self, change):
        columns = {name: getattr(self, name) for name in self.columns}
        known = {name: change(column) for name, column in columns.items() if column is not None}
        track: Any = self  # One of the dataclasses below.
        return dataclasses.replace(track, **known)


@dataclasses.dataclass(frozen=True)
class KeypointTrack(_Track):
    """One person's 2D keypoints, F frames of a layout's J joints.

    Args:
        name: what to call the person, unique in its file; text from the file, not trusted.
        keypoints: (F, J, 2), pixels, y down; NaN where the detector missed a joint.
        confidence: (F, J), the detector's, in [0, 1]; 0 for a missed joint, 1 where the
            format has none.
        frames: (F,), integers, increasing: frame numbers or image numbers of the source.
        times: (F,), seconds, increasing.
        layout: the skeleton that names the joints.
        image_size: (width, height), pixels, or None where unknown.
        exchanged: (F, J), True where the detector called the joint by the other side's name and
            that was put right; None for nowhere.
        world: (F, J, 3), metres, the detector's own 3D: its camera frame (x right, y down,
            z forward) about its own root; NaN for a missed joint. None where it has none.
        scratch: where keypoints, confidence, exchanged and world lie, or None for memory.
    """

    name: str
    keypoints: Column
    confidence: Column
    frames: np.ndarray
    times: np.ndarray
    layout: Skeleton
    image_size: tuple[int, int] | None = None
    exchanged: Column | None = None
    world: Column | None = None
    scratch: Scratch | None = None

    columns = ("keypoints", "confidence", "frames", "times", "exchanged", "world")


@dataclasses.dataclass(frozen=True)
class PoseTrack(_Track):
    """One person's lifted poses, F frames of Human3.6M's 17 joints.

    Args:
        name: the keypoint track's.
        poses: (F, 17, 3), millimetres at `body_height`, camera frame (x right, y down,
            z forward), root-relative; NaN in frames where nothing was seen.
        root: (F, 3), millimetres, camera frame, the root's path; None without intrinsics.
        keypoints: (F, 17, 2), pixels, what was lifted, inferred joints included.
        inferred: (F, 17), True where the detector gave no joint and one was filled in.
        frames, times: (F,), the keypoint track's.
        body_height: millimetres, the stature that gives the poses their size.
        image_size: (width, height), pixels, or None where unknown.
        exchanged: (F, 17), True where left and right of the detector were exchanged and put
            right; None for nowhere.
        level: whether poses and root are not in the camera's frame, but in that of the room: x
            right, y down, z forward as the first camera stands, the floor at y = 0.
        confidence: (F, 17), the detector's own, on its scale; of a joint made of several the
            lowest; 0 where inferred. None for not known.
        fused: (F,), True where the detector's own depth went into the pose; None for nowhere.
        roll: degrees by which the camera was rolled clockwise when the poses were lifted; they
            are in the frame of the camera as it was.
        intrinsics: (9,), the camera's that the poses were lifted with, pixels; None for none.
        camera_from: what told them: `given`, or, of the focal length, `walk` or `typical`
            (`synpose_tf.inference.focal`); empty for none.
        mended: joints that jumped or were missed for a moment, and were filled in from the frames
            around (`synpose_tf.keypoints.gaps`).
        scratch: where the columns lie, or None for memory.
    """

    name: str
    poses: Column
    root: Column | None
    keypoints: Column
    inferred: Column
    frames: np.ndarray
    times: np.ndarray
    body_height: float
    image_size: tuple[int, int] | None = None
    exchanged: Column | None = None
    confidence: Column | None = None
    fused: Column | None = None
    roll: float = 0.0
    level: bool = False
    intrinsics: np.ndarray | None = None
    camera_from: str = ""
    mended: int = 0
    scratch: Scratch | None = None

    columns = (
        "poses", "root", "keypoints", "inferred", "frames", "times", "exchanged", "confidence",
        "fused",
    )  # fmt: skip

    @property
    def lifted(self) -> np.ndarray:
        """(F,), True where the frame has a pose."""
        parts = [np.isfinite(poses).all(axis=(1, 2)) for poses in pieces(self.poses)]
        return np.concatenate(parts)


def joined(parts: Iterable[dict[str, np.ndarray]], where: Scratch | None) -> dict:
    """Columns put together of those of pieces.

    Args:
        parts: of each piece its columns by name, (n, …).
        where: the scratch to put them in, or None for memory.

    Returns:
        The columns by name, arrays or `scratch.Rows`.
    """
    whole: dict[str, Any] = {}
    for part in parts:
        for name, rows in part.items():
            whole.setdefault(name, [] if where is None else Rows(where)).append(rows)
    if where is not None:
        return whole
    return {name: np.concatenate(rows) for name, rows in whole.items()}
