"""Rolled cameras and turned recordings: found, said, and taken out of the poses."""

import json

import numpy as np
import pytest
from command_process import run
from field_recordings import apart, entries, read, walker
from pose_tracks import CAMERA, pose_track

from synpose_tf import keypoints
from synpose_tf.geometry import camera
from synpose_tf.inference.lifter import Lifter
from synpose_tf.keypoints import upright
from synpose_tf.keypoints.layouts import COCO_17
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import KeypointTrack

INTRINSICS = np.array([1000.0, 1000.0, 500.0, 500.0, 0, 0, 0, 0, 0])


def rolled(points, degrees):
    """Pixels about the principal point of INTRINSICS, turned."""
    return camera.turn_image(points - 500.0, degrees) + 500.0


def track(points):
    frames = np.arange(len(points))
    ones = np.ones(points.shape[:2])
    return KeypointTrack("a", points.astype(np.float32), ones, frames, frames / 30.0, H36M_17)


@pytest.fixture
def level():
    return pose_track(frames=32).keypoints


@pytest.mark.parametrize("degrees", [-35, -26, 26, 35])
def test_a_roll_is_found(level, degrees):
    found = upright.camera_roll(rolled(level, degrees), H36M_17)
    assert abs(found - degrees) < 8.0


@pytest.mark.parametrize("motion", ["standing", "walking", "sitting", "crouching", "turning"])
def test_a_level_camera_has_none(motion):
    points = pose_track(motion=motion, frames=32).keypoints
    assert upright.camera_roll(points, H36M_17) == 0.0
    assert upright.turned(points, H36M_17) == 0


@pytest.mark.parametrize("mode", ["paper", "camera"])
def test_a_roll_that_is_given_is_out_of_the_poses_and_back_in(level, mode):
    """The poses of a rolled camera are those of the level one, rolled."""
    lifter = Lifter.from_pretrained(mode)
    intrinsics = INTRINSICS if mode == "camera" else None
    expected = lifter.lift_track(track(level), intrinsics)
    found = lifter.lift_track(track(rolled(level, 26.0)), intrinsics, roll=26.0)
    assert found.roll == 26.0
    np.testing.assert_allclose(found.poses, camera.turn_image(expected.poses, 26.0), atol=0.5)
    np.testing.assert_array_equal(found.keypoints, rolled(level, 26.0).astype(np.float32))
    if mode == "camera":
        np.testing.assert_allclose(found.root, camera.turn_image(expected.root, 26.0), rtol=1e-3)


def test_joints_that_are_inferred_come_back_into_the_image(level):
    lifter, holes = Lifter.from_pretrained("camera"), level.copy()
    holes[:, 3] = np.nan
    intrinsics = CAMERA.intrinsics
    expected = lifter.lift_track(track(holes), intrinsics, roll=0.0).keypoints
    found = lifter.lift_track(track(holes), intrinsics, roll=0.001).keypoints
    np.testing.assert_allclose(found, expected, atol=2.5)  # It has no lens when it is turned.


def test_a_level_camera_changes_no_bit(level):
    lifter = Lifter.from_pretrained("camera")
    estimated = lifter.lift_track(track(level), INTRINSICS)
    np.testing.assert_array_equal(
        estimated.poses, lifter.lift_track(track(level), INTRINSICS, roll=0.0).poses
    )


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_recording_is_said_and_turned_back(degrees, tmp_path):
    joints = walker()
    clean = read(tmp_path, entries(joints), image_size=(1000, 800)).tracks[0]
    matrix, shift, size = camera.quarter_turns(degrees, (1000, 800))
    broken = joints.copy()
    broken[..., :2] = np.where(joints[..., 2:] > 0, joints[..., :2] @ matrix.T + shift, 0.0)
    recording = read(tmp_path, entries(broken), image_size=size)
    assert f"give --rotate={360 - degrees}" in str(recording.notes)
    mended = read(tmp_path, entries(broken), image_size=size, rotate=360 - degrees)
    assert "rotate" not in str(mended.notes)
    assert mended.tracks[0].image_size == (1000, 800)
    np.testing.assert_allclose(mended.tracks[0].keypoints, clean.keypoints, atol=1e-3)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_intrinsics_turn_with_the_image(degrees):
    intrinsics = np.array([1145.0, 1143.0, 512.5, 515.4, -0.2, 0.24, -0.001, 0.003, -0.002])
    points = np.random.default_rng(0).uniform([-1, -1, 4], [1, 1, 6], (9, 3))
    matrix, shift, size = camera.quarter_turns(degrees, (1000, 1002))
    assert size == ((1000, 1002) if degrees == 180 else (1002, 1000))
    expected = camera.project(points, intrinsics) @ matrix.T + shift
    turned = camera.turn_intrinsics(intrinsics, degrees, (1000, 1002))
    found = camera.project(camera.turn_image(points, degrees), turned)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_command_turns_picture_and_intrinsics(tmp_path):
    joints = walker()
    matrix, shift, _ = camera.quarter_turns(90, (1000, 800))
    broken = joints.copy()
    broken[..., :2] = np.where(joints[..., 2:] > 0, joints[..., :2] @ matrix.T + shift, 0.0)
    for name, person in (("clean", joints), ("turned", broken)):
        (tmp_path / f"{name}.json").write_text(json.dumps(entries(person)))
    given = camera.turn_intrinsics(INTRINSICS, 90, (1000, 800))
    flags = ["turned.json", "--rotate=270", "--image_size=800,1000", "--formats=npz"]
    finished = run("lift", *flags, f"--intrinsics={','.join(map(str, given))}", folder=tmp_path)
    assert finished.code == 0, finished.stderr
    poses = np.load(tmp_path / "lifted" / "turned" / "turned.npz")["poses"]
    clean = keypoints.read([tmp_path / "clean.json"]).tracks[0]
    expected = Lifter.from_pretrained("camera", "centred").lift_track(clean, INTRINSICS).poses
    assert apart(poses, expected).max() < 1.0


def test_a_real_camera_that_is_rolled(shared_data):
    """Camera 4 of four, by 26 degrees; the others by 13 and less."""
    folder = shared_data / "four_cameras"
    rolls = []
    for number in (1, 2, 3, 4):
        seen = keypoints.read([folder / f"cam0{number}.landmarks.json"]).tracks[0]
        rolls.append(upright.camera_roll(seen.keypoints, seen.layout))
    assert rolls[:3] == [0.0, 0.0, 0.0]
    assert abs(rolls[3] + 26.0) < 5.0


def test_coco_has_what_it_takes(level):
    joints = walker()
    points = np.where(joints[..., 2:] > 0, joints[..., :2], np.nan)
    assert abs(upright.camera_roll(rolled(points, 26.0), COCO_17) - 26.0) < 8.0
