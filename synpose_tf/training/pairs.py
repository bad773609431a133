"""Pairs whose 2D joints a detector gave, of data sets such as `multiview`.

They are taken as they are: augmentation projects poses anew, and the detector's own joints would be
lost. Not every joint's place in 3D is known; a depth loss leaves the others out.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from synpose_tf.datasets import actions, prepared
from synpose_tf.errors import SynposeError
from synpose_tf.training.input_pipeline import training_batches


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Examples, and how many of them a step takes.

    Args:
        arrays: those of `prepared.TRAINING_KEYS`, (examples, …), and `known` (examples, 17), 1 for
            joints whose place in 3D is believed.
        share: of each step's examples that are taken from them, where there are others.
    """

    arrays: dict[str, np.ndarray]
    share: float


def read_pairs(
    builders: Sequence[tfds.core.DatasetBuilder], chosen: Sequence[str], share: float
) -> Pairs:
    """The training splits of prepared data sets that are `DETECTED`.

    Args:
        builders: one or more.
        chosen: actions to train on; empty for all.
        share: see `Pairs`.

    Raises:
        SynposeError: as `prepared.read_split`, or the share is none.
    """
    if not 0.0 < share < 1.0:
        raise SynposeError(f"--detected_share={share:g}: expected more than 0 and less than 1.")
    keys = (*prepared.TRAINING_KEYS, "confidence")
    parts = []
    for builder in builders:
        part = prepared.read_split(builder, "train", [*keys, *["action"][: len(chosen)]])
        parts.append(actions.select_actions(part, chosen))
    arrays = {key: np.concatenate([part[key] for part in parts]) for key in keys}
    arrays["known"] = (arrays.pop("confidence") > 0).astype(np.float32)
    return Pairs(arrays, share)


def mix_in_pairs(
    batches: tf.data.Dataset, pairs: Pairs, batch_size: int, seed: int, first_step: int = 0
) -> tf.data.Dataset:
    """Puts pairs in the place of the first examples of each batch.

    Args:
        batches: from `training_batches`, from step `first_step` on.
        pairs: to put in.
        batch_size: the lifter's inputs of a step, of which `pairs.share` become pairs.
        seed, first_step: as in `training_batches`.

    Returns:
        Batches with one key more, `known` (batch, 17): 1 throughout for the others.
    """
    size = max(1, round(pairs.share * batch_size))

    def mix(examples, detected):
        rest = tf.shape(examples["keypoints_2d"])[0] - size
        mixed = {
            key: tf.concat([detected[key], tensor[size:]], axis=0)
            for key, tensor in examples.items()
        }
        everything = tf.ones((rest, detected["known"].shape[1]))
        return mixed | {"known": tf.concat([detected["known"], everything], axis=0)}

    # Another order than that of the others, even where there are as many.
    detected = training_batches(pairs.arrays, size, seed + 1, first_step)
    return tf.data.Dataset.zip(batches, detected).map(mix).prefetch(2)
