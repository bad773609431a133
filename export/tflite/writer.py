"""The lifter as a .tflite file: float32, float16, 8-bit weights, 8 bits throughout.

Every file takes one normalised 2D pose, `keypoints` (1, 17, 2), and gives its `depths` (1, 17),
under the signature `serving_default`; the batch can be resized. Normalising before and lifting
after it are a few lines, the same for every file (`synpose_tf.export.tflite.litert`), and stay in
floats: x and y of a lifted pose do not pass through 8 bits.
"""

import contextlib
import io
import json
import os
import pathlib
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from synpose_tf.export.tflite import calibration, compact, depth_network, litert, qat
from synpose_tf.export.tflite.depth_network import DepthNetwork, FoldedNetwork, Linear, Range
from synpose_tf.io import files
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.version import __version__

if TYPE_CHECKING:
    from synpose_tf.export.trained import TrainedLifter

PRECISIONS = ("float32", "float16", "dynamic", "int8", "integer", "qat")
SIGNATURE = "serving_default"


def write(trained: "TrainedLifter", folder: pathlib.Path, precision: str) -> None:
    """Writes `lifter.tflite` into a folder.

    Args:
        trained: a `TrainedLifter`.
        folder: an empty one.
        precision: one of `PRECISIONS`. `int8` and `integer`, which has 8-bit input and output,
            are calibrated, `qat` is trained.

    Raises:
        SynposeError: training poses that can't calibrate.
    """
    layers = depth_network.fold(trained.model.averaged_generator)
    if precision == "qat":
        poses = qat.training_poses(trained)
        network = qat.fine_tune(layers, poses, qat.target(layers, poses))
        content = convert(network, "int8")
    elif precision in ("int8", "integer"):
        content = calibrated(layers, calibration.training_poses(trained), precision)
    else:
        content = convert(DepthNetwork(layers), precision)
    write_file(folder, content, trained)


def write_file(folder: pathlib.Path, content: bytes, trained: "TrainedLifter") -> None:
    """Writes a converted network with its metadata as `lifter.tflite`."""
    write_content(folder, with_metadata(content, _metadata(content, trained.model)))


def write_content(folder: pathlib.Path, content: bytes) -> None:
    """Writes `lifter.tflite`, whole or not at all."""
    with files.replacing(pathlib.Path(folder) / litert.FILE) as temporary:
        temporary.write_bytes(content)


def calibrated(layers: dict[str, Linear], poses: np.ndarray, precision: str = "int8") -> bytes:
    """8 bits by calibration alone.

    Args:
        layers: from `depth_network.fold`.
        poses: (poses, 17, 2), normalised training poses.
        precision: `int8`, whose first and last layers are floats, or `integer`.

    Raises:
        SynposeError: poses that can't calibrate.
    """
    ranges = calibration.ranges(layers, calibration.check(poses))
    if precision == "int8":
        ranges = depth_network.inner(ranges, layers)
    layers = refitted(layers, ranges, poses)
    return convert(DepthNetwork(layers, ranges), precision)


def refitted(
    layers: dict[str, Linear], ranges: dict[str, Range], poses: np.ndarray
) -> dict[str, Linear]:
    """Layers whose last one takes up what 8 bits between `ranges` did (`calibration.refit`)."""
    features = run(convert(DepthNetwork(layers, ranges), "int8", "features"), poses)
    return calibration.refit(layers, features, calibration.depths(layers, poses))


def convert(network: FoldedNetwork, precision: str, output: str = "depths") -> bytes:
    """Converts a network.

    Args:
        network: with its folded layers; for `int8` and `integer` with ranges: layers between
            tensors that have them compute in 8 bits.
        precision: one of `PRECISIONS` but `qat`.
        output: the network's function, such as `depths`, or `features` for what its last layer
            gets.
    """
    with tempfile.TemporaryDirectory() as folder, quiet():
        tf.saved_model.save(network, folder, signatures={SIGNATURE: getattr(network, output)})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if precision != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if precision == "integer":
            converter.inference_input_type = converter.inference_output_type = tf.int8
        return compact.compact(converter.convert())


def run(content: bytes, poses: np.ndarray) -> np.ndarray:
    """What a converted network gives for normalised poses (poses, 17, 2), all at once."""
    with quiet():
        interpreter = litert.Interpreter(model_content=content)
        given, got = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        interpreter.resize_tensor_input(given["index"], poses.shape)
        interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], poses)
    interpreter.invoke()
    return interpreter.get_tensor(got["index"])


def with_metadata(content: bytes, about: dict[str, Any]) -> bytes:
    """A file that says what it takes and gives: `lifter.json`, in a zip archive at its end.

    TFLite packs associated files that way: LiteRT reads up to the archive, and any zip tool
    reads the archive (`unzip -p lifter.tflite lifter.json`).
    """
    buffer = io.BytesIO()
    buffer.write(content)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo("lifter.json", (1980, 1, 1, 0, 0, 0))  # The same bytes each time.
        archive.writestr(entry, json.dumps(about, indent=1))
    return buffer.getvalue()


def about(description: str, mode: str, distance: float) -> dict[str, Any]:
    """What a file of a lifter says of itself, but for its inputs and outputs."""
    return {
        "name": "synpose_tf lifter",
        "version": __version__,
        "license": "Apache-2.0",
        "description": description,
        "joints": list(H36M_17.joints),
        "parents": list(H36M_17.parents),
        "normalization": {"mode": mode, "distance": distance},
        "lift": "x (1 + p z), y (1 + p z), z; p is "
        + ("the mean distance before, in rays" if mode == "camera" else _perspective(distance)),
    }


def meaning_of_keypoints(mode: str) -> str:
    """What the input `keypoints` of every file is."""
    virtual = ", seen by a virtual camera that looks at the hip" if mode == "camera" else ""
    return (
        "2D pose, x right, y down: the hip at the origin, the mean distance of the other joints "
        f"from it 1{virtual}"
    )


def _metadata(content, model):
    interpreter = litert.Interpreter(model_content=content)
    given, got = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    depths = "z of each joint, forward, relative to the hip, in the unit of the input"
    said = about("Depths of the joints of a person from a 2D pose.", model.mode, model.distance)
    return said | {
        "input": {
            "name": "keypoints",
            "meaning": meaning_of_keypoints(model.mode),
            **_tensor(given),
        },
        "output": {"name": "depths", "meaning": depths, **_tensor(got)},
    }


def _perspective(distance):
    return f"1 / {distance:g}" if distance else "0"


def _tensor(details):
    scale, zero = details["quantization"]
    quantization = {"scale": scale, "zero_point": zero} if scale else {}
    shape = [int(size) for size in details["shape"]]
    return {"shape": shape, "type": np.dtype(details["dtype"]).name, **quantization}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps notes off the terminal; they are C++'s, so the descriptor is moved."""
    sys.stderr.flush()
    saved, sink = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tf.lite.Interpreter's, which the converter uses.
            yield
    finally:
        sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)
        os.close(sink)
