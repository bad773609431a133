"""Requests that a server runs before it says that a model is ready.

TensorFlow compiles and optimises a graph when it first runs, which costs the first requests
seconds. TensorFlow Serving therefore looks for a TFRecord of `PredictionLog` in a SavedModel.
"""

import pathlib
from collections.abc import Iterable

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

# Where TensorFlow Serving looks for it.
REQUESTS = pathlib.Path("assets.extra", "tf_serving_warmup_requests")


def write(folder: pathlib.Path, requests: Iterable[tuple[str, dict]]) -> None:
    """Writes requests, (signature, named input arrays), into a SavedModel's folder."""
    path = folder / REQUESTS
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests:
            request = predict_pb2.PredictRequest()
            request.model_spec.signature_name = signature
            for key, array in inputs.items():
                request.inputs[key].CopyFrom(tf.make_tensor_proto(array, tf.float32))
            log = prediction_log_pb2.PredictLog(request=request)
            writer.write(prediction_log_pb2.PredictionLog(predict_log=log).SerializeToString())


def read(folder: pathlib.Path) -> list[tuple[str, dict]]:
    """The requests in a SavedModel's folder, as `write` takes them; none where there are none."""
    path = folder / REQUESTS
    if not path.exists():
        return []
    requests = [
        prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    ]
    return [
        (
            request.model_spec.signature_name,
            {key: tf.make_ndarray(tensor) for key, tensor in request.inputs.items()},
        )
        for request in requests
    ]
