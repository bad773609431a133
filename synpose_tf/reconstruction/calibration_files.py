"""Calibrations of several cameras, as other programs write them.

| read                      | told by                                                   |
| ------------------------- | --------------------------------------------------------- |
| Pose2Sim, Anipose         | TOML with a table for each camera                         |
| EasyMocap                 | a folder with `intri.yml` and `extri.yml`, or either file |
| OpenCV                    | JSON or YAML, a camera's matrices by name, see `_NAMES`   |
| Qualisys                  | XML with `transform` and `intrinsic` of each camera       |
| Human3.6M                 | `h36m/S9`: the subject's, which come with the package     |

Lengths may be metres or millimetres: where cameras stand within 100 of each other, they are metres.
"""

import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import Camera, h36m_cameras
from synpose_tf.io import files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# What OpenCV's users call a camera's parts.
_NAMES = {
    "matrix": ("camera_matrix", "cameraMatrix", "matrix", "K", "mtx", "intrinsics"),
    "distortion": (
        "dist_coeffs", "distCoeffs", "distortion_coefficients", "distortions", "dist", "D",
    ),
    "rotation": ("R", "rotation", "rvec", "Rot"),
    "translation": ("T", "t", "translation", "tvec"),
    "size": ("image_size", "size", "imgSize"),
}  # fmt: skip
_QUALISYS_SUBPIXELS = 64.0
_FARTHEST_METRES = 100.0
_FLIP = np.diag([1.0, -1.0, -1.0])


def read(path: str) -> list[Camera]:
    """The cameras of a calibration; where a file has none, position and rotation are NaN.

    Args:
        path: a file, a folder, or `h36m/SUBJECT`.

    Raises:
        SynposeError: there is none, or it can't be read.
    """
    subject = path.removeprefix("h36m/")
    if subject != path:
        if subject not in h36m_cameras():
            raise SynposeError(f"{path}: Human3.6M's subjects are {', '.join(h36m_cameras())}.")
        return list(h36m_cameras()[subject].values())
    place = pathlib.Path(path)
    if place.is_dir() or place.name in ("intri.yml", "extri.yml"):
        cameras = _easymocap(place if place.is_dir() else place.parent)
    elif not place.is_file():
        raise SynposeError(f"{path}: no such calibration file.")
    else:
        with files.reading(path):
            cameras = _of_file(place)
    if not cameras:
        raise SynposeError(
            f"{path}: holds no camera. Expected a calibration of Pose2Sim, Anipose, OpenCV, "
            "Qualisys or EasyMocap."
        )
    return _in_millimetres(cameras)


def _of_file(path):
    text = path.read_text("utf-8-sig")
    if text.lstrip().startswith("<"):
        return _qualisys(text)
    if re.match(r"\s*(\{|\[\s*\{)", text):
        return _opencv(json.loads(text), path)
    if text.startswith("%YAML"):
        return _opencv(_opencv_yaml(text), path)
    return _opencv(tomllib.loads(text), path)


def _camera(name, matrix, distortion=(), rotation=None, translation=None, size=None):
    matrix = np.asarray(matrix, np.float64).reshape(3, 3)
    lens = np.zeros(5)
    given = np.ravel(np.asarray(distortion, np.float64))[:5]
    lens[: len(given)] = given
    k1, k2, p1, p2, k3 = lens
    fx, fy, cx, cy = matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]
    intrinsics = np.array([fx, fy, cx, cy, k1, k2, p1, p2, k3])
    if not np.isfinite(intrinsics).all() or min(fx, fy) <= 0:
        raise SynposeError(f"camera {name}: no intrinsic matrix: {matrix.tolist()}.")
    turned, centre = np.full((3, 3), np.nan), np.full(3, np.nan)
    if rotation is not None and translation is not None:
        turned = np.asarray(rotation, np.float64)
        turned = turned.reshape(3, 3) if turned.size == 9 else _from_vector(turned)
        centre = -turned.T @ np.ravel(np.asarray(translation, np.float64))
    width, height = (round(float(side)) for side in size or (2 * cx, 2 * cy))
    return Camera(str(name), turned, centre, intrinsics, (width, height))


def _from_vector(vector):
    return Rotation.from_rotvec(np.ravel(vector)).as_matrix()


def _in_millimetres(cameras):
    centres = np.array([camera.position for camera in cameras])
    apart = np.linalg.norm(centres[:, None] - centres, axis=-1)
    if len(cameras) < 2 or not np.isfinite(apart).all() or apart.max() > _FARTHEST_METRES:
        return cameras
    return [
        Camera(c.name, c.rotation, 1000.0 * c.position, c.intrinsics, c.image_size) for c in cameras
    ]


def _opencv(content, path):
    """A camera, or several by their names or in a list; of TOML too."""
    if isinstance(content, dict) and isinstance(content.get("cameras"), dict | list):
        content = content["cameras"]
    if isinstance(content, list):
        entries = [(entry.get("name", number), entry) for number, entry in enumerate(content)]
    elif _part(content, "matrix") is not None:
        entries = [(content.get("name", path.stem), content)]
    else:
        entries = list(content.items())
    return [
        _camera(
            entry.get("name", name),
            _part(entry, "matrix"),
            _part(entry, "distortion") if _part(entry, "distortion") is not None else (),
            _part(entry, "rotation"),
            _part(entry, "translation"),
            _part(entry, "size") or _size(entry),
        )
        for name, entry in entries
        if isinstance(entry, dict) and _part(entry, "matrix") is not None
    ]


