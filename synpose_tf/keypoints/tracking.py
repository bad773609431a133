"""Who is who: from people in frames to one track a person.

Where the detector numbered the people, its numbers hold. Where it did not:

- If no frame shows more than one person, all frames are one person's.
- Otherwise, frame by frame, each person continues the track whose last pose is nearest (mean
  distance of the joints; the nearest pair first), if that is nearer than half the pose's size
  and at most `MAX_GAP` steps from frame to frame ago; else a new track begins.

This follows people who do not meet. Through crossings and crowds, let the detector track.
"""

from collections.abc import Iterator

import numpy as np

from synpose_tf.io import scratch
from synpose_tf.keypoints.detections import NOBODY, Person, Sightings, marked_missed

MAX_GAP = 30  # Frames; in numbers, 60 times as many where these go 0, 60, 120.
MAX_STEP = 0.5  # Of the pose's size, the diagonal of its bounding box.


def separate(sightings: Sightings, **known) -> list[Person]:
    """One `Person` for each, the longest seen first; frames in order, each once.

    Who stands twice in a frame, number for number, is taken once; where a detector's number
    does, the one of higher confidence is kept.

    Args:
        sightings: of one recording.
        known: what else `Person` takes.
    """
    if not len(sightings):
        return []
    order = np.argsort(sightings.frames, kind="stable")
    joints = scratch.chosen(sightings.joints, order)
    order = order[_distinct(sightings.frames[order], joints)]
    frames, tracks = sightings.frames[order], sightings.tracks[order]
    joints = scratch.chosen(sightings.joints, order)
    times = None if sightings.times is None else sightings.times[order]
    if not _tell_people_apart(frames, tracks):
        tracks[:] = NOBODY
    unnamed = np.flatnonzero(tracks == NOBODY)
    first = tracks.max(initial=NOBODY) + 1
    points = scratch.derived(_seen, scratch.chosen(joints, unnamed))
    tracks[unnamed] = first + follow(frames[unnamed], points)
    people = []
    for track, rows in _rows_by(tracks):
        rows = _best_of_each_frame(frames, joints, rows)
        people.append(
            Person(
                name=f"track {track}" if track < first else f"person {track - first + 1}",
                frames=frames[rows],
                joints=scratch.chosen(sightings.joints, order[rows]),
                where=sightings.where,
                times=None if times is None else times[rows],
                **known,
            )
        )
    return sorted(people, key=lambda person: -len(person.frames))


def follow(frames: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Numbers people who have none, by the rules of the module's text.

    Args:
        frames: (N,), increasing.
        points: (N, J, 2), NaN where not seen; an array, or rows on disk.

    Returns:
        (N,), numbers from 0.
    """
    labels = np.zeros(len(frames), np.int64)
    if _each_once(frames):
        return labels
    live, count = _Live(points.shape[1]), 0
    steps = np.diff(np.unique(frames))
    gap = MAX_GAP * (np.median(steps) if len(steps) else 1)
    for part in _whole_frames(frames):
        seen, found = points[part], labels[part]
        numbers, starts = np.unique(frames[part], return_index=True)
        for frame, start, end in zip(numbers, starts, [*starts[1:], len(seen)], strict=True):
            live.forget(frame - gap)
            matched = live.match(seen[start:end])
            new = matched == NOBODY
            matched[new] = count + np.arange(new.sum())
            count += int(new.sum())
            live.update(matched, frame, seen[start:end])
            found[start:end] = matched
    return labels


def _each_once(frames):
    return not (np.diff(frames) == 0).any()


def _whole_frames(frames) -> Iterator[slice]:
    """Slices of increasing frames, of a piece each or as much as its last frame is longer."""
    start = 0
    while start < len(frames):
        last = frames[min(start + scratch.PIECE, len(frames)) - 1]
        end = int(np.searchsorted(frames, last, side="right"))
        yield slice(start, end)
        start = end


class _Live:
    """The tracks that may go on, each with its last pose."""

    def __init__(self, joints):
        self.labels, self.frames = np.zeros((2, 0), np.int64)
        self.points = np.zeros((0, joints, 2), np.float32)

    def forget(self, before):
        self._keep(self.frames >= before)

    def match(self, points):
        labels = np.full(len(points), NOBODY)
        steps = _steps(points, self.points)
        while steps.size and steps.min() <= MAX_STEP:
            person, track = np.unravel_index(steps.argmin(), steps.shape)
            labels[person] = self.labels[track]
            steps[person] = steps[:, track] = np.inf
        return labels

    def update(self, labels, frame, points):
        self._keep(~np.isin(self.labels, labels))
        self.labels = np.concatenate([self.labels, labels])
        self.frames = np.concatenate([self.frames, np.full(len(labels), frame)])
        self.points = np.concatenate([self.points, points])

    def _keep(self, chosen):
        self.labels, self.frames = self.labels[chosen], self.frames[chosen]
        self.points = self.points[chosen]


def _steps(points, before):
    """(P, T), mean distance of the joints that both show, in sizes of the pose before."""
    distances = np.linalg.norm(points[:, None] - before, axis=-1)
    shared = np.isfinite(distances)
    total = np.where(shared, distances, 0.0).sum(-1)
    filled = np.where(np.isfinite(before), before, -np.inf).max(1, initial=-np.inf)
    filled -= np.where(np.isfinite(before), before, np.inf).min(1, initial=np.inf)
    size = np.linalg.norm(np.maximum(filled, 1.0), axis=-1)
    return np.where(shared.any(-1), total / np.maximum(shared.sum(-1), 1) / size, np.inf)


def _seen(joints):
    """(N, J, 2), NaN where the confidence is 0 or nothing was found."""
    seen = (joints[..., 2] > 0) & ~marked_missed(joints)
    return np.where(seen[..., None], joints[..., :2], np.nan)


def _distinct(frames, joints):
    """Indices without people who stand in one frame twice, number for number."""
    if _each_once(frames):
        return np.arange(len(frames))
    return np.concatenate(
        [part.start + _distinct_rows(frames[part], joints[part]) for part in _whole_frames(frames)]
    )


def _distinct_rows(*columns):
    columns = [np.ascontiguousarray(array).reshape(len(array), -1) for array in columns]
    rows = np.concatenate([array.view(np.uint8) for array in columns], axis=1)
    _, index = np.unique(rows.view(f"V{rows.shape[1]}").ravel(), return_index=True)
    return np.sort(index)


def _tell_people_apart(frames, tracks):
    """Whether numbers stand once in a frame: AlphaPose writes 0 for all where it tracks not."""
    frames, tracks = frames[tracks != NOBODY], tracks[tracks != NOBODY]
    order = np.lexsort((tracks, frames))
    again = (np.diff(frames[order]) == 0) & (np.diff(tracks[order]) == 0)
    return again.sum() <= 0.05 * len(frames)


def _rows_by(tracks):
    """Yields (track, its rows), rows in order."""
    order = np.argsort(tracks, kind="stable")
    labels, starts = np.unique(tracks[order], return_index=True)
    yield from zip(labels.tolist(), np.split(order, starts[1:]), strict=True)


def _best_of_each_frame(frames, joints, rows):
    if _each_once(frames[rows]):
        return rows
    parts = scratch.pieces(scratch.chosen(joints, rows))
    score = np.concatenate([np.nan_to_num(part[:, :, 2]).mean(-1) for part in parts])
    order = rows[np.lexsort((-score, frames[rows]))]
    return order[np.diff(frames[order], prepend=frames[order][:1] - 1) > 0]
