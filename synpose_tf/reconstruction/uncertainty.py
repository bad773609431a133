"""How sure cameras are that were found, and what can't be told."""

import dataclasses

import numpy as np
from scipy.spatial.transform import Rotation

from synpose_tf.reconstruction.bundle import Problem, adjust
from synpose_tf.reconstruction.rig import Rig
from synpose_tf.reconstruction.unknowns import State
from synpose_tf.structures.skeleton import H36M_17

_MOVED_MM = 300.0  # A joint that moved so far shows the cameras something new.
STILL = 1.5  # Poses: who shows fewer stands still.
_BLUNTEST = 3.0  # Beyond, it is the cameras that are off.
_AGAIN = 8  # Iterations, without a part of the body.
_FRAMES = 0.2  # To which a clock is known at best, as recordings with one clock show.


def _joints(*names):
    return [H36M_17.index(name) for name in names]


_PARTS = (
    _joints("LKnee", "LAnkle"),
    _joints("RKnee", "RAnkle"),
    _joints("LElbow", "LWrist"),
    _joints("RElbow", "RWrist"),
    _joints("Hip", "LHip", "RHip"),
    _joints("LShoulder", "RShoulder", "Thorax", "Spine", "Nose", "Head"),
)


@dataclasses.dataclass(frozen=True)
class Spread:
    """Standard deviations of the cameras, seen from the first.

    Args:
        degrees: (V,), of the rotations.
        millimetres: (V,), of the places.
        distance: (V,), millimetres, how far the people are from each camera.
        poses: how many poses, as it were, the recording shows: a person who stands still shows one.
        clocks: (V,), seconds, of the clocks' offsets, which are those of the first one's time 0; 0
            where known.
        drifts: (V,), seconds a second; 0 where none was looked for.
    """

    degrees: np.ndarray
    millimetres: np.ndarray
    distance: np.ndarray
    poses: float
    clocks: np.ndarray
    drifts: np.ndarray

    def scaled(self, scale: float) -> "Spread":
        """With other millimetres."""
        return dataclasses.replace(
            self, millimetres=scale * self.millimetres, distance=scale * self.distance
        )


def spread_of(problem: Problem, state: State) -> Spread:
    """The spread of a `bundle.Problem`'s cameras: a jackknife over the parts of the body.

    What puts cameras in a wrong place is no noise: a detector errs alike for a whole movement, with
    a whole limb. So the cameras are adjusted again without each of `_PARTS` (Quenouille and Tukey):
    of g parts the variance is (g - 1) / g times the sum of the squared differences.
    """
    shared = problem.seen.seen.sum(0) > 1
    base = _from_first(state, state, shared)
    differences = [_difference(base, _without(problem, state, part, shared)) for part in _PARTS]
    share = (len(_PARTS) - 1) / len(_PARTS)
    turns, ways, clocks = (
        np.sqrt(share * np.square(column).sum(0)) for column in zip(*differences, strict=True)
    )
    clocks = np.where(clocks > 0.0, np.hypot(clocks, _FRAMES * problem.step), 0.0)
    times = problem.seen.times
    drifts = 2.0 * clocks[:, 1] / max(float(times.max() - times.min()), 1e-9)
    depth = np.median(state.rig.to_cameras(state.joints)[..., 2], axis=(1, 2))
    return Spread(
        np.degrees(turns),
        ways,
        depth,
        _poses(problem, state),
        np.hypot(clocks[:, 0], (times.max() + times.min()) / 2.0 * drifts),
        drifts,
    )


def _without(problem, state, part, shared):
    """Cameras seen from the first, adjusted again without some joints, at the body's old size."""
    seen = problem.seen
    hidden = np.isin(np.arange(state.joints.shape[1]), part)
    seen = dataclasses.replace(seen, confidence=np.where(hidden, 0.0, seen.confidence))
    other = adjust(state, seen, problem.prior, problem.free, problem.guesses, _AGAIN)
    return _from_first(state, other, shared & ~hidden)


def _from_first(state, other, shared):
    """Of `other`'s cameras rotations and places seen from its first, and lags.

    In the size of `state`'s body, by the joints that two views or more saw, `shared` (N, J).
    """
    sizes = [_size(some.joints, shared) for some in (state, other)]
    scale = sizes[0] / max(sizes[1], 1e-6)
    rig = other.rig.moved(other.rig.rotation[0], other.rig.centres[0], scale)
    lags = np.zeros((len(rig.focal), 2)) if other.lags is None else other.lags
    return rig.rotation, rig.centres, lags


def _size(joints, shared):
    """Mean distance of joints (N, J, 3) from the middle of their moment's, millimetres."""
    weights = shared[..., None] / np.maximum(shared.sum(-1), 1)[:, None, None]
    off = np.linalg.norm(joints - (weights * joints).sum(1, keepdims=True), axis=-1)
    return float(off[shared].mean()) if shared.any() else 1.0


def _difference(one, two):
    """(V,) radians, (V,) millimetres and (V, 2) seconds between two of `_from_first`."""
    turns = Rotation.from_matrix(one[0] @ np.swapaxes(two[0], 1, 2)).magnitude()
    return turns, np.linalg.norm(one[1] - two[1], axis=-1), one[2] - two[2]


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


def hardly_move(problem: Problem, state: State) -> bool:
    """Whether people show next to nothing but one pose."""
    return _poses(problem, state) < STILL


def _poses(problem, state):
    return float(min(1.0 + _path(problem, state) / _MOVED_MM, len(state.joints)))


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
