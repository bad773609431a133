"""Files as users have them (`../shared/data/field_reports`): all of one walker, seen alike."""

import numpy as np
import pytest

from synpose_tf import keypoints
from synpose_tf.datasets.cmu_mocap import sources as cmu_mocap
from synpose_tf.datasets.h36m import survey as h36m
from synpose_tf.errors import SynposeError
from synpose_tf.inference.lifter import Lifter
from synpose_tf.keypoints.conversion import to_h36m
from synpose_tf.keypoints.layouts import COCO_17, MEDIAPIPE_33, OPENPOSE_18
from synpose_tf.structures.skeleton import H36M_17

LIMBS = [i for i, name in enumerate(H36M_17.joints) if name[0] in "LR" or name == "Nose"]
SIZE = (1920, 1080)


@pytest.fixture
def reports(shared_data):
    folder = shared_data / "field_reports"
    if not folder.is_dir():
        pytest.skip("shared/data/field_reports is not there")
    return folder


def read_one(path, **wanted):
    (track,) = keypoints.read([path], min_confidence=0.0, **wanted).tracks
    return track


@pytest.fixture
def clean(reports):
    """The first ten frames of the clean recording, as Human3.6M's joints (10, 17, 2)."""
    return to_h36m(read_one(reports / "04_pixels.npy"))[0]


@pytest.mark.parametrize(
    ("name", "layout", "frames"),
    [
        ("05_missing_is_minus1.json", COCO_17, range(10)),
        ("06_idx_nested.json", COCO_17, range(3)),
        ("07_h36m17_as_results.json", H36M_17, range(10)),
        ("09_mmpose_photo.json", COCO_17, [0]),
        ("10_mediapipe_visibility_null.json", MEDIAPIPE_33, [0]),
        ("11_coco_names_dashes.json", COCO_17, [0, 1]),
        ("13_walk.mp4.npz", COCO_17, [*range(7), *range(9, 30)]),
        ("14_rtmlib_scores.npz", COCO_17, range(5)),
        ("15_op_coco18", OPENPOSE_18, [0, 1]),
        ("16_yolo_to_json.json", COCO_17, [0]),
        ("16_vitpose_yx.json", COCO_17, [0, 1]),
        ("19_utf16.json", COCO_17, [0, 1]),
    ],
)
def test_the_walker_is_where_the_clean_recording_has_it(name, layout, frames, reports, clean):
    track = read_one(reports / name)
    assert track.layout == layout
    found, missing = to_h36m(track)
    found, missing = (column[~missing.all(-1)] for column in (found, missing))
    assert len(found) == len(frames)
    known = [row for row, frame in enumerate(frames) if frame < len(clean)]
    found, missing = found[known], missing[known]
    off = np.linalg.norm(found - clean[[frames[row] for row in known]], axis=-1)[:, LIMBS]
    seen = ~missing[:, LIMBS]
    assert seen.mean() > 0.6
    assert off[seen].max() < 8.0  # Of a person of 540 px; each layout has noise of its own.
    if layout == COCO_17:
        assert off[seen].max() < 0.1


def test_centred_fractions_ask_and_are_then_the_same_pixels(reports):
    path = reports / "04_centred_fractions.npy"
    for wanted in ({}, {"image_size": SIZE}):
        with pytest.raises(SynposeError, match="--units=centred_by_width"):
            keypoints.read([path], **wanted)
    track = read_one(path, image_size=SIZE, units="centred_by_width")
    same = read_one(reports / "04_pixels.npy").keypoints
    np.testing.assert_allclose(track.keypoints, same, atol=1e-2)


def test_missed_is_missed_however_it_is_marked(reports):
    lifter = Lifter.from_pretrained()
    marks = [read_one(reports / f"05_missing_is_{mark}.json") for mark in ("minus1", "zero")]
    one, other = (lifter.lift_track(track).poses for track in marks)
    np.testing.assert_array_equal(one, other)
    clean = lifter.lift_track(read_one(reports / "04_pixels.npy")).poses
    off = np.linalg.norm(one - clean, axis=-1).mean()
    assert off < 0.1 * np.linalg.norm(clean, axis=-1).max()  # 290 of 900 mm when they were joints.


def test_rtmlib_s_scores(reports):
    path = reports / "14_rtmlib_scores.npz"
    np.testing.assert_allclose(read_one(path).confidence, np.load(path)["scores"])


def test_hidden_files_among_cmu_s(reports):
    splits = cmu_mocap.read_clips(reports / "23_cmu_mac_appledouble")
    assert sorted(clip.key for clips in splits.values() for clip in clips) == [
        "subject_01/01_01", "subject_01/01_02", "subject_02/02_01",
    ]  # fmt: skip


def test_what_the_survey_of_h36m_recommends_can_be_read(reports):
    found = h36m.survey(reports / "24_h36m_detectron_pt_coco")
    views = {ready.name: ready.example() for ready in found.ready}
    detected = next(view for name, view in views.items() if "detectron_pt_coco" in name)
    truth = next(view for name, view in views.items() if name.startswith("h36m/gt"))
    given = detected.confidence[0] > 0
    off = np.linalg.norm(detected.keypoints_2d - truth.keypoints_2d, axis=-1)[:, given]
    assert given.sum() == 13
    assert np.median(off) < 20.0
