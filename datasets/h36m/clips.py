"""What every source gives: poses and detections, checked, as Human3.6M-17 joints.

Packed forms carry checksums; unpacked CDF and HDF5 files do not. The checks here find what
damage leaves no human body: a number that is none, a point outside the room, a bone that
changes its length in a take whose bones otherwise keep theirs. A changed coordinate that
moves a joint by less than a few centimetres, or happens to keep its bones' lengths, cannot be
told from motion.
"""

import dataclasses

import numpy as np
from absl import logging

from synpose_tf.datasets.mpii import joints as mpii_joints
from synpose_tf.errors import SynposeError
from synpose_tf.structures.skeleton import H36M_17, H36M_32, Skeleton, select_joints

ROOM = 10_000.0  # mm from the world's origin; the recorded area is 4 m x 3 m
BODY = (200.0, 3_000.0)  # mm along an axis from the hip to the farthest joint, median frame
RIGID = 0.02  # mm; a bone that keeps its length this well in half of a take's frames ...
BROKEN = 2.0  # mm; ... has been damaged in a frame where it is this far off
PIXELS = (-1_000.0, 2_000.0)  # one image to each side; detectors stay well within


@dataclasses.dataclass(frozen=True)
class Poses:
    """The poses of one take.

    Args:
        where: the file, and the place in it, for messages.
        points: (F, 17, 3), world, millimetres.
    """

    where: str
    points: np.ndarray


@dataclasses.dataclass(frozen=True)
class Detections:
    """What a detector found in one camera's video of a take.

    Args:
        where: the file, and the place in it, for messages.
        points: (F, 17, 2), pixels.
        confidence: (17,), 1 for what the detector gave and 0 for what was derived from it.
    """

    where: str
    points: np.ndarray
    confidence: np.ndarray


def poses(where: str, points: np.ndarray, unit: float = 1.0) -> Poses:
    """Checks the recorded positions of one take.

    Args:
        where: the file, and the place in it, for messages.
        points: (F, 32, 3), world.
        unit: the source's unit of length in millimetres.

    Raises:
        SynposeError: a wrong shape, a coordinate that is not finite, or positions that are
            no human body; names `where` and the frame.
    """
    points = _numbers(where, points, (len(H36M_32), 3))
    points = unit * select_joints(points, H36M_32, H36M_17)
    _refuse(where, ~np.isfinite(points), "a coordinate that is not finite")
    size = np.abs(points - points[:, :1]).max((1, 2))
    if not BODY[0] <= np.median(size) <= BODY[1]:
        raise SynposeError(
            f"{where}: the joints lie within {np.median(size):.3g} mm of the hip. Expected "
            f"{BODY[0]:.0f} to {BODY[1]:.0f}: are the positions in "
            f"{'metres' if unit > 1 else 'millimetres'}?"
        )
    _refuse(where, np.abs(points) > ROOM, f"a joint more than {ROOM / 1000:.0f} m from the origin")
    _refuse(where, size < BODY[0] / 10, "all joints at one place")
    _check_bones(where, points)
    return Poses(where, points)


def detections(where: str, points: np.ndarray, skeleton: Skeleton) -> Detections:
    """Checks one camera's detections and maps them to Human3.6M's joints by name.

    Args:
        where: the file, and the place in it, for messages.
        points: (F, J, 2), pixels.
        skeleton: Human3.6M-17, MPII-16 or COCO-17; what the latter lack is derived as
            `synpose_tf.datasets.mpii.joints` says.

    Raises:
        SynposeError: a wrong shape, a coordinate that is not finite or far outside the
            image; names `where` and the frame.
    """
    points = _numbers(where, points, (len(skeleton), 2))
    _refuse(where, ~np.isfinite(points), "a coordinate that is not finite")
    low, high = PIXELS
    _refuse(where, (points < low) | (points > high), f"a pixel outside {low:.0f} to {high:.0f}")
    confidence = np.ones(len(skeleton))
    if skeleton is not H36M_17:
        points, confidence = mpii_joints.to_h36m_17(points, np.ones(points.shape[:2]), skeleton)
        confidence = confidence[0]
    return Detections(where, points.astype(np.float32), confidence)


def _numbers(where, points, shape):
    points = np.asarray(points)
    if points.ndim != 3 or points.shape[1:] != shape or points.dtype.kind not in "fiu":
        raise SynposeError(
            f"{where}: an array of shape {points.shape} and type {points.dtype}. Expected "
            f"numbers of shape (frames, {shape[0]}, {shape[1]})."
        )
    if not len(points):
        raise SynposeError(f"{where}: holds no frame. Fetch the file again.")
    return points.astype(np.float64)


def _refuse(where, bad, what):
    """Raises for the first frame in which anything is bad."""
    frames = np.flatnonzero(bad.reshape(len(bad), -1).any(-1))
    if len(frames):
        raise SynposeError(
            f"{where}: {what} in {len(frames)} of {len(bad)} frames, first in frame {frames[0]}. "
            "The file is probably damaged; copy or download it again."
        )


def _check_bones(where, points):
    child, parent = np.array(H36M_17.bones).T
    lengths = np.linalg.norm(points[:, child] - points[:, parent], axis=-1)
    usual = np.median(lengths, axis=0)
    change = np.abs(lengths - usual)
    usual_change = np.median(change, axis=0)
    for bone in np.flatnonzero(usual_change < RIGID):
        name = H36M_17.joints[child[bone]]
        _refuse(where, change[:, bone] > BROKEN, f"another length of the bone that ends in {name}")
    if (usual_change > 0.2 * usual).any():
        logging.warning(
            "%s: bones change by more than a fifth of their length in half of the frames. Are "
            "these positions of the joints of one person, in Human3.6M's order?",
            where,
        )
