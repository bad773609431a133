"""By how much the clocks of two recordings differ, told by the motion itself.

What goes up or down in one camera does so in every camera that is about level: the height of each
joint about the body's middle, in sizes of the body, is correlated over all lags. The epipolar
geometry decides between the best of them, and gives the fraction of a frame (`matching`).
"""

import dataclasses

import numpy as np
from scipy.signal import fftconvolve, find_peaks
from scipy.stats import theilslopes

from synpose_tf.reconstruction.views import Clock, Points, resample

_CANDIDATES = 4
_LEAST_OVERLAP = 0.25  # Of the shorter recording.
_LEAST_SAMPLES = 12
_SMOOTH = 0.08  # Seconds.
_BLOCKS, _LONG = 8, 60.0  # Parts of a recording, of at least so many seconds, that tell a drift.
MOST_SAMPLES = 200_000


@dataclasses.dataclass(frozen=True)
class Signal:
    """Heights of joints at a constant rate.

    Args:
        start: seconds, the recording's own clock.
        values: (n, joints), sizes of the body a second; 0 where not known.
        known: (n, joints).
    """

    start: float
    values: np.ndarray
    known: np.ndarray


def signal_of(points: Points, rate: float, roll: float = 0.0) -> Signal:
    """How fast each joint rises in a track, `rate` times a second.

    Args:
        points: a track's.
        rate: moments a second.
        roll: of the camera, degrees clockwise as people are tilted.
    """
    times = np.arange(points.times[0], points.times[-1] + 0.5 / rate, 1.0 / rate)[:MOST_SAMPLES]
    places = resample(points, times)[0]
    turned = np.radians(roll)
    heights = -places[..., 1] * np.cos(turned) + places[..., 0] * np.sin(turned)
    with np.errstate(invalid="ignore"):
        middle = np.nansum(heights, axis=1) / np.maximum(np.isfinite(heights).sum(1), 1)
        heights = (heights - middle[:, None]) / points.size
    width = max(1, round(_SMOOTH * rate))
    speed = np.full(heights.shape, np.nan)
    speed[width:-width] = heights[2 * width :] - heights[: -2 * width]
    known = np.isfinite(speed)
    speed = np.clip(np.nan_to_num(speed), *_bounds(speed))
    return Signal(float(times[0]), speed, known)


def _bounds(speed):
    """What a detector's blunders are cut to."""
    known = np.abs(speed[np.isfinite(speed)])
    most = 4.0 * np.percentile(known, 80) if len(known) else 1.0
    return -most, most


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
    peaks, _ = find_peaks(np.pad(score, 1))
    best = sorted(peaks - 1, key=lambda peak: -score[peak])[:_CANDIDATES]
    steps = np.arange(len(score)) - (len(one.values) - 1)
    return [steps[peak] / rate + two.start - one.start for peak in best if score[peak] > 0]


def _correlated(one, two):
    """Sums over time and joints of one(t) · two(t + lag), for every lag."""
    return sum(fftconvolve(one[::-1, joint], two[:, joint]) for joint in range(one.shape[1]))


def refined(clocks, problem, state) -> list[Clock]:
    """Clocks after a look at what joints run ahead or behind in their views.

    Args:
        clocks: of each camera, by which `problem` was observed.
        problem: a `bundle.Problem`.
        state: adjusted by it.
    """
    seen = problem.seen
    offsets = _lag_steps(problem, state, slice(None))
    span = seen.times.max() - seen.times.min()
    drifts = np.zeros_like(offsets)
    if span > _LONG and len(seen.times) > 10 * _BLOCKS:
        order = np.array_split(np.argsort(seen.times, kind="stable"), _BLOCKS)
        middles = np.array([seen.times[block].mean() for block in order])
        steps = np.stack([_lag_steps(problem, state, np.sort(block)) for block in order])
        drifts, offsets = np.array([theilslopes(column, middles)[:2] for column in steps.T]).T
    return [
        Clock(clock.offset + offset, clock.drift + drift)
        for clock, offset, drift in zip(clocks, offsets, drifts, strict=True)
    ]


def _lag_steps(problem, state, moments):
    """(V,), seconds by which each view's points should be moved on, the first's by 0.

    Each joint tells its own, by how it moves against the others of its body: the way of the whole
    body may as well be the camera's. The median counts, weighted by what each can tell: of some
    joints a detector errs in one view for a whole movement. What the joints in space took over, in
    the mean of the views, is given back.
    """
    weights, off = problem.weights_now(state)
    weights, off = weights[:, moments, :, None], off[:, moments]
    velocity = np.where(weights > 0, problem.seen.velocity[:, moments], 0.0)
    total = np.maximum(weights.sum(2, keepdims=True), 1e-12)
    off = off - (weights * off).sum(2, keepdims=True) / total
    velocity = velocity - (weights * velocity).sum(2, keepdims=True) / total
    tells = (weights * velocity**2).sum((1, 3))
    steps = -(weights * velocity * off).sum((1, 3)) / np.maximum(tells, 1e-12)
    order = np.argsort(steps, axis=1)
    heaped = np.cumsum(np.take_along_axis(tells, order, 1), axis=1)
    middle = (heaped >= heaped[:, -1:] / 2).argmax(1)
    medians = np.take_along_axis(steps, order, 1)[np.arange(len(steps)), middle]
    return (medians - medians[0]) * len(steps) / (len(steps) - 1)
