"""The lifter as a SavedModel for TensorFlow Serving, with requests that warm a server up."""

import pathlib

import numpy as np
import tensorflow as tf

from synpose_tf.datasets.synthetic_pose import synthetic_pose_dataset_builder as synthetic_pose
from synpose_tf.export.serving_graph import ServedLifter
from synpose_tf.export.trained import TrainedLifter

# Where TensorFlow Serving looks for them.
WARMUP_REQUESTS = pathlib.Path("assets.extra", "tf_serving_warmup_requests")
WARMUP_SIZES = (1, 64)  # poses a request


def write(trained: TrainedLifter, folder: pathlib.Path) -> None:
    """Writes the SavedModel and its warm-up requests into an empty folder."""
    lifter = ServedLifter(trained.model)
    signatures = lifter.signatures()
    tf.saved_model.save(lifter.module(), str(folder), signatures=signatures)
    _write_warmup(folder / WARMUP_REQUESTS, signatures, lifter.mode)


def _write_warmup(path, signatures, mode):
    """One request of each size for each signature: synthetic poses, which are nobody's."""
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    view = next(synthetic_pose.views("train", range(1), seed=0))
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for name in signatures:
            for size in WARMUP_SIZES:
                request = predict_pb2.PredictRequest()
                request.model_spec.signature_name = name
                for key, array in _request(view, size, mode).items():
                    request.inputs[key].CopyFrom(tf.make_tensor_proto(array, tf.float32))
                log = prediction_log_pb2.PredictLog(request=request)
                writer.write(prediction_log_pb2.PredictionLog(predict_log=log).SerializeToString())


def _request(view, size, mode):
    inputs = {"keypoints": np.resize(view.keypoints_2d, (size, *view.keypoints_2d.shape[1:]))}
    if mode == "camera":
        inputs["intrinsics"] = np.tile(view.intrinsics, (size, 1))
    return inputs
