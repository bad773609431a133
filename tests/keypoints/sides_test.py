"""Exchanged sides are found and put back; sides that are right stay as they are."""

import numpy as np
import pytest
from field_recordings import apart, entries, lifted, read, walker

from synpose_tf import keypoints
from synpose_tf.keypoints import sides
from synpose_tf.keypoints.layouts import COCO_17
from synpose_tf.structures.skeleton import H36M_17

FRAMES = 60


def swapped(joints, rows, names=("Shoulder", "Elbow", "Wrist", "Hip", "Knee", "Ankle")):
    joints = joints.copy()
    order = np.arange(17)
    for name in names:
        left, right = COCO_17.index(f"L{name}"), COCO_17.index(f"R{name}")
        order[[left, right]] = right, left
    joints[rows] = joints[rows][:, order]
    return joints


@pytest.mark.parametrize("rows", [range(20, 22), range(30, 31), range(10, 25), range(52, 60)])
def test_exchanged_sides_are_put_back_and_marked(rows, tmp_path):
    joints = walker(FRAMES)
    clean = read(tmp_path, entries(joints))
    recording = read(tmp_path, entries(swapped(joints, rows)))
    (track,) = recording.tracks
    np.testing.assert_array_equal(track.keypoints, clean.tracks[0].keypoints)
    np.testing.assert_array_equal(track.confidence, clean.tracks[0].confidence)
    assert np.flatnonzero(track.exchanged.any(1)).tolist() == list(rows)
    assert f"left and right were exchanged in {len(rows)} frames" in str(recording.notes)
    assert clean.tracks[0].exchanged is None
    assert not apart(lifted(track), lifted(clean.tracks[0])).any()


def test_legs_alone_are_exchanged_and_put_back(tmp_path):
    joints = walker(FRAMES)
    broken = swapped(joints, range(20, 26), ("Hip", "Knee", "Ankle"))
    (track,) = read(tmp_path, entries(broken)).tracks
    marked = {COCO_17.joints[j] for j in np.flatnonzero(track.exchanged.any(0))}
    assert {"LKnee", "RKnee", "LAnkle", "RAnkle"} <= marked
    assert not {"LShoulder", "RElbow", "Nose"} & marked
    np.testing.assert_allclose(track.keypoints, joints_of(joints), atol=1e-3)


def joints_of(joints):
    return np.where(joints[..., 2:] > 0, joints[..., :2], np.nan)


def test_the_marks_come_through_to_the_poses(tmp_path):
    from synpose_tf.inference.lifter import Lifter

    (track,) = read(tmp_path, entries(swapped(walker(FRAMES), range(20, 22)))).tracks
    poses = Lifter.from_pretrained().lift_track(track)
    names = {H36M_17.joints[j] for j in np.flatnonzero(poses.exchanged[20])}
    parts = ("Shoulder", "Elbow", "Wrist", "Hip", "Knee", "Ankle")
    assert names == {side + part for side in "LR" for part in parts}
    assert np.flatnonzero(poses.exchanged.any(1)).tolist() == [20, 21]


@pytest.mark.parametrize("motion", ["walking", "turning", "crouching", "reaching"])
def test_sides_that_are_right_are_not_touched(motion):
    for seed in range(4):
        joints = walker(2 * FRAMES, motion, seed)
        noisy = joints_of(joints) + np.random.default_rng(seed).normal(0, 2.0, (2 * FRAMES, 17, 2))
        assert not sides.exchanged(joints_of(joints), COCO_17).any()
        assert not sides.exchanged(noisy, COCO_17).any()


def test_pictures_without_motion_are_not_touched():
    rng = np.random.default_rng(0)
    assert not sides.exchanged(rng.uniform(0, 500, (300, 17, 2)), H36M_17).any()


def test_a_long_recording_is_read_in_pieces_alike(tmp_path, monkeypatch):
    from synpose_tf.io import scratch

    tree = entries(swapped(walker(FRAMES), range(20, 29)))
    whole = read(tmp_path, tree).tracks[0]
    monkeypatch.setattr(scratch, "PIECE", 7)
    pieces = read(tmp_path, tree, scratch=scratch.Scratch()).tracks[0].loaded()
    np.testing.assert_array_equal(pieces.keypoints, whole.keypoints)
    np.testing.assert_array_equal(pieces.exchanged, whole.exchanged)


def test_a_report_from_the_field(shared_data):
    path = shared_data / "field_reports" / "21_left_right_swap.json"
    (track,) = keypoints.read([path]).tracks
    assert np.flatnonzero(track.exchanged.any(1)).tolist() == [5, 6]


def test_a_real_detector_that_exchanged_sides(shared_data):
    """Camera 2 of four: against the person as all four cameras see it."""
    track = keypoints.read([shared_data / "four_cameras" / "cam02.landmarks.json"]).tracks[0]
    assert track.exchanged[41:62].any(1).all()
    assert not track.exchanged[:41].any()
