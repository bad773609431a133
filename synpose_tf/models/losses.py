"""The losses of section 3.5, on normalised poses in the camera frame (x right, y down, z forward).

Wasserstein losses (9, 10, 13) are means of critic scores; they stand in
`synpose_tf.models.adversarial`. Here are the terms with a formula of their own.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf

from synpose_tf.structures.skeleton import H36M_17

DEPTH_LOSSES = ("squared", "absolute")

# Inside square roots, so that their gradient exists at 0.
_EPSILON = 1e-8


def sin_beta(poses: tf.Tensor) -> tf.Tensor:
    """Sine of the angle between face and shoulders on the z-x plane (equation 11).

    v = nose - neck, w = left shoulder - right shoulder; both projected on the plane. The
    sign is the paper's times -1: the paper's holds where z points towards the camera. Here,
    with z forward, every real pose has sin β >= 0 (the person's left is where it should be)
    and its mirror image in depth has sin β <= 0.

    None of the 17 joints is the neck. Here it is the point two thirds of the way from thorax
    to head top, beside the nose: from the thorax, the lean of the trunk would count as a
    turn of the face, and people who bend or look up would have the wrong sign.

    Args:
        poses: (batch, 17, 3).

    Returns:
        (batch,).
    """
    nose, thorax, head, left, right = (
        poses[:, H36M_17.index(name)]
        for name in ("Nose", "Thorax", "Head", "LShoulder", "RShoulder")
    )
    neck = (thorax + 2.0 * head) / 3.0
    face, shoulders = nose - neck, left - right
    cross = face[:, 0] * shoulders[:, 2] - face[:, 2] * shoulders[:, 0]
    face_squared = face[:, 0] ** 2 + face[:, 2] ** 2
    shoulders_squared = shoulders[:, 0] ** 2 + shoulders[:, 2] ** 2
    return cross / keras.ops.sqrt(face_squared * shoulders_squared + _EPSILON)


def angle_loss(poses: tf.Tensor) -> tf.Tensor:
    """Equation 12: (batch,), 0 unless the pose is front-back inverted."""
    return keras.ops.maximum(-sin_beta(poses), 0.0)


def check_depth_loss(kind: str) -> str:
    """Returns the kind of depth loss.

    Raises:
        ValueError: it is none of `DEPTH_LOSSES`.
    """
    if kind not in DEPTH_LOSSES:
        raise ValueError(f"depth_loss must be one of {DEPTH_LOSSES}, found {kind!r}")
    return kind


def depth_loss(
    depths: tf.Tensor,
    poses_3d: tf.Tensor,
    kind: str = "squared",
    paired: tf.Tensor | None = None,
    known: tf.Tensor | None = None,
) -> tf.Tensor:
    """Mean error of depths, over the poses and joints whose truth is known.

    Args:
        depths: (batch, 17).
        poses_3d: (batch, 17, 3), true poses; whatever where there is none, but finite.
        kind: `squared`, in the unit of the poses, their mean image radius, after Martinez et al.;
            or `absolute`, as a share of the true pose's mean root distance in space. The first
            counts people most who point at the camera, whose image radius is small.
        paired: (batch, 1), 1 where there is a truth and 0 elsewhere; None for 1 throughout.
        known: (batch, 17), 1 for the joints of a pose whose truth is known and 0 for others; a
            pose counts as one, however many it has. None for 1 throughout.

    Returns:
        A scalar, 0 where no pose has a truth.
    """
    errors = keras.ops.square(depths - poses_3d[..., 2])
    if kind == "absolute":
        squared = keras.ops.sum(keras.ops.square(poses_3d), axis=-1)
        radius = keras.ops.mean(keras.ops.sqrt(squared[:, 1:] + _EPSILON), axis=1, keepdims=True)
        errors = keras.ops.sqrt(errors + _EPSILON) / radius
    if known is not None:
        # Spread over all joints: each pose's mean is that of its known ones.
        count = keras.ops.maximum(keras.ops.sum(known, axis=1, keepdims=True), 1.0)
        errors = errors * known * (depths.shape[-1] / count)
    if paired is None:
        return keras.ops.mean(errors)
    known = keras.ops.maximum(keras.ops.sum(paired), 1.0)
    return keras.ops.sum(paired * errors) / (known * depths.shape[-1])


def window_losses(poses: tf.Tensor, truth: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean distance of joints, and of their steps from frame to frame.

    Both as a share of the window's true mean root distance.

    Args:
        poses, truth: (batch, frames, 17, 3), root first.

    Returns:
        Two scalars.
    """
    radius = keras.ops.mean(_length(truth[:, :, 1:]), axis=(1, 2), keepdims=True)
    errors = poses - truth
    steps = errors[:, 1:] - errors[:, :-1]
    place, motion = (keras.ops.mean(_length(part) / radius) for part in (errors, steps))
    return place, motion


def _length(vectors):
    return keras.ops.sqrt(keras.ops.sum(keras.ops.square(vectors), axis=-1) + _EPSILON)


def gradient_penalty(gradients: Sequence[tf.Tensor]) -> tf.Tensor:
    """(‖∇‖ - 1)² of the critic, the norm over all three inputs together (Gulrajani et al.).

    Args:
        gradients: tensors (batch, ...) with the critic's gradient on each input.

    Returns:
        (batch,).
    """
    squared = sum(
        keras.ops.sum(keras.ops.square(g), axis=tuple(range(1, len(g.shape)))) for g in gradients
    )
    return keras.ops.square(keras.ops.sqrt(squared + _EPSILON) - 1.0)
