"""Who is who in other cameras, and when: tracks of two views put together.

Two tracks of one person agree with an epipolar geometry, whatever the cameras. So each pair of
tracks, at each lag that the motion allows, is taken for one person's; the geometry that follows is
tried on all other tracks, and that which explains the most is kept. Tracks that agree become one
person, unless one camera would see the person twice at once.
"""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from synpose_tf.reconstruction import initial
from synpose_tf.reconstruction.epipolar import CAP, QUICK, RelativePose, cross
from synpose_tf.reconstruction.rig import Observations
from synpose_tf.reconstruction.synchronization import lags, signal_of
from synpose_tf.reconstruction.views import Clock, Points, observe
from synpose_tf.structures.tracks import PoseTrack

_MOMENTS = 120  # That a pair of tracks is judged on.
_LEAST_MOMENTS = 5
AGREE = 0.6 * CAP  # Mean capped error below which two tracks may be one person's.


@dataclasses.dataclass(frozen=True)
class Recording:
    """What is needed of a camera here.

    Args:
        points: of each track.
        focal: pixels.
        lifted: of each track, its poses.
    """

    points: Sequence[Points]
    focal: float
    lifted: Sequence[PoseTrack]


@dataclasses.dataclass(frozen=True)
class Alignment:
    """How two recordings belong together.

    Args:
        lag: seconds, the second clock's less the first's.
        pose: of the second camera.
        matches: pairs of tracks (first's, second's) with their support.
        support: how many moments of a person agree, as it were.
    """

    lag: float
    pose: RelativePose
    matches: dict[tuple[int, int], float]
    support: float


def align(
    one: Recording, two: Recording, synchronized: bool, rng: np.random.Generator
) -> Alignment | None:
    """The alignment of two recordings that explains the most; None where no tracks meet.

    Args:
        one, two: the recordings.
        synchronized: whether the clocks are one.
        rng: draws.
    """
    rate = max(_rate(points) for points in (*one.points, *two.points))
    signals = [
        [signal_of(points, poses, rate) for points, poses in zip(r.points, r.lifted, strict=True)]
        for r in (() if synchronized else (one, two))
    ]
    best = None
    for i, k in itertools.product(range(len(one.points)), range(len(two.points))):
        found = [0.0] if synchronized else lags(signals[0][i], signals[1][k], rate)
        for lag in found:
            fitted = _fitted(one, two, i, k, lag, synchronized, rng)
            if fitted is None:
                continue
            aligned = _assigned(one, two, *fitted)
            if best is None or aligned.support > best.support:
                best = aligned
    return best


def _rate(points):
    return (
        1.0 / max(float(np.median(np.diff(points.times))), 1e-3) if len(points.times) > 1 else 1.0
    )


def both(one: Recording, two: Recording, i: int, k: int, lag: float) -> Observations | None:
    """Moments of the first clock at which two tracks have frames, at most `_MOMENTS`."""
    times = one.points[i].times
    own = two.points[k].times
    times = times[(times + lag >= own[0] - 1e-6) & (times + lag <= own[-1] + 1e-6)]
    if len(times) < _LEAST_MOMENTS:
        return None
    times = times[np.unique(np.linspace(0, len(times) - 1, _MOMENTS).astype(int))]
    views = [[[one.points[i]], [two.points[k]]]]
    seen = observe(views, [Clock(), Clock(lag)], [times])
    known = seen.seen.all(0).sum(-1) >= 4
    return seen.at(known) if known.sum() >= _LEAST_MOMENTS else None


def _fitted(one, two, i, k, lag, synchronized, rng):
    """The pose that two tracks give, and the lag to a fraction of a frame."""
    focal = np.array([one.focal, two.focal])
    for _ in range(1 if synchronized else 2):
        seen = both(one, two, i, k, lag)
        if seen is None:
            return None
        poses = initial.pair_poses(seen, focal, 0, 1, rng, (), not synchronized, QUICK)
        if not poses:
            return None
        lag += poses[0].lag
    return dataclasses.replace(poses[0], lag=0.0), lag


