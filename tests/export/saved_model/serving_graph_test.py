"""The graph that a server runs: the Keras model's poses, bounds, and NaN for what is no pose."""

import numpy as np
import pytest
import tensorflow as tf

from synpose_tf.export.saved_model import serving_graph
from synpose_tf.export.saved_model.serving_graph import ServedLifter
from synpose_tf.geometry import normalization
from synpose_tf.geometry.camera import pinhole

MODES = ("paper", "camera")


@pytest.fixture(scope="module")
def views(synthetic_views):
    """24 views: name to float32 array."""
    return {key: a[::160].astype(np.float32) for key, a in synthetic_views.items()}


@pytest.fixture(scope="module")
def models(lifters):
    """The Keras model of each mode."""
    return {mode: lifter.model for mode, lifter in lifters.items()}


@pytest.fixture(scope="module")
def signatures(models):
    """The concrete functions of each mode's lifter."""
    return {mode: ServedLifter(model).signatures() for mode, model in models.items()}


@pytest.fixture
def run(signatures):
    """A function that runs a signature on views: name to array."""

    def call(mode, views, name="serving_default"):
        inputs = {"keypoints": tf.constant(views["keypoints_2d"])}
        if mode == "camera":
            inputs["intrinsics"] = tf.constant(views["intrinsics"])
        return {k: v.numpy() for k, v in signatures[mode][name](**inputs).items()}

    return call


@pytest.mark.parametrize("mode", MODES)
def test_the_poses_are_those_of_the_keras_model(mode, run, models, views):
    inputs = {key: tf.constant(views[key]) for key in ("keypoints_2d", "intrinsics")}
    expected = models[mode](inputs).numpy()
    assert np.abs(expected[..., 2]).max() > 0.1
    np.testing.assert_allclose(run(mode, views)["poses"], expected, atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_the_reprojection_is_the_networks_in_pixels(mode, run, models, views):
    """Normalised and restored by NumPy in double precision."""
    keypoints, intrinsics = (
        views[key].astype(np.float64) for key in ("keypoints_2d", "intrinsics")
    )
    poses, frame = normalization.normalize_2d(keypoints, mode, intrinsics, 13.0)
    depths = models[mode].averaged_generator(tf.constant(poses, tf.float32)).numpy()
    lifted = normalization.lift(poses, depths.astype(np.float64), frame.perspective)
    reprojected = models[mode].reprojection(tf.constant(lifted, tf.float32)).numpy()
    expected = normalization.restore_2d(reprojected.astype(np.float64), frame)
    outputs = run(mode, views, "lift_and_reproject")
    np.testing.assert_allclose(outputs["reprojected"], expected, atol=0.05)
    np.testing.assert_array_equal(outputs["poses"], run(mode, views)["poses"])


def test_a_lifter_without_reprojection_network_has_one_signature(models):
    class Lifter:
        mode, distance = "paper", 0.0
        averaged_generator = models["paper"].averaged_generator

    assert list(ServedLifter(Lifter()).signatures()) == ["serving_default"]


def nan(pose, intrinsics):
    pose[3, 1] = np.nan


def infinite(pose, intrinsics):
    pose[0] = np.inf


def huge(pose, intrinsics):
    pose[5] = 1e30


def one_point(pose, intrinsics):
    pose[:] = (512.0, 300.0)


def origin(pose, intrinsics):
    pose[:] = 0.0


def nearly_one_point(pose, intrinsics):
    pose[:] = 900.0
    pose[4, 0] += 0.01


DAMAGES = (nan, infinite, huge, one_point, origin, nearly_one_point)


def unknown_camera(pose, intrinsics):
    intrinsics[:] = 0.0


def negative_focal_length(pose, intrinsics):
    intrinsics[1] *= -1.0


def nan_distortion(pose, intrinsics):
    intrinsics[8] = np.nan


def lens_that_cannot_be_undone(pose, intrinsics):
    intrinsics[4:9] = (-3.0, 0.0, 0.0, 0.0, 0.0)
    pose[7] = (2000.0, 2000.0)


def joint_behind_the_hip(pose, intrinsics):
    """Hip and wrist on opposite sides, each 60 degrees off the axis."""
    intrinsics[:] = pinhole((1000.0, 1000.0), (500.0, 500.0))
    pose[:, 0] = 500.0 + 1732.0
    pose[16, 0] = 500.0 - 1732.0


CAMERA_DAMAGES = (
    unknown_camera, negative_focal_length, nan_distortion, lens_that_cannot_be_undone,
    joint_behind_the_hip,
)  # fmt: skip


@pytest.mark.parametrize("name", ["serving_default", "lift_and_reproject"])
@pytest.mark.parametrize(
    ("mode", "damages"), [("paper", DAMAGES), ("camera", DAMAGES + CAMERA_DAMAGES)]
)
def test_what_is_no_pose_gives_nan_in_its_own_row_alone(mode, damages, name, run, views):
    damaged = {key: array.copy() for key, array in views.items()}
    for row, damage in enumerate(damages, start=2):
        damage(damaged["keypoints_2d"][row], damaged["intrinsics"][row])
    bad = np.arange(2, 2 + len(damages))
    good = np.setdiff1d(np.arange(len(views["keypoints_2d"])), bad)
    before, after = run(mode, views, name), run(mode, damaged, name)
    for key in before:
        assert np.isfinite(before[key]).all()
        assert np.isnan(after[key][bad]).all(axis=(1, 2)).all(), key
        np.testing.assert_array_equal(after[key][good], before[key][good])


def test_joints_far_outside_the_image_are_lifted(run, views):
    """Detectors and crops put them there."""
    far = {key: array.copy() for key, array in views.items()}
    far["keypoints_2d"] += np.float32(5000.0)
    np.testing.assert_allclose(run("paper", far)["poses"], run("paper", views)["poses"], atol=1e-3)


@pytest.mark.parametrize("mode", MODES)
def test_no_poses_are_no_poses(mode, run, views):
    none = {key: array[:0] for key, array in views.items()}
    assert run(mode, none)["poses"].shape == (0, 17, 3)


def test_a_request_has_a_bound(run):
    keypoints = np.zeros((serving_graph.LARGEST_REQUEST + 1, 17, 2), np.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="65536 poses at most"):
        run("paper", {"keypoints_2d": keypoints})


def test_each_pose_needs_its_intrinsics(run, views):
    with pytest.raises(tf.errors.InvalidArgumentError, match="one row for each pose"):
        run("camera", views | {"intrinsics": views["intrinsics"][:1]})
