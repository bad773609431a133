"""Verifying an export: another runtime must give the Keras model's poses of the test split.

Each export is written beside its final place, reloaded in a process of its own, compared, and
moved to its place only if it passes.
"""

import dataclasses
import pathlib
import subprocess
import sys
import tempfile
from typing import Any

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.evaluation import metrics
from synpose_tf.export import probe
from synpose_tf.export.formats import Format
from synpose_tf.export.trained import TrainedLifter, mean_metrics
from synpose_tf.structures.skeleton import H36M_17

FAR_OFF = 80.0  # Millimetres: a pose with a joint that differs by more is not to be trusted.


@dataclasses.dataclass(frozen=True)
class Distrust:
    """Which poses of an export are not to be trusted.

    Args:
        poses: test poses with a joint that differs from the Keras model's by more than `FAR_OFF`.
        reach: a pose is not to be trusted where the export gives a joint this far from the hip or
            farther, mean image radii: the least that one of those poses has.
        share: of all test poses that reach so far.
    """

    poses: int
    reach: float
    share: float


@dataclasses.dataclass(frozen=True)
class Measurement:
    """What was measured of one export.

    Args:
        format: its name.
        over_time: `centred` or `causal` for an export that corrects recordings, else empty.
        size: bytes.
        max_difference, mean_difference: of the joints from the Keras model's, millimetres at
            the true mean root distance.
        worst_pose, worst_joint: where the largest is: the test pose's number from 0, the joint's
            name.
        mpjpe, p_mpjpe: on the test split, millimetres.
        mpjpe_change, p_mpjpe_change: against the Keras model, millimetres.
        one_pose, batch: latency on one core, seconds; a batch is `probe.BATCH` poses.
        peak_memory: of a process that loads and runs it, bytes; None where the system does not
            tell, as Windows.
        distrust: which poses are not to be trusted; None where no joint is far off.
        failures: what exceeds the tolerance; empty where the export passed.
    """

    format: str
    over_time: str
    size: int
    max_difference: float
    mean_difference: float
    worst_pose: int
    worst_joint: str
    mpjpe: float
    p_mpjpe: float
    mpjpe_change: float
    p_mpjpe_change: float
    one_pose: float
    batch: float
    peak_memory: float | None
    distrust: Distrust | None = None
    failures: tuple[str, ...] = ()


def measure(format: Format, folder: pathlib.Path, trained: TrainedLifter) -> Measurement:
    """Reloads an export and compares it with the Keras model on every test pose.

    Where the format has two ways to run it, the one that differs more counts.

    Args:
        format: of the export.
        folder: that the format's writer filled.
        trained: the lifter that was exported.

    Raises:
        SynposeError: the runtime can't load or run the export.
    """
    inputs, size = trained.inputs, folder_size(folder)
    results = run_apart(format, folder, inputs)
    measured = compare(format, size, results, trained)
    if format.command_line is None:
        return measured
    poses = format.command_line(folder, inputs)
    again = compare(format, size, results | {"poses": poses}, trained)
    return max(measured, again, key=lambda m: m.max_difference)


def run_apart(
    format: Format, folder: pathlib.Path, inputs: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Runs `probe.py` on an export: `poses` (…, 17, 3) and the figures it measures.

    Raises:
        SynposeError: the process fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        given, got = pathlib.Path(scratch, "inputs.npz"), pathlib.Path(scratch, "outputs.npz")
        arrays: dict[str, Any] = {**inputs}
        np.savez(given, **arrays)
        paths = (probe.__file__, format.runtime, folder.resolve(), given, got)
        command = [sys.executable, *map(str, paths)]
        finished = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, cwd=scratch
        )
        if finished.returncode:
            last = (finished.stderr.strip().splitlines() or [f"exit code {finished.returncode}"])[
                -1
            ]
            raise SynposeError(
                f"{format.name}: {format.runtime.name} can't load and run the export ({last})."
            )
        with np.load(got) as archive:
            return {name: archive[name] for name in archive.files}


def compare(
    format: Format, size: int, results: dict[str, np.ndarray], trained: TrainedLifter
) -> Measurement:
    """Measures results of `run_apart` against the Keras model and the truth.

    Raises:
        SynposeError: poses are missing or not finite.
    """
    poses, expected = results["poses"], trained.lifted
    truth = trained.test["keypoints_3d"]
    shape = (*trained.inputs["keypoints"].shape[:-1], 3)
    if poses.shape != shape:
        raise SynposeError(f"{format.name}: gives {poses.shape} poses, expected {shape}.")
    poses = poses.reshape(expected.shape)
    if not np.isfinite(poses).all():
        bad = np.flatnonzero(~np.isfinite(poses).all(axis=(1, 2)))
        raise SynposeError(
            f"{format.name}: gives no pose for {len(bad)} of {len(poses)} test poses, the first of "
            f"them number {bad[0]}. Are its keypoints a pose?"
        )
    # One scale for both, the one that gives the Keras model's pose its true size.
    scale = _mean_root_distance(truth) / _mean_root_distance(expected)
    difference = np.linalg.norm(poses - expected, axis=-1) * scale
    worst_pose, worst_joint = map(int, np.unravel_index(difference.argmax(), difference.shape))
    figures, reference = mean_metrics(poses, truth), trained.figures
    measured = Measurement(
        format.name,
        format.over_time,
        size,
        float(difference.max()),
        float(difference.mean()),
        worst_pose,
        H36M_17.joints[worst_joint],
        figures["mpjpe"],
        figures["p_mpjpe"],
        figures["mpjpe"] - reference["mpjpe"],
        figures["p_mpjpe"] - reference["p_mpjpe"],
        float(results["one_pose_s"]),
        float(results["batch_s"]),
        float(results["peak_memory"]) if np.isfinite(results["peak_memory"]) else None,
        _distrust(poses, difference),
    )
    return dataclasses.replace(measured, failures=_failures(measured, format.tolerance))


def _distrust(poses, difference):
    """A `Distrust` by how far joints reach: a program that lifts can tell that by itself."""
    far_off = (difference > FAR_OFF).any(axis=1)
    if not far_off.any():
        return None
    reach = np.linalg.norm(metrics.root_relative(poses), axis=-1).max(axis=1)
    least = reach[far_off].min()
    return Distrust(int(far_off.sum()), float(least), float((reach >= least).mean()))


def _mean_root_distance(poses):
    return np.linalg.norm(metrics.root_relative(poses), axis=-1).mean(-1, keepdims=True)


def _failures(measured, tolerance):
    """What exceeds its tolerance."""
    change = measured.mpjpe_change
    if tolerance.may_err_less:
        change = max(change, 0.0)
    limits = {
        "a joint differs from the Keras model's": (measured.max_difference, tolerance.difference),
        "MPJPE changes": (change, tolerance.mpjpe),
    }
    return tuple(
        f"{what} by {figure:.4g} mm, allowed are {limit:g} mm"
        for what, (figure, limit) in limits.items()
        if abs(figure) > limit
    )


def folder_size(folder: pathlib.Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
