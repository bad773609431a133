"""Quantisation-aware training of an 8-bit lifter, in a process of its own.

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
from synpose_tf.export.depth_network import Linear

POSES = 50_000
STEPS = 2_000


def fine_tune(
    layers: dict[str, Linear], poses: np.ndarray, depths: np.ndarray, steps: int = STEPS
) -> bytes:
    """Trains the 8-bit network to give the float network's depths, and converts it.

    Args:
        layers: from `depth_network.fold`.
        poses: (poses, 17, 2), normalised training poses.
        depths: (poses, 17), the float network's.
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
        _run("synpose_tf.export.quantization_aware_training", given, got)
        return got.read_bytes()


def _run(module, *arguments):
    command = [sys.executable, "-m", module, *map(str, arguments)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode:
        lines = finished.stderr.strip().splitlines() or [f"exit code {finished.returncode}"]
        raise SynposeError(f"quantisation-aware training failed ({lines[-1]}).")
