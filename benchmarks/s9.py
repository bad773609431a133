"""Human3.6M's subject S9 before four cameras: real detections, and the joints in space.

The detections are Stacked Hourglass files as Martinez et al. published them,
`<Action>.<camera>.h5` with MPII's 16 joints. Frames and units: `synpose_tf.geometry.camera`.
"""

import dataclasses
import itertools
import pathlib

import numpy as np

from synpose_tf import keypoints
from synpose_tf.evaluation import metrics
from synpose_tf.geometry.camera import Camera, h36m_cameras, pixels_to_rays
from synpose_tf.inference import smoothing
from synpose_tf.io import hdf5
from synpose_tf.structures.tracks import KeypointTrack

ACTIONS = ("Walking", "Sitting")
CAMERAS: tuple[Camera, ...] = tuple(h36m_cameras()["S9"].values())
MEAN_RADIUS_MM = 430.0


def paths(folder, action) -> list[pathlib.Path]:
    """The file of each camera."""
    return [pathlib.Path(folder) / f"{action}.{camera.name}.h5" for camera in CAMERAS]


def read_views(folder, action, stride: int = 1) -> list[KeypointTrack]:
    """The track of each camera as `lift` reads it, all with as many frames, every `stride`-th.

    Raises:
        SynposeError: a file is missing or damaged.
    """
    tracks = [keypoints.read([path]).tracks[0] for path in paths(folder, action)]
    chosen = slice(0, min(len(track.frames) for track in tracks), stride)
    return [
        dataclasses.replace(
            t, **{n: c[chosen] for n in t.columns if (c := getattr(t, n)) is not None}
        )
        for t in tracks
    ]


def read_detections(folder, action, stride: int = 1) -> np.ndarray:
    """(views, frames, 16, 2), pixels; with the head top, which `keypoints.read` leaves out.

    Raises:
        SynposeError: a file is missing or damaged.
    """
    views = [hdf5.read(path, path, "poses").astype(np.float64) for path in paths(folder, action)]
    return np.stack([points[: min(map(len, views)) : stride] for points in views])


def triangulate(points, cameras) -> np.ndarray:
    """The points in space that lie best, in the least squares sense, on the undistorted rays.

    Hartley and Zisserman's direct linear transform.

    Args:
        points: (views, ..., J, 2), pixels, of two views or more.
        cameras: the `Camera` of each view.

    Returns:
        (..., J, 3), world, millimetres.
    """
    rows = []
    for pixels, camera in zip(points, cameras, strict=True):
        rays = pixels_to_rays(pixels, camera.intrinsics)
        shift = -camera.rotation @ camera.position
        matrix = np.concatenate([camera.rotation, shift[:, None]], axis=1)
        rows += [rays[..., axis, None] * matrix[2] - matrix[axis] for axis in (0, 1)]
    *_, right = np.linalg.svd(np.stack(rows, axis=-2))
    return right[..., -1, :3] / right[..., -1, 3:]


def reprojection_errors(world, points, cameras) -> np.ndarray:
    """Pixels between points (views, ..., J, 2) and the projections of `world` (..., J, 3).

    Returns:
        (views, ..., J).
    """
    back = [camera.project(camera.to_camera(world)) for camera in cameras]
    return np.linalg.norm(np.stack(back) - points, axis=-1)


def triangulate_robustly(points, cameras, bound: float, least: int = 3) -> np.ndarray:
    """`triangulate` from the views that agree.

    Views agree when none is farther than `bound` from the point that they give together. The
    largest set of such views counts; of equally large ones that with the smallest mean error.

    Args:
        points: (views, ..., J, 2), pixels.
        cameras: the `Camera` of each view.
        bound: pixels.
        least: how many views must agree.

    Returns:
        (..., J, 3), world, millimetres; NaN where fewer views agree.
    """
    world = np.full((*points.shape[1:-1], 3), np.nan)
    for size in range(len(cameras), least - 1, -1):
        missing = np.isnan(world).any(-1)
        smallest = np.where(missing, np.inf, -np.inf)
        for views in itertools.combinations(range(len(cameras)), size):
            some, seen_by = points[list(views)], [cameras[view] for view in views]
            candidates = triangulate(some, seen_by)
            errors = reprojection_errors(candidates, some, seen_by)
            better = (errors.max(0) <= bound) & (errors.mean(0) < smallest)
            world[better] = candidates[better]
            smallest[better] = errors.mean(0)[better]
    return world


def lift_views(lifter, tracks, smooth: bool = False) -> np.ndarray:
    """(views, frames, 17, 3), millimetres, at the lifter's default stature.

    With `smooth` by the One-Euro filter, as `lift --smooth` does.
    """
    views = []
    for track, camera in zip(tracks, CAMERAS, strict=True):
        intrinsics = camera.intrinsics if lifter.mode == "camera" else None
        lifted = lifter.lift_track(track, intrinsics)
        views.append((smoothing.smooth_track(lifted) if smooth else lifted).poses)
    return np.stack(views)


def disagreement(views) -> np.ndarray:
    """MPJPE of every pair of views of every moment, millimetres.

    Of lifts (views, frames, 17, 3) at a mean root distance of 430 mm, aligned by Procrustes.
    """
    radius = np.linalg.norm(views[..., 1:, :], axis=-1).mean(-1)[..., None, None]
    pairs = itertools.combinations(views * (MEAN_RADIUS_MM / radius), 2)
    return np.concatenate([metrics.p_mpjpe(a, b) for a, b in pairs])
