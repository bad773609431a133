"""Cameras of anywhere, where a data set has seen people through a few.

Human3.6M's cameras stand at head height 4 to 6 m away and are level. Phones are held lower or
higher, nearer, farther and at a slant.
"""

import math

import tensorflow as tf

from synpose_tf.training.augmentation.windows import shared

# Of the direction from the camera to the root, degrees: mean, deviation, bounds.
PITCH = (8.0, 14.0, (-30.0, 45.0))  # downwards
ROLL = (0.0, 10.0, (-30.0, 30.0))
# How far the root lies off the camera's axis, degrees, to either side and up or down.
OFF_AXIS = (22.0, 14.0)
DISTANCE = (1500.0, 12000.0)  # millimetres
FOCAL_LENGTH = (600.0, 2400.0)  # pixels


def see_anew(
    points: tf.Tensor,
    up: tf.Tensor,
    intrinsics: tf.Tensor,
    share: float,
    seed: tf.Tensor,
    frames: int = 1,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Sees people through cameras of their own: another height, slant, distance and lens.

    Args:
        points: (n, 17, 3), camera frame, millimetres.
        up: (n, 3), unit vectors; the camera's own -y is taken where they are 0.
        intrinsics: (n, 9), see `synpose_tf.geometry.camera`.
        share: of the poses that get another camera.
        seed: (2,), integers.
        frames: of a window (`windows`), which one camera sees. The root of its middle frame gets
            the place that is drawn.

    Returns:
        `points`, `up` and `intrinsics`, as they are now. A new camera has no distortion.
    """
    size = tf.shape(points)[0] // frames
    seeds = iter(tf.unstack(tf.random.split(seed, 7)))

    def uniform(low, high):
        draws = tf.random.stateless_uniform((size, 1), next(seeds), low, high)
        return shared(draws, frames)

    def normal(mean, deviation, bounds):
        draw = mean + deviation * shared(tf.random.stateless_normal((size, 1), next(seeds)), frames)
        return tf.clip_by_value(draw, *bounds) * (math.pi / 180.0)

    anew = uniform(0.0, 1.0) < share
    known = tf.reduce_any(up != 0.0, axis=-1, keepdims=True)
    upright = _upright(tf.where(known, up, tf.constant([[0.0, -1.0, 0.0]])))
    pitch, roll = normal(*PITCH), normal(*ROLL)
    right, down = (uniform(-a, a) * (math.pi / 180.0) for a in OFF_AXIS)
    aside = tf.matmul(_turn(1, right), _turn(0, down))
    slant = tf.matmul(aside, tf.matmul(_turn(2, roll), _turn(0, pitch)))
    rotation = tf.matmul(slant, upright)
    low, high = (math.log(distance) for distance in DISTANCE)
    distance = tf.exp(uniform(low, high))
    poses = tf.linalg.matvec(rotation[:, None], points - middle_roots(points, frames))
    # Nobody's hand may lie behind the camera, or so near that it fills the image.
    nearest = tf.reduce_max(tf.norm(poses, axis=-1), axis=-1, keepdims=True)
    if frames > 1:
        nearest = shared(tf.reduce_max(tf.reshape(nearest, (-1, frames, 1)), axis=1), frames)
    distance = tf.maximum(distance, 1.3 * nearest)
    root = distance * aside[..., 2]

    focal = FOCAL_LENGTH[0] + (FOCAL_LENGTH[1] - FOCAL_LENGTH[0]) * _fraction(distance)
    lens = tf.concat([focal, focal, intrinsics[:, 2:4], tf.zeros_like(intrinsics[:, 4:])], axis=-1)
    return (
        tf.where(anew[..., None], poses + root[:, None], points),
        tf.where(anew, -slant[..., 1], tf.where(known, up, 0.0)),
        tf.where(anew, lens, intrinsics),
    )


def middle_roots(points: tf.Tensor, frames: int) -> tf.Tensor:
    """(n, 1, 3), for each pose of (n, 17, 3) the root of the middle frame of its window."""
    return points[:, :1] if frames == 1 else shared(points[frames // 2 :: frames, :1], frames)


def _fraction(distance):
    """0 at the nearest distance, 1 at the farthest: who is far away is filmed with a long lens."""
    low, high = (math.log(bound) for bound in DISTANCE)
    return tf.clip_by_value((tf.math.log(distance) - low) / (high - low), 0.0, 1.0)


def _upright(up):
    """(n, 3, 3), rotations that take `up` (n, 3) to -y; the heading that results is any."""
    # An axis that `up` is far from.
    forward = tf.where(
        tf.abs(up[:, 2:]) < 0.9, tf.constant([[0.0, 0.0, 1.0]]), tf.constant([[1.0, 0.0, 0.0]])
    )
    x, _ = tf.linalg.normalize(tf.linalg.cross(-up, forward), axis=-1)
    return tf.stack([x, -up, tf.linalg.cross(x, -up)], axis=1)


def _turn(axis, radians):
    """(n, 3, 3), right-handed rotations by `radians` (n, 1) about x, y or z (axis 0, 1 or 2)."""
    cos, sin, zero = tf.cos(radians[:, 0]), tf.sin(radians[:, 0]), tf.zeros_like(radians[:, 0])
    rows = [[zero] * 3 for _ in range(3)]
    a, b = (axis + 1) % 3, (axis + 2) % 3
    rows[axis][axis] = tf.ones_like(zero)
    rows[a][a] = rows[b][b] = cos
    rows[a][b], rows[b][a] = -sin, sin
    return tf.stack([tf.stack(row, axis=-1) for row in rows], axis=1)
