"""The lifter as a SavedModel for TensorFlow Serving, with requests that warm a server up."""

import pathlib

import numpy as np
import tensorflow as tf

from synpose_tf.datasets.synthetic_pose import synthetic_pose_dataset_builder as synthetic_pose
from synpose_tf.export.saved_model import warmup
from synpose_tf.export.saved_model.serving_graph import ServedLifter
from synpose_tf.export.trained import TrainedLifter

WARMUP_SIZES = (1, 64)  # poses a request


def write(trained: TrainedLifter, folder: pathlib.Path) -> None:
    """Writes the SavedModel and its warm-up requests into an empty folder."""
    lifter = ServedLifter(trained.model)
    signatures = lifter.signatures()
    tf.saved_model.save(lifter.module(), str(folder), signatures=signatures)
    # Synthetic poses, because a data set's own may not be passed on.
    view = next(synthetic_pose.views("train", range(1), seed=0))
    requests = [(name, _inputs(view, n, lifter.mode)) for name in signatures for n in WARMUP_SIZES]
    warmup.write(folder, requests)


def _inputs(view, size, mode):
    inputs = {"keypoints": np.resize(view.keypoints_2d, (size, *view.keypoints_2d.shape[1:]))}
    if mode == "camera":
        inputs["intrinsics"] = np.tile(view.intrinsics, (size, 1))
    return inputs
