"""Poses by an exported page's own code, in Node.js: TypeScript, and LiteRT in WebAssembly."""

import json
import pathlib
import subprocess
import tempfile

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.export.web import bundle, writer

_LITERT = "wasm/litert_wasm_compat_internal.js"


Inputs = dict[str, np.ndarray]


def run(folder: pathlib.Path, inputs: Inputs, precision: str = "float16") -> np.ndarray:
    """Lifts complete 2D poses.

    Args:
        folder: the export's.
        inputs: `keypoints` (n, 17, 2) and in camera mode `intrinsics` (n, 9).
        precision: one of `writer.LIFTERS`.

    Returns:
        (n, 17, 3), as every export gives them.

    Raises:
        SynposeError: Node.js fails.
    """
    poses, _ = measure(folder, inputs, precision)
    return poses


def measure(
    folder: pathlib.Path, inputs: Inputs, precision: str = "float16"
) -> tuple[np.ndarray, float]:
    """As `run`, and the median seconds of the network, a pose at a time."""
    normalization = json.loads((folder / writer.CARD).read_text("utf-8"))["normalization"]
    with tempfile.TemporaryDirectory() as scratch:
        paths = [pathlib.Path(scratch, name) for name in ("keypoints", "intrinsics", "poses")]
        for path in paths[:2]:
            array = inputs.get(path.name, np.zeros(0))
            path.write_bytes(np.asarray(array, "<f4").tobytes())
        finished = subprocess.run(
            [
                bundle.find("node") or "node",
                bundle.built() / bundle.NODE / "lift_poses.mjs",
                (folder / _LITERT).resolve(),
                (folder / writer.LIFTERS[precision]).resolve(),
                normalization["mode"],
                str(normalization["distance"]),
                *paths,
            ],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if finished.returncode:
            lines = [line for line in finished.stderr.splitlines() if "Error" in line]
            raise SynposeError(
                f"web: the page's code can't lift ({(lines or ['no reason given'])[0][:300]})."
            )
        poses = np.fromfile(paths[2], "<f4").reshape(-1, 17, 3)
    return poses, float(finished.stdout.split()[-1]) / 1e3
