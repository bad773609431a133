"""People through time: 2D keypoints as a detector saw them, and the 3D poses lifted from them."""

import dataclasses

import numpy as np

from synpose_tf.skeleton import Skeleton


@dataclasses.dataclass(frozen=True)
class KeypointTrack:
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
    """

    name: str
    keypoints: np.ndarray
    confidence: np.ndarray
    frames: np.ndarray
    times: np.ndarray
    layout: Skeleton
    image_size: tuple[int, int] | None = None


@dataclasses.dataclass(frozen=True)
class PoseTrack:
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
    """

    name: str
    poses: np.ndarray
    root: np.ndarray | None
    keypoints: np.ndarray
    inferred: np.ndarray
    frames: np.ndarray
    times: np.ndarray
    body_height: float
    image_size: tuple[int, int] | None = None

    @property
    def lifted(self) -> np.ndarray:
        """(F,), True where the frame has a pose."""
        return np.isfinite(self.poses).all(axis=(1, 2))
