"""The tracks that people of the next frame may continue."""

import numpy as np

from synpose_tf.keypoints.cuts import MAX_GROWTH, growth, poses_apart
from synpose_tf.keypoints.detections import NOBODY

MAX_STEP = 0.5  # Of the pose's size, the diagonal of its bounding box.


class LiveTracks:
    """Tracks, each with its last pose.

    Args:
        joints: of a pose.
    """

    def __init__(self, joints: int):
        self.labels, self.frames = np.zeros((2, 0), np.int64)
        self.once = np.zeros(0, bool)  # Who was seen in one frame only.
        self.points = np.zeros((0, joints, 2), np.float32)

    def forget(self, before: float, once_before: float) -> None:
        """Ends the tracks last seen before a frame, and before another if seen only once."""
        self._keep(self.frames >= np.where(self.once, once_before, before))

    def match(self, points: np.ndarray) -> np.ndarray:
        """The track (N,) that each pose of a frame (N, J, 2) continues, or `NOBODY`."""
        labels = np.full(len(points), NOBODY)
        steps = poses_apart(points[:, None], self.points)
        while steps.size and steps.min() <= MAX_STEP:
            person, track = np.unravel_index(steps.argmin(), steps.shape)
            if growth(points[[person]], self.points[[track]])[0] > MAX_GROWTH:
                steps[person, track] = np.inf
                continue
            labels[person] = self.labels[track]
            steps[person] = steps[:, track] = np.inf
        return labels

    def update(self, labels: np.ndarray, frame: int, points: np.ndarray, new: np.ndarray) -> None:
        """Adds a frame's poses (N, J, 2) to tracks, `labels` (N,); `new` (N,) where one begins."""
        self._keep(~np.isin(self.labels, labels))
        self.labels = np.concatenate([self.labels, labels])
        self.frames = np.concatenate([self.frames, np.full(len(labels), frame)])
        self.points = np.concatenate([self.points, points])
        self.once = np.concatenate([self.once, new])

    def _keep(self, chosen):
        self.labels, self.frames = self.labels[chosen], self.frames[chosen]
        self.points, self.once = self.points[chosen], self.once[chosen]
