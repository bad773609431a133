"""Training examples for benchmarks, where only the time matters."""

import numpy as np

from synpose_tf.geometry.camera import h36m_cameras, project


def random_views(count: int) -> dict[str, np.ndarray]:
    """Views of the right shapes and ranges; what they show does not matter for the time."""
    rng = np.random.default_rng(0)
    intrinsics = next(iter(h36m_cameras()["S1"].values())).intrinsics
    points = rng.normal([0.0, 0.0, 5000.0], 300.0, (count, 17, 3))
    arrays = {
        "keypoints_2d": project(points, intrinsics),
        "keypoints_3d": points,
        "intrinsics": np.broadcast_to(intrinsics, (count, 9)),
        "up": np.broadcast_to([0.0, -1.0, 0.0], (count, 3)),
    }
    return {key: array.astype(np.float32) for key, array in arrays.items()}
