"""Whether joints can be a person's at all.

Detectors say "nobody" with a pose as well: all joints on one point, or on a line. Lifted, such a
pose is as large as a person and as far away as a star.

Of 59,564 views of CMU's motion, no random 6 to 17 joints are flatter than 0.02, the ratio of
their spreads across and along; with fewer joints, a stretched leg is a line.
"""

import numpy as np

MIN_JOINTS = 3  # Fewer fix neither place nor size.
SMALLEST = 8.0  # Pixels: the diagonal of the smallest person.
_FLATTEST = 0.01  # Of the spread along, the spread across.
_ENOUGH_FOR_FLAT = 6  # Joints.


def is_person(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Which poses are neither too small nor too flat to be a person's.

    Args:
        points: (n, J, 2), pixels; what stands where a joint is not seen does not matter.
        seen: (n, J), True where a joint is seen.

    Returns:
        (n,), True for a person; False where no joint is seen.
    """
    points = np.where(seen[..., None], points, 0.0).astype(np.float64)
    low = np.where(seen[..., None], points, np.inf).min(1, initial=np.inf)
    high = np.where(seen[..., None], points, -np.inf).max(1, initial=-np.inf)
    count = seen.sum(-1)
    large = np.linalg.norm(np.where(count[:, None] > 0, high - low, 0.0), axis=-1) >= SMALLEST
    centre = points.sum(1) / np.maximum(count, 1)[:, None]
    off = np.where(seen[..., None], points - centre[:, None], 0.0)
    (xx, xy), (_, yy) = np.moveaxis(off.swapaxes(1, 2) @ off, 0, -1)
    # The eigenvalues of the spread, in closed form; their ratio is that of squared lengths.
    middle, apart = (xx + yy) / 2.0, np.hypot((xx - yy) / 2.0, xy)
    flat = middle - apart <= _FLATTEST**2 * (middle + apart)
    return large & ~(flat & (count >= _ENOUGH_FOR_FLAT))
