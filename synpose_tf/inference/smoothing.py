"""Smoothing of lifted poses in time: the One-Euro filter (Casiez, Roussel, Vogel, CHI 2012).

A first-order low-pass filter whose cutoff rises with speed: a joint at rest is held still, a
fast one is followed. Each joint has one cutoff, from its speed in space, so that the result
does not depend on how the camera is turned. The speed is taken from the points as they came, as
in the authors' own program.
"""

import dataclasses

import numpy as np

from synpose_tf.structures.tracks import PoseTrack, joined

SPEED_CUTOFF = 1.0  # Hz, of the filter of the speed; the authors' value.


def one_euro(
    points: np.ndarray, times: np.ndarray, cutoff: float = 1.0, beta: float = 0.008
) -> np.ndarray:
    """Filters points in time.

    The defaults are for millimetres. They were chosen on CMU motion at 30 Hz with 20 mm of noise
    on each axis.

    Args:
        points: (F, ..., d); a point with a NaN stays NaN, and the filter goes on after it.
        times: (F,), seconds, increasing.
        cutoff: Hz, of a point at rest. Lower: less jitter.
        beta: Hz that the cutoff rises by for each unit of length a second. Higher: less lag.

    Returns:
        (F, ..., d).
    """
    return OneEuro(cutoff, beta).filter(points, times)


class OneEuro:
    """The filter, for points that come in pieces; see `one_euro`."""

    def __init__(self, cutoff: float = 1.0, beta: float = 0.008):
        self._cutoff, self._beta = cutoff, beta
        # Of each point: value, velocity, the point as it came, its time.
        self._state: tuple[np.ndarray, ...] | None = None

    def filter(self, points: np.ndarray, times: np.ndarray) -> np.ndarray:
        """The next points (F, ..., d), filtered, with their times (F,)."""
        points = np.asarray(points)
        smooth = np.full(points.shape, np.nan, points.dtype)
        if self._state is None:
            unknown = np.full((3, *points.shape[1:]), np.nan)
            self._state = *unknown, np.full((*points.shape[1:-1], 1), np.nan)
        for index, (point, time) in enumerate(zip(points, times, strict=True)):
            smooth[index], self._state = self._step(point, time, *self._state)
        return smooth

    def _step(self, point, time, value, velocity, before, last):
        seen = np.isfinite(point).all(-1, keepdims=True)
        step = time - last
        first = seen & np.isnan(last)
        alpha = _weight(SPEED_CUTOFF, step)
        speed = (point - before) / step
        velocity = np.where(seen & ~first, velocity + alpha * (speed - velocity), velocity)
        velocity[first[..., 0]] = 0.0
        speed = np.linalg.norm(velocity, axis=-1, keepdims=True)
        moved = value + _weight(self._cutoff + self._beta * speed, step) * (point - value)
        value = np.where(first, point, np.where(seen, moved, value))
        before, last = np.where(seen, point, before), np.where(seen, time, last)
        return np.where(seen, value, np.nan), (value, velocity, before, last)


def smooth_track(track: PoseTrack) -> PoseTrack:
    """A track whose poses, and root path, are filtered with the default values in millimetres."""
    names = ["poses"] if track.root is None else ["poses", "root"]
    filters = {name: OneEuro() for name in names}
    pieces = (
        {name: filters[name].filter(getattr(piece, name), piece.times) for name in names}
        for piece in track.pieces()
    )
    return dataclasses.replace(track, **joined(pieces, track.scratch))


def _weight(cutoff, step):
    """Weight of the new value: of an exponential filter with this cutoff, after this time."""
    return 1.0 / (1.0 + 1.0 / (2.0 * np.pi * cutoff * step))
