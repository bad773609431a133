"""What 8-bit lifters learn from training poses without training: ranges, and a last layer.

An 8-bit tensor has 256 levels for the whole of its range, so a range that reaches to the most
unusual value costs every usual one its precision, and a narrow one cuts unusual poses off.
"""

import dataclasses
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from synpose_tf.errors import SynposeError
from synpose_tf.export.tflite.depth_network import DepthNetwork, Linear, Range
from synpose_tf.geometry import normalization
from synpose_tf.models.networks import JOINTS
from synpose_tf.structures.skeleton import H36M_17

if TYPE_CHECKING:
    from synpose_tf.export.trained import TrainedLifter

POSES = 10_000  # Drawn from the training split.
LEAST = 1_000
BATCH = 1_000
OUTERMOST = 0.005  # Percent of a tensor's values at either end, which do not count.
WIDER = 1.5  # The range of a tensor inside the network, in that of the values that count.
RIDGE = 0.1  # Of the mean variance of the features.
BALANCE = 0.75  # How far units are brought to the same size: 0 leaves them, 1 makes them equal.


def training_poses(trained: "TrainedLifter", count: int = POSES, seed: int = 0) -> np.ndarray:
    """Normalised 2D poses (count, 17, 2) of a `TrainedLifter`'s training views, at random.

    Raises:
        SynposeError: too few views, or views that are not finite.
    """
    total = len(trained.training["keypoints_2d"])
    index = np.random.default_rng(seed).permutation(total)[:count]
    return normalized(trained, {key: array[index] for key, array in trained.training.items()})


def normalized(trained: "TrainedLifter", views: dict[str, np.ndarray]) -> np.ndarray:
    """Normalised 2D poses (n, 17, 2) of views, as a `TrainedLifter` takes them.

    Raises:
        SynposeError: too few views, or views that are not finite.
    """
    poses, _ = normalization.normalize_2d(
        views["keypoints_2d"], trained.mode, views["intrinsics"], trained.model.distance
    )
    return check(poses.astype(np.float32))


def check(poses: np.ndarray) -> np.ndarray:
    """Returns poses that calibrate.

    Raises:
        SynposeError: another shape than (poses, 17, 2), fewer than `LEAST`, NaN or infinity.
    """
    if poses.ndim != 3 or poses.shape[1:] != (JOINTS, 2):
        raise SynposeError(
            f"calibration poses: found an array {poses.shape}, expected (poses, {JOINTS}, 2)."
        )
    if len(poses) < LEAST:
        raise SynposeError(
            f"calibration: {len(poses)} training poses are too few, {LEAST} are needed. Name a "
            "larger data set with --dataset and --manual_dir."
        )
    bad = np.flatnonzero(~np.isfinite(poses).all(axis=(1, 2)))
    if len(bad):
        raise SynposeError(
            f"calibration: {len(bad)} of {len(poses)} training poses hold NaN or infinite joints "
            f"(the first is number {bad[0]}). Repair the data set: one such pose spoils the ranges."
        )
    return poses


def ranges(layers: dict[str, Linear], poses: np.ndarray) -> dict[str, Range]:
    """Where the values of each tensor of the float network lie, 0 included.

    Nearly all values: the rarest of training would make the levels too coarse for all others.
    Inside the network also a margin, as unusual poses go beyond. Of the input and the depths none:
    there, where only `tflite_integer` rounds, coarser levels cost each pose more than rare ones
    gain.

    Args:
        layers: from `depth_network.fold`.
        poses: (poses, 17, 2), normalised.

    Returns:
        (low, high) by name of `DepthNetwork`'s tensors.
    """
    values = _tensors(layers, poses)
    first, *_, last = values
    return ranges_of(values, (first, last))


def ranges_of(values: dict[str, np.ndarray], exact: Collection[str] = ()) -> dict[str, Range]:
    """Where the values of tensors (…) lie, by name, with a margin but for `exact` ones.

    Returns:
        (low, high) by name.
    """
    found = {}
    for name, tensor in values.items():
        wider = 1.0 if name in exact else WIDER
        low, high = wider * np.percentile(tensor, (OUTERMOST, 100.0 - OUTERMOST))
        found[name] = (min(float(low), 0.0), max(float(high), 0.0))
    return found


