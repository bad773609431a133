"""The lifters that come with the package, as a user calls them."""

import numpy as np
import pytest

import synpose_tf
from synpose_tf.errors import SynposeError
from synpose_tf.evaluation import metrics
from synpose_tf.inference.lifter import BONES_PER_STATURE, Lifter, bone_sum
from synpose_tf.keypoints import layouts
from synpose_tf.keypoints.conversion import carried
from synpose_tf.structures.skeleton import H36M_17, MPII_16
from synpose_tf.structures.tracks import KeypointTrack


@pytest.fixture(scope="module", params=["paper", "camera"])
def lifter(request):
    return Lifter.from_pretrained(request.param)


@pytest.fixture
def views(synthetic_views):
    return {key: values[::40].astype(np.float32) for key, values in synthetic_views.items()}


def mpjpe(poses, truth):
    return metrics.pose_metrics(poses, truth)["mpjpe"].mean()


def lift(lifter, views, keypoints=None):
    keypoints = views["keypoints_2d"] if keypoints is None else keypoints
    return lifter.lift(keypoints, views["intrinsics"])


def test_poses_are_right(lifter, views):
    lifted = lift(lifter, views)
    assert mpjpe(lifted.poses, views["keypoints_3d"]) < 80.0
    assert not lifted.inferred.any()
    assert np.array_equal(lifted.keypoints, views["keypoints_2d"])


def test_a_frame_with_nothing_is_nan_and_the_others_are_as_before(lifter, views):
    keypoints = views["keypoints_2d"].copy()
    keypoints[3], keypoints[5, 2:] = np.nan, np.nan
    lifted, before = lift(lifter, views, keypoints), lift(lifter, views)
    assert np.isnan(lifted.poses[[3, 5]]).all()
    assert lifted.inferred[3].all()
    others = np.delete(np.arange(len(keypoints)), [3, 5])
    np.testing.assert_allclose(lifted.poses[others], before.poses[others], atol=1e-5)


def test_two_missed_joints_cost_little(lifter, views):
    rng = np.random.default_rng(0)
    keypoints = views["keypoints_2d"].copy()
    for pose in keypoints:
        pose[rng.choice(17, 2, replace=False)] = np.nan
    whole, holes = lift(lifter, views), lift(lifter, views, keypoints)
    truth = views["keypoints_3d"]
    scaled = metrics.scale_to_truth(whole.poses, truth)
    assert metrics.mpjpe(metrics.scale_to_truth(holes.poses, truth), scaled).mean() < 25.0
    assert (holes.inferred.sum(-1) == 2).all()


@pytest.mark.parametrize("layout", [*layouts.LAYOUTS.values()], ids=lambda layout: layout.name)
def test_a_layout_lifts_nearly_as_the_full_skeleton(cmu_views, lifter, layout):
    """CMU's test poses through the joints that the layout has."""
    views = {key: values[::25].astype(np.float32) for key, values in cmu_views["test"].items()}
    order = [None] * len(layout)
    for joint, index in enumerate(carried(layout)):
        if index is not None:
            order[index] = joint
    points = views["keypoints_2d"]
    there = [i is not None for i in order]
    keypoints = np.full((len(points), len(layout), 2), np.nan, np.float32)
    keypoints[:, there] = points[:, [i for i in order if i is not None]]
    track = as_track(keypoints, layout)
    whole = metrics.scale_to_truth(lift(lifter, views).poses, views["keypoints_3d"])
    poses = np.concatenate(
        [
            lifter.lift_track(frame(track, i), views["intrinsics"][i]).poses
            for i in range(len(points))
        ]
    )
    poses = metrics.scale_to_truth(poses, views["keypoints_3d"])
    both = [joint for joint in order if joint is not None]
    assert metrics.joint_errors(poses, whole)[:, both].mean() < 8.0


def as_track(keypoints, layout=H36M_17):
    frames = np.arange(len(keypoints))
    ones = np.ones(keypoints.shape[:2])
    return KeypointTrack("someone", keypoints, ones, frames, frames / 5.0, layout)


def frame(track, i):
    return as_track(track.keypoints[i : i + 1], track.layout)


def test_tracks_are_in_millimetres_at_the_body_height(lifter, views):
    track = as_track(views["keypoints_2d"][:8])
    poses = lifter.lift_track(track, views["intrinsics"][0], body_height=1800.0).poses
    np.testing.assert_allclose(bone_sum(poses), 1800.0 * BONES_PER_STATURE, rtol=1e-4)


def test_the_root_is_found_where_it_is(lifter, views):
    """Its direction exactly, its distance as well as bones and pose allow."""
    camera = (views["intrinsics"] == views["intrinsics"][0]).all(-1)
    truth = views["keypoints_3d"][camera]
    height = float(np.median(bone_sum(truth)) / BONES_PER_STATURE)
    track = as_track(views["keypoints_2d"][camera])
    root = lifter.lift_track(track, views["intrinsics"][0], height).root
    direction = root / np.linalg.norm(root, axis=-1, keepdims=True)
    expected = truth[:, 0] / np.linalg.norm(truth[:, 0], axis=-1, keepdims=True)
    np.testing.assert_allclose(direction, expected, atol=1e-3)
    ratio = np.linalg.norm(root, axis=-1) / np.linalg.norm(truth[:, 0], axis=-1)
    assert abs(np.median(ratio) - 1.0) < 0.1


def test_paper_mode_knows_no_root_without_intrinsics(views):
    track = as_track(views["keypoints_2d"])
    assert synpose_tf.Lifter.from_pretrained().lift_track(track).root is None


def test_camera_mode_wants_intrinsics(views):
    with pytest.raises(SynposeError, match="intrinsics"):
        Lifter.from_pretrained("camera").lift(views["keypoints_2d"])


@pytest.mark.parametrize("shape", [(17, 2), (1, 16, 2), (1, 17, 3)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"\(n, 17, 2\)"):
        Lifter.from_pretrained().lift(np.zeros(shape))


def test_nobody_is_no_error():
    assert Lifter.from_pretrained().lift(np.zeros((0, 17, 2))).poses.shape == (0, 17, 3)


def test_mpii_is_a_layout():
    assert MPII_16 in layouts.LAYOUTS.values()


@pytest.mark.parametrize("extent", [(0.0, 0.0), (3.0, 3.0), (200.0, 0.0)])
def test_a_point_and_a_line_are_nobody_and_the_others_are_as_before(extent, lifter, views):
    keypoints = views["keypoints_2d"].copy()
    corner = np.random.default_rng(0).uniform(0.0, 1.0, (17, 2))
    keypoints[3] = 500.0 + corner * extent
    lifted, before = lift(lifter, views, keypoints), lift(lifter, views)
    assert np.isnan(lifted.poses[3]).all()
    assert np.isnan(lifted.keypoints[3]).all()
    others = np.delete(np.arange(len(keypoints)), 3)
    np.testing.assert_array_equal(lifted.poses[others], before.poses[others])