def _assigned(one, two, pose, lag):
    """All tracks put together under one geometry."""
    support = np.zeros((len(one.points), len(two.points)))
    for i, k in np.ndindex(*support.shape):
        seen = both(one, two, i, k, lag)
        if seen is not None:
            agreement = 1.0 - epipolar_error(seen, (one.focal, two.focal), pose) / CAP
            overlap = _overlap(one.points[i], two.points[k], lag)
            support[i, k] = max(agreement - (1.0 - AGREE / CAP), 0.0) * overlap
    rows, columns = linear_sum_assignment(-support)
    matches = {
        (int(i), int(k)): float(support[i, k])
        for i, k in zip(rows, columns, strict=True)
        if support[i, k] > 0
    }
    return Alignment(lag, pose, matches, sum(matches.values()))


def _overlap(one, two, lag):
    """Seconds that two tracks share."""
    low = max(one.times[0], two.times[0] - lag)
    return max(min(one.times[-1], two.times[-1] - lag) - low, 1e-3)


def epipolar_error(seen: Observations, focal: Sequence[float], pose: RelativePose) -> float:
    """Mean capped squared error of two views' joints, in units of the noise."""
    shared = seen.seen.all(0)
    a, b = (
        np.concatenate([seen.points[view][shared] / focal[view], np.ones((shared.sum(), 1))], 1)
        for view in (0, 1)
    )
    essential = cross(pose.direction) @ pose.rotation
    across, back = a @ essential.T, b @ essential
    squares = (across[:, :2] ** 2).sum(1) + (back[:, :2] ** 2).sum(1)
    noise = np.hypot(seen.noise[0] / focal[0], seen.noise[1] / focal[1])
    noise = noise[shared]
    errors = (across * b).sum(1) ** 2 / np.maximum(squares, 1e-30) / noise**2
    return float(np.minimum(errors, CAP).mean())


def spanning_tree(alignments: dict[tuple[int, int], Alignment], views: int) -> list:
    """The pairs of views that hold all together, those with the most support.

    Returns:
        Pairs (a < b); fewer than views - 1 where some views meet no other.
    """
    group, chosen = list(range(views)), []
    for pair in sorted(alignments, key=lambda pair: -alignments[pair].support):
        a, b = (group[view] for view in pair)
        if a != b:
            chosen.append(pair)
            group = [a if other == b else other for other in group]
    return chosen


def clocks_of(
    alignments: dict[tuple[int, int], Alignment], tree: Sequence[tuple[int, int]], views: int
) -> list[Clock]:
    """Each view's clock by the first's, along a tree."""
    offsets = {0: 0.0}
    while len(offsets) < views:
        for a, b in tree:
            if a in offsets and b not in offsets:
                offsets[b] = offsets[a] + alignments[a, b].lag
            elif b in offsets and a not in offsets:
                offsets[a] = offsets[b] - alignments[a, b].lag
    return [Clock(offsets[view]) for view in range(views)]


def people_of(
    matches: dict[tuple[tuple[int, int], tuple[int, int]], float],
    spans: Sequence[Sequence[tuple[float, float]]],
) -> list[list[list[int]]]:
    """Tracks joined to people, the surest matches first.

    Args:
        matches: of two tracks, each as (view, number), the support.
        spans: of each view, for each track, its first and last moment on the common clock.

    Returns:
        Of each person, for each view the numbers of the tracks; those seen longest first.
    """
    group = {
        (view, n): {(view, n)} for view, tracks in enumerate(spans) for n in range(len(tracks))
    }
    for one, two in sorted(matches, key=lambda pair: -matches[pair]):
        joined = group[one] | group[two]
        if group[one] is not group[two] and not _seen_twice(joined, spans):
            for track in joined:
                group[track] = joined
    people = []
    for tracks in {id(tracks): tracks for tracks in group.values()}.values():
        if len({view for view, _ in tracks}) > 1:
            people.append([sorted(n for v, n in tracks if v == view) for view in range(len(spans))])
    return sorted(people, key=lambda views: -_duration(views, spans))


def _seen_twice(tracks, spans):
    for one, two in itertools.combinations(sorted(tracks), 2):
        if one[0] == two[0]:
            (start, end), (other, last) = spans[one[0]][one[1]], spans[two[0]][two[1]]
            if min(end, last) > max(start, other):
                return True
    return False


def _duration(views, spans):
    return sum(spans[v][n][1] - spans[v][n][0] for v, tracks in enumerate(views) for n in tracks)
