"""Reads MPI-INF-3DHP's annotations and tells apart frames that contradict themselves.

Each frame carries three redundant annotations: `annot2` (pixels), `annot3` (camera frame,
millimetres) and `univ_annot3`, the same pose at the size of the universal skeleton. By the
data set's README `annot3` projects onto `annot2` and `univ_annot3` does not; relative to the
pelvis, `univ_annot3` is `annot3` times one factor for the whole sequence. A damaged number
breaks one of these two ties.
"""

import dataclasses
import pathlib
from collections.abc import Iterable

import numpy as np
from absl import logging

from synpose_tf.datasets import matlab
from synpose_tf.datasets.mpi_inf_3dhp.calibration import fit_pinhole
from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import project
from synpose_tf.structures.skeleton import H36M_17, MPI_INF_3DHP_17, MPI_INF_3DHP_28, select_joints

KEYS = ("annot2", "annot3", "univ_annot3")
# In the order of the numbers 1 to 7, as the test set's mpii_get_activity_name.m has them.
ACTIVITIES = (
    "Standing/Walking", "Exercising", "Sitting", "Reaching/Crouching", "On The Floor",
    "Sports", "Miscellaneous",
)  # fmt: skip

# Far wider than the annotations' own noise (a median of 0.003 px is published for S1), far
# narrower than what a wrong camera, a shifted frame or a damaged exponent does.
MAX_PIXELS = 5.0
MAX_MILLIMETRES = 1.0
# More contradictory frames than this are no glitch: the files do not belong together.
MAX_BAD_FRAMES = 0.01
_FARTHEST = 1e5  # millimetres or pixels
_NUMBERS = "fiub"  # NumPy's kinds: float, signed, unsigned and logical


@dataclasses.dataclass(frozen=True)
class Frames:
    """F annotated frames of one camera, Human3.6M-17 joints.

    Args:
        rows: (F,), the frame's row in the file, from 0.
        pixels: (F, 17, 2), `annot2`.
        metric: (F, 17, 3), `annot3`: camera frame, millimetres, the person's own size.
        universal: (F, 17, 3), `univ_annot3`: camera frame, millimetres, universal size.
    """

    rows: np.ndarray
    pixels: np.ndarray
    metric: np.ndarray
    universal: np.ndarray

    def __getitem__(self, which: slice | np.ndarray) -> "Frames":
        return Frames(*(getattr(self, f.name)[which] for f in dataclasses.fields(self)))


def read_train(path: pathlib.Path, where: str, cameras: Iterable[int]) -> dict[int, Frames]:
    """The frames of each camera from a training sequence's `annot.mat`.

    Args:
        path: the file. Its cells are `[camera][0]`, each frames x (28 joints · 2 or 3).
        where: subject and sequence, for messages.
        cameras: camera numbers.

    Raises:
        SynposeError: the file is unreadable, lacks a key or a camera, or its arrays have
            other shapes or lengths, or hold a number that is no coordinate.
    """
    cells = matlab.load(path, KEYS)
    return {camera: _train_camera(path, where, cells, camera) for camera in cameras}


def _train_camera(path, where, cells, camera):
    where = f"{where} camera {camera}"
    arrays = []
    for key, size in zip(KEYS, (2, 3, 3), strict=True):
        cell = cells[key]
        if cell.dtype != object or camera >= len(cell.reshape(-1)):
            raise SynposeError(
                f"{path}: {key} holds {cell.size} cells of {cell.dtype}, so none for camera "
                f"{camera} of {where}."
            )
        array = np.asarray(cell.reshape(-1)[camera])
        expected = len(MPI_INF_3DHP_28) * size
        if array.ndim != 2 or array.shape[1] != expected or array.dtype.kind not in _NUMBERS:
            raise SynposeError(
                f"{path}: {key} of {where} has shape {array.shape} of {array.dtype}, expected "
                f"numbers of shape (frames, {expected})."
            )
        arrays.append(array.reshape(len(array), len(MPI_INF_3DHP_28), size))
    _check_lengths(path, where, arrays)
    return _frames(path, where, arrays, MPI_INF_3DHP_28, np.arange(len(arrays[0])))


