"""Trains the network of `completion_network`, on 2D poses alone, by taking joints away."""

import pathlib
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from synpose_tf.completion.gaussian import PoseDistribution
from synpose_tf.completion.network import JOINTS, features
from synpose_tf.keypoints.plausibility import MIN_JOINTS
from synpose_tf.models.folded import save_weights
from synpose_tf.models.networks import ResidualLifter
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.training.augmentation import detectors

WIDTH, BLOCKS = 256, 2
# Training takes away up to this share of a pose's joints, besides those that layouts lack.
MOST_MISSING = 0.4
DETECTOR_NOISE = 0.04
LEARNING_RATE = 2e-3


class CompletionTrainer:
    """A network with fresh weights, fixed by Keras' seed, and what trains it.

    Args:
        distribution: of normalised 2D poses, whose guesses the network learns to correct.
    """

    def __init__(self, distribution: PoseDistribution):
        self.distribution = distribution
        self.network = ResidualLifter(2 * JOINTS, BLOCKS, WIDTH, name="completion")
        self.network.build((None, 3 * JOINTS))

    def save(self, path: pathlib.Path) -> None:
        """Writes the network as `Completion.pretrained` reads it, in half precision.

        Raises:
            SynposeError: the file can't be written.
        """
        save_weights(path, self.network.get_weights())

    def example(self, pixels: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Features (n, 51), corrections wanted (n, 17, 2) and where (n, 17), from whole poses.

        Args:
            pixels: (n, 17, 2), a tensor.
            seed: (2,), integers.
        """
        noisy = detectors.add_noise(pixels, DETECTOR_NOISE, seed)
        seen = _seen(tf.shape(pixels)[0], seed + 1)
        guess, frame, inputs = features(self.distribution, noisy, seen, keras.ops)
        return inputs, (pixels - frame.root) / frame.scale - guess, 1.0 - seen

    def train(self, batches: tf.data.Dataset, steps: int) -> Iterator[float]:
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
        def train_step(inputs, wanted, where):
            with tf.GradientTape() as tape:
                found = tf.reshape(self.network(inputs, training=True), (-1, JOINTS, 2))
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
    lacking = (*detectors.LACKING, ("Spine", "Thorax", "Head", "Nose"), (), (), ())
    table = np.array([[name in names for name in H36M_17.joints] for names in lacking])
    layout = tf.random.stateless_uniform((size,), seeds[2], maxval=len(table), dtype=tf.int32)
    seen &= ~tf.gather(table, layout)
    enough = tf.reduce_sum(tf.cast(seen, tf.int32), axis=1, keepdims=True) >= MIN_JOINTS
    return tf.cast(seen | ~enough, tf.float32)
