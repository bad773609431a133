"""The lifter's network as phones run it: a normalised 2D pose in, depths out.

Batch norm is folded into the linear layers. Leaky ReLU is x + relu(-0.8 x), which needs
nothing but MUL (with RELU fused) and ADD: XNNPACK lists both for floats and for 8 bits, NNAPI
and the GPU delegate list them too. The GPU delegate does not list LEAKY_RELU; of max(x, 0.2 x)
XNNPACK takes the maximum of floats only, and an 8-bit network would fall into six pieces.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import tensorflow as tf

from synpose_tf.models.folded import Forward
from synpose_tf.models.networks import JOINTS, NEGATIVE_SLOPE, Generator

Range = tuple[float, float]  # Lowest and highest value.


@dataclasses.dataclass(frozen=True)
class Linear:
    """x @ kernel + bias.

    Args:
        kernel: (inputs, outputs).
        bias: (outputs,).
    """

    kernel: np.ndarray
    bias: np.ndarray


def fold(generator: Generator) -> dict[str, Linear]:
    """The linear layers of a generator, by name, in order, batch norm folded in.

    The last gives all 17 depths: the root's column is zero.
    """
    *inner, (kernel, bias) = Forward.from_weights(generator.get_weights()).layers
    last = (np.pad(kernel, ((0, 0), (1, 0))), np.pad(bias, (1, 0)))
    units = (generator.first, *generator.units, generator.last)
    return {unit.name: Linear(*layer) for unit, layer in zip(units, (*inner, last), strict=True)}


def _sum(name, one, two):
    return one + two


def compose(
    names: Iterable[str],
    x: Any,
    unit: Callable[[str, Any], Any],
    linear: Callable[[str, Any], Any],
    add: Callable[[str, Any, Any], Any] = _sum,
) -> Any:
    """The network of figure 3, whatever its layers are made of.

    Args:
        names: of the layers, from `fold`.
        x: (batch, 34), normalised keypoints.
        unit: of (name, x), a linear layer and a leaky ReLU.
        linear: of (name, x), a linear layer.
        add: of (name, one tensor, another).

    Returns:
        What `linear` gives for the last layer: (batch, 17) depths.
    """
    first, *inner, last = names
    x = unit(first, x)
    for one, two in zip(inner[::2], inner[1::2], strict=True):
        x = add(f"{two}_sum", x, unit(two, unit(one, x)))
    return linear(last, x)


def inner(ranges: Mapping[str, Range], layers: dict[str, Linear]) -> dict[str, Range]:
    """Ranges without those of the first layer's inside and of the depths, which stay floats.

    A coordinate or a depth beyond an 8-bit range would be cut off there, and with it the joint;
    one inner value of many that is cut off moves a joint little. The two layers are small.

    Args:
        ranges: by name of `DepthNetwork`'s tensors.
        layers: from `fold`.
    """
    first, *_, last = layers
    floats = ("given", first, f"{first}_raised", last)
    return {name: ends for name, ends in ranges.items() if name not in floats}


class FoldedNetwork(tf.Module):
    """What folded networks are made of: ops that every delegate lists.

    Tensors have names: each layer's, after which come `_raised`, what leaky ReLU adds to it, and
    `_leaky`, the two together.

    Args:
        layers: by name.
        ranges: (low, high) by name of the tensors that are rounded to 8 bits; none by default.
    """

    def __init__(
        self,
        layers: dict[str, Linear],
        ranges: Mapping[str, Range] = MappingProxyType({}),
    ):
        super().__init__()
        self.layers = layers
        self.ranges = dict(ranges)

    def _linear(self, name, x):
        layer = self.layers[name]
        x = tf.matmul(x, tf.constant(layer.kernel)) + tf.constant(layer.bias)
        return self._rounded(name, x)

    def _unit(self, name, x):
        x = self._linear(name, x)
        raised = self._rounded(f"{name}_raised", tf.nn.relu((NEGATIVE_SLOPE - 1.0) * x))
        return self._add(f"{name}_leaky", x, raised)

    def _add(self, name, one, two):
        return self._rounded(name, one + two)

    def _rounded(self, name, x):
        if name not in self.ranges:
            return x
        return tf.quantization.fake_quant_with_min_max_args(x, *self.ranges[name])


class DepthNetwork(FoldedNetwork):
    """The folded network of figure 3.

    The first of its tensors is `given`; where a block ends, there is a `_sum`.

    Args:
        layers: from `fold`.
        ranges: see `FoldedNetwork`.
    """

    @tf.function(input_signature=[tf.TensorSpec((1, JOINTS, 2), tf.float32, name="keypoints")])
    def depths(self, keypoints: tf.Tensor) -> dict[str, tf.Tensor]:
        """Depths (1, 17) of one normalised pose (1, 17, 2)."""
        return {"depths": self._run(keypoints, self._linear)}

    @tf.function(input_signature=[tf.TensorSpec((1, JOINTS, 2), tf.float32, name="keypoints")])
    def features(self, keypoints: tf.Tensor) -> dict[str, tf.Tensor]:
        """What the last layer gets, (1, width)."""
        return {"features": self._run(keypoints, lambda _, x: x)}

    def _run(self, keypoints, last):
        # -1 and not 1: the batch of the file can be resized.
        x = self._rounded("given", tf.reshape(keypoints, (-1, 2 * JOINTS)))
        return compose(self.layers, x, self._unit, last, self._add)
