"""A SavedModel's poses by TensorFlow's own command line, `saved_model_cli run`."""

import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.export.saved_model.serving_graph import LARGEST_REQUEST

COMMAND = (sys.executable, "-m", "tensorflow.python.tools.saved_model_cli")


def run(folder: pathlib.Path, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Lifts, in processes of their own that import no model code.

    Args:
        folder: of the SavedModel.
        inputs: the signature's, by name: `keypoints` (n, …, 17, 2), pixels, and in camera mode
            `intrinsics` (n, 9).

    Returns:
        Poses (n, …, 17, 3).

    Raises:
        SynposeError: the command fails.
    """
    count, *frames = inputs["keypoints"].shape[:-2]
    size = LARGEST_REQUEST // int(np.prod(frames))
    parts = [
        {name: array[i : i + size] for name, array in inputs.items()} for i in range(0, count, size)
    ]
    return np.concatenate([_request(folder, part) for part in parts])


def _request(folder, inputs):
    with tempfile.TemporaryDirectory() as scratch:
        for name, array in inputs.items():
            np.save(pathlib.Path(scratch, f"{name}.npy"), array)
        given = ";".join(f"{name}={name}.npy" for name in inputs)
        finished = subprocess.run(
            [*COMMAND, "run", "--dir", folder.resolve(), "--tag_set", "serve"]
            + ["--signature_def", "serving_default", "--inputs", given, "--outdir", "."],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd=scratch,
            env=os.environ | {"PYTHONPATH": ""},
        )
        poses = pathlib.Path(scratch, "poses.npy")
        if finished.returncode or not poses.exists():
            last = (finished.stderr.strip().splitlines() or ["no message"])[-1]
            raise SynposeError(f"saved_model: saved_model_cli can't run the export ({last}).")
        return np.load(poses)
