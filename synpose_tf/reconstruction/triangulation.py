"""Points in space from what known cameras see, with some of them wrong."""

import itertools

import numpy as np

from synpose_tf.reconstruction.rig import Observations, Rig

CAP = 9.0  # Of a view's squared error in units of the noise: three times the noise is wrong.
_REWEIGHTED = 4


def triangulate(rig: Rig, seen: Observations) -> np.ndarray:
    """Each joint from the views that agree.

    The pair of views whose point has the smallest capped error in all views is the start; then
    every view counts by Cauchy's weights.

    Args:
        rig: V cameras.
        seen: what they saw.

    Returns:
        (N, J, 3), world, millimetres; NaN where fewer than two cameras saw a joint.
    """
    directions = _directions(rig, seen)
    weights = np.where(seen.seen, seen.confidence, 0.0)
    best = np.full(weights.shape[1:], np.inf)
    world = np.full((*weights.shape[1:], 3), np.nan)
    for pair in itertools.combinations(range(len(weights)), 2):
        some = np.zeros_like(weights)
        some[list(pair)] = (weights[list(pair)] > 0).all(0)
        candidates = _nearest(rig.centres, directions, some)
        cost = (weights * np.minimum(squared_errors(rig, candidates, seen), CAP)).sum(0)
        cost = np.where(some.any(0), cost, np.inf)
        better = cost < best
        world[better], best[better] = candidates[better], cost[better]
    for _ in range(_REWEIGHTED):
        depth = np.maximum(rig.to_cameras(world)[..., 2], 1.0)
        error = squared_errors(rig, world, seen)
        pixels = rig.focal[:, None, None] / depth / seen.noise
        robust = np.nan_to_num(weights * pixels**2 / (1.0 + error / CAP) ** 2)
        moved = _nearest(rig.centres, directions, robust)
        world = np.where(np.isfinite(moved) & np.isfinite(world), moved, world)
    return world


def squared_errors(rig: Rig, world: np.ndarray, seen: Observations) -> np.ndarray:
    """(V, N, J), of the projections in units of the noise; 0 where a view saw nothing."""
    points = rig.to_cameras(world)
    off = np.where(seen.seen[..., None], seen.points - rig.project(world), 0.0)
    squares = (off**2).sum(-1) / seen.noise**2
    behind = seen.seen & (points[..., 2] <= 0)
    return np.where(behind, np.inf, np.nan_to_num(squares, nan=0.0, posinf=np.inf))


def _directions(rig, seen):
    """Unit vectors (V, N, J, 3) in the world, of the rays on which joints lie."""
    focal = rig.focal[:, None, None, None]
    rays = np.where(seen.seen[..., None], seen.points, 0.0) / focal
    rays = np.concatenate([rays, np.ones_like(rays[..., :1])], axis=-1)
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    return np.einsum("vnji,vik->vnjk", rays, rig.rotation)


def _nearest(centres, directions, weights):
    """The points (N, J, 3) nearest to rays, by weights (V, N, J)."""
    across = np.eye(3) - directions[..., :, None] * directions[..., None, :]
    across = weights[..., None, None] * across
    matrix = across.sum(0)
    right = np.einsum("vnjik,vk->nji", across, centres)
    size = np.maximum(np.trace(matrix, axis1=-2, axis2=-1), 1e-30)
    matrix = matrix / size[..., None, None] + 1e-9 * np.eye(3)
    points = np.linalg.solve(matrix, (right / size[..., None])[..., None])[..., 0]
    return np.where((weights > 0).sum(0)[..., None] > 1, points, np.nan)
