"""The relative pose of two cameras that see the same points: x_b = R x_a + t, up to t's length.

Hypotheses are essential matrices of eight pairs of rays each (Longuet-Higgins, by the direct
linear method), drawn at random; the best by a capped Sampson error are refined on all pairs by a
robust least squares over the five degrees of freedom. Of the four poses that an essential matrix
allows the one counts that has the points in front of both cameras (Hartley and Zisserman, 9.6).
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

_SAMPLE = 8


@dataclasses.dataclass(frozen=True)
class Effort:
    """How much is tried.

    Args:
        hypotheses: that are drawn.
        refined: how many of the best are refined.
        pairs: that hypotheses are judged and refined on.
    """

    hypotheses: int = 1500
    refined: int = 4
    pairs: int = 1200


THOROUGH, QUICK = Effort(), Effort(400, 2, 400)


@dataclasses.dataclass(frozen=True)
class RelativePose:
    """Where a second camera stands, seen from the first.

    Args:
        rotation: (3, 3), first to second camera frame.
        direction: (3,), unit vector, of the translation in x_b = R x_a + t.
        cost: mean over the pairs of the capped squared errors, in units of the noise: 1 for
            pairs that agree as well as noise lets them, `CAP` for none.
        front: the part of the agreeing pairs that lie in front of both cameras.
        lag: seconds by which the second camera's points were moved on.
    """

    rotation: np.ndarray
    direction: np.ndarray
    cost: float
    front: float
    lag: float = 0.0


CAP = 9.0  # Squared, three times the noise.


def relative_poses(
    rays_a: np.ndarray,
    rays_b: np.ndarray,
    noise: np.ndarray,
    weights: np.ndarray,
    rng: np.random.Generator,
    starts: Sequence[tuple[np.ndarray, np.ndarray]] = (),
    velocity_b: np.ndarray | None = None,
    effort: Effort = THOROUGH,
) -> list[RelativePose]:
    """The poses that explain pairs of rays, the best first.

    Args:
        rays_a, rays_b: (n, 2), undistorted, of the same points in two cameras.
        noise: (n,), of the rays, their standard deviation.
        weights: (n,), how much a pair counts.
        rng: draws the hypotheses.
        starts: pairs of rotation (3, 3) and translation (3,) that are refined too.
        velocity_b: (n, 2), of the rays a second; if given, one lag is found for all.
        effort: how much is tried.

    Returns:
        At least one where there are eight pairs, else none.
    """
    if len(rays_a) < _SAMPLE:
        return []
    if len(rays_a) > effort.pairs:
        chosen = rng.choice(len(rays_a), effort.pairs, replace=False)
        rays_a, rays_b, noise, weights = (a[chosen] for a in (rays_a, rays_b, noise, weights))
        velocity_b = None if velocity_b is None else velocity_b[chosen]
    pairs = _Pairs(_homogeneous(rays_a), _homogeneous(rays_b), noise, weights, velocity_b)
    hypotheses = _essentials(pairs, effort.hypotheses, rng)
    costs = pairs.costs(hypotheses)
    poses = []
    for essential in hypotheses[np.argsort(costs)[: effort.refined]]:
        poses.append(_in_front(essential, pairs))
    poses += [(rotation, shift / np.linalg.norm(shift)) for rotation, shift in starts]
    refined = [_refine(rotation, direction, pairs) for rotation, direction in poses]
    return sorted(refined, key=lambda pose: pose.cost - pose.front)


@dataclasses.dataclass(frozen=True)
class _Pairs:
    a: np.ndarray  # (n, 3), third coordinate 1.
    b: np.ndarray
    noise: np.ndarray
    weights: np.ndarray
    velocity: np.ndarray | None

    def at(self, lag):
        """The pairs with the second camera's points moved on by a lag."""
        if self.velocity is None or not lag:
            return self
        moved = self.b.copy()
        moved[:, :2] += lag * self.velocity
        return dataclasses.replace(self, b=moved)

    def errors(self, essentials):
        """Sampson errors (..., n) of matrices (..., 3, 3), signed, in units of the noise."""
        across = self.a @ np.swapaxes(essentials, -1, -2)
        back = self.b @ essentials
        squares = (across[..., :2] ** 2).sum(-1) + (back[..., :2] ** 2).sum(-1)
        return (across * self.b).sum(-1) / np.sqrt(np.maximum(squares, 1e-30)) / self.noise

    def costs(self, essentials):
        """Means (...,) of the squared errors, capped."""
        squares = np.minimum(self.errors(essentials) ** 2, CAP)
        return squares @ self.weights / self.weights.sum()


