"""Several people on one clock: which row of each track belongs to which moment."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.output.backdrop import Backdrop
from synpose_tf.structures.tracks import PoseTrack

_RATE_OF_A_STILL = 30.0
_LONGEST = 1_000_000  # frames of a constant rate: nine hours at 30 Hz


@dataclasses.dataclass(frozen=True)
class Timeline:
    """T moments.

    Args:
        times: (T,), seconds, increasing.
        rows: for each track (T,) indices of its frames, -1 where it has none.
        pictures: (T,) indices of the backdrop's pictures, -1 where there is none; None without a
            backdrop.
    """

    times: np.ndarray
    rows: list[np.ndarray]
    pictures: np.ndarray | None = None

    @property
    def rate(self) -> float:
        """Moments a second on average; 30 where there is only one."""
        if len(self.times) < 2:
            return _RATE_OF_A_STILL
        return (len(self.times) - 1) / float(self.times[-1] - self.times[0])


def moments(tracks: Sequence[PoseTrack], backdrop: Backdrop | None = None) -> Timeline:
    """The moments at which anybody has a frame, as irregular as they are.

    Args:
        tracks: one or more people.
        backdrop: pictures of the recording (`synpose_tf.output.backdrop`); those of frames in
            which nobody was seen are moments too.

    Raises:
        SynposeError: no picture belongs to any frame, or they are of another shape.
    """
    times = _times(tracks)
    rows = []
    for track in tracks:
        row = np.full(len(times), -1)
        places = np.searchsorted(_microseconds(times), _microseconds(track.times))
        row[places] = np.arange(len(track.times))
        rows.append(row)
    plain = Timeline(times, rows)
    return plain if backdrop is None else _with_pictures(plain, tracks, backdrop)


def _with_pictures(plain, tracks, backdrop):
    for width, height in filter(None, (track.image_size for track in tracks)):
        if not 0.95 < width / height * backdrop.size[1] / backdrop.size[0] < 1.05:
            raise SynposeError(
                f"{backdrop.path}: its pictures are {backdrop.size[0]} × {backdrop.size[1]}, but "
                f"those of the joints {width} × {height}. Is it the recording that the joints come "
                "from, and turned as they are?"
            )
    numbers, clock = backdrop.numbers, backdrop.times
    frames = np.full(len(plain.times), -1)
    for track, row in zip(tracks, plain.rows, strict=True):
        frames[row >= 0] = np.asarray(track.frames)[row[row >= 0]]
    pictures = np.searchsorted(numbers, frames)
    pictures[numbers[np.minimum(pictures, len(numbers) - 1)] != frames] = -1
    known = pictures >= 0
    if not known.any():
        raise SynposeError(
            f"{backdrop.path}: none of its {len(numbers)} pictures, counted from "
            f"{numbers[0]}, is one of the frames {frames.min()} to {frames.max()}. Is it the "
            "recording that the joints come from?"
        )
    alone = np.setdiff1d(np.arange(len(numbers)), pictures[known])
    times = np.concatenate([plain.times, _on_clock(clock, pictures[known], plain, known)[alone]])
    order = np.argsort(times, kind="stable")
    nobody = np.full(len(alone), -1)
    rows = [np.concatenate([row, nobody])[order] for row in plain.rows]
    return Timeline(times[order], rows, np.concatenate([pictures, alone])[order])


def _on_clock(clock, pictures, plain, known):
    """When pictures stand on the frames' clock, by those that are frames; (N,) seconds."""
    shift = plain.times[known] - clock[pictures]
    return clock + np.interp(clock, clock[pictures], shift)


def constant_rate(tracks: Sequence[PoseTrack]) -> Timeline:
    """Moments at the constant rate that animation and biomechanics files have.

    The rate is the median one of the input. Each frame goes to the moment that is nearest;
    of two frames at one moment the later one counts.

    Raises:
        SynposeError: the input's times leave gaps so long that the file would be absurd.
    """
    times = _times(tracks)
    count = 1
    if len(times) > 1:
        span = times[-1] - times[0]
        count = round(span / np.median(np.diff(times))) + 1
    if count > _LONGEST:
        raise SynposeError(
            f"{len(times)} frames over {span:.0f} s are {count} at a constant rate, which BVH, "
            "C3D and TRC need. Separate pictures go into json, npz, csv, html or png."
        )
    regular = np.linspace(times[0], times[-1], count) if count > 1 else times[:1]
    step = regular[1] - regular[0] if count > 1 else 1.0
    rows = []
    for track in tracks:
        row = np.full(count, -1)
        nearest = np.rint((np.asarray(track.times) - times[0]) / step).astype(int)
        row[np.minimum(nearest, count - 1)] = np.arange(len(track.times))
        rows.append(row)
    return Timeline(regular, rows)


def hold(row: np.ndarray, lifted: np.ndarray) -> np.ndarray:
    """A row's indices (T,) with the last frame that has a pose in place of missing ones.

    Before the first pose, the first one stands. `lifted` (F,) says which frames have one, at
    least one.
    """
    good = (row >= 0) & lifted[row]
    last = np.maximum.accumulate(np.where(good, np.arange(len(row)), -1))
    return row[np.where(last < 0, np.argmax(good), last)]


def _times(tracks):
    times = np.concatenate([np.asarray(track.times, np.float64) for track in tracks])
    return times[np.unique(_microseconds(times), return_index=True)[1]]


def _microseconds(times):
    """Whole microseconds, so that equal times of different people are equal."""
    return np.rint(np.asarray(times, np.float64) * 1e6).astype(np.int64)
