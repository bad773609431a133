"""The calibration text, and the fit that stands in for it."""

import numpy as np
import pytest

from synpose_tf.datasets.mpi_inf_3dhp.calibration import TEST_UP, fit_pinhole, read_calibration
from synpose_tf.datasets.mpi_inf_3dhp.testing import cameras, write_calibration
from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import project


def test_reads_every_camera(tmp_path):
    write_calibration(tmp_path / "camera.calibration")
    found = read_calibration(tmp_path / "camera.calibration")
    assert list(found) == list(range(14))
    for camera, calibration in zip(cameras(), found.values(), strict=True):
        np.testing.assert_allclose(calibration.intrinsics, camera.intrinsics)
        np.testing.assert_allclose(calibration.up, camera.up, atol=1e-12)


def test_up_of_the_test_cameras_is_a_unit_vector():
    assert list(TEST_UP) == [f"TS{i}" for i in range(1, 7)]
    np.testing.assert_allclose([np.linalg.norm(up) for up in TEST_UP.values()], 1, atol=1e-6)


def change(tmp_path, line, text):
    file = tmp_path / "camera.calibration"
    write_calibration(file)
    lines = file.read_text().splitlines()
    lines[line] = text
    file.write_text("\n".join(lines))
    return file


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (1, "name", "not a camera calibration"),
        (1, "name zero", "zero"),
        (3, "size 2048", "size has 1 numbers, not 2"),
        (5, "", "KeyError: 'intrinsic'"),
        (5, "intrinsic 1500 0 1024", "intrinsic has 3 numbers, not 16"),
        (5, "intrinsic nan 0 1024 0 0 1500 1024 0 0 0 1 0 0 0 0 1", "camera 0 is implausible"),
        (5, "intrinsic 1500 0 9999 0 0 1500 1024 0 0 0 1 0 0 0 0 1", "camera 0 is implausible"),
        (6, "extrinsic 1 0 0 0 0 2 0 0 0 0 1 0 0 0 0 1", "not a rotation"),
        (7, "radial 0.2", "radial distortion"),
    ],
)
def test_wrong_text(tmp_path, line, text, message):
    file = change(tmp_path, line, text)
    with pytest.raises(SynposeError, match=message) as error:
        read_calibration(file)
    assert str(file) in str(error.value)


def test_damaged_bytes(tmp_path):
    """Each variant is refused or still gives cameras: rotations and intrinsics in range."""
    file = tmp_path / "camera.calibration"
    write_calibration(file)
    intact, rng, refused = file.read_bytes(), np.random.default_rng(0), 0
    for variant in range(100):
        data = bytearray(intact)
        if variant % 3 == 0:
            data = data[: rng.integers(len(data))]
        else:
            for at in rng.integers(len(data), size=20):
                data[at] = rng.integers(256)
        file.write_bytes(data)
        try:
            found = read_calibration(file)
        except SynposeError as error:
            refused += str(file) in str(error)
            continue
        for calibration in found.values():
            assert abs(np.linalg.norm(calibration.up) - 1) < 1e-3
            assert (calibration.intrinsics[:4] > 0).all()
    assert refused >= 50


def points(count=40):
    rng = np.random.default_rng(0)
    return rng.normal(scale=(800, 800, 500), size=(count, 17, 3)) + [0, 0, 4000]


def test_fit_recovers_each_camera():
    for camera in cameras():
        pixels = project(points(), camera.intrinsics)
        np.testing.assert_allclose(fit_pinhole(pixels, points()), camera.intrinsics, atol=1e-6)


def test_fit_averages_noise():
    camera = cameras()[3]
    noise = np.random.default_rng(1).normal(scale=2.0, size=(40, 17, 2))
    found = fit_pinhole(project(points(), camera.intrinsics) + noise, points())
    # The standard error of the focal length is 2 / (0.2 * sqrt(680)) = 0.4 px.
    np.testing.assert_allclose(found, camera.intrinsics, atol=2.0)


@pytest.mark.parametrize("flat", ["points", "pixels"])
def test_fit_refuses_what_does_not_determine_a_camera(flat):
    seen = points()
    pixels = project(seen, cameras()[0].intrinsics)
    if flat == "points":
        seen = np.tile(seen[:1, :1], (40, 17, 1))
    else:
        pixels = np.full_like(pixels, 500.0)
    with pytest.raises(ValueError, match="do not spread together"):
        fit_pinhole(pixels, seen)
