"""The SavedModel of recordings, in TensorFlow's C library."""

import exported
import numpy as np
import pytest

from synpose_tf.export import verification
from synpose_tf.export.formats import FORMATS
from synpose_tf.export.saved_model import c_api, writer
from synpose_tf.inference.lifter import Lifter


@pytest.fixture(scope="module", params=["paper", "camera"])
def lifter(request, new_model, synthetic_views):
    return exported.recordings_lifter(new_model, synthetic_views, request.param, "centred")


@pytest.fixture(scope="module")
def folder(lifter, tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    writer.write(lifter, folder)
    return folder


@pytest.fixture(scope="module")
def model(folder):
    return c_api.SavedModel(folder)


def lift(lifter, keypoints, intrinsics):
    """What `Lifter` gives for one recording at 30 Hz."""
    weights = lifter.model.averaged_generator.get_weights()
    own = Lifter(weights, lifter.mode, 13.0, temporal=lifter.network)
    times = np.arange(len(keypoints)) / 30.0
    return own.lift(keypoints, intrinsics, times=times, rate=30.0).poses


def part(lifter, rows, frames):
    """A request: some recordings' first frames."""
    inputs = {name: array[:rows] for name, array in lifter.inputs.items()}
    return inputs | {"keypoints": inputs["keypoints"][:, :frames]}


@pytest.mark.parametrize(("rows", "frames"), [(2, 64), (1, 1), (3, 20)])
def test_recordings_of_any_length_are_lifted_as_by_the_lifter(lifter, model, rows, frames):
    inputs = part(lifter, rows, frames)
    poses = model.run("serving_default", inputs)["poses"]
    assert poses.shape == (rows, frames, 17, 3)
    for number in range(rows):
        intrinsics = inputs["intrinsics"][number] if "intrinsics" in inputs else None
        expected = lift(lifter, inputs["keypoints"][number], intrinsics)
        np.testing.assert_allclose(poses[number], expected, atol=1e-4)


def test_frames_without_a_pose_are_nan_and_change_no_other(lifter, model):
    inputs = part(lifter, 2, 40)
    keypoints = inputs["keypoints"].copy()
    keypoints[0, [0, 11, 12, 39]] = np.nan
    keypoints[1, 5, 3, 0] = np.inf
    poses = model.run("serving_default", inputs | {"keypoints": keypoints})["poses"]
    for number, missing in enumerate(([0, 11, 12, 39], [5])):
        there = np.setdiff1d(np.arange(40), missing)
        assert np.isnan(poses[number, missing]).all()
        intrinsics = inputs["intrinsics"][number] if "intrinsics" in inputs else None
        expected = lift(lifter, keypoints[number, there], intrinsics)
        np.testing.assert_allclose(poses[number, there], expected, atol=1e-4)


def test_a_recording_of_nobody_is_nan(lifter, model):
    inputs = part(lifter, 1, 9)
    inputs["keypoints"] = np.full_like(inputs["keypoints"], np.nan)
    assert np.isnan(model.run("serving_default", inputs)["poses"]).all()


def test_large_and_wrong_requests_are_refused(lifter, model):
    inputs = part(lifter, 1, 1)
    large = inputs | {"keypoints": np.zeros((1, 65_537, 17, 2), np.float32)}
    with pytest.raises(c_api.CApiError, match="at most; send several"):
        model.run("serving_default", large)
    with pytest.raises(c_api.CApiError, match=r"expected shape|rank"):
        model.run("serving_default", inputs | {"keypoints": np.zeros((5, 17, 2), np.float32)})
    if lifter.mode == "camera":
        with pytest.raises(c_api.CApiError, match="one row for each recording"):
            model.run("serving_default", inputs | {"intrinsics": np.ones((2, 9), np.float32)})


@pytest.mark.slow
def test_verified(lifter, folder):
    measured = verification.measure(FORMATS["saved_model_recordings"], folder, lifter)
    assert not measured.failures
    assert measured.over_time == "centred"
