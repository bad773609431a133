"""Quantisation-aware training of an 8-bit lifter, in a process of its own.

It learns the float lifter's own depths, moved a little towards the mean with those of the mirror
image. That mean is nearer to the truth, and outweighs some of what rounding costs; but a network of
this size can't hold it: what it learns of the mean it loses elsewhere, so a little is best.

tensorflow-model-optimization turns `tf.keras` into Keras 2 for the whole process that imports it,
so only `quantization_aware_training`, which is started here, does.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from synpose_tf.errors import SynposeError
from synpose_tf.export.tflite import calibration, depth_network
from synpose_tf.export.tflite.depth_network import DepthNetwork, Linear, Range
from synpose_tf.training.augmentation import Augmentation
from synpose_tf.training.input_pipeline import training_batches

if TYPE_CHECKING:
    from synpose_tf.export.trained import TrainedLifter

POSES = 100_000  # Of the training split.
CHANGED = 400_000  # As the training run changed them: few are learnt by heart.
STEPS = 8_000
MIRRORED = 0.25  # The share of the mean with the mirror image in what is learnt.
RANGE_POSES = 10_000
_BATCH = 5_000


def training_poses(trained: "TrainedLifter") -> np.ndarray:
    """Normalised 2D poses (poses, 17, 2) of a `TrainedLifter`: training views, most of them
    changed as its training run changed them (other bodies, more views, a detector's noise).

    Raises:
        SynposeError: too few views, or views that are not finite.
    """
    changes = Augmentation(**trained.run.get("config", {}).get("augmentation", {}))
    batches = training_batches(trained.training, _BATCH, seed=0, augmentation=changes)
    changed = [
        calibration.normalized(trained, {key: value.numpy() for key, value in views.items()})
        for views in batches.take(CHANGED // _BATCH)
    ]
    return np.concatenate([calibration.training_poses(trained, POSES), *changed])


def target(layers: dict[str, Linear], poses: np.ndarray) -> np.ndarray:
    """What is learnt, depths (poses, 17) of normalised poses (poses, 17, 2)."""
    own = calibration.depths(layers, poses)
    return own + MIRRORED * (calibration.both_ways(layers, poses) - own)


def fine_tune(
    layers: dict[str, Linear], poses: np.ndarray, depths: np.ndarray, steps: int = STEPS
) -> DepthNetwork:
    """Trains the 8-bit network to give depths.

    Args:
        layers: from `depth_network.fold`.
        poses: (poses, 17, 2), normalised training poses.
        depths: (poses, 17), from `target`.
        steps: of training.

    Returns:
        The network with its learned ranges; its first and last layers stay floats.

    Raises:
        SynposeError: the process fails.
    """
    some = np.random.default_rng(0).permutation(len(poses))[:RANGE_POSES]
    layers = calibration.balance(layers, poses[some])
    ranges = depth_network.inner(calibration.ranges(layers, poses[some]), layers)
    with tempfile.TemporaryDirectory() as scratch:
        given, got = pathlib.Path(scratch, "given.npz"), pathlib.Path(scratch, "got.npz")
        write(given, layers, ranges, poses=poses, depths=depths, steps=steps)
        _run("synpose_tf.export.tflite.qat_training", given, got)
        layers, ranges, _ = read(got)
        return DepthNetwork(layers, ranges)


def write(
    path: pathlib.Path, layers: dict[str, Linear], ranges: dict[str, Range], **others: npt.ArrayLike
) -> None:
    """Writes layers, ranges and other arrays, for `read` in another process."""
    arrays: dict[str, Any] = {f"range/{name}": ends for name, ends in ranges.items()}
    for name, layer in layers.items():
        arrays |= {f"kernel/{name}": layer.kernel, f"bias/{name}": layer.bias}
    np.savez(path, **(arrays | others))


def read(path: pathlib.Path) -> tuple[dict[str, Linear], dict[str, Range], dict[str, np.ndarray]]:
    """Layers, ranges and other arrays that `write` wrote, in their order."""
    kinds: dict[str, dict[str, np.ndarray]] = {"kernel": {}, "bias": {}, "range": {}, "": {}}
    with np.load(path) as arrays:
        for key in arrays.files:
            kind, _, name = key.rpartition("/")
            kinds[kind][name] = arrays[key]
    layers = {name: Linear(kernel, kinds["bias"][name]) for name, kernel in kinds["kernel"].items()}
    ranges = {name: (float(low), float(high)) for name, (low, high) in kinds["range"].items()}
    return layers, ranges, kinds[""]


def _run(module, *arguments):
    command = [sys.executable, "-m", module, *map(str, arguments)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    finished = subprocess.run(
        command, env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    if finished.returncode:
        lines = finished.stderr.strip().splitlines() or [f"exit code {finished.returncode}"]
        raise SynposeError(f"quantisation-aware training failed ({lines[-1]}).")
