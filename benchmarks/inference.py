"""How long one pose takes: LiteRT beside TensorFlow, ONNX Runtime and PyTorch, on one core.

  python benchmarks/inference.py [--widths=352,512,1024]

It needs more than the package, and changes nothing of it in an environment of its own:

  python -m venv bench && . bench/bin/activate && pip install -e '.[export]' \\
      onnxruntime tf2onnx torch

Every runtime has the same weights and lifts the same normalised pose, from a NumPy array to a
NumPy array, with one thread on one core. The others get the network in the form that suits them
(leaky ReLU as one op): TensorFlow as a SavedModel, ONNX Runtime converted by tf2onnx, float and
quantised by its own static quantisation in its fastest setting, PyTorch as frozen TorchScript.
The runtimes take turns in every round, so that other work on the machine hits all alike; the
figures are the least and the median of the rounds.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import logging
import pathlib
import tempfile
import time

import keras
import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx
import torch
from absl import app, flags
from onnxruntime import quantization
from onnxruntime.quantization import shape_inference

from synpose_tf.export.tflite import depth_network, litert, writer
from synpose_tf.models.networks import JOINTS, NEGATIVE_SLOPE, Generator

flags.DEFINE_list(
    "widths",
    ["352", "512", "1024"],
    "Units of the hidden layers; the lifters that come with the package: 352, the default: 512.",
)
flags.DEFINE_integer("rounds", 200, "Rounds in which every runtime is timed once.")
flags.DEFINE_integer("calls", 20, "Poses that a runtime lifts in a round, one at a time.")
FLAGS = flags.FLAGS

INT8, ONNX_INT8 = "LiteRT, 8 bits", "ONNX Runtime, 8 bits"
LITERT_FLOAT = "LiteRT, float"


class PlainNetwork(depth_network.DepthNetwork):
    """The folded network with leaky ReLU as the one op that it is elsewhere."""

    def _unit(self, name, x):
        return tf.nn.leaky_relu(self._linear(name, x), NEGATIVE_SLOPE)


class TorchNetwork(torch.nn.Module):
    """The folded network in PyTorch."""

    def __init__(self, layers):
        super().__init__()
        self.linears = torch.nn.ModuleDict()
        for name, layer in layers.items():
            self.linears[name] = linear = torch.nn.Linear(*layer.kernel.shape)
            linear.weight.data = torch.from_numpy(np.ascontiguousarray(layer.kernel.T))
            linear.bias.data = torch.from_numpy(layer.bias)

    def forward(self, keypoints):
        def unit(name, x):
            return torch.nn.functional.leaky_relu(self.linears[name](x), NEGATIVE_SLOPE)

        flat = keypoints.reshape(-1, 2 * JOINTS)
        return depth_network.compose(
            list(self.linears), flat, unit, lambda name, x: self.linears[name](x)
        )


def new_layers(width: int):
    """A folded lifter with random weights and random batch norm."""
    keras.utils.set_random_seed(0)
    network = Generator(width)
    network.build()
    rng = np.random.default_rng(0)
    for unit in (network.first, *network.units):
        unit.norm.moving_variance.assign(rng.uniform(0.5, 2.0, width))
    network.last.kernel.assign(rng.normal(0.0, width**-0.5, network.last.kernel.shape))
    return depth_network.fold(network)


# === Runtimes: functions from (1, 17, 2) to (1, 17), arrays ===


def lite_rt(content: bytes):
    interpreter = litert.Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]["index"]
    got = interpreter.get_output_details()[0]["index"]

    def run(pose):
        interpreter.set_tensor(given, pose)
        interpreter.invoke()
        return interpreter.get_tensor(got)

    return run


def tensorflow(folder):
    lift = tf.saved_model.load(str(folder)).signatures["serving_default"]
    return lambda pose: lift(keypoints=tf.constant(pose))["depths"].numpy()


def onnx(file):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, ["CPUExecutionProvider"])
    return lambda pose: session.run(None, {"keypoints": pose})[0]


def torch_script(layers, pose):
    torch.set_num_threads(1)
    module = torch.jit.trace(TorchNetwork(layers).eval(), torch.from_numpy(pose))
    module = torch.jit.optimize_for_inference(torch.jit.freeze(module))

    def run(pose):
        with torch.inference_mode():
            return module(torch.from_numpy(pose)).numpy()

    return run


class Poses(quantization.CalibrationDataReader):
    """What ONNX Runtime calibrates on."""

    def __init__(self, poses):
        self._poses = iter(poses)

    def get_next(self):
        pose = next(self._poses, None)
        return None if pose is None else {"keypoints": pose[None]}


def runtimes(width: int, poses: np.ndarray, folder: pathlib.Path):
    """Every runtime with the same weights, by name."""
    layers = new_layers(width)
    plain = PlainNetwork(layers)
    saved, float_file, int8_file = (folder / n for n in ("saved", "float.onnx", "int8.onnx"))
    tf.saved_model.save(plain, str(saved), signatures={"serving_default": plain.depths})
    model, _ = tf2onnx.convert.from_function(
        plain.depths,
        [tf.TensorSpec((1, JOINTS, 2), tf.float32, name="keypoints")],
        output_path=str(float_file),
    )
    # The fastest of its settings: signed activations, or a scale for each unit, are slower.
    shape_inference.quant_pre_process(str(float_file), str(folder / "prepared.onnx"))
    quantization.quantize_static(
        str(folder / "prepared.onnx"),
        str(int8_file),
        Poses(poses[:500]),
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
    )
    network = depth_network.DepthNetwork(layers)
    return {
        INT8: lite_rt(writer.calibrated(layers, poses)),
        LITERT_FLOAT: lite_rt(writer.convert(network, "float32")),
        "TensorFlow, SavedModel": tensorflow(saved),
        "ONNX Runtime, float": onnx(float_file),
        ONNX_INT8: onnx(int8_file),
        "PyTorch, TorchScript": torch_script(layers, poses[:1]),
    }


def check(functions, poses):
    """Prints how far each runtime is from LiteRT's floats; the float ones must agree.

    Raises:
        AssertionError: they do not.
    """
    expected = np.concatenate([functions[LITERT_FLOAT](p[None]) for p in poses])
    for name, function in functions.items():
        found = np.concatenate([function(p[None]) for p in poses])
        error = np.sqrt(((found - expected) ** 2).mean()) / expected.std()
        print(f"  {name:24} differs from {LITERT_FLOAT} by {100 * error:.4f} %")
        assert error < (0.1 if "8 bits" in name else 1e-4), name


def measure(functions, pose) -> dict[str, np.ndarray]:
    """Seconds a pose, (rounds,), by runtime."""
    seconds = {name: [] for name in functions}
    for _ in range(FLAGS.rounds):
        for name, function in functions.items():
            function(pose)  # What another runtime left in the caches is not its fault.
            start = time.perf_counter()
            for _ in range(FLAGS.calls):
                function(pose)
            seconds[name].append((time.perf_counter() - start) / FLAGS.calls)
    return {name: np.array(values) for name, values in seconds.items()}


def report(width: int, seconds: dict[str, np.ndarray]) -> None:
    """The table of one width, and the ratios."""
    print(f"\n{width} wide, one pose, one core   least µs   median µs   of {INT8}")
    least = {name: values.min() for name, values in seconds.items()}
    median = {name: np.median(values) for name, values in seconds.items()}
    for name in seconds:
        print(
            f"  {name:28}{1e6 * least[name]:10.1f}{1e6 * median[name]:12.1f}"
            f"{least[name] / least[INT8]:11.2f}{median[name] / median[INT8]:8.2f}"
        )
    others = [n for n in seconds if n not in (INT8, LITERT_FLOAT, ONNX_INT8)]
    for label, rivals in (
        ("the fastest float runtime of the others", others),
        ("ONNX Runtime's 8 bits", [ONNX_INT8]),
        ("its own floats", [LITERT_FLOAT]),
    ):
        ratios = [min(figures[n] for n in rivals) / figures[INT8] for figures in (least, median)]
        print(f"  LiteRT's 8 bits are {ratios[0]:.2f} x ({ratios[1]:.2f} x) as fast as {label}")


def main(_):
    logging.getLogger().setLevel(logging.ERROR)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    poses = np.random.default_rng(0).normal(0.0, 0.8, (1000, JOINTS, 2)).astype(np.float32)
    poses[:, 0] = 0.0
    print(
        f"TensorFlow {tf.__version__}, ONNX Runtime {onnxruntime.__version__}, "
        f"PyTorch {torch.__version__}"
    )
    for width in map(int, FLAGS.widths):
        with tempfile.TemporaryDirectory() as folder:
            functions = runtimes(width, poses, pathlib.Path(folder))
            check(functions, poses[:200])
            report(width, measure(functions, poses[:1]))


if __name__ == "__main__":
    app.run(main)
