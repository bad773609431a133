"""The detector's own depths beside the lifter's."""

import dataclasses

import numpy as np
import pytest

from synpose_tf.evaluation import metrics
from synpose_tf.geometry import camera
from synpose_tf.inference import fusion
from synpose_tf.inference.lifter import Lifter
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import KeypointTrack

WEIGHT = 0.2


@pytest.fixture(scope="module", params=["paper", "camera"])
def lifter(request):
    return Lifter.from_pretrained(request.param)


@pytest.fixture
def views(synthetic_views):
    return {key: values[::40].astype(np.float32) for key, values in synthetic_views.items()}


def mpjpe(poses, truth):
    return metrics.pose_metrics(poses, truth)["mpjpe"].mean()


def seen_head_on(views):
    """True poses (n, 17, 3) in the frame of a camera that looks at the root, in metres."""
    points = views["keypoints_3d"]
    rays = points[:, 0, :2] / points[:, 0, 2:]
    turned = camera.rotate(points - points[:, :1], camera.virtual_rotation(rays))
    return turned / 1000.0


def track_of(views, world):
    count = len(world)
    return KeypointTrack(
        name="one",
        keypoints=views["keypoints_2d"],
        confidence=np.ones((count, 17), np.float32),
        frames=np.arange(count),
        times=np.arange(count) / 10.0,
        layout=H36M_17,
        world=world,
    )


def test_a_fifth_of_the_other_depth_at_the_lifters_size():
    rng = np.random.default_rng(0)
    poses, depths = rng.normal(size=(4, 17, 2)), rng.normal(size=(4, 17))
    depths[:, 0], poses[:, 0] = 0.0, 0.0
    other = rng.normal(size=(4, 17))
    other[:, 0] = 0.0
    # As long as the lifter's pose in all, but for a size of its own.
    length = np.linalg.norm(np.concatenate([poses, depths[..., None]], -1), axis=-1).sum(-1)
    world = np.concatenate([poses, other[..., None]], -1)
    scale = length / np.linalg.norm(world, axis=-1).sum(-1)
    world[:, 5] = np.nan
    world[3] = np.nan
    fused, used = fusion.fuse(depths, poses, 7.0 * world)
    assert used.tolist() == [True, True, True, False]
    np.testing.assert_array_equal(fused[:, 5], depths[:, 5])
    np.testing.assert_array_equal(fused[3], depths[3])
    rest = [j for j in range(17) if j != 5]
    part = np.linalg.norm(np.concatenate([poses, depths[..., None]], -1)[:, rest], axis=-1).sum(-1)
    scale = part / np.linalg.norm(world[:, rest], axis=-1).sum(-1)
    expected = (1 - WEIGHT) * depths + WEIGHT * scale[:, None] * other
    np.testing.assert_allclose(fused[:3, rest], expected[:3, rest])


def test_true_depths_make_poses_better(lifter, views):
    truth, intrinsics = views["keypoints_3d"], views["intrinsics"]
    alone = lifter.lift(views["keypoints_2d"], intrinsics)
    fused = lifter.lift(views["keypoints_2d"], intrinsics, world=seen_head_on(views))
    assert fused.fused.all()
    assert not alone.fused.any()
    assert mpjpe(fused.poses, truth) < 0.9 * mpjpe(alone.poses, truth)


def test_joints_stay_where_the_picture_shows_them(views):
    lifter, intrinsics = Lifter.from_pretrained("camera"), views["intrinsics"][0]
    same = (views["intrinsics"] == intrinsics).all(1)
    views = {key: values[same] for key, values in views.items()}
    lifted = lifter.lift_track(track_of(views, seen_head_on(views)), intrinsics, roll=0.0)
    assert lifted.fused.all()
    pixels = camera.project(lifted.poses + lifted.root[:, None], intrinsics)
    assert np.abs(pixels - views["keypoints_2d"]).max() < 0.5


def test_lifter_only_leaves_them_out(views):
    lifter = Lifter.from_pretrained("paper")
    world = seen_head_on(views)
    world[2] = np.nan
    track = track_of(views, world)
    plain = lifter.lift_track(dataclasses.replace(track, world=None))
    alone, fused = lifter.lift_track(track, lifter_only=True), lifter.lift_track(track)
    assert alone.fused is None
    np.testing.assert_array_equal(alone.poses, plain.poses)
    assert np.flatnonzero(~fused.fused).tolist() == [2]
    np.testing.assert_array_equal(fused.poses[2], plain.poses[2])
    assert (np.abs(fused.poses - plain.poses).max((1, 2)) > 1.0).sum() == len(world) - 1


def test_a_rolled_camera_gives_the_rolled_pose(views):
    lifter, world = Lifter.from_pretrained("paper"), seen_head_on(views)
    track = track_of(views, world)
    rolled = dataclasses.replace(
        track,
        keypoints=camera.turn_image(track.keypoints, 30.0).astype(np.float32),
        world=camera.turn_image(world, 30.0),
    )
    level = lifter.lift_track(track, roll=0.0)
    back = lifter.lift_track(rolled, roll=30.0)
    np.testing.assert_allclose(back.poses, camera.turn_image(level.poses, 30.0), atol=0.5)
