"""A trained network's forward pass in NumPy, so that lifting starts without TensorFlow's seconds.

A trained batch norm is a scale and a shift for each unit; both go into the linear layer
before it.
"""

import dataclasses
import importlib.resources
import pathlib
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from synpose_tf.io import files
from synpose_tf.structures.arrays import Array

# Of `networks`, which imports them from here: Keras takes seconds.
NEGATIVE_SLOPE = 0.2  # Of the leaky ReLU.
EPSILON = 1e-3  # Of the batch norm.
_UNIT = 5  # Arrays of a unit: kernel; gamma, beta, mean and variance of its batch norm.


@dataclasses.dataclass(frozen=True)
class Forward:
    """What `networks.ResidualLifter` computes, outside of training.

    Args:
        layers: (kernel, bias) of the first layer, two for each residual block, and the last.
    """

    layers: tuple[tuple[np.ndarray, np.ndarray], ...]

    @classmethod
    def from_weights(cls, weights: Sequence[np.ndarray]) -> "Forward":
        """From `ResidualLifter.get_weights()`."""
        arrays = [np.asarray(array, np.float32) for array in weights]
        units = [arrays[i : i + _UNIT] for i in range(0, len(arrays) - 2, _UNIT)]
        kernel, bias = arrays[-2:]
        return cls((*(fold(*unit) for unit in units), (kernel, bias)))

    def __call__(self, inputs: Array, xp: ModuleType = np) -> Array:
        """(n, inputs) to (n, outputs), float32; `xp` is NumPy, or `keras.ops` inside a graph."""
        first, *units, last = self.layers
        x = leaky(linear(inputs if xp is not np else np.asarray(inputs, np.float32), first), xp)
        for i in range(0, len(units), 2):
            x = x + leaky(linear(leaky(linear(x, units[i]), xp), units[i + 1]), xp)
        return linear(x, last)


def packaged_weights(name: str) -> list[np.ndarray]:
    """A network's weights that come with the package: `weights/<name>.npz`, float32."""
    resource = importlib.resources.files("synpose_tf") / "weights" / f"{name}.npz"
    with resource.open("rb") as handle, np.load(handle, allow_pickle=False) as arrays:
        return [arrays[f"{i:03d}"].astype(np.float32) for i in range(len(arrays))]


def save_weights(path: pathlib.Path, weights: Sequence[np.ndarray]) -> None:
    """Writes a network's weights as `packaged_weights` reads them, in half precision.

    Raises:
        SynposeError: the file can't be written.
    """
    arrays: dict[str, Any] = {
        f"{i:03d}": array.astype(np.float16) for i, array in enumerate(weights)
    }
    with files.replacing(path) as temporary, temporary.open("wb") as handle:
        np.savez_compressed(handle, **arrays)


def fold(
    kernel: np.ndarray, gamma: np.ndarray, beta: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias of a linear layer with the batch norm that follows it."""
    scale = gamma / np.sqrt(variance + EPSILON)
    return kernel * scale, beta - mean * scale


def linear(x: Array, layer: tuple[np.ndarray, np.ndarray]) -> Array:
    """A linear layer, (kernel, bias)."""
    kernel, bias = layer
    return x @ kernel + bias


def leaky(x: Array, xp: ModuleType) -> Array:
    """The networks' activation."""
    return xp.maximum(x, NEGATIVE_SLOPE * x)
