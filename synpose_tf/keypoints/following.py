"""Who is who where the detector did not number people.

- If no frame shows more than one person, all frames are one person's, up to a jump that no person
  makes (`synpose_tf.keypoints.cuts`).
- Otherwise, frame by frame, each person continues the track whose last pose is nearest (mean
  distance of the joints; the nearest pair first), if that is nearer than half the pose's size
  and at most `MAX_GAP` steps from frame to frame ago, or a tenth of them where it was seen in one
  frame only; else a new track begins.

This follows people who do not meet. Through crossings and crowds, let the detector track. Where
the pictures tell that a film cuts to another scene, every track ends.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from synpose_tf.io import scratch
from synpose_tf.io.scratch import Column
from synpose_tf.keypoints import cuts
from synpose_tf.keypoints.cuts import growth, poses_apart
from synpose_tf.keypoints.detections import NOBODY

MAX_GAP = 30  # Frames; in numbers, 60 times as many where these go 0, 60, 120.
_ONCE = 0.1  # Of that, for who was seen in one frame: what is seen once is often a mistake.
MAX_STEP = 0.5  # Of the pose's size, the diagonal of its bounding box.


def follow(
    frames: np.ndarray, points: Column, scenes: Sequence[int] = ()
) -> tuple[np.ndarray, list[str]]:
    """Numbers people who have none, by the rules of the module's text.

    Args:
        frames: (N,), increasing.
        points: (N, J, 2), NaN where not seen; an array, or rows on disk.
        scenes: frames, increasing, with which another scene begins.

    Returns:
        (N,), numbers from 0, or `NOBODY` for a pose that is nobody's; and notes for the user.
    """
    if not len(scenes):
        return _follow_scene(frames, points)
    if len(scenes) > cuts.PICTURES * len(np.unique(frames)):
        labels, notes = _follow_scene(frames, points)
        return labels, list(dict.fromkeys([*notes, cuts.NO_FILM]))
    at = ", ".join(map(str, scenes[:5])) + (", …" if len(scenes) > 5 else "")
    labels, notes = (
        [np.zeros(0, np.int64)],
        [f"another scene begins in frame {at}: tracks end there"],
    )
    for rows in np.split(np.arange(len(frames)), np.searchsorted(frames, scenes)):
        found, more = _follow_scene(frames[rows], scratch.chosen(points, rows))
        first = max(part.max(initial=NOBODY) for part in labels) + 1
        labels.append(np.where(found == NOBODY, NOBODY, first + found))
        notes += more
    return np.concatenate(labels), list(dict.fromkeys(notes))


def _follow_scene(frames, points):
    if each_once(frames):
        return cuts.split(frames, points)
    labels = np.zeros(len(frames), np.int64)
    live, count = LiveTracks(points.shape[1]), 0
    steps = np.diff(np.unique(frames))
    gap = MAX_GAP * (np.median(steps) if len(steps) else 1)
    for part in whole_frames(frames):
        seen, found = points[part], labels[part]
        numbers, starts = np.unique(frames[part], return_index=True)
        for frame, start, end in zip(numbers, starts, [*starts[1:], len(seen)], strict=True):
            live.forget(frame - gap, frame - _ONCE * gap)
            matched = live.match(seen[start:end])
            new = matched == NOBODY
            matched[new] = count + np.arange(new.sum())
            count += int(new.sum())
            live.update(matched, frame, seen[start:end], new)
            found[start:end] = matched
    return labels, []


def each_once(frames: np.ndarray) -> bool:
    """Whether increasing frames come once each."""
    return not (np.diff(frames) == 0).any()


def whole_frames(frames: np.ndarray) -> Iterator[slice]:
    """Slices of increasing frames, of a piece each or as much as its last frame is longer."""
    start = 0
    while start < len(frames):
        last = frames[min(start + scratch.PIECE, len(frames)) - 1]
        end = int(np.searchsorted(frames, last, side="right"))
        yield slice(start, end)
        start = end


class LiveTracks:
    """The tracks that may go on, each with its last pose.

    Args:
        joints: of a pose.
    """

    def __init__(self, joints: int):
        self.labels, self.frames = np.zeros((2, 0), np.int64)
        self.once = np.zeros(0, bool)  # Who was seen in one frame only.
        self.points = np.zeros((0, joints, 2), np.float32)

    def forget(self, before: float, once_before: float) -> None:
        """Ends tracks last seen before a frame; where in one frame only, before another one."""
        self._keep(self.frames >= np.where(self.once, once_before, before))

    def match(self, points: np.ndarray) -> np.ndarray:
        """The labels (n,) of the tracks that poses (n, J, 2) continue, `NOBODY` for none."""
        labels = np.full(len(points), NOBODY)
        steps = poses_apart(points[:, None], self.points)
        while steps.size and steps.min() <= MAX_STEP:
            person, track = np.unravel_index(steps.argmin(), steps.shape)
            if growth(points[[person]], self.points[[track]])[0] > cuts.MAX_GROWTH:
                steps[person, track] = np.inf
                continue
            labels[person] = self.labels[track]
            steps[person] = steps[:, track] = np.inf
        return labels

    def update(self, labels: np.ndarray, frame: int, points: np.ndarray, new: np.ndarray) -> None:
        """Takes a frame's poses, with their labels (n,), and which are `new` (n,)."""
        self._keep(~np.isin(self.labels, labels))
        self.labels = np.concatenate([self.labels, labels])
        self.frames = np.concatenate([self.frames, np.full(len(labels), frame)])
        self.points = np.concatenate([self.points, points])
        self.once = np.concatenate([self.once, new])

    def _keep(self, chosen):
        self.labels, self.frames = self.labels[chosen], self.frames[chosen]
        self.points, self.once = self.points[chosen], self.once[chosen]
