"""Files of several cameras, read and lifted, and what is known of the cameras."""

import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from synpose_tf import keypoints
from synpose_tf.errors import SynposeError
from synpose_tf.geometry import camera as geometry
from synpose_tf.geometry.camera import parse_intrinsics, pinhole
from synpose_tf.inference.lifter import Lifter
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints.image_names import labels
from synpose_tf.reconstruction import calibration_files
from synpose_tf.reconstruction.rig import Rig, focal_of
from synpose_tf.reconstruction.views import Camera


def names_of(paths: Sequence[str]) -> list[str]:
    """What to call cameras: by what tells their files apart."""
    places = [pathlib.Path(path).resolve() for path in paths]
    stems = [path.name if path.is_dir() else path.name.split(".")[0] for path in places]
    if len(set(stems)) == len(stems):
        return stems
    return labels([(str(path.parent), path.stem) for path in places])


def calibrated(path: str, names: Sequence[str]) -> list[geometry.Camera]:
    """The cameras of a calibration in the order of recordings: by name, else as they come.

    Raises:
        SynposeError: it has fewer cameras, or others.
    """
    cameras = calibration_files.read(path)
    found = []
    for name in names:
        fitting = [c for c in cameras if c.name == name]
        fitting = fitting or [c for c in cameras if c.name in name or name in c.name]
        found += fitting if len(fitting) == 1 else []
    if len(found) == len({c.name for c in found}) == len(names):
        return found
    if len(cameras) == len(names):
        return cameras
    raise SynposeError(
        f"{path}: holds {len(cameras)} cameras, {', '.join(c.name for c in cameras)}; the "
        f"recordings are {', '.join(names)}. Name the files after the cameras, or give as many."
    )


def intrinsics_of(text: str | None, names: Sequence[str]) -> Sequence[np.ndarray | None]:
    """Of each camera (9,), from the text of `--intrinsics`; None where it is not given.

    Args:
        text: a calibration file, or `fx,fy,cx,cy` for all, or one a camera with `;` between.
        names: of the cameras.

    Raises:
        SynposeError: it is neither.
    """
    if text is None:
        return [None] * len(names)
    if not text[:1].isdigit() or os.path.exists(text):
        return [camera.intrinsics for camera in calibrated(text, names)]
    given = [parse_intrinsics(part.split(",")) for part in text.split(";") if part.strip()]
    if len(given) == 1:
        given *= len(names)
    if len(given) != len(names):
        raise SynposeError(
            f"--intrinsics: {len(given)} cameras' are given for {len(names)} recordings. Give one "
            "for all, or one a camera with ; between."
        )
    return given


def guess(image_size: tuple[int, int] | None, name: str) -> np.ndarray:
    """Intrinsics (9,) to start from, of a camera of which nothing is known: a usual lens.

    Raises:
        SynposeError: the size of its picture isn't known either.
    """
    if image_size is None:
        raise SynposeError(
            f"{name}: neither --intrinsics nor the size of its picture is known. Give --intrinsics "
            "or --image_size=WIDTH,HEIGHT."
        )
    width, height = image_size
    return pinhole([float(max(width, height))] * 2, (width / 2.0, height / 2.0))


def read(
    path: str,
    name: str,
    intrinsics: np.ndarray | None,
    lifter: Lifter,
    body_height: float,
    **options: Any,
) -> tuple[Camera, list[str]]:
    """A camera's recording, each of its people lifted; and notes for the user.

    Args:
        path: a keypoint file, or a folder of them.
        name: the camera's.
        intrinsics: (9,), or None for a first guess.
        lifter: of camera mode.
        body_height: millimetres.
        options: of `keypoints.read`.

    Raises:
        SynposeError: as `keypoints.read`.
    """
    recording = keypoints.read([path], scratch=Scratch(), **options)
    size = next((t.image_size for t in recording.tracks if t.image_size), None)
    lens = guess(size, name) if intrinsics is None else intrinsics
    lifted = [lifter.lift_track(track, lens, body_height) for track in recording.tracks]
    return Camera(name, recording.tracks, lens, size, lifted), recording.notes


def rig_of(cameras: Sequence[geometry.Camera]) -> Rig:
    """Calibrated cameras as a rig.

    Raises:
        SynposeError: the calibration tells no places.
    """
    rotation = np.array([camera.rotation for camera in cameras])
    centres = np.array([camera.position for camera in cameras])
    if not (np.isfinite(rotation).all() and np.isfinite(centres).all()):
        raise SynposeError(
            "--calibration: it tells the lenses, but not where the cameras stand. Give it as "
            "--intrinsics."
        )
    focal = np.array([focal_of(camera.intrinsics) for camera in cameras])
    return Rig(rotation, -np.einsum("vij,vj->vi", rotation, centres), focal)