def depths(layers: dict[str, Linear], poses: np.ndarray) -> np.ndarray:
    """The float network's depths (poses, 17)."""
    parts = np.array_split(poses, -(-len(poses) // BATCH))
    return np.concatenate([list(_tensors(layers, part).values())[-1] for part in parts])


def both_ways(layers: dict[str, Linear], poses: np.ndarray) -> np.ndarray:
    """The mean of the float network's depths (poses, 17) of poses and of their mirror images."""
    mirrored = (poses * np.array([-1.0, 1.0], np.float32))[:, H36M_17.mirror]
    return (depths(layers, poses) + depths(layers, mirrored)[:, H36M_17.mirror]) / 2.0


class _Observed(DepthNetwork):
    """The float network, which keeps each of its tensors."""

    def tensors(self, poses: tf.Tensor) -> dict[str, tf.Tensor]:
        self._seen: dict[str, tf.Tensor] = {}
        self._run(poses, self._linear)
        return self._seen

    def _rounded(self, name, x):
        self._seen[name] = x
        return x


def _tensors(layers, poses):
    """The float network's tensors (poses, width) by name, in order; the depths are the last."""
    seen = _Observed(layers).tensors(tf.constant(poses))
    return {name: tensor.numpy() for name, tensor in seen.items()}


def balance(layers: dict[str, Linear], poses: np.ndarray) -> dict[str, Linear]:
    """Layers that compute the same, with units inside that reach about equally far.

    All units of a tensor share a range, and the one that reaches farthest sets it. Leaky ReLU lets
    a factor pass, so a unit's can be taken from the kernel before it and given to the one after it
    (Nagel et al. 2019, cross-layer equalisation). What blocks add to keeps a unit's one factor.

    Args:
        layers: from `depth_network.fold`.
        poses: (poses, 17, 2), normalised.
    """
    tensors = _tensors(layers, poses)
    first, *inner, last = layers
    blocks = tuple(zip(inner[::2], inner[1::2], strict=True))
    sums = (f"{first}_leaky", *(name for _, two in blocks for name in (two, f"{two}_sum")))
    reach = {name: np.abs(tensors[name]).max(0) + 1e-6 for name in (*sums, *inner)}
    trunk = _factors(np.max([reach[name] / reach[name].mean() for name in sums], axis=0))
    balanced = {first: _scale(layers[first], 1.0, trunk), last: _scale(layers[last], trunk, 1.0)}
    for one, two in blocks:
        between = _factors(reach[one])
        balanced[one] = _scale(layers[one], trunk, between)
        balanced[two] = _scale(layers[two], between, trunk)
    return {name: balanced[name] for name in layers}


def _factors(reach):
    return np.exp(BALANCE * (np.log(reach) - np.log(reach).mean())).astype(np.float32)


def _scale(layer, before, after):
    """A layer whose inputs are divided by `before` and whose outputs are to be by `after`."""
    before = np.broadcast_to(np.float32(before), len(layer.kernel))[:, None]
    kernel = layer.kernel * before / np.float32(after)
    return dataclasses.replace(layer, kernel=kernel, bias=layer.bias / np.float32(after))


def refit(layers: dict[str, Linear], features: np.ndarray, target: np.ndarray) -> dict[str, Linear]:
    """Layers whose last one gives the float network's depths from the 8-bit network's features.

    Ridge regression: the least change of the last layer that takes up what rounding did before
    it. Needs no labels.

    Args:
        layers: from `fold`.
        features: (poses, width), what the 8-bit network hands to its last layer.
        target: (poses, 17), the float network's depths.
    """
    *_, name = layers
    last = layers[name]
    features = features.astype(np.float64)
    rest = target - (features @ last.kernel + last.bias)
    centred = features - features.mean(0)
    covariance = centred.T @ centred / len(features)
    covariance += RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    kernel = last.kernel + np.linalg.solve(covariance, centred.T @ rest / len(features))
    bias = last.bias + rest.mean(0) - features.mean(0) @ (kernel - last.kernel)
    fitted = dataclasses.replace(
        last, kernel=kernel.astype(np.float32), bias=bias.astype(np.float32)
    )
    return {**layers, name: fitted}
