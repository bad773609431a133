"""Normalisation: round trips, commensurable scales, and the floor that the 2D input sets."""

import keras
import numpy as np
import pytest

from synpose_tf.evaluation import metrics
from synpose_tf.geometry import camera, normalization
from synpose_tf.structures.skeleton import H36M_17

every_mode = pytest.mark.parametrize("mode", normalization.MODES)
every_setting = pytest.mark.parametrize(
    ("mode", "distance"), [("paper", 0.0), ("paper", 13.0), ("camera", 0.0)]
)


def normalize_2d(views, mode, distance=0.0, xp=np):
    return normalization.normalize_2d(
        views["keypoints_2d"], mode, views["intrinsics"], distance, xp
    )


def lift_with_true_depth(views, mode, distance):
    """Lifted poses in the camera frame, as a perfect generator would give them."""
    poses_2d, frame = normalize_2d(views, mode, distance)
    truth, _ = normalization.normalize_3d(views["keypoints_3d"], mode)
    lifted = normalization.lift(poses_2d, truth[..., 2], frame.perspective)
    return normalization.to_camera_frame(lifted, frame)


def error_with_true_depth(views, mode, distance=0.0):
    truth = views["keypoints_3d"]
    scaled = metrics.scale_to_truth(lift_with_true_depth(views, mode, distance), truth)
    return metrics.mpjpe(scaled, truth).mean()


# === There and back ===


@every_setting
def test_2d_round_trip(synthetic_views, mode, distance):
    poses, frame = normalize_2d(synthetic_views, mode, distance)
    pixels = normalization.restore_2d(poses, frame)
    np.testing.assert_allclose(pixels, synthetic_views["keypoints_2d"], atol=1e-3, rtol=0)
    np.testing.assert_allclose(poses[:, H36M_17.root], 0, atol=1e-9)
    radius = np.linalg.norm(poses[:, 1:], axis=-1).mean(-1)
    np.testing.assert_allclose(radius, 1)


@every_mode
def test_3d_round_trip(synthetic_views, mode):
    points = synthetic_views["keypoints_3d"]
    poses, scale = normalization.normalize_3d(points, mode)
    restored = normalization.restore_3d(poses, scale, points[:, :1], mode)
    np.testing.assert_allclose(restored, points, atol=1e-6)
    np.testing.assert_allclose(poses[:, H36M_17.root], 0, atol=1e-9)


@every_setting
def test_numpy_and_graph_agree(synthetic_views, mode, distance):
    views = {key: array[::20] for key, array in synthetic_views.items()}
    inputs = {key: array.astype(np.float32) for key, array in views.items()}
    poses_2d, frame = normalize_2d(views, mode, distance)
    in_graph, graph_frame = normalize_2d(inputs, mode, distance, keras.ops)
    np.testing.assert_allclose(in_graph, poses_2d, atol=1e-4)
    for name in vars(frame):
        value, expected = getattr(graph_frame, name), getattr(frame, name)
        if expected is None:
            assert value is None
        else:
            np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5, err_msg=name)
    pixels = normalization.restore_2d(in_graph, graph_frame, keras.ops)
    np.testing.assert_allclose(pixels, views["keypoints_2d"], atol=2e-3, rtol=0)

    poses_3d, scale = normalization.normalize_3d(views["keypoints_3d"], mode)
    in_graph, graph_scale = normalization.normalize_3d(inputs["keypoints_3d"], mode, keras.ops)
    np.testing.assert_allclose(in_graph, poses_3d, atol=1e-4)
    root = inputs["keypoints_3d"][:, :1]
    restored = normalization.restore_3d(in_graph, graph_scale, root, mode, keras.ops)
    np.testing.assert_allclose(restored, views["keypoints_3d"], atol=0.02)
    lifted = normalization.lift(poses_2d, poses_3d[..., 2], frame.perspective)
    in_graph = normalization.lift(
        *(np.float32(a) for a in (poses_2d, poses_3d[..., 2], frame.perspective)), keras.ops
    )
    np.testing.assert_allclose(in_graph, lifted, atol=1e-5)
    in_graph = normalization.reproject(in_graph, np.float32(frame.perspective), keras.ops)
    expected = normalization.reproject(lifted, frame.perspective)
    np.testing.assert_allclose(in_graph, expected, atol=1e-5)


def test_paper_mode_sees_neither_place_nor_size_in_the_image(synthetic_views):
    pixels = synthetic_views["keypoints_2d"]
    poses, frame = normalization.normalize_2d(pixels, "paper")
    moved, moved_frame = normalization.normalize_2d(2.5 * pixels + [[-300.0, 70.0]], "paper")
    np.testing.assert_allclose(moved, poses, atol=1e-9)
    np.testing.assert_allclose(moved_frame.scale, 2.5 * frame.scale)
    np.testing.assert_array_equal(frame.perspective, 0)


def test_camera_mode_sees_neither_lens_nor_zoom(synthetic_views):
    """Another camera at the same place gives the same pose."""
    points = synthetic_views["keypoints_3d"]
    expected, _ = normalize_2d(synthetic_views, "camera")
    other = np.tile(camera.pinhole((700, 720), (320, 240)), (len(points), 1))
    poses, _ = normalization.normalize_2d(camera.project(points, other), "camera", other)
    np.testing.assert_allclose(poses, expected, atol=1e-9)


# === Scale and floor ===


