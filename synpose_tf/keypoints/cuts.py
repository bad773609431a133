"""Where one person ends and another begins, in recordings of one person at a time.

Untracked, a film's cut, or somebody who leaves while somebody else comes, looks like a person who
jumps. A jump is a step from pose to pose of more than `MAX_STEP` sizes and of more than
`_USUAL_STEPS` times the recording's usual step, or a change of size beyond `MAX_GROWTH`. Real
motion at 50 Hz stays below 0.14 in 999 of 1,000 steps (CMU's 1,216 views, detections of
Human3.6M's S9); at 5 Hz it goes up to 0.86, but is then usual. Who jumps to another place and is
back within `_BLINK` frames was not there: the detector erred. It also erred where the joints jump,
but only onto each other, as when it takes head for feet (stacked hourglass, Human3.6M's S9).

Where every fourth step is a jump, or the usual step is a third of the body, the input is no film,
but separate pictures, and stays together.
"""

import numpy as np

from synpose_tf.io import scratch
from synpose_tf.io.scratch import Column
from synpose_tf.keypoints.detections import NOBODY

MAX_STEP = 0.4  # Of the pose's size, the diagonal of its bounding box.
_USUAL_STEPS = 8.0
MAX_GROWTH = 2.5
_SAME_PLACE = 0.12  # Of the size, the mean distance to the nearest joint of the other pose.
_BLINK = 3
_SAMPLE = 500  # Frames, enough to tell a size.
PICTURES, _PICTURES_STEP = 0.25, 0.3
NO_FILM = "the poses jump from frame to frame: taken for separate pictures, not a film"


@np.errstate(over="ignore", invalid="ignore")  # Of numbers that are no places.
def poses_apart(points: np.ndarray, others: np.ndarray, least: float = 1.0) -> np.ndarray:
    """Mean distance of the joints that both poses show, in sizes of the other pose.

    Args:
        points, others: (…, J, 2), NaN where not seen; broadcast.
        least: of a size.

    Returns:
        (…,), infinite where no joint is in both.
    """
    distances = np.linalg.norm(points - others, axis=-1)
    shared = np.isfinite(distances)
    total = np.where(shared, distances, 0.0).sum(-1)
    size = np.maximum(np.linalg.norm(_extent(others), axis=-1), least)
    return np.where(shared.any(-1), total / np.maximum(shared.sum(-1), 1) / size, np.inf)


