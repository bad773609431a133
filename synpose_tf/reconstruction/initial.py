"""Where cameras stand, well enough for bundle adjustment to find the rest.

Two sources. Essential matrices of the joints over time give each pair's rotation and direction
(`epipolar`). Lifts of each view alone give rotations too, by Procrustes, and lengths: of the bones,
and so of the way between the cameras. Each pair's lifts are refined as a start beside the
essential matrices, and the rigs that pairs make up are judged by all views together.
"""

import dataclasses
import itertools
import warnings
from collections.abc import Sequence

import numpy as np

from synpose_tf.reconstruction import body
from synpose_tf.reconstruction.bundle import adjust
from synpose_tf.reconstruction.epipolar import (
    THOROUGH,
    Effort,
    RelativePose,
    depths_of,
    relative_poses,
)
from synpose_tf.reconstruction.rig import Observations, Rig
from synpose_tf.reconstruction.triangulation import CAP, squared_errors, triangulate
from synpose_tf.reconstruction.unknowns import Free, State

_ALTERNATIVES = 2  # Poses of a pair that are tried.
_ADJUSTED = 12  # Rigs that are adjusted for a while before the best is chosen.
_ALIKE = np.radians(4.0)


@dataclasses.dataclass(frozen=True)
class Lifts:
    """Each view's lifts of the moments of `Observations`.

    Args:
        poses: (V, N, 17, 3), millimetres, camera frames, about the root; NaN where none.
        roots: (V, N, 3), millimetres, camera frames.
    """

    poses: np.ndarray
    roots: np.ndarray

    def at(self, moments: np.ndarray) -> "Lifts":
        """Some of the moments."""
        return Lifts(self.poses[:, moments], self.roots[:, moments])


def pairs_of(
    seen: Observations, focal: np.ndarray, lifts: Lifts, rng: np.random.Generator
) -> dict[tuple[int, int], list]:
    """For each pair of views (a < b) its `RelativePose`s that differ, the best first."""
    found = {}
    for a, b in itertools.combinations(range(len(focal)), 2):
        poses = pair_poses(seen, focal, a, b, rng, lifted_poses(lifts, a, b))
        distinct: list[RelativePose] = []
        for pose in poses:
            if all(_angle(pose.rotation @ other.rotation.T) > _ALIKE for other in distinct):
                distinct.append(pose)
        found[a, b] = distinct[:_ALTERNATIVES]
    return found


def pair_poses(
    seen: Observations,
    focal: np.ndarray,
    a: int,
    b: int,
    rng: np.random.Generator,
    starts: Sequence[tuple[np.ndarray, np.ndarray]] = (),
    lag: bool = False,
    effort: Effort = THOROUGH,
) -> list[RelativePose]:
    """`relative_poses` of two views' joints, each in its own noise."""
    both = seen.seen[a] & seen.seen[b]
    ray_a, ray_b = (seen.points[view][both] / focal[view] for view in (a, b))
    noise = np.hypot(seen.noise[a] / focal[a], seen.noise[b] / focal[b])
    noise = noise[both]
    weights = (seen.confidence[a] * seen.confidence[b])[both]
    velocity = seen.velocity[b][both] / focal[b] if lag else None
    return relative_poses(ray_a, ray_b, noise, weights, rng, starts, velocity, effort)