def test_camera_mode_lifts_exactly(synthetic_views):
    poses_2d, frame = normalize_2d(synthetic_views, "camera")
    truth, scale = normalization.normalize_3d(synthetic_views["keypoints_3d"], "camera")
    lifted = normalization.lift(poses_2d, truth[..., 2], frame.perspective)
    np.testing.assert_allclose(lifted, truth, atol=1e-9)
    reprojected = normalization.reproject(truth, frame.perspective)
    np.testing.assert_allclose(reprojected, poses_2d, atol=1e-9)
    distance = np.linalg.norm(synthetic_views["keypoints_3d"][:, 0], axis=-1)
    np.testing.assert_allclose(frame.perspective[:, 0], scale[:, 0, 0] / distance)


def test_paper_mode_is_exact_for_a_pose_on_the_axis_at_the_assumed_distance(poses):
    intrinsics = camera.pinhole((1000, 1000), (500, 500))[None]
    for pose in poses[:5, None] + [0, 0, 5000]:
        pixels = camera.project(pose, intrinsics)
        _, frame = normalization.normalize_2d(pixels, "camera", intrinsics)
        distance = 1 / frame.perspective.item()
        poses_2d, frame = normalization.normalize_2d(pixels, "paper", distance=distance)
        truth, _ = normalization.normalize_3d(pose, "paper")
        lifted = normalization.lift(poses_2d, truth[..., 2], frame.perspective)
        np.testing.assert_allclose(lifted, truth, atol=1e-9)


@every_setting
def test_true_and_lifted_poses_have_one_scale(synthetic_views, mode, distance):
    """Else the critic would win by the scale of x and y alone (`normalization`'s text)."""
    poses_2d, frame = normalize_2d(synthetic_views, mode, distance)
    truth, _ = normalization.normalize_3d(synthetic_views["keypoints_3d"], mode)
    rng = np.random.default_rng(0)
    guesses = truth[rng.permutation(len(truth)), :, 2]
    lifted = normalization.lift(poses_2d, guesses, frame.perspective)
    true_size, lifted_size = (
        np.linalg.norm(poses[:, 1:, :2], axis=-1).mean(-1) for poses in (truth, lifted)
    )
    assert true_size.mean() == pytest.approx(lifted_size.mean(), rel=0.02)


def test_turned_poses_reproject_at_the_scale_of_the_input(synthetic_views):
    truth, _ = normalization.normalize_3d(synthetic_views["keypoints_3d"], "camera")
    turned = truth[..., [2, 1, 0]] * [1, 1, -1]  # a quarter turn
    perspective = np.full((len(truth), 1), 0.1)
    reprojected = normalization.reproject(turned, perspective)
    np.testing.assert_allclose(np.linalg.norm(reprojected[:, 1:], axis=-1).mean(-1), 1)
    depth = 1 + 0.1 * turned[..., 2:]
    ratio = reprojected[:, 1:] * depth[:, 1:] / turned[:, 1:, :2]
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[:, :1, :1], ratio.shape))


@pytest.mark.parametrize("source", ["synthetic", "real"])
def test_floor_that_the_2d_input_sets(request, source):
    """MPJPE with a perfect depth: what a lifter in this mode can't go below."""
    if source == "synthetic":
        views = request.getfixturevalue("synthetic_views")
    else:
        views = request.getfixturevalue("cmu_views")["test"]
    paper = error_with_true_depth(views, "paper")
    assert 10 < paper < 25
    assert error_with_true_depth(views, "paper", distance=13.0) < 0.9 * paper
    assert error_with_true_depth(views, "camera") < 1e-6


def test_planar_radius_leaves_out_depth_and_root(poses):
    expected = np.hypot(poses[:, 1:, 0], poses[:, 1:, 1]).mean(-1)
    np.testing.assert_allclose(normalization.planar_radius(poses)[:, 0, 0], expected)


# === What is wrong or degenerate ===


@every_mode
def test_a_pose_in_one_point_stays_finite(mode):
    intrinsics = camera.pinhole((1000, 1000), (500, 500))[None]
    views = {"keypoints_2d": np.full((1, 17, 2), 640.0), "intrinsics": intrinsics}
    poses, _ = normalize_2d(views, mode)
    assert np.isfinite(poses).all()
    poses, _ = normalization.normalize_3d(np.full((1, 17, 3), 3000.0), mode)
    assert np.isfinite(poses).all()
    assert np.isfinite(normalization.reproject(np.zeros((1, 17, 3)), np.zeros((1, 1)))).all()


def test_reprojection_stays_finite_behind_the_camera():
    pose = np.random.default_rng(0).normal(size=(5, 17, 3)) * [1, 1, 40]
    assert np.abs(normalization.reproject(pose, np.full((5, 1), 0.2))).max() < 100


def test_errors():
    pixels, points = np.zeros((1, 17, 2)), np.ones((1, 17, 3))
    with pytest.raises(ValueError, match="normalisation must be one of .*, found 'metric'"):
        normalization.normalize_2d(pixels, "metric")
    with pytest.raises(ValueError, match="found 'metric'"):
        normalization.normalize_3d(points, "metric")
    with pytest.raises(ValueError, match="found 'metric'"):
        normalization.restore_3d(points, np.ones((1, 1, 1)), points[:, :1], "metric")
    with pytest.raises(ValueError, match="camera mode needs the intrinsics"):
        normalization.normalize_2d(pixels, "camera")
