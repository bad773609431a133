"""The recordings that exports over time are verified on."""

import numpy as np
import pytest
from motion_capture import write_archive

from synpose_tf.datasets import prepared
from synpose_tf.errors import SynposeError
from synpose_tf.export import recordings, trained
from synpose_tf.export.recordings import FRAMES, piece_ends
from synpose_tf.training.clips import Clips


def clips(*lengths, rate=30.0):
    starts = np.cumsum([0, *lengths[:-1]])
    first, last = (np.repeat(a, lengths) for a in (starts, starts + np.array(lengths) - 1))
    return Clips(first, last, np.full(len(first), rate))


def test_clips_are_cut_into_whole_pieces():
    assert piece_ends(clips(200, 40)).tolist() == [63, 127, 191, 239]
    assert piece_ends(clips(256, rate=60.0)).tolist() == [126, 254]


def test_pieces_of_an_archive_are_in_order_and_noisy(tmp_path):
    source = prepared.Source("cmu_mocap", write_archive(tmp_path / "mocap"), tmp_path / "data")
    lifter = recordings.over_time(trained.from_pretrained("camera", source), "causal")
    keypoints = lifter.inputs["keypoints"]
    assert keypoints.shape[1:] == (FRAMES, 17, 2)
    assert lifter.inputs["intrinsics"].shape == (len(keypoints), 9)
    truth = lifter.test["keypoints_3d"].reshape(*keypoints.shape[:2], 17, 3)
    one, ten = (np.linalg.norm(truth[:, n:] - truth[:, :-n], axis=-1).mean() for n in (1, 10))
    assert 0.0 < one < 0.5 * ten  # The frames follow each other.
    exact = prepared.read_split(lifter.builder, "test", ("keypoints_2d",))["keypoints_2d"]
    nearest = np.abs(exact[:, None] - keypoints[:1, -1]).max(axis=(2, 3)).min()
    assert 0.5 < nearest < 100.0  # Pixels.


def test_without_motion_it_is_refused():
    source = prepared.Source("synthetic_pose")
    lifter = trained.from_pretrained("paper", source)
    with pytest.raises(SynposeError, match="Name a data set of motion"):
        _ = recordings.over_time(lifter, "causal").test


def test_a_lifter_without_a_network_is_refused():
    lifter = trained.from_pretrained("paper_synchronized", prepared.Source("synthetic_pose"))
    with pytest.raises(SynposeError, match="no 'causal' network over time"):
        recordings.over_time(lifter, "causal")