def lifted_poses(lifts: Lifts, a: int, b: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rotation and translation that lay view a's lifts on b's, by Procrustes over time."""
    known = np.isfinite(lifts.poses[[a, b]]).all((0, 2, 3)) & np.isfinite(lifts.roots[[a, b]]).all(
        (0, 2)
    )
    if not known.any():
        return []
    one, two = (lifts.poses[view][known].reshape(-1, 3) for view in (a, b))
    weights = np.ones(len(one))
    for _ in range(5):
        left, _, right = np.linalg.svd((weights[:, None] * two).T @ one)
        sign = np.sign(np.linalg.det(left @ right))
        rotation = left @ np.diag([1.0, 1.0, sign]) @ right
        off = np.linalg.norm(two - one @ rotation.T, axis=-1)
        weights = 1.0 / (1.0 + (off / max(np.median(off), 1e-6)) ** 2)
    roots = [lifts.roots[view][known] for view in (a, b)]
    return [(rotation, np.median(roots[1] - roots[0] @ rotation.T, axis=0))]


def _angle(rotation):
    return np.arccos(np.clip((np.trace(rotation) - 1.0) / 2.0, -1.0, 1.0))


def initial_state(
    seen: Observations,
    focal: np.ndarray,
    lifts: Lifts,
    lengths: np.ndarray,
    rng: np.random.Generator,
) -> State:
    """The best of several starts, adjusted for a while.

    Args:
        seen: some moments, spread over the recording.
        focal: (V,), pixels.
        lifts: of the same moments.
        lengths: (people, kinds), millimetres, of the bones in the lifts.
        rng: draws.
    """
    pairs = pairs_of(seen, focal, lifts, rng)
    scales = {
        pair: [_baseline(seen, focal, *pair, pose, lengths.mean(0)) for pose in poses]
        for pair, poses in pairs.items()
    }
    rigs = _rigs(pairs, scales, focal)
    rigs.sort(key=lambda rig: disagreement(rig, seen, lifts))
    states = []
    for rig in rigs[:_ADJUSTED]:
        state = start_of(rig, seen, lifts, lengths)
        state = adjust(state, seen, body.PRIOR, Free(), guesses_of(state.rig, seen, lifts), 12)
        states.append((disagreement(state.rig, seen, lifts), state))
    return min(states, key=lambda entry: entry[0])[1]


def disagreement(rig: Rig, seen: Observations, lifts: Lifts) -> float:
    """Of what is triangulated with the views and with the lifts.

    Mean capped squared errors: in the views in units of the noise, of the lifts in units of how far
    off they usually are. People who hardly move look about the same to cameras that are turned
    inside out, near and far exchanged; the lifts know near from far.
    """
    world = triangulate(rig, seen)
    known = seen.seen & np.isfinite(world).all(-1)
    weights = np.where(known, seen.confidence, 0.0)
    errors = np.minimum(squared_errors(rig, world, seen), CAP)
    return float((weights * errors).sum() / max(weights.sum(), 1e-9)) + strain(rig, world, lifts)


def strain(rig: Rig, joints: np.ndarray, lifts: Lifts) -> float:
    """Mean capped squared distance of joints (N, 17, 3) from the lifts laid on them.

    In units of how far off lifts usually are; 0 where nothing was lifted.
    """
    off = np.linalg.norm(_laid(rig, joints, lifts) - joints, axis=-1) / body.PRIOR.guess
    off = off[np.isfinite(off)]
    return float(np.minimum(off**2, CAP).mean()) if len(off) else 0.0


def _baseline(seen, focal, a, b, pose, lengths):
    """How far two cameras are apart, by the bones of what they see."""
    both = (seen.seen[a] & seen.seen[b])[..., None]
    rays = []
    for view in (a, b):
        flat = np.where(both, seen.points[view], 0.0).reshape(-1, 2) / focal[view]
        rays.append(np.concatenate([flat, np.ones((len(flat), 1))], axis=1))
    depths = depths_of(rays[0], rays[1], pose.rotation, pose.direction)
    points = (depths[0][:, None] * rays[0]).reshape(*both.shape[:2], 3)
    points = np.where(both & (points[..., 2:] > 0), points, np.nan)
    ratios = lengths / body.bone_lengths(points)
    ratios = ratios[np.isfinite(ratios)]
    return float(np.median(ratios)) if len(ratios) else np.nan


def _rigs(pairs, scales, focal):
    """Rigs whose cameras are all placed from one; with each pair's second pose in its turn."""
    views, rigs = len(focal), []
    for root in range(views):
        others = [view for view in range(views) if view != root]
        ways = {view: _way(pairs, scales, root, view) for view in others}
        if not all(ways.values()):
            continue
        best = {view: way[0] for view, way in ways.items()}
        choices = [best]
        choices += [best | {view: way} for view in others for way in ways[view][1:]]
        for choice in choices:
            rotation, translation = np.eye(3)[None].repeat(views, 0), np.zeros((views, 3))
            for view, (turned, shift) in choice.items():
                rotation[view], translation[view] = turned, shift
            rigs.append(Rig(rotation, translation, np.asarray(focal, float)))
    return [_from_first(rig) for rig in rigs]


def _way(pairs, scales, root, view):
    """Rotations and translations from the root's camera frame to a view's."""
    pair = (min(root, view), max(root, view))
    ways = []
    for pose, scale in zip(pairs[pair], scales[pair], strict=True):
        turned, shift = pose.rotation, scale * pose.direction
        if np.isfinite(scale):
            ways.append((turned, shift) if root < view else (turned.T, -turned.T @ shift))
    return ways


def _from_first(rig):
    """The same cameras in the first one's frame."""
    return rig.moved(rig.rotation[0], rig.centres[0])


def start_of(rig: Rig, seen: Observations, lifts: Lifts, lengths: np.ndarray) -> State:
    """A state of a rig: joints triangulated, those that can't be as the lifts have them."""
    joints = triangulate(rig, seen)
    joints = np.where(np.isfinite(joints), joints, lifts_in_world(rig, joints, lifts))
    return State(rig, filled(joints), np.asarray(lengths, float))


def guesses_of(rig: Rig, seen: Observations, lifts: Lifts) -> np.ndarray:
    """(N, J, 3), where the lifts have joints that fewer than two views saw; else NaN."""
    joints = triangulate(rig, seen)
    few = (seen.seen.sum(0) < 2)[..., None]
    return np.where(few, filled(lifts_in_world(rig, joints, lifts)), np.nan)


def lifts_in_world(rig: Rig, joints: np.ndarray, lifts: Lifts) -> np.ndarray:
    """(N, 17, 3), the median over the views of lifts laid on joints (N, 17, 3) of the world.

    A lift is turned by its camera, sized and placed by the joints that both have: three or more,
    else by its own root. NaN where no view lifted.
    """
    with warnings.catch_warnings():  # A moment without a lift is NaN.
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmedian(_laid(rig, joints, lifts), axis=0)


def _laid(rig, joints, lifts):
    """(V, N, 17, 3), each view's."""
    placed = np.einsum("vji,vnkj->vnki", rig.rotation, lifts.poses)
    own = np.einsum("vji,vnj->vni", rig.rotation, lifts.roots - rig.translation[:, None])
    both = np.isfinite(placed).all(-1) & np.isfinite(joints).all(-1)
    count = np.maximum(both.sum(-1), 1)[..., None]
    centre = [
        np.where(both[..., None], a, 0.0).sum(2) / count
        for a in (placed, joints[None] + 0 * placed)
    ]
    off = [
        np.where(both[..., None], a - c[:, :, None], 0.0)
        for a, c in zip((placed, joints), centre, strict=True)
    ]
    size = (off[0] * off[1]).sum((2, 3)) / np.maximum((off[0] ** 2).sum((2, 3)), 1e-9)
    size = np.clip(size, 0.7, 1.4)[..., None, None]
    laid = size * (placed - centre[0][:, :, None]) + centre[1][:, :, None]
    alone = placed + own[:, :, None]
    return np.where((both.sum(-1) >= 3)[..., None, None], laid, alone)


def filled(joints: np.ndarray) -> np.ndarray:
    """Joints (N, J, 3) with what is still unknown from the moments before and after."""
    flat = joints.reshape(len(joints), -1).copy()
    moments = np.arange(len(flat))
    centre = np.nanmedian(joints.reshape(-1, 3), axis=0)
    for column, values in enumerate(flat.T):
        known = np.isfinite(values)
        if known.any():
            flat[:, column] = np.interp(moments, moments[known], values[known])
        else:
            flat[:, column] = np.nan_to_num(centre)[column % 3]
    return flat.reshape(joints.shape)
