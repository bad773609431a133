"""The cameras of MPI-INF-3DHP: its `camera.calibration` text, and a fit where there is none.

The studio's cameras have no lens distortion (`radial 0`). The world is y-up, millimetres.
"""

import dataclasses
import pathlib
from typing import Any

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import pinhole

MIN_FOCAL = 100.0  # pixels; the data set's own are 1,490 to 1,690
_WORLD_UP = np.array([0.0, 1.0, 0.0])
_LENGTHS = {"name": 1, "size": 2, "intrinsic": 16, "extrinsic": 16, "radial": 1}

# World's up in the frame of the test cameras, from the axes `up` and `right` in the test
# set's own test_util/camera_calibration/ts1-4cameras.calib and ts5-6cameras.calib.
_UP_STUDIO = np.array([0.0616098, -0.976233, -0.2077844])
_UP_OUTDOORS = np.array([-0.0092103, -0.9950385, -0.0990641])
TEST_UP = {
    **dict.fromkeys(("TS1", "TS2", "TS3", "TS4"), _UP_STUDIO),
    **dict.fromkeys(("TS5", "TS6"), _UP_OUTDOORS),
}


@dataclasses.dataclass(frozen=True)
class Calibration:
    """What a camera is known by.

    Args:
        intrinsics: (9,), see `synpose_tf.geometry.camera`.
        up: (3,), the world's up in the camera frame, unit length; zeros where unknown.
    """

    intrinsics: np.ndarray
    up: np.ndarray


def read_calibration(path: pathlib.Path) -> dict[int, Calibration]:
    """The cameras of a `camera.calibration` file by their number.

    The file is a header line, then for each camera the lines `name`, `sensor`, `size`,
    `animated`, `intrinsic` (4 x 4, row by row), `extrinsic` (4 x 4, world to camera) and
    `radial`.

    Raises:
        SynposeError: the text departs from that, or a matrix is not one of a camera.
    """
    cameras: dict[int, dict[str, list[float]]] = {}
    entry: Any = None
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        for line in lines[1:]:
            word, *values = line.split() or [""]
            if word == "name":
                entry = cameras.setdefault(int(values[0]), {})
            if word in _LENGTHS:
                entry[word] = [float(value) for value in values]
                if len(values) != _LENGTHS[word]:
                    raise ValueError(f"{word} has {len(values)} numbers, not {_LENGTHS[word]}")
        return {number: _calibration(entry) for number, entry in cameras.items()}
    except (ValueError, KeyError, IndexError, TypeError, OSError) as error:
        raise SynposeError(
            f"{path}: not a camera calibration ({type(error).__name__}: {error}). Fetch it "
            "again, or remove it: the intrinsics are then fitted to the annotations."
        ) from error


def _calibration(entry):
    intrinsic = np.reshape(entry["intrinsic"], (4, 4))
    rotation = np.reshape(entry["extrinsic"], (4, 4))[:3, :3]
    (fx, skew, cx, _), (_, fy, cy, _), *_ = intrinsic
    width, height = entry["size"]
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3):
        raise ValueError(f"the extrinsic of camera {entry['name'][0]:.0f} is not a rotation")
    if skew or not (0 < fx < 1e5 and 0 < fy < 1e5 and 0 < cx < width and 0 < cy < height):
        raise ValueError(f"the intrinsic of camera {entry['name'][0]:.0f} is implausible")
    if any(entry["radial"]):
        raise ValueError(f"camera {entry['name'][0]:.0f} has a radial distortion")
    return Calibration(pinhole((fx, fy), (cx, cy)), rotation @ _WORLD_UP)


def fit_pinhole(pixels: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The pinhole intrinsics that best project camera-frame points onto their pixels.

    Least squares in pixels: u = fx X/Z + cx and v = fy Y/Z + cy are linear in what is
    sought.

    Args:
        pixels: (..., 2).
        points: (..., 3), camera frame, any one length unit.

    Returns:
        (9,) intrinsics without distortion.

    Raises:
        ValueError: the points or the pixels lie too nearly in one place.
    """
    rays = np.reshape(points[..., :2] / points[..., 2:], (-1, 2))
    pixels = np.reshape(pixels, (-1, 2))
    focal, centre = np.empty(2), np.empty(2)
    for axis in range(2):
        system = np.stack([rays[:, axis], np.ones(len(rays))], axis=1)
        (focal[axis], centre[axis]), _, rank, _ = np.linalg.lstsq(system, pixels[:, axis])
        if rank < 2 or focal[axis] < MIN_FOCAL:
            raise ValueError(f"along axis {axis} they do not spread together")
    return pinhole(focal, centre)
