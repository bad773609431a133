"""Real detections as training inputs: 2D poses whose truth nobody knows.

Beside pairs, they show the generator what detectors give. The critic judges their lifts as it
judges all others; a depth loss leaves them out.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from synpose_tf import keypoints
from synpose_tf.completion.network import Completion
from synpose_tf.errors import SynposeError
from synpose_tf.keypoints.conversion import to_h36m
from synpose_tf.keypoints.plausibility import MIN_JOINTS
from synpose_tf.training.input_pipeline import training_batches


def read_detections(
    paths: Sequence[str], intrinsics: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Every pose of detectors' files, of any form that lifting reads.

    Missed joints are filled in, as they are when lifting; poses with too few joints are left out.

    Args:
        paths: files or folders.
        intrinsics: (9,), of the camera that took them; zeros where not given.

    Returns:
        `keypoints_2d` (n, 17, 2), pixels, `intrinsics` (n, 9) and `up` (n, 3), which is zero:
        unknown.

    Raises:
        SynposeError: a file can't be read, or there is no pose in them.
    """
    completion = Completion.pretrained()
    poses = []
    for track in keypoints.read(paths).tracks:
        for piece in track.pieces():
            found, missing = to_h36m(piece)
            enough = (~missing).sum(axis=1) >= MIN_JOINTS
            found, seen = found[enough].astype(np.float32), ~missing[enough]
            found = np.where(seen[..., None], found, np.float32(0.0))
            poses.append(completion.complete(found, seen.astype(np.float32)))
    count = sum(map(len, poses))
    if not count:
        raise SynposeError(
            f"--detections={','.join(map(str, paths))}: no pose with {MIN_JOINTS} joints or more."
        )
    lens = np.zeros(9) if intrinsics is None else np.asarray(intrinsics)
    return {
        "keypoints_2d": np.concatenate(poses).astype(np.float32),
        "intrinsics": np.tile(lens.astype(np.float32), (count, 1)),
        "up": np.zeros((count, 3), np.float32),
    }


def mix_in(
    batches: tf.data.Dataset,
    detections: dict[str, np.ndarray],
    size: int,
    seed: int,
    first_step: int = 0,
) -> tf.data.Dataset:
    """Puts detections in the place of the first examples of each batch.

    Args:
        batches: from `training_batches`, from step `first_step` on.
        detections: from `read_detections`.
        size: examples of each batch that become detections.
        seed, first_step: as in `training_batches`.

    Returns:
        Batches with one key more: `paired` (batch, 1), 0 where `keypoints_3d` is not the truth of
        `keypoints_2d` but another person's pose, 1 elsewhere.
    """

    def mix(examples, unpaired):
        mixed = {
            key: tf.concat([unpaired[key], tensor[size:]], axis=0) if key in unpaired else tensor
            for key, tensor in examples.items()
        }
        rest = tf.shape(examples["keypoints_2d"])[0] - size
        mixed["paired"] = tf.concat([tf.zeros((size, 1)), tf.ones((rest, 1))], axis=0)
        return mixed

    # Another order than that of the pairs, even where there are as many.
    unpaired = training_batches(detections, size, seed + 1, first_step)
    return tf.data.Dataset.zip(batches, unpaired).map(mix).prefetch(2)
