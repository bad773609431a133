"""The lifter as a SavedModel for TensorFlow Serving, with requests that warm a server up."""

import pathlib

import numpy as np
import tensorflow as tf

from synpose_tf.datasets.synthetic_pose import synthetic_pose_dataset_builder as synthetic_pose
from synpose_tf.export.recordings import RecordingsLifter
from synpose_tf.export.saved_model import warmup
from synpose_tf.export.saved_model.recordings_graph import ServedRecordings
from synpose_tf.export.saved_model.serving_graph import ServedLifter
from synpose_tf.export.trained import TrainedLifter

WARMUP_SIZES = (1, 64)  # poses a request


def write(trained: TrainedLifter, folder: pathlib.Path) -> None:
    """Writes the SavedModel and its warm-up requests into an empty folder."""
    if isinstance(trained, RecordingsLifter):
        lifter: ServedLifter = ServedRecordings(trained)
    else:
        lifter = ServedLifter(trained.model)
    signatures = lifter.signatures()
    tf.saved_model.save(lifter.module(), str(folder), signatures=signatures)
    # Synthetic poses, because a data set's own may not be passed on.
    view = next(synthetic_pose.views("train", range(1), seed=0))
    requests = [
        (name, _inputs(view, size, trained)) for name in signatures for size in WARMUP_SIZES
    ]
    warmup.write(folder, requests)


def _inputs(view, size, trained):
    """A request of so many poses; of a recording, so many frames."""
    keypoints = np.resize(view.keypoints_2d, (size, *view.keypoints_2d.shape[1:]))
    keypoints = keypoints[None] if isinstance(trained, RecordingsLifter) else keypoints
    inputs = {"keypoints": keypoints}
    if trained.mode == "camera":
        inputs["intrinsics"] = np.tile(view.intrinsics, (len(keypoints), 1))
    return inputs
