"""Joints that a detector invents are not believed, on any detector's scale of scores."""

import json

import numpy as np
import pytest
from command_process import run
from field_recordings import apart, entries, lifted, read, walker

from synpose_tf import keypoints
from synpose_tf.keypoints.layouts import COCO_17

LEGS = [i for i, name in enumerate(COCO_17.joints) if name[1:] in ("Knee", "Ankle")]


def half_body(usual, invented):
    """Legs are guesses, anywhere near."""
    joints = walker()
    joints[..., 2] *= usual / 0.9
    guesses = np.random.default_rng(0).uniform(-60.0, 60.0, (30, len(LEGS), 2))
    joints[:, LEGS, :2] = joints[:, 11:12, :2] + guesses
    joints[:, LEGS, 2] = invented
    return joints


@pytest.mark.parametrize(
    ("usual", "invented"),
    [(0.99, 0.1), (0.9, 0.05), (0.8, 0.12), (0.65, 0.1), (0.1, 0.01), (90.0, 5.0), (8.0, 0.5)],
    ids=["MediaPipe", "report", "AlphaPose", "OpenPose", "Detectron2", "per cent", "logits"],
)
def test_invented_joints_are_not_believed(usual, invented, tmp_path):
    truth = lifted(read(tmp_path, entries(walker())).tracks[0])
    joints = half_body(usual, invented)
    recording = read(tmp_path, entries(joints))
    (track,) = recording.tracks
    assert np.isnan(track.keypoints[:, LEGS]).all()
    assert f"{30 * len(LEGS)} joints are below a confidence of" in str(recording.notes)
    others = [5, 6, 7, 8, 9, 10, 11, 12]
    assert np.isfinite(track.keypoints[:, others]).all()
    believed = read(tmp_path, entries(joints), min_confidence=0.0).tracks[0]
    assert np.isfinite(believed.keypoints[:, LEGS]).all()
    errors = [apart(lifted(t), truth).mean() for t in (track, believed)]
    assert errors[0] < 0.7 * errors[1]


def test_real_joints_of_a_lower_score_are_believed(tmp_path):
    joints = walker()
    joints[:, 9, 2] = 0.3
    recording = read(tmp_path, entries(joints))
    assert np.isfinite(recording.tracks[0].keypoints[:, 9]).all()
    assert recording.notes == []


def test_hidden_joints_of_annotations_are_believed(tmp_path):
    joints = walker()
    joints[..., 2] = 2.0 * (joints[..., 2] > 0)
    joints[:, LEGS, 2] = 1.0
    (track,) = read(tmp_path, entries(joints)).tracks
    assert np.isfinite(track.keypoints[:, LEGS]).all()


def test_the_command_says_what_it_does_not_believe(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(entries(half_body(0.9, 0.05))))
    finished = run("lift", "a.json", "--formats=npz", folder=tmp_path)
    text = "joints are below a confidence of 0.22, a quarter of the usual one, and count as missed"
    assert text in finished.stdout
    assert "--min_confidence sets the bound" in finished.stdout


def test_a_report_from_the_field(shared_data):
    path = shared_data / "field_reports" / "22_half_body_low_confidence.json"
    (track,) = keypoints.read([path]).tracks
    assert np.isnan(track.keypoints[:, 11:]).all()
    strict = keypoints.read([path], min_confidence=0.3).tracks[0]
    np.testing.assert_array_equal(track.keypoints, strict.keypoints)
