"""Recordings of several cameras on one clock."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from synpose_tf.keypoints.conversion import to_h36m
from synpose_tf.reconstruction.rig import Observations, focal_of, ideal_pixels
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import KeypointTrack, PoseTrack

NOISE = 0.008  # Of a person's size in the picture: how far off a detector's joint usually is.
_LEAST_NOISE = 1.0  # Pixels.
_NEAR = 0.75  # Steps from a frame that a moment may be.
_AROUND = 0.05  # Seconds before and after a frame that tell its velocity.


@dataclasses.dataclass(frozen=True)
class Camera:
    """A camera as far as it is known, and the people whom it saw.

    Args:
        name: what to call it.
        tracks: what its detector saw, one a person.
        lifted: each track lifted alone, or None before.
        intrinsics: (9,), known or a first guess; see `synpose_tf.geometry.camera`.
        image_size: (width, height), pixels, or None.
    """

    name: str
    tracks: Sequence[KeypointTrack]
    intrinsics: np.ndarray
    image_size: tuple[int, int] | None = None
    lifted: Sequence[PoseTrack] = ()


@dataclasses.dataclass(frozen=True)
class Clock:
    """A camera's time by that of the first camera: its own is offset + (1 + drift) · time.

    Args:
        offset: seconds.
        drift: seconds a second.
    """

    offset: float = 0.0
    drift: float = 0.0

    def own(self, times: np.ndarray) -> np.ndarray:
        """The camera's own times of moments of the first camera's."""
        return self.offset + (1.0 + self.drift) * np.asarray(times)

    def common(self, times: np.ndarray) -> np.ndarray:
        """Moments of the first camera's clock, of the camera's own times."""
        return (np.asarray(times) - self.offset) / (1.0 + self.drift)


@dataclasses.dataclass(frozen=True)
class Points:
    """A track's joints in Human3.6M's order, ideal pixels, by its own times.

    Args:
        times: (F,), seconds.
        points: (F, 17, 2), NaN where missed.
        velocity: (F, 17, 2), pixels a second, 0 where not known.
        confidence: (F, 17).
        noise: (F, 17), pixels: what a detector usually errs by.
    """

    times: np.ndarray
    points: np.ndarray
    velocity: np.ndarray
    confidence: np.ndarray
    noise: np.ndarray

    @property
    def size(self) -> float:
        """Of the person in the picture, pixels, as far as it is needed."""
        return float(np.median(self.noise)) / NOISE


# Read off the picture's outline of two joints, a midpoint is no point of the body.
_MIDPOINTS = (H36M_17.index("Hip"),)


def points_of(track: KeypointTrack, intrinsics: np.ndarray) -> Points:
    """The joints that the detector itself saw."""
    parts = []
    for piece in track.pieces():
        pixels, _ = to_h36m(piece)
        parts.append((ideal_pixels(pixels, intrinsics), _confidence(piece)))
    points, confidence = (np.concatenate(column) for column in zip(*parts, strict=True))
    if "Hip" not in track.layout.joints:
        points[:, _MIDPOINTS], confidence[:, _MIDPOINTS] = np.nan, 0.0
    confidence = np.where(np.isfinite(points).all(-1), np.clip(confidence, 0.05, 1.0), 0.0)
    times = np.asarray(track.times, np.float64)
    noise = np.broadcast_to(_noise(points)[:, None], confidence.shape)
    return Points(times, points, _velocity(times, points), confidence, noise)


def _confidence(track):
    """(F, 17), 1 for the recording's usual score, which has a scale of its own."""
    joints = track.layout.joints
    order = [joints.index(name) if name in joints else None for name in H36M_17.joints]
    values = np.asarray(track.confidence)[:, [index or 0 for index in order]]
    return np.where([index is not None for index in order], values, 0.0).astype(np.float64)


