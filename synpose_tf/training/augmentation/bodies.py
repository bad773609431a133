"""Other people from the people that there are: bones stretched, limbs exchanged.

Motion capture has few performers, and each pose of theirs joins arms and legs in one way. Both
functions take poses of a batch (n, 17, 3), camera frame, in any unit, keep the root where it is,
and give poses of as many people more. `frames` poses of a window are of one person, see `windows`.
"""

import numpy as np
import tensorflow as tf

from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.training.augmentation.windows import shared

_CHILDREN, _PARENTS = np.transpose(H36M_17.bones)
_BONE_OF = {H36M_17.joints[child]: bone for bone, child in enumerate(_CHILDREN)}
# What is exchanged as one: the bones that end at these joints, and the frame that they are taken
# and put back in, by the two ends of its sideways axis and of its upward axis.
_TRUNK = (("RShoulder", "LShoulder"), ("Spine", "Thorax"))
_PELVIS = (("RHip", "LHip"), ("Hip", "Spine"))
_CHAINS = (("Elbow", "Wrist"), ("Knee", "Ankle"))
LIMBS = (
    (("LElbow", "LWrist"), _TRUNK),
    (("RElbow", "RWrist"), _TRUNK),
    (("LKnee", "LAnkle", "RKnee", "RAnkle"), _PELVIS),
)
# What turns together, by the bones' far ends, and how far as a share of a limb's turn.
_ARMS = ("LElbow", "LWrist", "RElbow", "RWrist")
_BENDS = (
    (("Spine", "Thorax", "Nose", "Head", "LShoulder", "RShoulder", *_ARMS), 0.5),
    *(((f"{side}{joint}", f"{side}{end}"), 1.0) for joint, end in _CHAINS for side in "LR"),
    *(((f"{side}{end}",), 1.0) for _, end in _CHAINS for side in "LR"),
)


def stretch_bones(
    points: tf.Tensor, deviation: float, seed: tf.Tensor, frames: int = 1
) -> tf.Tensor:
    """Multiplies each bone by a factor of mean 1, the same on the left and on the right.

    Args:
        points: (n, 17, 3).
        deviation: standard deviation of a factor; draws beyond 2.5 of them are cut off.
        seed: (2,), integers.
    """
    factors = tf.random.stateless_normal((tf.shape(points)[0] // frames, len(_CHILDREN)), seed)
    factors = 1.0 + deviation * tf.clip_by_value(factors, -2.5, 2.5)
    # One draw for both sides: that of the joint or of its mirror image that comes first.
    first = [min(child, H36M_17.mirror[child]) for child in _CHILDREN]
    factors = tf.gather(factors, [_BONE_OF[H36M_17.joints[child]] for child in first], axis=1)
    return _joined(points, shared(factors, frames)[..., None] * _bones(points))


def bend(points: tf.Tensor, deviation: float, seed: tf.Tensor, frames: int = 1) -> tf.Tensor:
    """Bends hips, knees, shoulders, elbows and the waist a little further, each by a random turn.

    What hangs on a joint turns with it. Nothing keeps a joint from going beyond where people's
    go, so small turns only.

    Args:
        points: (n, 17, 3).
        deviation: standard deviation of the turn about each axis, radians; the waist's is half.
        seed: (2,), integers.
    """
    bones = tf.unstack(_bones(points), axis=1)
    seeds = tf.unstack(tf.random.split(seed, len(_BENDS)))
    for (joints, share), one in zip(_BENDS, seeds, strict=True):
        draws = tf.random.stateless_normal((tf.shape(points)[0] // frames, 3), one)
        turn = share * deviation * shared(draws, frames)
        angle = tf.maximum(_length(turn), 1e-6)
        axis, cos, sin = turn / angle, tf.cos(angle), tf.sin(angle)
        for bone in (_BONE_OF[joint] for joint in joints):
            old = bones[bone]
            along = tf.reduce_sum(axis * old, axis=-1, keepdims=True)
            bones[bone] = old * cos + tf.linalg.cross(axis, old) * sin + axis * along * (1.0 - cos)
    return _joined(points, tf.stack(bones, axis=1))


def exchange_limbs(points: tf.Tensor, share: float, seed: tf.Tensor, frames: int = 1) -> tf.Tensor:
    """Gives poses the limbs of others: each arm alone, both legs together.

    A limb keeps its angles to the trunk (arms) or the pelvis (legs) and takes the receiver's
    bone lengths. In windows it moves on as it does there.

    Args:
        points: (n, 17, 3).
        share: probability of each exchange.
        seed: (2,), integers.
    """
    bones = tf.unstack(_bones(points), axis=1)
    size = tf.shape(points)[0] // frames
    for (joints, axes), one in zip(
        LIMBS, tf.unstack(tf.random.split(seed, len(LIMBS))), strict=True
    ):
        draw, whose = tf.unstack(tf.random.split(one, 2))
        taken = shared(tf.random.stateless_uniform((size, 1), draw) < share, frames)
        giver = tf.random.stateless_uniform((size,), whose, maxval=size, dtype=tf.int32)
        giver = shared(giver * frames, frames) + tf.tile(tf.range(frames), [size])
        frame = _frame(points, *axes)
        turned = tf.matmul(frame, tf.gather(frame, giver), transpose_a=True)
        for joint in joints:
            own = bones[_BONE_OF[joint]]
            other = tf.linalg.matvec(turned, tf.gather(own, giver))
            other *= _length(own) / tf.maximum(_length(other), 1e-6)
            bones[_BONE_OF[joint]] = tf.where(taken, other, own)
    return _joined(points, tf.stack(bones, axis=1))


def _bones(points):
    """(n, 16, 3), from each joint's parent to the joint."""
    return tf.gather(points, _CHILDREN, axis=1) - tf.gather(points, _PARENTS, axis=1)


def _joined(points, bones):
    """The pose of these bones (n, 16, 3), at the root of `points`."""
    joints = [points[:, H36M_17.root]] * len(H36M_17)
    for bone, (child, parent) in enumerate(H36M_17.bones):
        joints[child] = joints[parent] + bones[:, bone]
    return tf.stack(joints, axis=1)


def _frame(points, sideways, upward):
    """(n, 3, 3), whose rows are orthonormal: sideways, upward, and across both."""

    def between(start, end):
        return points[:, H36M_17.index(end)] - points[:, H36M_17.index(start)]

    x, y = between(*sideways), between(*upward)
    x /= tf.maximum(_length(x), 1e-6)
    y -= tf.reduce_sum(x * y, axis=-1, keepdims=True) * x
    y /= tf.maximum(_length(y), 1e-6)
    return tf.stack([x, y, tf.linalg.cross(x, y)], axis=1)


def _length(vectors):
    return tf.norm(vectors, axis=-1, keepdims=True)
