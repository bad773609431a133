"""By how much the clocks of two recordings differ, told by the motion itself.

Two things look alike from everywhere: how far joints of the lifted pose are from each other, and,
as cameras are about level, how high a joint is about the body's middle. How both change is
correlated over all lags. The epipolar geometry decides between the best of them, and gives the
fraction of a frame (`matching`); the rest is found together with cameras and joints (`bundle`).
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.signal import fftconvolve, find_peaks

from synpose_tf.reconstruction.unknowns import State
from synpose_tf.reconstruction.views import Clock, Points, resample
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import PoseTrack

_CANDIDATES = 4
_LEAST_OVERLAP = 0.25  # Of the shorter recording.
_LEAST_SAMPLES = 12
_SMOOTH = 0.08  # Seconds.
_APART_SECONDS = 0.25  # Between two lags that are tried.
_APART = tuple(
    (H36M_17.index(one), H36M_17.index(two))
    for one, two in (
        ("LAnkle", "RAnkle"), ("LKnee", "RKnee"), ("LWrist", "RWrist"), ("LElbow", "RElbow"),
        ("LAnkle", "LHip"), ("RAnkle", "RHip"), ("LWrist", "LShoulder"), ("RWrist", "RShoulder"),
        ("LWrist", "LHip"), ("RWrist", "RHip"), ("LAnkle", "RHip"), ("RAnkle", "LHip"),
    )
)  # fmt: skip
MOST_SAMPLES = 200_000


@dataclasses.dataclass(frozen=True)
class Signal:
    """What looks alike from everywhere, at a constant rate.

    Args:
        start: seconds, the recording's own clock.
        values: (n, channels), changes, each channel's usual one is 1; 0 where not known.
        known: (n, channels).
    """

    start: float
    values: np.ndarray
    known: np.ndarray


def signal_of(points: Points, lifted: PoseTrack, rate: float) -> Signal:
    """What looks alike from everywhere in a track, `rate` times a second."""
    times = np.arange(points.times[0], points.times[-1] + 0.5 / rate, 1.0 / rate)[:MOST_SAMPLES]
    places = resample(points, times)[0]
    roll = np.radians(lifted.roll)
    heights = -places[..., 1] * np.cos(roll) + places[..., 0] * np.sin(roll)
    middle = np.nansum(heights, axis=1) / np.maximum(np.isfinite(heights).sum(1), 1)
    nearest = np.searchsorted(points.times, times - 0.5 / rate).clip(0, len(points.times) - 1)
    poses = np.asarray(lifted.poses[nearest], np.float64)
    apart = [np.linalg.norm(poses[:, one] - poses[:, two], axis=-1) for one, two in _APART]
    channels = np.column_stack([heights - middle[:, None], *apart])
    width = max(1, round(_SMOOTH * rate))
    change = np.full(channels.shape, np.nan)
    change[width:-width] = channels[2 * width :] - channels[: -2 * width]
    known = np.isfinite(change)
    # What a detector's blunders are cut to, is also the usual change.
    usual = [
        np.percentile(np.abs(c[k]), 75) if k.any() else 1.0
        for c, k in zip(change.T, known.T, strict=True)
    ]
    change = np.clip(np.nan_to_num(change) / np.maximum(usual, 1e-9), -3.0, 3.0)
    return Signal(float(times[0]), change, known)


def lags(one: Signal, two: Signal, rate: float) -> list[float]:
    """Seconds, by which the second clock may be ahead of the first, the likeliest first.

    A moment that the first camera calls t the second calls t + lag.
    """
    products = _correlated(one.values * one.known, two.values * two.known)
    power_one = _correlated((one.values * one.known) ** 2, two.known.astype(float))
    power_two = _correlated(one.known.astype(float), (two.values * two.known) ** 2)
    samples = _correlated(one.known.astype(float), two.known.astype(float))
    joints = max(one.known.any(0).sum(), 1)
    shorter = min(len(one.values), len(two.values))
    enough = samples >= joints * max(_LEAST_SAMPLES, _LEAST_OVERLAP * shorter)
    power = np.sqrt(np.maximum(power_one * power_two, 1e-12))
    alike = np.where(enough & (power > 1e-9), products / power, 0.0)
    # Few moments may agree by chance.
    score = np.arctanh(np.clip(alike, 0.0, 0.999)) * np.sqrt(np.maximum(samples, 0.0))
    peaks, _ = find_peaks(np.pad(score, 1), distance=max(1, round(_APART_SECONDS * rate)))
    best = sorted(peaks - 1, key=lambda peak: -score[peak])[:_CANDIDATES]
    steps = np.arange(len(score)) - (len(one.values) - 1)
    found = [steps[peak] / rate + two.start - one.start for peak in best if score[peak] > 0]
    if all(abs(lag) > _APART_SECONDS for lag in found):
        found.append(0.0)  # As likely as any, of recordings that were cut to one start.
    return found


def _correlated(one, two):
    """Sums over time and joints of one(t) · two(t + lag), for every lag."""
    return sum(fftconvolve(one[::-1, joint], two[:, joint]) for joint in range(one.shape[1]))


def moved_on(clocks: Sequence[Clock], state: State, times: np.ndarray) -> list[Clock]:
    """Clocks after what `bundle.adjust` found of them.

    Args:
        clocks: of each camera, by which the moments were observed.
        state: adjusted, with its lags.
        times: the moments, seconds of the first camera's clock.
    """
    if state.lags is None:
        return list(clocks)
    half = max(float(times.max() - times.min()) / 2.0, 1e-9)
    middle = float(times.min()) + half
    return [
        Clock(clock.offset - at_middle + more * middle / half, clock.drift - more / half)
        for clock, (at_middle, more) in zip(clocks, state.lags, strict=True)
    ]


def apart(some: Sequence[Clock], others: Sequence[Clock], times: np.ndarray) -> float:
    """The most seconds that clocks differ by at some of the moments."""
    return max(
        float(np.abs(one.own(times) - two.own(times)).max())
        for one, two in zip(some, others, strict=True)
    )
