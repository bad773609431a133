"""The mistakes that detectors of 2D joints make, on exact joints.

All functions take pixels (n, 17, 2) and a seed, (2,) integers; of windows (`windows`) also how many
`frames` they have, in which mistakes move on as they do in recordings. These were measured, see
`benchmarks/detector_noise.py`.
"""

import keras
import numpy as np
import tensorflow as tf

from synpose_tf.completion.network import Completion
from synpose_tf.geometry import normalization
from synpose_tf.keypoints.plausibility import MIN_JOINTS
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.training.augmentation import windows

# Shares of a detector's noise by the seconds after which they are forgotten; of Stacked Hourglass
# on S9 and MediaPipe on four cameras.
MEMORY = {0.0: 0.22, 0.15: 0.25, 1.0: 0.53}
# How long a gross mistake lasts, seconds.
RUN = 0.15

# Detectors make few large errors: this share of joints has noise this many times as strong.
OUTLIERS, OUTLIER_FACTOR = 0.05, 4.0
# What the layouts of common detectors lack: COCO's and MediaPipe's, OpenPose's, MPII's, and MPII's
# where its head top is not believed.
LACKING = (
    ("Spine", "Thorax", "Head"),
    ("Spine", "Head"),
    ("Spine", "Nose"),
    ("Spine", "Nose", "Head"),
)
# What is missed together.
LIMBS = tuple(
    tuple(f"{side}{joint}" for joint in joints)
    for joints in (("Elbow", "Wrist"), ("Knee", "Ankle"))
    for side in "LR"
)
_PAIRS = (("Hip", "Knee", "Ankle"), ("Shoulder", "Elbow", "Wrist"))


def add_noise(pixels: tf.Tensor, share: float, seed: tf.Tensor, frames: int = 1) -> tf.Tensor:
    """Gaussian noise of a strength of its own for each pose, with outliers.

    Args:
        share: the standard deviation of a pose is uniform between 0 and this share of its mean
            image radius.
    """
    seeds = tf.unstack(tf.random.split(seed, 3))
    radius = _radius(pixels)
    strength = windows.shared(
        tf.random.stateless_uniform(tf.shape(radius[::frames]), seeds[0], maxval=share), frames
    )
    outlier = windows.uniform(tf.shape(pixels[..., :1]), seeds[1], frames, RUN) < OUTLIERS
    strength *= tf.where(outlier, OUTLIER_FACTOR, 1.0)
    noise = tf.random.stateless_normal(tf.shape(pixels), seeds[2])
    return pixels + radius * strength * windows.correlated(noise, frames, MEMORY)


def slide_along_limbs(
    pixels: tf.Tensor, deviation: float, seed: tf.Tensor, frames: int = 1
) -> tf.Tensor:
    """Moves knees, ankles, elbows and wrists along their bone, as a sleeve hides where it ends.

    Args:
        deviation: standard deviation, as a share of the bone's length in the image.
    """
    joints = np.array([H36M_17.index(joint) for limb in LIMBS for joint in limb])
    along = tf.gather(pixels, joints, axis=1)
    along -= tf.gather(pixels, np.array(H36M_17.parents)[joints], axis=1)
    draws = tf.random.stateless_normal(tf.shape(along[..., :1]), seed)
    draws = deviation * windows.correlated(draws, frames, MEMORY)
    shift = np.zeros((len(H36M_17), len(joints)), np.float32)
    shift[joints, np.arange(len(joints))] = 1.0
    return pixels + tf.einsum("jk,nkc->njc", shift, draws * along)


def exchange_sides(pixels: tf.Tensor, share: float, seed: tf.Tensor, frames: int = 1) -> tf.Tensor:
    """Takes one side for the other: of both legs or both arms, or one end of a limb for both.

    Args:
        share: probability, for the legs and for the arms, of each of the two mistakes.
    """
    size = tf.shape(pixels)[0]
    order = tf.tile(tf.range(len(H36M_17))[None], (size, 1))
    mirror = np.array(H36M_17.mirror, np.int32)
    for names, one in zip(_PAIRS, tf.unstack(tf.random.split(seed, len(_PAIRS))), strict=True):
        swap, merge = _pair_of_draws(size, one, frames)
        taken = (swap < share) & _named([side + name for name in names for side in "LR"])
        for side, (low, high) in (("L", (0.0, share / 2)), ("R", (share / 2, share))):
            ends = _named([side + name for name in names[1:]])
            taken |= (merge >= low) & (merge < high) & ends
        order = tf.where(taken, mirror, order)
    return tf.gather(pixels, order, axis=1, batch_dims=1)


def _pair_of_draws(size, seed, frames):
    if frames == 1:
        return tf.unstack(tf.random.stateless_uniform((2, size, 1), seed))
    return [
        windows.uniform((size, 1), one, frames, RUN) for one in tf.unstack(tf.random.split(seed, 2))
    ]


def miss_joints(
    pixels: tf.Tensor, share: float, limbs: float, seed: tf.Tensor, frames: int = 1
) -> tuple[tf.Tensor, tf.Tensor]:
    """Takes joints away and fills them in, as they are when lifting (`synpose_tf.completion`).

    Every second pose misses joints; every second pose, whatever else it misses, is seen by a
    detector whose layout lacks joints.

    Args:
        share: probability of each joint of a pose that misses some.
        limbs: probability of each of its limbs, from knee or elbow on.

    Returns:
        The pixels, and (n, 17) 1.0 where a joint is seen, else 0.0.
    """
    seeds = tf.unstack(tf.random.split(seed, 4))
    size = tf.shape(pixels)[0]
    people = size // frames
    spared = windows.shared(tf.random.stateless_uniform((people, 1), seeds[0]) < 0.5, frames)
    seen = windows.uniform((size, len(H36M_17)), seeds[1], frames, RUN) >= share
    layout = tf.random.stateless_uniform(
        (people,), seeds[2], maxval=2 * len(LACKING), dtype=tf.int32
    )
    layout = windows.shared(layout, frames)
    lacking = np.array([_named(names) for names in LACKING])
    complete = np.zeros_like(lacking)
    hidden = windows.uniform((size, len(LIMBS), 1), seeds[3], frames, RUN) < limbs
    hidden &= np.array([_named(names) for names in LIMBS])
    seen &= ~tf.reduce_any(hidden, axis=1)
    seen = (seen | spared) & ~tf.gather(np.concatenate([lacking, complete]), layout)
    enough = tf.reduce_sum(tf.cast(seen, tf.int32), axis=1, keepdims=True) >= MIN_JOINTS
    seen = tf.cast(seen | ~enough, pixels.dtype)
    return Completion.pretrained().complete(pixels, seen, keras.ops), seen


def _named(names):
    """(17,), True at the joints of these names."""
    return np.isin(H36M_17.joints, names)


def _radius(pixels):
    """Mean image radius (n, 1, 1)."""
    root = pixels[:, H36M_17.root : H36M_17.root + 1]
    return normalization.planar_radius(pixels - root, keras.ops)