@np.errstate(over="ignore", invalid="ignore")
def _step(points, others, least):
    """As `poses_apart`, of poses (n, J, 2), or twice the median distance where that is less: (n,).

    So no single wild joint is a jump.
    """
    distances = np.linalg.norm(points - others, axis=-1)
    size = np.maximum(np.linalg.norm(_extent(others), axis=-1), least)
    known = np.where(np.isfinite(distances), distances, np.inf)
    count = np.isfinite(distances).sum(-1)
    middle = np.sort(known, axis=-1)[np.arange(len(known)), np.maximum(count - 1, 0) // 2]
    return np.minimum(poses_apart(points, others, least), 2.0 * middle / size)


def _extent(points):
    high = np.where(np.isfinite(points), points, -np.inf).max(-2, initial=-np.inf)
    return high - np.where(np.isfinite(points), points, np.inf).min(-2, initial=np.inf)


@np.errstate(over="ignore", invalid="ignore")
def growth(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How many times larger or smaller a pose is than another, by joints that both show: (…,).

    Args:
        points, others: (…, J, 2), NaN where not seen; broadcast.
    """
    both = np.isfinite(points).all(-1) & np.isfinite(others).all(-1)
    shown = [np.where(both[..., None], p, np.nan) for p in (points, others)]
    whole = _ratio(*(np.linalg.norm(_extent(p), axis=-1) for p in shown))
    # The middle half of the joints: a single wild joint makes the whole large, but not this.
    most = _ratio(*(_spread(p, both) for p in shown))
    return np.where(both.sum(-1) > 2, np.minimum(whole, most), 1.0)


def _ratio(one, two):
    ratio = np.maximum(one, 1e-6) / np.maximum(two, 1e-6)
    return np.maximum(ratio, 1.0 / ratio)


def _spread(points, shown):
    """Distance between the quarters of the joints that are shown, in x and y added up: (…,)."""
    ordered = np.sort(points, axis=-2)  # NaN comes last.
    count = shown.sum(-1)[..., None, None]
    low, high = (
        np.take_along_axis(ordered, np.maximum(q * count // 4 - q // 3, 0), -2) for q in (1, 3)
    )
    return (high - low)[..., 0, :].sum(-1)


def split(frames: np.ndarray, points: Column) -> tuple[np.ndarray, list[str]]:
    """Numbers the people of a recording that shows one at a time.

    Args:
        frames: (F,), increasing, each once.
        points: (F, J, 2), NaN where not seen; an array, or rows on disk.

    Returns:
        (F,), numbers from 0, or `NOBODY` for a pose that is nobody's; and notes for the user.
    """
    if not len(frames):
        return np.zeros(0, np.int64), []
    least = _least_size(points)
    steps, sizes = _steps(points, least)
    usual = np.median(steps[np.isfinite(steps)]) if np.isfinite(steps).any() else 0.0
    far = np.isfinite(steps) & (steps > max(MAX_STEP, _USUAL_STEPS * usual))
    jumps = 1 + np.flatnonzero(far | (sizes > MAX_GROWTH))
    if len(jumps) <= PICTURES * len(steps):
        jumps = np.array([row for row in jumps if not _same_place(points, row)], int)
    if usual > _PICTURES_STEP or len(jumps) > PICTURES * len(steps):
        return np.zeros(len(frames), np.int64), [NO_FILM]
    labels = _labels(points, np.concatenate([[0], jumps, [len(frames)]]), least)
    notes, people, blinks = [], labels.max() + 1, (labels == NOBODY).sum()
    if people > 1:
        at = ", ".join(str(frames[jump]) for jump in _begins(labels)[:5])
        notes.append(f"a jump that no person makes ends a track: another begins in frame {at}")
    if blinks:
        notes.append(f"{blinks} poses jump to another place and back; they are left out")
    return labels, notes


def _least_size(points):
    """Half of the usual size: where the head alone is seen, the person is not as small as that."""
    sizes = np.linalg.norm(_extent(points[:: max(1, len(points) // _SAMPLE)]), axis=-1)
    sizes = sizes[np.isfinite(sizes)]
    return max(1.0, 0.5 * float(np.median(sizes))) if len(sizes) else 1.0


def _steps(points, least):
    """Of each frame but the first its step from the last one (F - 1,), and its growth."""
    parts, last = [], points[:0]
    for part in scratch.pieces(points):
        part = np.concatenate([last, part])
        parts.append([_step(part[1:], part[:-1], least), growth(part[1:], part[:-1])])
        last = part[-1:]
    return np.concatenate(parts, axis=1)


def _same_place(points, row):
    """Whether the joints of a pose lie where some of the one before lay, whichever they are."""
    one, two = (pose[np.isfinite(pose).all(-1)] for pose in (points[row], points[row - 1]))
    apart = np.linalg.norm(one[:, None] - two, axis=-1)
    size = max(np.linalg.norm(np.ptp(pose, axis=0)) for pose in (one, two))
    return max(apart.min(0).mean(), apart.min(1).mean()) <= _SAME_PLACE * size


def _labels(points, bounds, least):
    """Numbers of the poses, given where runs without a jump begin, and where the last ends."""
    labels = np.full(bounds[-1], NOBODY)
    count = 0
    live: list[tuple[int, int]] = []  # Of each person whom a run may continue: number, last row.
    for start, end in zip(bounds[:-1], bounds[1:], strict=True):
        number = _continued(points, start, live, least)
        if number is None and end - start <= _BLINK and _returns(points, end, live, least):
            continue
        if number is None:
            number, count = count, count + 1
        labels[start:end] = number
        live = [entry for entry in live if entry[0] != number][-8:] + [(number, end - 1)]
    return labels


def _continued(points, start, live, least):
    """The number of the person whom the pose in a row continues after a blink, or None."""
    for number, row in reversed(live):
        if start - row <= _BLINK + 1 and _fits(points, start, row, least):
            return number
    return None


def _returns(points, end, live, least):
    """Whether the pose in a row continues the person who was there last."""
    return bool(live) and end < len(points) and _fits(points, end, live[-1][1], least)


def _fits(points, row, other, least):
    one, two = points[row][None], points[other][None]
    return _step(one, two, least)[0] <= MAX_STEP and growth(one, two)[0] <= MAX_GROWTH


def _begins(labels):
    """Rows where each person but the first is seen first."""
    numbers, rows = np.unique(labels, return_index=True)
    return rows[numbers > 0]
