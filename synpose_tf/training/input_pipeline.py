"""Training batches of examples in memory.

Every batch is gathered by an index that follows from (seed, step) alone. So each epoch is a
full permutation, and a resumed run sees the very batches it would have seen.
"""

import numpy as np
import tensorflow as tf

from synpose_tf.errors import SynposeError
from synpose_tf.training.augmentation import Augmentation


def training_batches(
    arrays: dict[str, np.ndarray],
    batch_size: int,
    seed: int,
    first_step: int = 0,
    augmentation: Augmentation | None = None,
) -> tf.data.Dataset:
    """Endless training batches, from step `first_step` on.

    Args:
        arrays: name to (examples, …), from `read_split`.
        batch_size: examples a batch.
        seed: of the permutations, one an epoch.
        first_step: the step that the first batch belongs to.
        augmentation: what to change in the examples, with draws from (seed, step).

    Returns:
        A data set of dicts of tensors (batch_size, …).

    Raises:
        SynposeError: no examples.
    """
    count = len(next(iter(arrays.values())))
    if not count:
        raise SynposeError("The training split is empty.")
    tensors = {key: tf.constant(array) for key, array in arrays.items()}

    def batch(step):
        position = step * batch_size + tf.range(batch_size, dtype=tf.int64)
        epoch = position // count
        seeds = tf.stack([tf.fill([batch_size], tf.constant(seed, tf.int64)), epoch], axis=1)
        # The default of 4 rounds leaves neighbours visibly ordered. The raw operation,
        # because the public one refuses a seed for each index.
        index = tf.raw_ops.RandomIndexShuffle(
            index=position % count,
            seed=tf.pad(seeds, [[0, 0], [0, 1]]),
            max_index=tf.constant(count - 1, tf.int64),
            rounds=12,
        )
        examples = {key: tf.gather(tensor, index) for key, tensor in tensors.items()}
        if augmentation is None:
            return examples
        return augmentation(examples, tf.stack([tf.constant(seed, tf.int64), step]))

    steps = tf.data.Dataset.range(first_step, np.iinfo(np.int64).max)
    return steps.map(batch, num_parallel_calls=2).prefetch(4)
