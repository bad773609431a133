"""All of people's joints, at all moments, before cameras that are known.

Some hundred moments at a time, with those around them, so that memory is that of a piece. The
cameras stay; joints are adjusted with the bones and the motion prior of `bundle`, and with a loss
as wide as the recordings' detectors are off. Joints on which fewer than two views agree are led by
the lifts, and marked.
"""

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np

from synpose_tf.reconstruction import body, initial
from synpose_tf.reconstruction.bundle import adjust
from synpose_tf.reconstruction.exchange import exchanged, put_back
from synpose_tf.reconstruction.pipeline import Scene
from synpose_tf.reconstruction.rig import Observations, Rig
from synpose_tf.reconstruction.triangulation import CAP, squared_errors
from synpose_tf.reconstruction.unknowns import Free
from synpose_tf.reconstruction.views import observe
from synpose_tf.structures.skeleton import H36M_17

_PIECE, _AROUND = 300, 12  # Moments.
_FIXED = Free(cameras=False, bones=False)
_LEAST_JOINTS = 4
_HIP, _SIDES = H36M_17.index("Hip"), [H36M_17.index("LHip"), H36M_17.index("RHip")]


@dataclasses.dataclass(frozen=True)
class Placed:
    """A person in the world, n moments.

    Args:
        times: (n,), seconds, the first camera's clock.
        joints: (n, 17, 3), millimetres, z up; NaN in moments in which nobody saw the person.
        inferred: (n, 17), True where fewer than two views agree on a joint.
        exchanged: (V, n, 17), True where a view's detector had exchanged left and right.
        errors: (V, n, 17), pixels, from what a view saw to the joint's projection; NaN where it
            saw none.
    """

    times: np.ndarray
    joints: np.ndarray
    inferred: np.ndarray
    exchanged: np.ndarray
    errors: np.ndarray


def place(scene: Scene, progress: Callable = iter) -> list[Placed]:
    """Everybody.

    Args:
        scene: cameras, clocks, and whose tracks are whose.
        progress: wraps the sequence of people, as `tqdm` does.
    """
    return [_place(scene, person) for person in progress(range(len(scene.people)))]


def _place(scene, person):
    parts = list(_pieces(scene, person))
    axes = {"times": 0, "joints": 0, "inferred": 0, "exchanged": 1, "errors": 1}
    return Placed(
        **{
            name: np.concatenate([getattr(part, name) for part in parts], axis=axis)
            for name, axis in axes.items()
        }
    )


def _pieces(scene: Scene, person: int) -> Iterator[Placed]:
    times = scene.times_of(person)
    for start in range(0, len(times), _PIECE):
        stop = min(start + _PIECE, len(times))
        first, last = max(start - _AROUND, 0), min(stop + _AROUND, len(times))
        placed = _piece(scene, person, times[first:last])
        inner = slice(start - first, stop - first)
        yield Placed(
            placed.times[inner],
            placed.joints[inner].astype(np.float32),
            placed.inferred[inner],
            placed.exchanged[:, inner],
            placed.errors[:, inner].astype(np.float32),
        )


def _piece(scene, person, times):
    rig, bones = scene.rig, scene.bones[[person]]
    seen = observe([scene.tracks_of(person)], scene.clocks, [times])
    lifts = scene.lifts_of(person, times)
    state = initial.start_of(rig, seen, lifts, bones)
    guesses = initial.guesses_of(rig, seen, lifts)
    prior = dataclasses.replace(body.PRIOR, loss=scene.bluntness * body.PRIOR.loss)
    state = adjust(state, seen, prior, _FIXED, guesses, 10)
    marks = exchanged(rig, state.joints, seen)
    seen = put_back(seen, marks)
    few = agreeing(rig, state.joints, seen) < 2
    led = initial.filled(
        initial.lifts_in_world(rig, np.where(few[..., None], np.nan, state.joints), lifts)
    )
    guesses = np.where(few[..., None], led, np.nan)
    joints = adjust(state, seen, prior, _FIXED, guesses, 10).joints
    inferred = agreeing(rig, joints, seen) < 2
    errors = np.linalg.norm(seen.points - rig.project(joints), axis=-1)
    if not seen.seen[..., _HIP].any():
        joints[:, _HIP] = joints[:, _SIDES].mean(1)
        inferred[:, _HIP] = inferred[:, _SIDES].any(1)
    shown = (seen.seen.sum(-1) >= _LEAST_JOINTS).any(0)
    joints = np.where(shown[:, None, None], joints, np.nan)
    return Placed(times, joints, inferred, marks, errors)


def agreeing(rig: Rig, joints: np.ndarray, seen: Observations) -> np.ndarray:
    """(N, J), how many views saw a joint where it is, within three times the noise."""
    near = squared_errors(rig, joints, seen) <= CAP
    return (seen.seen & near).sum(0)
