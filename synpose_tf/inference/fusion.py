"""The detector's own depths, where it has some, beside the lifter's.

MediaPipe gives each joint a place in space. Depths are averaged, with a weight of `WEIGHT` for the
detector's; x and y stay what the picture shows, for depth is what a picture does not tell.

The weight is the one that leaves the least variance of two errors that are alike in part:
(a² - r a b) / (a² + b² - 2 r a b). On four cameras before one person, depths are off by a = 64 mm
(lifter) and b = 80 mm (MediaPipe), and r = 0.65 of it they share, for both see the same 2D joints.
So the gain is small, and with equal weights there is none. `benchmarks/real_video.py` measures it.
"""

import numpy as np

WEIGHT = 0.2


def fuse(depths: np.ndarray, poses: np.ndarray, world: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Depths of a lifter and of a detector averaged.

    Args:
        depths: (n, 17), of the lifter, in the poses' unit; the root's is 0.
        poses: (n, 17, 2), normalised, beside them.
        world: (n, 17, 3), of the detector, relative to the root, of any size, in the frame of a
            camera that looks at the person; NaN where unknown.

    Returns:
        (n, 17) depths, and (n,) True where the detector's went in.
    """
    known = np.isfinite(world).all(-1)
    other = np.where(known[..., None], world, 0.0)
    lifted = np.concatenate([poses, depths[..., None]], axis=-1)
    size = np.where(known, np.linalg.norm(lifted, axis=-1), 0.0).sum(-1)
    length = np.linalg.norm(other, axis=-1).sum(-1)
    used = length > 0
    scale = size / np.where(used, length, 1.0)
    mean = depths + WEIGHT * (scale[:, None] * other[..., 2] - depths)
    return np.where(known & used[:, None], mean, depths).astype(depths.dtype), used