def _part(entry, part):
    return next((entry[name] for name in _NAMES[part] if name in entry), None)


def _size(entry):
    for pair in (("image_width", "image_height"), ("width", "height")):
        if all(side in entry for side in pair):
            return [float(np.ravel(entry[side])[0]) for side in pair]
    return None


def _opencv_yaml(text):
    """What `cv::FileStorage` writes: matrices, numbers and texts by name."""
    found: dict[str, Any] = {}
    matrix = re.compile(r"^(\w+): *!!opencv-matrix.*?data: *\[([^\]]*)\]", re.DOTALL | re.MULTILINE)
    for name, numbers in matrix.findall(text):
        found[name] = [float(number) for number in numbers.replace("\n", " ").split(",")]
    for name, value in re.findall(r"^(\w+): *([-+.\deE]+) *$", text, re.MULTILINE):
        found[name] = float(value)
    for name, values in re.findall(r"^(\w+): *\n((?:[ ]*- .*\n?)+)", text, re.MULTILINE):
        found[name] = [item.strip(' "') for item in re.findall(r"- (.*)", values)]
    return found


def _easymocap(folder):
    path = folder / "intri.yml"
    if not path.is_file():
        raise SynposeError(f"{folder}: holds no intri.yml, which EasyMocap writes.")
    found: dict[str, Any] = {}
    for name in ("intri.yml", "extri.yml"):
        if (folder / name).is_file():
            with files.reading(folder / name):
                found |= _opencv_yaml((folder / name).read_text("utf-8"))
    names = found.get("names") or [key.removeprefix("K_") for key in found if key.startswith("K_")]
    with files.reading(path):
        return [
            _camera(
                name,
                found[f"K_{name}"],
                found.get(f"dist_{name}", ()),
                found.get(f"Rot_{name}", found.get(f"R_{name}")),
                found.get(f"T_{name}"),
            )
            for name in names
        ]


def _qualisys(text):
    cameras = []
    for number, entry in enumerate(ElementTree.fromstring(text).iter("camera")):
        place, lens = entry.find("transform"), entry.find("intrinsic")
        if place is None or lens is None:
            continue
        rows = [[float(place.attrib[f"r{i}{k}"]) for k in (1, 2, 3)] for i in (1, 2, 3)]
        # The camera's y and z point the other way.
        rotation = _FLIP @ np.array(rows)
        centre = np.array([float(place.attrib[axis]) for axis in "xyz"])
        lengths = [float(lens.attrib[f"{name}{axis}"]) / _QUALISYS_SUBPIXELS
                   for axis in "UV" for name in ("focalLength", "centerPoint")]  # fmt: skip
        fx, cx, fy, cy = lengths
        names = ("radialDistortion1", "radialDistortion2", "tangentalDistortion1",
                 "tangentalDistortion2", "radialDistortion3")  # fmt: skip
        distortion = [float(lens.attrib.get(name, 0)) / _QUALISYS_SUBPIXELS for name in names]
        video = entry.find("fov_video")
        size = video is not None and [
            float(video.attrib["right"]) + 1,
            float(video.attrib["bottom"]) + 1,
        ]
        matrix = [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]
        name = entry.attrib.get("serial", f"camera {number + 1}")
        cameras.append(
            _camera(name, matrix, distortion, rotation, -rotation @ centre, size or None)
        )
    return cameras


def write(path: pathlib.Path, cameras: Sequence[Camera], error: float) -> None:
    """Writes `cameras.toml` as Pose2Sim has it: metres, world to camera, z up.

    Args:
        path: where to.
        cameras: in millimetres.
        error: pixels, what remains.

    Raises:
        SynposeError: the file can't be written.
    """
    lines = []
    for number, camera in enumerate(cameras, 1):
        fx, fy, cx, cy, k1, k2, p1, p2, k3 = camera.intrinsics
        turned = Rotation.from_matrix(camera.rotation).as_rotvec()
        shift = -camera.rotation @ camera.position / 1000.0
        lines += [
            f"[cam_{number:02d}]",
            f"name = {json.dumps(camera.name)}",
            f"size = {_numbers(camera.image_size)}",
            f"matrix = [{_numbers([fx, 0, cx])}, {_numbers([0, fy, cy])}, {_numbers([0, 0, 1])}]",
            f"distortions = {_numbers([k1, k2, p1, p2, k3] if k3 else [k1, k2, p1, p2])}",
            f"rotation = {_numbers(turned)}",
            f"translation = {_numbers(shift)}",
            "fisheye = false",
            "",
        ]
    lines += ["[metadata]", "adjusted = false", f"error = {error:.3f}", ""]
    files.write_text(path, "\n".join(lines))


def _numbers(values):
    return "[" + ", ".join(repr(round(float(value), 9)) for value in values) + "]"
