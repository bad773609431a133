"""The file of what each camera saw: written and read again; what is no such file."""

import dataclasses

import numpy as np
import pytest

from synpose_tf.errors import SynposeError
from synpose_tf.structures import camera_views
from synpose_tf.structures.camera_views import CameraView


def view(count: int = 5, **fields) -> CameraView:
    rng = np.random.default_rng(0)
    made = {
        "person": "person 1",
        "camera": "links über der Tür",
        "frames": 2 * np.arange(count),
        "keypoints": rng.normal(size=(count, 17, 2)).astype(np.float32),
        "seen": rng.random((count, 17)) < 0.8,
        "joints": rng.normal(size=(count, 17, 3)).astype(np.float32),
        "agreed": rng.random((count, 17)) < 0.8,
        "intrinsics": rng.normal(size=9),
        "up": np.array([0.0, -1.0, 0.0]),
    }
    return CameraView(**(made | fields))


def test_views_are_read_as_they_were_written(tmp_path):
    views = [view(), view(0, camera="2")]
    camera_views.write(tmp_path / "a.views.npz", views)
    found = camera_views.read(tmp_path / "a.views.npz")
    assert len(found) == len(views)
    for one, other in zip(views, found, strict=True):
        for field in dataclasses.fields(CameraView):
            expected, value = getattr(one, field.name), getattr(other, field.name)
            assert type(value) is type(expected)
            np.testing.assert_array_equal(value, expected)
            assert getattr(value, "dtype", None) == getattr(expected, "dtype", None)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"agreed": np.ones((5, 17))}, r"0_agreed is float64 \(5, 17\), expected booleans"),
        ({"joints": np.zeros((4, 17, 3))}, r"0_joints is float64 \(4, 17, 3\), expected .*\(5, 17"),
        ({"frames": np.zeros((5, 1), int)}, r"0_frames is int\d+ \(5, 1\), expected integers"),
    ],
)
def test_another_form_is_named(fields, message, tmp_path):
    camera_views.write(tmp_path / "a.views.npz", [view(**fields)])
    with pytest.raises(SynposeError, match=message):
        camera_views.read(tmp_path / "a.views.npz")


def test_a_damaged_file_and_one_of_another_kind(tmp_path):
    path = tmp_path / "a.views.npz"
    camera_views.write(path, [view(400)])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SynposeError, match=r"a.views.npz: .*damaged or incomplete"):
        camera_views.read(path)
    np.savez(path, keypoints=np.zeros((5, 17, 2)))
    with pytest.raises(SynposeError, match="a.views.npz: has no array 'version'"):
        camera_views.read(path)
    np.savez(path, version=np.ones(2))
    with pytest.raises(SynposeError, match=r"version is float64 \(2,\), expected one integer"):
        camera_views.read(path)
    np.savez(path, version=np.array(7), count=np.array(0))
    with pytest.raises(SynposeError, match="is of version 7, expected 1. Run synpose_tf"):
        camera_views.read(path)