def _noise(points):
    """(F,), from the person's size, which is the recording's usual one where few joints show."""
    known = np.isfinite(points)
    low = np.where(known, points, np.inf).min(1)
    high = np.where(known, points, -np.inf).max(1)
    size = np.linalg.norm(np.where(known.any(1), high - low, 0.0), axis=-1)
    usual = np.percentile(size, 75) if len(size) else 0.0
    return np.maximum(NOISE * np.maximum(size, 0.6 * usual), _LEAST_NOISE)


def _velocity(times, points):
    """(F, 17, 2), a second, of the frames around; 0 where not known.

    A frame's own error is not in it: else lags would be drawn to halves of a frame, where two
    frames' errors are averaged.
    """
    velocity = np.zeros(points.shape)
    if len(times) < 3:
        return velocity
    usual = float(np.median(np.diff(times)))
    for reach in sorted({1, max(1, round(_AROUND / usual))}):
        step = np.full(len(times), np.nan)
        step[reach:-reach] = times[2 * reach :] - times[: -2 * reach]
        step[step > 2.5 * reach * usual] = np.nan
        moved = np.full(points.shape, np.nan)
        moved[reach:-reach] = points[2 * reach :] - points[: -2 * reach]
        found = moved / step[:, None, None]
        velocity = np.where(np.isfinite(found), found, velocity)
    return velocity


def resample(points: Points, times: np.ndarray) -> tuple[np.ndarray, ...]:
    """A track at other moments: that of the nearest frame, moved on by its velocity.

    Args:
        times: (N,), seconds of the track's own clock.

    Returns:
        points (N, 17, 2), NaN where not seen; confidence (N, 17), velocity (N, 17, 2), pixels a
        second, and noise (N, 17).
    """
    own = points.times
    usual = float(np.median(np.diff(own))) if len(own) > 1 else 1.0
    after = np.searchsorted(own, times).clip(1, max(len(own) - 1, 1))
    after = np.minimum(after, len(own) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(times - own[before]) <= np.abs(own[after] - times), before, after)
    rest = times - own[nearest]
    shown = np.abs(rest) < _NEAR * usual
    velocity = points.velocity[nearest]
    values = points.points[nearest] + rest[:, None, None] * velocity
    values[~shown] = np.nan
    sure = np.where(shown[:, None], points.confidence[nearest], 0.0)
    return values, sure, velocity, points.noise[nearest]


def observe(
    people: Sequence[Sequence[Sequence[Points]]],
    clocks: Sequence[Clock],
    times: Sequence[np.ndarray],
) -> Observations:
    """What all cameras saw of people at moments of the first camera's clock.

    Args:
        people: of each person, for each camera the `Points` of the tracks that show them.
        clocks: of each camera.
        times: of each person the moments (n,), seconds.
    """
    columns = []
    for person, (views, moments) in enumerate(zip(people, times, strict=True)):
        shown = [
            _merged([resample(points, clock.own(moments)) for points in tracks], len(moments))
            for tracks, clock in zip(views, clocks, strict=True)
        ]
        values, sure, velocity, noise = (np.stack(column) for column in zip(*shown, strict=True))
        columns.append((values, sure, velocity, noise, moments, np.full(len(moments), person)))
    joined = [np.concatenate(c, axis=1) for c in list(zip(*columns, strict=True))[:4]]
    rest = [np.concatenate(c) for c in list(zip(*columns, strict=True))[4:]]
    return Observations(*joined, *rest)


def _merged(shown, count):
    """One person's tracks of one camera, which follow each other, as one."""
    joints = len(H36M_17)
    values, sure = np.full((count, joints, 2), np.nan), np.zeros((count, joints))
    velocity, noise = np.zeros((count, joints, 2)), np.ones((count, joints))
    for track in shown:
        better = track[1].sum(-1) > sure.sum(-1)
        for whole, part in zip((values, sure, velocity, noise), track, strict=True):
            whole[better] = part[better]
    return values, sure, velocity, noise


def focal_lengths(cameras: Sequence[Camera]) -> np.ndarray:
    """(V,), pixels."""
    return np.array([focal_of(camera.intrinsics) for camera in cameras])
