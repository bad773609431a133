"""What training may change in its examples: more views, and 2D joints as detectors give them.

Works on batches of the pipeline, in pixels and millimetres, before normalisation. All draws
follow from the seed that the pipeline gives (its own and the step), so a resumed run draws
what it would have drawn.
"""

import dataclasses
import math

import keras
import numpy as np
import tensorflow as tf

from synpose_tf.completion.gaussian import MIN_JOINTS, PoseDistribution
from synpose_tf.errors import SynposeError
from synpose_tf.geometry import camera, normalization
from synpose_tf.structures.skeleton import H36M_17

# Detectors make few large errors: this share of joints has noise this many times as strong.
OUTLIERS, OUTLIER_FACTOR = 0.05, 4.0
# What the layouts of common detectors lack: COCO's and MediaPipe's, MPII's.
LACKING = (("Spine", "Thorax", "Head"), ("Spine", "Thorax", "Nose"))


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Which changes are made, in this order.

    Args:
        turn: turn each person about the vertical by a random angle, mirror every second one,
            and take the 2D joints anew from its camera. Needs intrinsics; real detections
            are lost.
        noise: Gaussian noise on the 2D joints, standard deviation in pixels.
        detector_noise: noise as a detector has it: standard deviation of each pose uniform
            between 0 and this share of its mean image radius, with outliers.
        missing: share of the 2D joints that are missed in every second pose. They are
            filled in (`synpose_tf.completion.gaussian`), as they are when lifting, and so are the
            joints that the layouts of common detectors lack, again in every second pose.

    Raises:
        SynposeError: a negative value, or a share of 1 or more.
    """

    turn: bool = False
    noise: float = 0.0
    detector_noise: float = 0.0
    missing: float = 0.0

    def __post_init__(self):
        for field in ("noise", "detector_noise", "missing"):
            value = getattr(self, field)
            bounded = field != "noise"
            if not value >= 0.0 or (bounded and value >= 1.0):
                allowed = "at least 0" + (" and below 1" if bounded else "")
                raise SynposeError(f"augmentation: {field} must be {allowed}, found {value!r}.")

    def __call__(self, batch: dict[str, tf.Tensor], seed) -> dict[str, tf.Tensor]:
        """Changes a batch.

        Args:
            batch: `keypoints_2d` (n, 17, 2), `keypoints_3d` (n, 17, 3), `intrinsics` (n, 9),
                `up` (n, 3).
            seed: (2,), integers.
        """
        seeds = tf.unstack(tf.random.split(seed, 4))
        batch = dict(batch)
        if self.turn:
            batch["keypoints_3d"] = turn_people(batch["keypoints_3d"], batch["up"], seeds[0])
            batch["keypoints_2d"] = camera.project(
                batch["keypoints_3d"], batch["intrinsics"], keras.ops
            )
        if self.noise:
            batch["keypoints_2d"] += self.noise * _normal(batch["keypoints_2d"], seeds[1])
        if self.detector_noise:
            batch["keypoints_2d"] = add_detector_noise(
                batch["keypoints_2d"], self.detector_noise, seeds[2]
            )
        if self.missing:
            batch["keypoints_2d"] = miss_joints(batch["keypoints_2d"], self.missing, seeds[3])
        return batch


def turn_people(points, up, seed):
    """Turns people about the vertical through their root, U[-π, π], and mirrors every second.

    Args:
        points: (n, 17, 3), camera frame.
        up: (n, 3), unit vectors; the camera's own -y is taken where they are 0.
    """
    known = tf.reduce_any(up != 0.0, axis=-1, keepdims=True)
    up = tf.where(known, up, tf.constant([[0.0, -1.0, 0.0]]))
    mirrored, angles = tf.unstack(tf.random.stateless_uniform((2, tf.shape(up)[0], 1), seed))
    root = points[:, H36M_17.root : H36M_17.root + 1]
    poses = points - root
    poses = tf.where(mirrored[..., None] < 0.5, _mirror(poses, up), poses)
    return camera.turn(poses, up, (2.0 * angles - 1.0) * math.pi, keras.ops) + root


def _mirror(poses, up):
    # Any mirror that holds the vertical will do, since the turn is random.
    forward = tf.broadcast_to(tf.constant([0.0, 0.0, 1.0]), tf.shape(up))
    sideways, _ = tf.linalg.normalize(tf.linalg.cross(up, forward), axis=-1)
    sideways = sideways[:, None]
    across = tf.reduce_sum(poses * sideways, axis=-1, keepdims=True)
    return tf.gather(poses - 2.0 * across * sideways, H36M_17.mirror, axis=1)


def add_detector_noise(pixels, share, seed):
    """Noise of a strength of its own for each pose, with outliers, to pixels (n, 17, 2)."""
    seeds = tf.unstack(tf.random.split(seed, 3))
    radius = normalization.planar_radius(pixels - pixels[:, :1], keras.ops)
    strength = tf.random.stateless_uniform(tf.shape(radius), seeds[0], maxval=share)
    outlier = tf.random.stateless_uniform(tf.shape(pixels[..., :1]), seeds[1]) < OUTLIERS
    strength *= tf.where(outlier, OUTLIER_FACTOR, 1.0)
    return pixels + radius * strength * _normal(pixels, seeds[2])


def miss_joints(pixels, share, seed):
    """Takes joints away and fills them in: pixels (n, 17, 2).

    Every second pose misses each joint with probability `share`; every second pose, whatever
    else it misses, is seen by a detector whose layout lacks joints.
    """
    seeds = tf.unstack(tf.random.split(seed, 3))
    size = tf.shape(pixels)[0]
    spared = tf.random.stateless_uniform((size, 1), seeds[0]) < 0.5
    seen = tf.random.stateless_uniform((size, len(H36M_17)), seeds[1]) >= share
    layout = tf.random.stateless_uniform((size,), seeds[2], maxval=2 * len(LACKING), dtype=tf.int32)
    lacking = np.array([[name in names for name in H36M_17.joints] for names in LACKING])
    complete = np.zeros_like(lacking)
    seen = (seen | spared) & ~tf.gather(np.concatenate([lacking, complete]), layout)
    enough = tf.reduce_sum(tf.cast(seen, tf.int32), axis=1, keepdims=True) >= MIN_JOINTS
    seen = tf.cast(seen | ~enough, pixels.dtype)
    return PoseDistribution.pretrained().complete(pixels, seen, keras.ops)


def _normal(like, seed):
    return tf.random.stateless_normal(tf.shape(like), seed)
