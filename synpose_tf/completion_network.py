"""Fills in missed joints better than the Gaussian does: a network corrects its guess.

`PoseDistribution` knows no more than second moments: a wrist that it fills in lies between
where wrists may be. The network sees its guess, normalised, and which joints are guessed, and
gives where they are instead. It is trained on 2D poses alone, by taking joints away.
"""

import dataclasses
import functools
import importlib.resources

import keras
import numpy as np
import tensorflow as tf

from synpose_tf import augmentation, files
from synpose_tf.completion import MIN_JOINTS, PoseDistribution
from synpose_tf.networks import JOINTS, ResidualLifter
from synpose_tf.normalization import normalize_2d
from synpose_tf.skeleton import H36M_17

WIDTH, BLOCKS = 256, 2
# Training takes away up to this share of a pose's joints, besides those that layouts lack.
MOST_MISSING = 0.4
DETECTOR_NOISE = 0.04
LEARNING_RATE = 2e-3


@dataclasses.dataclass(frozen=True)
class Completion:
    """A Gaussian's guess and the network that corrects it.

    Args:
        distribution: of normalised 2D poses.
        network: (n, 17 · 3), guessed pose and which joints are seen, to (n, 34).
    """

    distribution: PoseDistribution
    network: ResidualLifter

    @classmethod
    def untrained(cls, distribution: PoseDistribution) -> "Completion":
        """With fresh weights, fixed by Keras' seed."""
        network = ResidualLifter(2 * JOINTS, BLOCKS, WIDTH, name="completion")
        network.build((None, 3 * JOINTS))
        return cls(distribution, network)

    @classmethod
    @functools.cache
    def pretrained(cls) -> "Completion":
        """The one that comes with the package."""
        completion = cls.untrained(PoseDistribution.pretrained())
        resource = importlib.resources.files("synpose_tf").joinpath("weights", "completion.npz")
        with resource.open("rb") as handle, np.load(handle, allow_pickle=False) as arrays:
            weights = [arrays[f"{i:03d}"].astype(np.float32) for i in range(len(arrays))]
        completion.network.set_weights(weights)
        return completion

    def save(self, path) -> None:
        """Writes the network as `pretrained` reads it, in half precision.

        Raises:
            SynposeError: the file can't be written.
        """
        weights = {
            f"{i:03d}": w.astype(np.float16) for i, w in enumerate(self.network.get_weights())
        }
        with files.replacing(path) as temporary, temporary.open("wb") as handle:
            np.savez_compressed(handle, **weights)

    def complete(self, pixels, seen) -> np.ndarray:
        """Fills in the joints that are not seen, as `PoseDistribution.complete` does.

        Args:
            pixels: (n, 17, 2).
            seen: (n, 17), 1.0 where a joint is seen, else 0.0.

        Returns:
            (n, 17, 2), pixels; joints that are seen are as they came.
        """
        guess, frame, features = self._features(pixels, seen, np)
        correction = self._correct(tf.constant(features, tf.float32)).numpy()
        filled = (guess + correction) * frame.scale + frame.root
        return np.where(seen[..., None] > 0, pixels, filled).astype(np.float32)

    @functools.cached_property
    def _correct(self):
        return tf.function(
            lambda x: tf.reshape(self.network(x, training=False), (-1, JOINTS, 2)),
            input_signature=[tf.TensorSpec((None, 3 * JOINTS), tf.float32)],
        )

    def _features(self, pixels, seen, xp):
        guess, frame = normalize_2d(self.distribution.complete(pixels, seen, xp), "paper", xp=xp)
        flags = xp.reshape(seen, (-1, JOINTS, 1))
        features = xp.reshape(xp.concatenate([guess, flags], axis=-1), (-1, 3 * JOINTS))
        return guess, frame, features

    # === Training ===
    def example(self, pixels, seed):
        """Features (n, 51), corrections wanted (n, 17, 2) and where (n, 17), from whole poses.

        Args:
            pixels: (n, 17, 2), a tensor.
            seed: (2,), integers.
        """
        noisy = augmentation.add_detector_noise(pixels, DETECTOR_NOISE, seed)
        seen = _seen(tf.shape(pixels)[0], seed + 1)
        guess, frame, features = self._features(noisy, seen, keras.ops)
        return features, (pixels - frame.root) / frame.scale - guess, 1.0 - seen

    def train(self, batches: tf.data.Dataset, steps: int):
        """Trains the network; yields the root mean squared error, in mean radii, of each step.

        Args:
            batches: dicts with `keypoints_2d` (n, 17, 2).
            steps: of training; the learning rate falls to zero over them.
        """
        schedule = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
        optimizer = keras.optimizers.Adam(schedule)
        optimizer.build(self.network.trainable_variables)

        def prepare(step, batch):
            return self.example(batch["keypoints_2d"], tf.stack([step, tf.constant(5, tf.int64)]))

        @tf.function
        def train_step(features, wanted, where):
            with tf.GradientTape() as tape:
                found = tf.reshape(self.network(features, training=True), (-1, JOINTS, 2))
                errors = tf.reduce_sum(tf.square(found - wanted), axis=-1)
                loss = tf.reduce_sum(errors * where) / tf.reduce_sum(where)
            variables = self.network.trainable_variables
            optimizer.apply(tape.gradient(loss, variables), variables)
            return tf.sqrt(loss)

        examples = batches.take(steps).enumerate().map(prepare, num_parallel_calls=2).prefetch(2)
        for example in examples:
            yield float(train_step(*example))


def _seen(size, seed):
    """Which joints (size, 17) are seen: some missed at random, some that a layout lacks."""
    seeds = tf.unstack(tf.random.split(seed, 3))
    share = tf.random.stateless_uniform((size, 1), seeds[0], maxval=MOST_MISSING)
    seen = tf.random.stateless_uniform((size, JOINTS), seeds[1]) >= share
    lacking = (*augmentation.LACKING, ("Spine", "Thorax", "Head", "Nose"), (), (), ())
    table = np.array([[name in names for name in H36M_17.joints] for names in lacking])
    layout = tf.random.stateless_uniform((size,), seeds[2], maxval=len(table), dtype=tf.int32)
    seen &= ~tf.gather(table, layout)
    enough = tf.reduce_sum(tf.cast(seen, tf.int32), axis=1, keepdims=True) >= MIN_JOINTS
    return tf.cast(seen | ~enough, tf.float32)
