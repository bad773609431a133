"""What a step does as one of several replicas; with one, nothing.

`synpose_tf.training.distribution` divides the batches.
"""

import tensorflow as tf


def replicas_in_sync() -> int:
    """Replicas of the strategy in whose step this is called."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def own_part(draws: tf.Tensor, axis: int) -> tf.Tensor:
    """This replica's part of draws for the global batch, along an axis."""
    replicas = replicas_in_sync()
    if replicas == 1:
        return draws
    index = tf.distribute.get_replica_context().replica_id_in_sync_group
    return tf.stack(tf.split(draws, replicas, axis))[index]


def mean(value: tf.Tensor) -> tf.Tensor:
    """The mean over the replicas in whose step this is called."""
    if replicas_in_sync() == 1:
        return value
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, value)
