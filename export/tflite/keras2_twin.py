"""The folded lifter as a functional Keras 2 model, which tensorflow-model-optimization needs."""

from collections.abc import Callable

import tensorflow as tf
import tf_keras

from synpose_tf.export.tflite import depth_network
from synpose_tf.export.tflite.depth_network import Linear
from synpose_tf.models.networks import JOINTS, NEGATIVE_SLOPE


class Raised(tf_keras.layers.Layer):
    """relu(-0.8 x), what leaky ReLU adds to x: one MUL of a .tflite file."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu((NEGATIVE_SLOPE - 1.0) * inputs)


def build(
    layers: dict[str, Linear],
    wrap: Callable[[tf_keras.layers.Layer], tf_keras.layers.Layer] = lambda layer: layer,
) -> tf_keras.Model:
    """Builds the twin; each layer begins with the weights of its name.

    Keras layers bear the names of `DepthNetwork`'s tensors, which they give.

    Args:
        layers: from `depth_network.fold`.
        wrap: given each layer, returns what stands in its place.

    Returns:
        A model from (batch, 34), normalised keypoints, to (batch, 17), depths.
    """
    constant = tf_keras.initializers.Constant

    def linear(name, x):
        layer = layers[name]
        weights = {
            "kernel_initializer": constant(layer.kernel),
            "bias_initializer": constant(layer.bias),
        }
        return wrap(tf_keras.layers.Dense(layer.bias.size, name=name, **weights))(x)

    def unit(name, x):
        x = linear(name, x)
        raised = wrap(Raised(name=f"{name}_raised"))(x)
        return add(f"{name}_leaky", x, raised)

    def add(name, one, two):
        return wrap(tf_keras.layers.Add(name=name))([one, two])

    inputs = tf_keras.Input((2 * JOINTS,), name="keypoints")
    x = wrap(tf_keras.layers.Activation("linear", name="given"))(inputs)
    return tf_keras.Model(inputs, depth_network.compose(layers, x, unit, linear, add))
