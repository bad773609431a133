"""The process of `quantization_aware`: trains the Keras 2 twin with the rounding of 8 bits.

The twin learns depths that the float network gave: no labels, no adversarial networks. Weights
have a scale for each unit; the ranges of all other tensors begin where nearly all values of the
float network lie, and follow the gradient like weights.
"""

import pathlib
import sys

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras

from synpose_tf.export.tflite import keras2_twin, writer
from synpose_tf.export.tflite.depth_network import Linear
from synpose_tf.models.networks import JOINTS

BATCH = 256
LEARNING_RATE = 3e-4
RANGE_POSES = 2_048
OUTERMOST = 0.01  # Percent of a tensor's values beyond either end of its first range.

_WEIGHTS = tfmot.quantization.keras.quantizers.LastValueQuantizer(
    num_bits=8, per_axis=True, symmetric=True, narrow_range=True
)


class LearnedRange(tfmot.quantization.keras.quantizers.Quantizer):
    """Rounds to 256 levels between two ends that are trained."""

    def __init__(self, low: float, high: float):
        self.low = low
        self.high = high

    def build(self, tensor_shape, name, layer):
        return {
            end: layer.add_weight(f"{name}_{end}", initializer=tf_keras.initializers.Constant(v))
            for end, v in (("min", self.low), ("max", self.high))
        }

    def __call__(self, inputs, training, weights, **kwargs):
        return tf.quantization.fake_quant_with_min_max_vars(inputs, weights["min"], weights["max"])

    def get_config(self):
        return {"low": self.low, "high": self.high}


class EightBits(tfmot.quantization.keras.QuantizeConfig):
    """Which tensors of a layer are rounded: every layer's output, and in training the kernel."""

    def __init__(self, low: float, high: float, kernel: bool = True):
        self.output = LearnedRange(low, high)
        self.kernel = kernel

    def get_weights_and_quantizers(self, layer):
        return [(layer.kernel, _WEIGHTS)] if self.kernel and hasattr(layer, "kernel") else []

    def set_quantize_weights(self, layer, quantize_weights):
        if quantize_weights:
            (layer.kernel,) = quantize_weights

    def get_activations_and_quantizers(self, layer):
        return []

    def set_quantize_activations(self, layer, quantize_activations):
        pass

    def get_output_quantizers(self, layer):
        return [self.output]

    def get_config(self):
        return {**self.output.get_config(), "kernel": self.kernel}


def first_ranges(layers: dict[str, Linear], poses: np.ndarray) -> list[tuple[float, float]]:
    """The range of each of the twin's layers, in order, on poses (poses, 34)."""
    plain = keras2_twin.build(layers)
    inner = [layer.output for layer in plain.layers[1:]]
    values = tf_keras.Model(plain.inputs, inner).predict(poses, verbose=0)
    ends = [np.percentile(v, (OUTERMOST, 100.0 - OUTERMOST)) for v in values]
    return [(min(float(low), 0.0), max(float(high), 0.0)) for low, high in ends]


def rounded_twin(layers: dict[str, Linear], ranges, kernels: bool = True) -> tf_keras.Model:
    """The twin with the rounding of 8 bits.

    Args:
        layers: from `depth_network.fold`.
        ranges: (low, high) of each layer's output, in order.
        kernels: round the weights, too.
    """
    ends = iter(ranges)

    def wrap(layer):
        config = EightBits(*next(ends), kernel=kernels)
        return tfmot.quantization.keras.QuantizeWrapperV2(layer, config)

    return keras2_twin.build(layers, wrap)


def train(model: tf_keras.Model, poses: np.ndarray, depths: np.ndarray, steps: int) -> None:
    """Mean squared error to the given depths, a learning rate that falls to 0."""
    rate = tf_keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    model.compile(tf_keras.optimizers.Adam(rate), loss="mse")
    examples = tf.data.Dataset.from_tensor_slices((poses, depths))
    batches = examples.shuffle(len(poses), seed=0).repeat().batch(BATCH).prefetch(2)
    model.fit(batches, steps_per_epoch=steps, epochs=1, verbose=0)


def trained(model: tf_keras.Model) -> tuple[dict[str, Linear], list[tuple[float, float]]]:
    """The weights, as floats, and the ranges that a rounded twin has learned."""
    layers, ranges = {}, []
    for wrapper in model.layers[1:]:
        values = {w.name.rpartition("/")[2].partition(":")[0]: w.numpy() for w in wrapper.weights}
        if "kernel" in values:
            layers[wrapper.layer.name] = Linear(values["kernel"], values["bias"])
        low, high = (next(v for k, v in values.items() if k.endswith(f"output_{end}"))
                     for end in ("min", "max"))  # fmt: skip
        ranges.append((float(low), float(high)))
    return layers, ranges


class Rounded(tf.Module):
    """A rounded twin under the signature of every lifter file."""

    def __init__(self, model: tf_keras.Model):
        super().__init__()
        self.model = model

    @tf.function(input_signature=[tf.TensorSpec((1, JOINTS, 2), tf.float32, name="keypoints")])
    def depths(self, keypoints):
        flat = tf.reshape(keypoints, (-1, 2 * JOINTS))
        return {"depths": self.model(flat, training=False)}


def main(given, got):
    """Reads what `quantization_aware.fine_tune` wrote, trains, converts."""
    tf_keras.utils.set_random_seed(0)
    with np.load(given) as arrays:
        layers = {
            str(name): Linear(arrays[f"{name}/kernel"], arrays[f"{name}/bias"])
            for name in arrays["names"]
        }
        poses, depths = arrays["poses"].reshape(-1, 2 * JOINTS), arrays["depths"]
        steps = int(arrays["steps"])
    model = rounded_twin(layers, first_ranges(layers, poses[:RANGE_POSES]))
    train(model, poses, depths, steps)
    # The converter refuses weights that are rounded with a scale for each unit, and rounds float
    # weights to just these. It takes the other ranges from the graph.
    final = Rounded(rounded_twin(*trained(model), kernels=False))
    pathlib.Path(got).write_bytes(writer.convert(final, "dynamic"))


if __name__ == "__main__":
    main(*sys.argv[1:])