def _homogeneous(rays):
    return np.concatenate([rays, np.ones((len(rays), 1))], axis=1)


def _essentials(pairs, count, rng):
    """Matrices (k, 3, 3) of eight pairs each."""
    sure = pairs.weights / pairs.weights.sum()
    drawn = rng.choice(len(pairs.a), (count, _SAMPLE), p=sure)
    rows = np.einsum("ksi,ksj->ksij", pairs.b[drawn], pairs.a[drawn])
    rows = rows.reshape(count, _SAMPLE, 9)
    *_, right = np.linalg.svd(rows)
    left, _, right = np.linalg.svd(right[:, -1].reshape(-1, 3, 3))
    return left @ np.diag([1.0, 1.0, 0.0]) @ right


def _in_front(essential, pairs):
    """Of the four poses of a matrix the one with the most agreeing pairs in front of both."""
    left, _, right = np.linalg.svd(essential)
    left, right = left * np.sign(np.linalg.det(left)), right * np.sign(np.linalg.det(right))
    quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    poses = [
        (left @ turn @ right, sign * left[:, 2])
        for turn in (quarter, quarter.T)
        for sign in (1.0, -1.0)
    ]
    return max(poses, key=lambda pose: _front(pose[0], pose[1], pairs))


def _front(rotation, direction, pairs):
    agreeing = np.abs(pairs.errors(cross(direction) @ rotation)) < np.sqrt(CAP)
    depths = depths_of(pairs.a[agreeing], pairs.b[agreeing], rotation, direction)
    return float((depths > 0).all(0).mean()) if agreeing.any() else 0.0


def depths_of(a: np.ndarray, b: np.ndarray, rotation: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Depths (2, n) at which rays (n, 3), third coordinate 1, come nearest to each other."""
    turned = a @ rotation.T
    # z_b b = z_a (R a) + t, in the least squares sense.
    aa, bb, ab = (turned**2).sum(-1), (b**2).sum(-1), (turned * b).sum(-1)
    at, bt = turned @ shift, b @ shift
    determinant = np.maximum(aa * bb - ab**2, 1e-12)
    return np.stack([(ab * bt - bb * at), (aa * bt - ab * at)]) / determinant


def cross(vector: np.ndarray) -> np.ndarray:
    """The matrix (..., 3, 3) of the cross product with vectors (..., 3)."""
    x, y, z = np.moveaxis(np.asarray(vector), -1, 0)
    zero = np.zeros_like(x)
    rows = ((zero, -z, y), (z, zero, -x), (-y, x, zero))
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _refine(rotation, direction, pairs):
    basis = np.linalg.svd(direction[None])[2][1:]  # Two directions across.

    def pose_of(parameters):
        turned = Rotation.from_rotvec(parameters[:3]).as_matrix() @ rotation
        moved = direction + parameters[3:5] @ basis
        return turned, moved / np.linalg.norm(moved)

    def errors(parameters):
        turned, moved = pose_of(parameters)
        placed = pairs.at(parameters[5]) if len(parameters) > 5 else pairs
        return np.sqrt(pairs.weights) * placed.errors(cross(moved) @ turned)

    start = np.zeros(5 if pairs.velocity is None else 6)
    found = least_squares(errors, start, loss="cauchy", f_scale=1.5, x_scale=0.1, max_nfev=40)
    turned, moved = pose_of(found.x)
    lag = float(found.x[5]) if len(found.x) > 5 else 0.0
    placed = pairs.at(lag)
    flipped = _front(turned, -moved, placed) > _front(turned, moved, placed)
    moved = -moved if flipped else moved
    cost = float(placed.costs(cross(moved) @ turned))
    return RelativePose(turned, moved, cost, _front(turned, moved, placed), lag)
