"""The detector's own 3D beside its landmarks comes through, and moves as they do."""

import json

import numpy as np
import pytest
from keypoint_files import in_layout, write
from pose_tracks import pose_track

from synpose_tf import keypoints
from synpose_tf.errors import SynposeError
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints.conversion import world_to_h36m
from synpose_tf.keypoints.layouts import MEDIAPIPE_33
from synpose_tf.structures.skeleton import H36M_17

FRAMES = 32


def landmarks_file(folder, world, change=lambda frames: None, joints=None):
    """A file of one person, with the world landmarks (F, 33, 3)."""
    path = write("mediapipe", folder, [person() if joints is None else joints])
    tree = json.loads(path.read_text("utf-8"))
    for frame, points in zip(tree["frames"], world, strict=True):
        frame["people"][0]["world"] = points.tolist()
    change(tree["frames"])
    path.write_text(json.dumps(tree), "utf-8")
    return path


def person():
    """(F, 33, 3): a person who walks."""
    pixels = pose_track(frames=FRAMES).keypoints
    return in_layout(np.concatenate([pixels, np.full((FRAMES, 17, 1), 0.9)], -1), MEDIAPIPE_33)


def any_world():
    return np.random.default_rng(0).normal(0.0, 0.3, (FRAMES, 33, 3)).round(5)


def read(path, **wanted):
    (track,) = keypoints.read([path], **wanted).tracks
    return track


@pytest.mark.parametrize("place", [None, Scratch()])
def test_the_detectors_3d_comes_through_and_misses_where_joints_do(place, tmp_path):
    def change(frames):
        frames[3]["people"][0]["landmarks"][15][3] = 0.0
        frames[4]["people"][0]["world"] = None
        frames[5]["people"] = []

    world = any_world()
    track = read(landmarks_file(tmp_path, world, change), scratch=place)
    seen = np.isfinite(track.keypoints).all(-1)
    assert not seen[3, 15]
    expected = np.where(seen[..., None], world, np.nan)
    expected[4] = np.nan
    np.testing.assert_allclose(track.world, expected, atol=1e-6)
    (piece,) = track.pieces()
    np.testing.assert_allclose(piece.world, expected, atol=1e-6)


def test_points_may_be_objects_and_files_without_any_have_none(tmp_path):
    def named(frames):
        for frame in frames:
            (one,) = frame["people"]
            one["world"] = [dict(zip("xyz", point, strict=True)) for point in one["world"]]

    def without(frames):
        for frame in frames:
            del frame["people"][0]["world"]

    world = any_world()
    as_lists = read(landmarks_file(tmp_path, world)).world
    np.testing.assert_array_equal(read(landmarks_file(tmp_path, world, named)).world, as_lists)
    assert read(landmarks_file(tmp_path, world, without)).world is None


@pytest.mark.parametrize("points", [[[0.0, 1.0]] * 33, [[0.0, 1.0, 2.0]] * 17, "far"])
def test_what_is_no_3d_is_refused(points, tmp_path):
    def change(frames):
        frames[2]["people"][0]["world"] = points

    with pytest.raises(SynposeError, match="frame 2, person 0: world"):
        read(landmarks_file(tmp_path, any_world(), change))


def test_a_turned_picture_turns_it_too(tmp_path):
    """By a quarter clockwise, what was right is below, and what was below is on the left."""
    world = any_world()
    upright = read(landmarks_file(tmp_path, world)).world
    turned = read(landmarks_file(tmp_path, world), rotate=90).world
    expected = np.stack([-upright[..., 1], upright[..., 0], upright[..., 2]], -1)
    np.testing.assert_allclose(turned, expected, atol=1e-6)


def test_exchanged_sides_are_put_back_there_too(tmp_path):
    joints, world, rows = person(), any_world(), slice(14, 18)
    mirror = list(MEDIAPIPE_33.mirror)
    broken, exchanged = joints.copy(), world.copy()
    broken[rows], exchanged[rows] = joints[rows][:, mirror], world[rows][:, mirror]
    clean = read(landmarks_file(tmp_path, world, joints=joints))
    track = read(landmarks_file(tmp_path, exchanged, joints=broken))
    assert track.exchanged[rows].any()
    seen = np.isfinite(track.keypoints).all(-1) & track.exchanged
    np.testing.assert_array_equal(track.world[seen], clean.world[seen])


def test_human36ms_joints_of_it(tmp_path):
    track = read(landmarks_file(tmp_path, any_world()))
    moved = world_to_h36m(track)
    left, right = (MEDIAPIPE_33.index(name) for name in ("LHip", "RHip"))
    middle = track.world[:, [left, right]].mean(1)
    knee = track.world[:, MEDIAPIPE_33.index("LKnee")] - middle
    np.testing.assert_allclose(moved[:, H36M_17.index("LKnee")], knee, atol=1e-6)
    assert np.isnan(moved[:, H36M_17.index("Head")]).all()
    assert not moved[:, H36M_17.root].any()
