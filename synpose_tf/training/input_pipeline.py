"""Training batches of examples in memory.

Every batch is gathered by an index that follows from (seed, step) alone. So each epoch is a
full permutation, and a resumed run sees the very batches it would have seen.
"""

import numpy as np
import tensorflow as tf

from synpose_tf.errors import SynposeError
from synpose_tf.training import clips as windows
from synpose_tf.training.augmentation import Augmentation


def training_batches(
    arrays: dict[str, np.ndarray],
    batch_size: int,
    seed: int,
    first_step: int = 0,
    augmentation: Augmentation | None = None,
    clips: windows.Clips | None = None,
    frames: int = 1,
) -> tf.data.Dataset:
    """Endless training batches, from step `first_step` on.

    Args:
        arrays: name to (examples, …), from `read_split`.
        batch_size: examples a batch.
        seed: of the permutations, one an epoch.
        first_step: the step that the first batch belongs to.
        augmentation: what to change in the examples, with draws from (seed, step).
        clips: of the examples; then each of a batch is a window about the one that came up.
        frames: of a window.

    Returns:
        A data set of dicts of tensors (batch_size, …), of windows (batch_size, frames, …).

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
        draw = tf.stack([tf.constant(seed, tf.int64), step])
        if clips is None:
            examples = {key: tf.gather(tensor, index) for key, tensor in tensors.items()}
        else:
            speeds = windows.draw_speeds(batch_size, draw)
            places = clips.places(index, frames, frames // 2, speeds)
            places = tf.ensure_shape(places, (batch_size, frames))
            examples = {key: windows.take(tensor, places) for key, tensor in tensors.items()}
        return examples if augmentation is None else augmentation(examples, draw)

    steps = tf.data.Dataset.range(first_step, np.iinfo(np.int64).max)
    return steps.map(batch, num_parallel_calls=2).prefetch(4)
