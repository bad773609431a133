"""How sure cameras are that were found, and what can't be told."""

import dataclasses

import numpy as np

from synpose_tf.reconstruction.bundle import Problem, State
from synpose_tf.reconstruction.epipolar import cross
from synpose_tf.reconstruction.rig import Rig

_MOVED_MM = 300.0  # A joint that moved so far shows the cameras something new.
_BLUNTEST = 3.0  # Beyond, it is the cameras that are off.


@dataclasses.dataclass(frozen=True)
class Spread:
    """Standard deviations of the cameras, seen from the first.

    Args:
        degrees: (V,), of the rotations.
        millimetres: (V,), of the places.
        distance: (V,), millimetres, how far the people are from each camera.
        poses: how many poses, as it were, the recording shows: a person who stands still shows one.
    """

    degrees: np.ndarray
    millimetres: np.ndarray
    distance: np.ndarray
    poses: float

    def scaled(self, scale: float) -> "Spread":
        """With other millimetres."""
        return dataclasses.replace(
            self, millimetres=scale * self.millimetres, distance=scale * self.distance
        )


def spread_of(problem: Problem, state: State) -> Spread:
    """The spread of a `bundle.Problem`'s cameras.

    The detector errs alike in moments that look alike. So the moments count only as the poses
    that they show: one, and one more whenever the joints have moved by `_MOVED_MM`.
    """
    covariances = problem.camera_covariances(state)
    moments = len(state.joints)
    poses = float(min(1.0 + _path(problem, state) / _MOVED_MM, moments))
    weights, off = problem.weights_now(state)
    squares = (weights * (off**2).sum(-1)).sum() / max((2.0 * problem.seen.seen).sum(), 1)
    covariances = covariances * max(squares, 0.25) * moments / poses
    rotation, translation = state.rig.rotation, state.rig.translation
    places = np.concatenate([cross(translation), np.eye(3)[None].repeat(len(rotation), 0)], axis=2)
    centres = places @ covariances @ np.swapaxes(places, 1, 2)
    depth = np.median(state.rig.to_cameras(state.joints)[..., 2], axis=(1, 2))
    turns = np.trace(covariances[:, :3, :3], axis1=1, axis2=2)
    return Spread(
        np.degrees(np.sqrt(turns)),
        np.sqrt(np.trace(centres, axis1=1, axis2=2)),
        depth,
        poses,
    )


def bluntness(problem: Problem, state: State) -> float:
    """How much farther off than its noise a view usually is, about, 1 to `_BLUNTEST`.

    The median of residuals over that of Rayleigh's distribution, which they have if the noise is
    right, less what each joint in space takes over: three of two numbers a view.
    """
    seen = problem.seen.seen
    views = seen.sum(0)
    shared = seen & (views > 1)
    if not shared.any():
        return 1.0
    left = np.sqrt(1.0 - 1.5 / np.maximum(views, 2))
    off = np.linalg.norm(problem.residuals(state), axis=-1) / problem.seen.noise / left
    return float(np.clip(np.median(off[shared]) / np.sqrt(2.0 * np.log(2.0)), 1.0, _BLUNTEST))


def _path(problem, state):
    """How far joints moved, millimetres, mean over the joints; trembling left out."""
    joints, person = state.joints, problem.seen.person
    total = 0.0
    for number in np.unique(person):
        own = joints[person == number][:: max(1, (person == number).sum() // 100)]
        kept = [own[0]]
        for pose in own[1:]:
            if np.linalg.norm(pose - kept[-1], axis=-1).mean() > _MOVED_MM / 2:
                kept.append(pose)
        total += np.linalg.norm(np.diff(np.array(kept), axis=0), axis=-1).mean(-1).sum()
    return float(total)


@dataclasses.dataclass(frozen=True)
class Moved:
    """By how much a calibration was off.

    Args:
        degrees: (V,), each camera's turn.
        millimetres: (V,), each camera's way.
    """

    degrees: np.ndarray
    millimetres: np.ndarray


def moved(before: Rig, after: Rig) -> Moved:
    """Of cameras seen from the first, which stays."""
    turns = after.rotation @ np.swapaxes(before.rotation, 1, 2)
    cosines = (np.trace(turns, axis1=1, axis2=2) - 1.0) / 2.0
    way = np.linalg.norm(after.centres - before.centres, axis=-1)
    return Moved(np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0))), way)
