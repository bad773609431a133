"""Units of coordinates, and marks of missed joints: what is converted, and what is asked."""

import json

import numpy as np
import pytest
from keypoint_files import IMAGE, LAYOUT, walk, write

from synpose_tf import keypoints
from synpose_tf.errors import SynposeError
from synpose_tf.keypoints.layouts import BODY_25, COCO_17

WIDTH, HEIGHT = 1920, 1080


def dump(path, tree):
    path.write_text(json.dumps(tree))
    return path


def results(people, **more):
    return [
        {"image_id": i, "category_id": 1, "keypoints": joints.ravel().tolist(), **more}
        for person in people
        for i, joints in enumerate(person)
    ]


def read_one(path, **wanted):
    (track,) = keypoints.read([path], **wanted).tracks
    return track


# === Units ===


def test_fractions_are_said_and_turned_into_pixels_on_demand(tmp_path):
    joints = walk(COCO_17)
    path = write("results", tmp_path, [joints / (*IMAGE, 1.0)])
    with pytest.raises(SynposeError, match=r"0\.\d+ to 0\.\d+.*fractions.*--image_size=WIDTH"):
        keypoints.read([path])
    recording = keypoints.read([path], image_size=IMAGE)
    np.testing.assert_allclose(recording.tracks[0].keypoints, joints[..., :2], atol=0.1)
    assert "fractions, turned into pixels of 1000 x 1002" in recording.notes[0]


def test_centred_fractions_are_refused(tmp_path):
    joints = walk(COCO_17)
    joints[..., :2] = joints[..., :2] / 500 - 1
    with pytest.raises(SynposeError, match="centred"):
        keypoints.read([write("results", tmp_path, [joints])], image_size=IMAGE)


def test_pixels_where_mediapipe_gives_fractions(tmp_path):
    path = write("mediapipe", tmp_path, [walk(LAYOUT["mediapipe"]) * (*IMAGE, 1.0)])
    with pytest.raises(SynposeError, match=r"which are pixels.*divide by image_size"):
        keypoints.read([path])


def centred(joints, by_width):
    joints = joints.copy()
    joints[..., 0] = 2 * joints[..., 0] / WIDTH - 1
    joints[..., 1] = (2 * joints[..., 1] - HEIGHT) / (WIDTH if by_width else HEIGHT)
    return joints


@pytest.mark.parametrize(("unit", "by_width"), [("centred", False), ("centred_by_width", True)])
def test_centred_coordinates_are_converted_when_told(unit, by_width, tmp_path):
    joints = walk(COCO_17)
    joints[3, 5, :2], joints[4, 6, :2] = 0.0, -1.0  # Missed, as detectors say it in pixels.
    path = dump(tmp_path / "a.json", results([centred(joints, by_width)]))
    track = read_one(path, units=unit, image_size=(WIDTH, HEIGHT))
    missed = np.isnan(track.keypoints).any(-1)
    assert np.argwhere(missed).tolist() == [[3, 5], [4, 6]]
    np.testing.assert_allclose(track.keypoints[~missed], joints[~missed][:, :2], atol=1e-2)
    for wanted in ({}, {"image_size": (WIDTH, HEIGHT)}):
        with pytest.raises(SynposeError, match="--image_size=WIDTH.*--units=centred_by_width"):
            keypoints.read([path], **wanted)
    with pytest.raises(SynposeError, match="Give --image_size"):
        keypoints.read([path], units=unit)


@pytest.mark.parametrize("corner", [False, True])
def test_openpose_s_keypoint_scales(corner, tmp_path):
    """Below 0 or with missed joints at (-1, -1) it is --keypoint_scale 4, else 3."""
    size = {"image_size": (WIDTH, HEIGHT)}
    joints = walk(BODY_25, place=(1500.0, 900.0) if corner else (300.0, 400.0))
    fractions = joints / (WIDTH, HEIGHT, 1.0)
    write("openpose", tmp_path, [fractions])
    track = read_one(tmp_path, **size)
    np.testing.assert_allclose(track.keypoints, joints[..., :2], atol=1e-2)
    scaled = centred(joints, by_width=False)
    scaled[2, 3] = -1.0, -1.0, 0.0
    assert (scaled[0] > 0).all() == corner
    write("openpose", tmp_path, [scaled])
    track = read_one(tmp_path, **size)
    assert np.argwhere(np.isnan(track.keypoints).any(-1)).tolist() == [[2, 3]]
    np.testing.assert_allclose(track.keypoints[0], joints[0, :, :2], atol=1e-2)


def test_all_people_of_a_file_are_of_one_unit(tmp_path):
    """Who stands where centred coordinates are positive is no person of fractions."""
    people = [walk(BODY_25, seed=1), walk(BODY_25, seed=2, place=(1500.0, 900.0))]
    write("openpose", tmp_path, [centred(person, by_width=False) for person in people])
    tracks = keypoints.read([tmp_path], image_size=(WIDTH, HEIGHT)).tracks
    for track, joints in zip(tracks, people, strict=True):
        np.testing.assert_allclose(track.keypoints, joints[..., :2], atol=1e-2)


def test_units_that_the_numbers_contradict(tmp_path):
    path = write("results", tmp_path, [walk(COCO_17)])
    with pytest.raises(SynposeError, match="which are pixels. Expected centred"):
        keypoints.read([path], units="centred", image_size=IMAGE)
    with pytest.raises(SynposeError, match="--units=inches: no such unit"):
        keypoints.read([path], units="inches")


# === Missed joints ===


@pytest.mark.parametrize("mark", [(0, 0), (-1, -1), (None, None), (float("nan"), 5.0)])
def test_every_mark_of_a_missed_joint(mark, tmp_path):
    people = [walk(COCO_17, seed=1), walk(COCO_17, seed=2, place=(700.0, 500.0))]
    entries = results(people)
    for entry in entries[::2]:
        entry["keypoints"][15:17] = mark
    tracks = keypoints.read([dump(tmp_path / "a.json", entries)]).tracks
    assert [len(track.frames) for track in tracks] == [12, 12]
    for track, joints in zip(tracks, people, strict=True):
        missed = np.isnan(track.keypoints).any(-1)
        assert missed.sum() == 6
        assert (np.flatnonzero(missed.any(0)) == 5).all()
        np.testing.assert_allclose(track.keypoints[~missed], joints[~missed][:, :2], atol=1e-3)
