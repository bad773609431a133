"""Quantisation-aware training of an 8-bit lifter, in a process of its own.

It learns what the float lifter gives a pose and its mirror image on average, which is nearer to
the truth than what it gives the pose alone, and so outweighs some of what rounding costs.

tensorflow-model-optimization turns `tf.keras` into Keras 2 for the whole process that imports it,
so only `quantization_aware_training`, which is started here, does.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.export.tflite import calibration
from synpose_tf.export.tflite.depth_network import Linear
from synpose_tf.training.augmentation import Augmentation
from synpose_tf.training.input_pipeline import training_batches

POSES = 100_000  # Of the training split, and as many again as its run changed them.
STEPS = 4_000
_BATCH = 5_000


def training_poses(trained) -> np.ndarray:
    """Normalised 2D poses (poses, 17, 2) of a `TrainedLifter`: training views, half of them
    changed as its training run changed them (more views, a detector's noise, missed joints).

    Raises:
        SynposeError: too few views, or views that are not finite.
    """
    changes = Augmentation(**trained.run.get("config", {}).get("augmentation", {}))
    batches = training_batches(trained.training, _BATCH, seed=0, augmentation=changes)
    changed = [
        calibration.normalized(trained, {key: value.numpy() for key, value in views.items()})
        for views in batches.take(POSES // _BATCH)
    ]
    return np.concatenate([calibration.training_poses(trained, POSES), *changed])


def fine_tune(
    layers: dict[str, Linear], poses: np.ndarray, depths: np.ndarray, steps: int = STEPS
) -> bytes:
    """Trains the 8-bit network to give depths, and converts it.

    Args:
        layers: from `depth_network.fold`.
        poses: (poses, 17, 2), normalised training poses.
        depths: (poses, 17), from `calibration.both_ways`.
        steps: of training.

    Returns:
        The content of a .tflite file, 8 bits throughout, floats in and out.

    Raises:
        SynposeError: the process fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        given, got = pathlib.Path(scratch, "given.npz"), pathlib.Path(scratch, "got.tflite")
        arrays = {"poses": poses, "depths": depths, "steps": steps, "names": list(layers)}
        for name, layer in layers.items():
            arrays |= {f"{name}/kernel": layer.kernel, f"{name}/bias": layer.bias}
        np.savez(given, **arrays)
        _run("synpose_tf.export.tflite.qat_training", given, got)
        return got.read_bytes()


def _run(module, *arguments):
    command = [sys.executable, "-m", module, *map(str, arguments)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    finished = subprocess.run(
        command, env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    if finished.returncode:
        lines = finished.stderr.strip().splitlines() or [f"exit code {finished.returncode}"]
        raise SynposeError(f"quantisation-aware training failed ({lines[-1]}).")
