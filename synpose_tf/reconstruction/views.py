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
_LONGEST_GAP = 2.5  # Steps between two frames between which a point is interpolated.


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

    def own(self, times) -> np.ndarray:
        """The camera's own times of moments of the first camera's."""
        return self.offset + (1.0 + self.drift) * np.asarray(times)

    def common(self, times) -> np.ndarray:
        """Moments of the first camera's clock, of the camera's own times."""
        return (np.asarray(times) - self.offset) / (1.0 + self.drift)


@dataclasses.dataclass(frozen=True)
class Points:
    """A track's joints in Human3.6M's order, ideal pixels, by its own times.

    Args:
        times: (F,), seconds.
        points: (F, 17, 2), NaN where missed.
        confidence: (F, 17).
        noise: (F,), pixels.
    """

    times: np.ndarray
    points: np.ndarray
    confidence: np.ndarray
    noise: np.ndarray


# Read off the picture's outline of two joints, a midpoint is no point of the body.
_MIDPOINTS = (H36M_17.index("Hip"),)


def points_of(track: KeypointTrack, intrinsics) -> Points:
    """The joints that the detector itself saw."""
    parts = []
    for piece in track.pieces():
        pixels, _ = to_h36m(piece)
        parts.append((ideal_pixels(pixels, intrinsics), _confidence(piece)))
    points, confidence = (np.concatenate(column) for column in zip(*parts, strict=True))
    if "Hip" not in track.layout.joints:
        points[:, _MIDPOINTS], confidence[:, _MIDPOINTS] = np.nan, 0.0
    confidence = np.where(np.isfinite(points).all(-1), np.clip(confidence, 0.05, 1.0), 0.0)
    return Points(np.asarray(track.times, np.float64), points, confidence, _noise(points))


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


def resample(points: Points, times) -> tuple[np.ndarray, ...]:
    """A track at other moments, between its frames by lines.

    Args:
        times: (N,), seconds of the track's own clock.

    Returns:
        points (N, 17, 2), NaN where not seen; confidence (N, 17), velocity (N, 17, 2), pixels a
        second, and noise (N,).
    """
    own = points.times
    if len(own) == 1:
        own = np.array([own[0], own[0] + 1e-3])
        points = Points(own, *(np.repeat(a, 2, 0) for a in dataclasses.astuple(points)[1:]))
    step = np.diff(own)
    usual = float(np.median(step))
    # A moment that is a frame's but for rounding takes that frame alone.
    low = np.clip(np.searchsorted(own, times + 1e-3 * usual, side="right") - 1, 0, len(own) - 2)
    share = np.clip((times - own[low]) / step[low], 0.0, 1.0)
    share = np.where(share < 2e-3, 0.0, np.where(share > 1 - 2e-3, 1.0, share))
    near = (times > own[0] - 0.51 * usual) & (times < own[-1] + 0.51 * usual)
    near &= (step[low] < _LONGEST_GAP * usual) | (share == 0.0) | (share == 1.0)
    weight = share[:, None, None]
    one, two = points.points[low], points.points[low + 1]
    values = np.where(weight == 0, one, np.where(weight == 1, two, (1 - weight) * one + weight * two))
    sure = np.where(
        weight[..., 0] == 0,
        points.confidence[low],
        np.where(
            weight[..., 0] == 1,
            points.confidence[low + 1],
            np.minimum(points.confidence[low], points.confidence[low + 1]),
        ),
    )
    velocity = np.nan_to_num((two - one) / step[low][:, None, None])
    velocity[step[low] > _LONGEST_GAP * usual] = 0.0
    values[~near], sure[~near] = np.nan, 0.0
    return values, sure, velocity, points.noise[low]


def observe(people, clocks: Sequence[Clock], times) -> Observations:
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
    velocity, noise = np.zeros((count, joints, 2)), np.ones(count)
    for track in shown:
        better = track[1].sum(-1) > sure.sum(-1)
        for whole, part in zip((values, sure, velocity, noise), track, strict=True):
            whole[better] = part[better]
    return values, sure, velocity, noise


def focal_lengths(cameras: Sequence[Camera]) -> np.ndarray:
    """(V,), pixels."""
    return np.array([focal_of(camera.intrinsics) for camera in cameras])
