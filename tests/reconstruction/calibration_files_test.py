"""Calibrations as other programs write them."""

import json

import numpy as np
import pytest
from camera_scenes import CAMERAS
from scipy.spatial.transform import Rotation

from synpose_tf.errors import SynposeError
from synpose_tf.reconstruction import calibration_files, inputs


def same(found, expected=CAMERAS, tolerance=1e-3):
    assert [camera.name for camera in found] == [camera.name for camera in expected]
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.rotation, two.rotation, atol=1e-6)
        np.testing.assert_allclose(one.position, two.position, atol=1e-2)
        np.testing.assert_allclose(one.intrinsics, two.intrinsics, atol=tolerance)


def matrix(camera):
    fx, fy, cx, cy = camera.intrinsics[:4]
    return [[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]]


def shift(camera):
    return -camera.rotation @ camera.position


def yaml_matrix(name, values):
    values = np.atleast_2d(values)
    numbers = ", ".join(repr(float(value)) for value in values.ravel())
    return (
        f"{name}: !!opencv-matrix\n   rows: {len(values)}\n   cols: {values.shape[1]}\n"
        f"   dt: d\n   data: [ {numbers} ]\n"
    )


def test_what_is_written_is_read_again(tmp_path):
    path = tmp_path / "cameras.toml"
    calibration_files.write(path, CAMERAS, 1.5)
    same(calibration_files.read(str(path)))
    text = path.read_text()
    assert "[cam_01]" in text
    assert "error = 1.5" in text


def test_easymocap(tmp_path):
    names = "names:\n" + "".join(f'  - "{camera.name}"\n' for camera in CAMERAS)
    inner, outer = f"%YAML:1.0\n---\n{names}", f"%YAML:1.0\n---\n{names}"
    for camera in CAMERAS:
        inner += yaml_matrix(f"K_{camera.name}", matrix(camera))
        inner += yaml_matrix(f"dist_{camera.name}", camera.intrinsics[4:])
        vector = Rotation.from_matrix(camera.rotation).as_rotvec()
        outer += yaml_matrix(f"R_{camera.name}", vector[:, None])
        outer += yaml_matrix(f"T_{camera.name}", shift(camera)[:, None] / 1000.0)
    (tmp_path / "intri.yml").write_text(inner)
    (tmp_path / "extri.yml").write_text(outer)
    same(calibration_files.read(str(tmp_path)))


def test_opencv_json(tmp_path):
    content = {
        camera.name: {
            "camera_matrix": matrix(camera),
            "dist_coeffs": [camera.intrinsics[4:].tolist()],
            "R": camera.rotation.tolist(),
            "T": shift(camera)[:, None].tolist(),
            "image_width": 1000,
            "image_height": 1002,
        }
        for camera in CAMERAS
    }
    path = tmp_path / "rig.json"
    path.write_text(json.dumps(content))
    found = calibration_files.read(str(path))
    same(found)
    assert found[0].image_size == (1000, 1002)


def test_one_camera_of_opencv_is_a_lens(tmp_path):
    path = tmp_path / "lens.yml"
    path.write_text("%YAML:1.0\n---\n" + yaml_matrix("camera_matrix", matrix(CAMERAS[0])))
    (camera,) = calibration_files.read(str(path))
    np.testing.assert_allclose(camera.intrinsics[:4], CAMERAS[0].intrinsics[:4])
    with pytest.raises(SynposeError, match="not where the cameras stand"):
        inputs.rig_of([camera, camera])


def test_qualisys(shared_data):
    folder = shared_data / "four_cameras"
    found = calibration_files.read(str(folder / "Calib.qca.txt"))
    with np.load(folder / "reference.npz") as reference:
        np.testing.assert_allclose([c.intrinsics for c in found], reference["intrinsics"])
        turns = reference["rotation"] @ [camera.rotation.T for camera in found]
    angles = np.degrees(np.arccos((np.trace(turns, axis1=1, axis2=2) - 1) / 2))
    assert angles.max() < 3.0  # The reference is adjusted.


def test_cameras_are_found_by_name_else_in_their_order(tmp_path):
    path = tmp_path / "cameras.toml"
    calibration_files.write(path, CAMERAS, 0.0)
    names = [f"walk_{camera.name}" for camera in CAMERAS[::-1]]
    found = inputs.calibrated(str(path), names)
    assert [camera.name for camera in found] == [camera.name for camera in CAMERAS[::-1]]
    assert [c.name for c in inputs.calibrated(str(path), list("abcd"))] == [c.name for c in CAMERAS]
    with pytest.raises(SynposeError, match="holds 4 cameras"):
        inputs.calibrated(str(path), ["a", "b"])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("absent.toml", None, "no such calibration file"),
        ("empty.toml", "", "holds no camera"),
        ("bad.json", "{", "cannot be read"),
        ("nan.toml", "[a]\nmatrix = [[nan, 0, 1], [0, 1, 1], [0, 0, 1]]", "no intrinsic matrix"),
        ("bad.xml", "<calibration", "cannot be read"),
        ("h36m/S2", None, "Human3.6M's subjects"),
    ],
)
def test_what_is_no_calibration(name, text, said, tmp_path):
    path = name if name.startswith("h36m") else str(tmp_path / name)
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(SynposeError, match=said):
        calibration_files.read(path)


def test_lenses_with_distortion_are_longer_than_a_files_name_may_be():
    lens = ",".join(["1145.0494384765625"] * 4 + ["-0.20709891617298126"] * 5)
    found = inputs.intrinsics_of(";".join([lens] * 4), list("abcd"))
    assert [len(intrinsics) for intrinsics in found] == [9] * 4
