"""The process of `quantization_aware`: trains the Keras 2 twin with the rounding of 8 bits.

The twin learns depths that the float network gave: no labels, no adversarial networks. Weights
have a scale for each unit; the ranges of tensors between layers are learnt with them (learned
step size quantisation, Esser et al. 2020): wide enough for unusual poses and no wider, as a level's
width is noise for usual ones. The first layer and the last, whose tensors have no ranges, are
trained as floats.
"""

import pathlib
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras
from tqdm import tqdm

from synpose_tf.export.tflite import keras2_twin, qat
from synpose_tf.export.tflite.depth_network import Linear, Range
from synpose_tf.models.networks import JOINTS

BATCH = 512
LEARNING_RATE = 3e-4
RANGE_RATE = 10.0  # How much faster the ends of ranges move: they are some, and ten times as large.
LEVELS = 255.0

_WEIGHTS = tfmot.quantization.keras.quantizers.LastValueQuantizer(
    num_bits=8, per_axis=True, symmetric=True, narrow_range=True
)


class LearnedRange(tfmot.quantization.keras.quantizers.Quantizer):
    """Rounds to 256 levels between two ends that are trained, 0 among the levels.

    Rounding is the identity to the gradient. So the ends learn from the values that they cut off
    and from what all others lose by rounding; TensorFlow's own fake quantisation knows the first
    alone, and its ranges stay as wide as they begin.
    """

    def __init__(self, low: float, high: float):
        self.low = low
        self.high = high

    def build(
        self, tensor_shape: tf.TensorShape, name: str, layer: tf_keras.layers.Layer
    ) -> dict[str, tf.Variable]:
        constant = tf_keras.initializers.Constant
        return {
            end: layer.add_weight(f"{name}_{end}", initializer=constant(value / RANGE_RATE))
            for end, value in (("min", self.low), ("max", self.high))
        }

    def __call__(
        self, inputs: tf.Tensor, training: bool, weights: dict[str, tf.Variable], **kwargs: Any
    ) -> tf.Tensor:
        low = tf.minimum(RANGE_RATE * weights["min"], 0.0)
        high = tf.maximum(RANGE_RATE * weights["max"], 0.0)
        width = (high - low) / LEVELS
        zero = _round(-low / width)
        return (tf.clip_by_value(_round(inputs / width) + zero, 0.0, LEVELS) - zero) * width

    def get_config(self) -> dict[str, float]:
        return {"low": self.low, "high": self.high}


def _round(x):
    return x + tf.stop_gradient(tf.round(x) - x)


class EightBits(tfmot.quantization.keras.QuantizeConfig):
    """Which tensors of a layer are rounded: its output, and the kernel if it has one."""

    def __init__(self, low: float, high: float):
        self.output = LearnedRange(low, high)

    def get_weights_and_quantizers(
        self, layer: tf_keras.layers.Layer
    ) -> list[tuple[tf.Variable, Any]]:
        return [(layer.kernel, _WEIGHTS)] if hasattr(layer, "kernel") else []

    def set_quantize_weights(
        self, layer: tf_keras.layers.Layer, quantize_weights: Sequence[tf.Tensor]
    ) -> None:
        if quantize_weights:
            (layer.kernel,) = quantize_weights

    def get_activations_and_quantizers(self, layer: tf_keras.layers.Layer) -> list[Any]:
        return []

    def set_quantize_activations(
        self, layer: tf_keras.layers.Layer, quantize_activations: Sequence[tf.Tensor]
    ) -> None:
        pass

    def get_output_quantizers(self, layer: tf_keras.layers.Layer) -> list[LearnedRange]:
        return [self.output]

    def get_config(self) -> dict[str, float]:
        return self.output.get_config()


def rounded_twin(layers: dict[str, Linear], ranges: dict[str, Range]) -> tf_keras.Model:
    """The twin with the rounding of 8 bits.

    Args:
        layers: from `depth_network.fold`.
        ranges: of the tensors that are rounded, by name.
    """

    def wrap(layer):
        if layer.name not in ranges:
            return layer
        config = EightBits(*ranges[layer.name])
        return tfmot.quantization.keras.QuantizeWrapperV2(layer, config)

    return keras2_twin.build(layers, wrap)


def train(model: tf_keras.Model, poses: np.ndarray, depths: np.ndarray, steps: int) -> None:
    """Mean squared error to the given depths, a learning rate that falls to 0."""
    rate = tf_keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    model.compile(tf_keras.optimizers.Adam(rate), loss="mse")
    examples = tf.data.Dataset.from_tensor_slices((poses, depths))
    batches = examples.shuffle(len(poses), seed=0).repeat().batch(BATCH).prefetch(2)
    # On the output: of the errors, the process that started this one keeps the last line.
    with tqdm(total=steps, desc="tflite_qat", file=sys.stdout, disable=None, leave=False) as bar:
        count = tf_keras.callbacks.LambdaCallback(on_batch_end=lambda batch, logs: bar.update())
        model.fit(batches, steps_per_epoch=steps, epochs=1, verbose=0, callbacks=[count])


def trained(model: tf_keras.Model) -> tuple[dict[str, Linear], dict[str, Range]]:
    """The weights, as floats, and the ranges that a rounded twin has learned, by name."""
    layers: dict[str, Linear] = {}
    ranges: dict[str, Range] = {}
    for layer in model.layers[1:]:
        name = getattr(layer, "layer", layer).name
        values = {w.name.rpartition("/")[2].partition(":")[0]: w.numpy() for w in layer.weights}
        if "kernel" in values:
            layers[name] = Linear(values["kernel"], values["bias"])
        ends = [float(v) for end in ("min", "max")
                for k, v in values.items() if k.endswith(f"output_{end}")]  # fmt: skip
        if ends:
            low, high = (RANGE_RATE * end for end in ends)
            ranges[name] = (min(low, 0.0), max(high, 0.0))
    return layers, ranges


def main(given: pathlib.Path, got: pathlib.Path) -> None:
    """Reads what `qat.fine_tune` wrote, trains, writes weights and ranges."""
    tf_keras.utils.set_random_seed(0)
    layers, ranges, others = qat.read(given)
    model = rounded_twin(layers, ranges)
    poses = others["poses"].reshape(-1, 2 * JOINTS)
    train(model, poses, others["depths"], int(others["steps"]))
    qat.write(got, *trained(model))


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))
