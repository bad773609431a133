"""Left and right that a detector exchanged in one view, told by the others.

What a view saw is compared with the projection of the joints that all views agree on, as it came
and with the sides exchanged. The whole body first, then arms and legs alone.
"""

import dataclasses

import numpy as np

from synpose_tf.reconstruction.rig import Observations, Rig
from synpose_tf.structures.skeleton import H36M_17

_CAP = 36.0  # Of a joint's squared error in units of the noise.
_GAIN = 6.0  # Mean gain of a joint, in the same, at which sides are taken for exchanged.
_LEAST_JOINTS = 4
_ARMS = ("Shoulder", "Elbow", "Wrist")
_LEGS = ("Hip", "Knee", "Ankle")
_MIRROR = list(H36M_17.mirror)


def _joints(names):
    return [H36M_17.index(side + name) for name in names for side in "LR"]


_PARTS = tuple(_joints(names) for names in ((*_ARMS, *_LEGS), _ARMS, _LEGS))


def exchanged(rig: Rig, joints: np.ndarray, seen: Observations) -> np.ndarray:
    """(V, N, J), True where a view's joint carries the other side's name.

    Args:
        rig: the cameras.
        joints: (N, 17, 3), world, millimetres.
        seen: what the cameras saw.
    """
    projected = rig.project(joints)
    marks = np.zeros(seen.confidence.shape, bool)
    for part in _PARTS:
        now = put_back(seen, marks)
        other = np.zeros_like(marks)
        other[..., part] = True
        as_came = _errors(projected, now, part)
        mirrored = _errors(projected, put_back(now, other), part)
        both = np.isfinite(as_came) & np.isfinite(mirrored)
        gain = np.where(both, as_came - mirrored, 0.0).sum(-1) / np.maximum(both.sum(-1), 1)
        change = (both.sum(-1) >= _LEAST_JOINTS) & (gain > _GAIN)
        marks[..., part] ^= change[..., None]
    return marks


def _errors(projected, seen, part):
    """(V, N, part), capped squares, NaN where not seen."""
    off = (seen.points - projected)[..., part, :]
    squares = (off**2).sum(-1) / seen.noise[..., part] ** 2
    return np.minimum(squares, _CAP)


def put_back(seen: Observations, marks: np.ndarray) -> Observations:
    """With the sides of marked joints (V, N, J) changed."""
    if not marks.any():
        return seen
    wide = marks[..., None]
    return dataclasses.replace(
        seen,
        points=np.where(wide, seen.points[..., _MIRROR, :], seen.points),
        velocity=np.where(wide, seen.velocity[..., _MIRROR, :], seen.velocity),
        confidence=np.where(marks, seen.confidence[..., _MIRROR], seen.confidence),
        noise=np.where(marks, seen.noise[..., _MIRROR], seen.noise),
    )