def read_test(path: pathlib.Path, where: str) -> tuple[Frames, np.ndarray]:
    """The valid frames of a test sequence's `annot_data.mat`, and each one's activity.

    MATLAB's shapes are 2 (or 3) x 17 joints x 1 x frames.

    Returns:
        Frames and (F,), the activity as an index into `ACTIVITIES`.

    Raises:
        SynposeError: as `read_train`, or no frame is valid, or the flag or the activity of a
            frame is not one of those known.
    """
    values = matlab.load(path, (*KEYS, "valid_frame", "activity_annotation"))
    arrays = []
    for key, size in zip(KEYS, (2, 3, 3), strict=True):
        array = values[key]
        shape = (size, len(MPI_INF_3DHP_17))
        flat = array.shape[:2] == shape and all(n == 1 for n in array.shape[2:-1])
        if not flat or array.dtype.kind not in _NUMBERS:
            raise SynposeError(
                f"{path}: {key} of {where} has shape {array.shape} of {array.dtype}, expected "
                f"numbers of shape ({size}, {shape[1]}, 1, frames)."
            )
        arrays.append(array.reshape(*shape, -1).transpose(2, 1, 0))
    _check_lengths(path, where, arrays)
    valid = _labels(path, where, values, "valid_frame", len(arrays[0]), range(2)) == 1
    if not valid.any():
        raise SynposeError(f"{path}: no frame of {where} is valid (valid_frame is 0 throughout).")
    frames = _frames(path, where, arrays, MPI_INF_3DHP_17, np.flatnonzero(valid))
    known = range(1, len(ACTIVITIES) + 1)
    numbers = _labels(path, where, values, "activity_annotation", len(valid), known, valid)
    return frames, numbers.astype(int) - 1


def _labels(path, where, values, key, count, known, rows=slice(None)):
    labels = values[key].reshape(-1)
    if len(labels) != count or labels.dtype.kind not in _NUMBERS:
        raise SynposeError(
            f"{path}: {key} of {where} has {len(labels)} entries of {labels.dtype}, but annot2 "
            f"has {count} frames."
        )
    labels = labels[rows]
    if not np.isin(labels, known).all():
        bad = labels[~np.isin(labels, known)][0]
        raise SynposeError(
            f"{path}: {key} of {where} holds {bad}, expected {known[0]} to {known[-1]}."
        )
    return labels


def _check_lengths(path, where, arrays):
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1 or not lengths[0]:
        raise SynposeError(
            f"{path}: {where} has {lengths[0]} frames in annot2, {lengths[1]} in annot3 and "
            f"{lengths[2]} in univ_annot3; expected as many in each. Fetch the file again."
        )


def _frames(path, where, arrays, skeleton, rows):
    joints = [select_joints(array[rows], skeleton, H36M_17).astype(np.float64) for array in arrays]
    for key, array in zip(KEYS, joints, strict=True):
        # A comparison with NaN is False, so this refuses NaN too.
        bad = ~(np.abs(array) <= _FARTHEST).all((1, 2))
        if bad.any():
            raise SynposeError(
                f"{path}: {key} of {where} holds a number that is no coordinate (NaN, infinite "
                f"or beyond {_FARTHEST:g}) in row {rows[bad][0]}. Fetch the file again."
            )
    return Frames(rows, *joints)


def fit_intrinsics(path: pathlib.Path, where: str, frames: Frames) -> np.ndarray:
    """(9,), the pinhole camera that the frames were seen through.

    Raises:
        SynposeError: the annotations do not determine one.
    """
    try:
        return fit_pinhole(frames.pixels, frames.metric)
    except ValueError as error:
        raise SynposeError(
            f"{path}: no camera can be fitted to annot2 and annot3 of {where}: {error}."
        ) from error


def consistent(
    path: pathlib.Path, where: str, frames: Frames, intrinsics: np.ndarray
) -> np.ndarray:
    """(F,) bool, the frames whose three annotations agree; logs those that do not.

    Args:
        path, where: file, subject and sequence, for messages.
        frames: as read.
        intrinsics: (9,), the camera.

    Raises:
        SynposeError: more than `MAX_BAD_FRAMES` of the frames contradict themselves.
    """
    pixels, millimetres = _residuals(frames, intrinsics)
    good = (pixels <= MAX_PIXELS) & (millimetres <= MAX_MILLIMETRES)
    if good.all():
        return good
    first = np.flatnonzero(~good)[0]
    found = (
        f"{path}: in {np.sum(~good)} of {len(good)} frames of {where} the annotations contradict "
        f"each other; the first is row {frames.rows[first]}, where annot3 projects "
        f"{pixels[first]:.3g} px from annot2 (at most {MAX_PIXELS:g} expected) and lies "
        f"{millimetres[first]:.3g} mm from the scaled univ_annot3 (at most {MAX_MILLIMETRES:g})."
    )
    if np.mean(~good) > MAX_BAD_FRAMES:
        raise SynposeError(f"{found} Do its files belong together? Fetch them again.")
    logging.warning("%s They are left out.", found)
    return good


def _residuals(frames, intrinsics):
    """Each frame's largest distances, in pixels and in millimetres, between annotations."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        projected = project(frames.metric, intrinsics)
        pixels = np.linalg.norm(projected - frames.pixels, axis=-1).max(-1)
    pixels[(frames.metric[..., 2] <= 0).any(-1)] = np.inf
    metric, universal = (p - p[:, [H36M_17.root]] for p in (frames.metric, frames.universal))
    # The median holds against a few damaged frames, least squares would not.
    size = np.maximum((universal**2).sum((1, 2)), 1e-9)
    scale = np.median((metric * universal).sum((1, 2)) / size)
    millimetres = np.linalg.norm(metric - scale * universal, axis=-1).max(-1)
    return np.nan_to_num(pixels, nan=np.inf), millimetres
