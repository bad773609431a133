"""Joints that jump for a frame or two, and joints that are missed for a moment.

A detector sees each frame anew: for a frame or three a wrist lies somewhere else, or is not seen.
The frames before and after tell where it is. A jump is a joint that is far from the line between
its places before and after, which agree with each other; it counts as missed. What is missed for at
most a quarter of a second is filled in on that line. `benchmarks/gaps.py` has what it is worth.
"""

import numpy as np

GAP = 0.25  # Seconds, the longest that is filled in.
_RUNS = (1, 2, 3)  # Frames that a jump lasts.
_LONGEST = 0.15  # Seconds between its two ends: later a joint may have been there and back.
_FAR = 0.12  # Of the body's size: the least distance of a jump.
_AGREE = 0.5  # Of that distance, how far its two ends may be apart.


def mend(points: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points without jumps, and short gaps filled in; frames with nobody stay so.

    Args:
        points: (F, J, 2), pixels, NaN where not seen.
        times: (F,), seconds, increasing.

    Returns:
        The points, and (F, J) True where one was filled in or, beside a longer gap, taken out.
    """
    somebody = np.isfinite(points).all(-1).any(-1, keepdims=True)
    jumped = find_jumps(points, times)
    steady = np.where(jumped[..., None], np.nan, points)
    filled = np.where(somebody[..., None], fill(steady, times), points)
    changed = jumped | (np.isfinite(filled) & ~np.isfinite(points)).all(-1)
    return filled.astype(points.dtype), changed


def mended_note(joints: int, frames: int) -> str:
    """What a user should know of joints that were mended, of a recording of so many frames."""
    return (
        f"joints that jumped or were missed for a moment: {joints} in {frames} frames; they were "
        "filled in from the frames around"
    )


def find_jumps(points: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Where a joint jumps: (F, J), of points and times as `mend`."""
    low = np.where(np.isfinite(points), points, np.inf).min(1)
    high = np.where(np.isfinite(points), points, -np.inf).max(1)
    with np.errstate(invalid="ignore"):
        size = np.linalg.norm(high - low, axis=-1)[:, None]  # Infinite where nobody is seen.
    jumped = np.zeros(points.shape[:2], bool)
    for run in _RUNS:
        count = len(points) - run - 1
        if count < 1:
            break
        before, after = points[:count], points[-count:]
        seconds = times[-count:] - times[:count]
        places = []
        for step in range(1, run + 1):
            share = ((times[step : step + count] - times[:count]) / seconds)[:, None, None]
            line = before + share * (after - before)
            places.append(np.linalg.norm(points[step : step + count] - line, axis=-1))
        distance = np.min(places, axis=0)  # NaN where one of them is not seen.
        apart = np.linalg.norm(after - before, axis=-1)
        bound = _FAR * np.minimum(size[:count], size[-count:])
        found = (distance > bound) & (apart < _AGREE * distance)
        found &= (seconds <= _LONGEST)[:, None]
        for step in range(1, run + 1):
            jumped[step : step + count] |= found
    return jumped


def fill(points: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Points with their gaps of at most `GAP` filled in, linear in time; args as `mend`."""
    filled = points.copy()
    seen = np.isfinite(points).all(-1)
    for joint in np.flatnonzero(~seen.all(0)):
        rows = np.flatnonzero(seen[:, joint])
        missed = np.flatnonzero(~seen[:, joint])
        after = np.searchsorted(rows, missed)
        inside = (after > 0) & (after < len(rows))
        missed, after = missed[inside], after[inside]
        first, last = rows[after - 1], rows[after]
        short = times[last] - times[first] <= GAP + 1e-9
        missed, first, last = missed[short], first[short], last[short]
        share = ((times[missed] - times[first]) / (times[last] - times[first]))[:, None]
        start, end = points[first, joint], points[last, joint]
        filled[missed, joint] = start + share * (end - start)
    return filled
