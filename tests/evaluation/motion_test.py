"""How lifted clips move, against figures known by hand."""

import numpy as np
import pytest

from synpose_tf.evaluation import motion
from synpose_tf.structures.skeleton import H36M_17

FRAMES = 12


@pytest.fixture
def still(poses):
    """Somebody who stands still, 12 frames, millimetres."""
    pose = 400.0 * (poses[0] - poses[0, :1])
    return np.repeat(pose[None], FRAMES, axis=0)


def test_a_perfect_clip_of_another_size_has_no_error(poses):
    truth = 300.0 * poses[:FRAMES].astype(np.float64)
    figures = motion.clip_metrics(0.01 * truth + [5.0, 6.0, 7.0], truth)
    assert figures["mpjve"] < 1e-9
    assert figures["acceleration"] < 1e-9
    assert figures["jitter"] == pytest.approx(figures["true_jitter"])


def test_a_joint_that_shakes(still):
    """By 17 mm to and fro: a step of 34 mm, a second difference of 68, of one joint of 17."""
    shaken = still.copy()
    joint = H36M_17.index("LWrist")
    shaken[:, joint, 2] += 17.0 * (-1.0) ** np.arange(FRAMES)
    size = [np.linalg.norm(p, axis=-1).mean() for p in (shaken, still)]
    figures = motion.clip_metrics(shaken, still)
    assert figures["mpjve"] == pytest.approx(34.0 / 17 * size[1] / size[0], rel=1e-6)
    assert figures["acceleration"] == pytest.approx(68.0 / 17 * size[1] / size[0], rel=1e-6)
    assert figures["jitter"] == pytest.approx(figures["acceleration"])
    assert figures["true_jitter"] == 0.0
    assert figures["bones"] > 0.0


def test_a_size_that_changes_counts(still):
    pulsing = still * np.linspace(0.9, 1.1, FRAMES)[:, None, None]
    spread = np.linspace(0.9, 1.1, FRAMES).std() / np.linspace(0.9, 1.1, FRAMES).mean()
    assert motion.clip_metrics(pulsing, still)["bones"] == pytest.approx(100.0 * spread)


def test_clips_count_by_their_frames(still):
    shaken = still + np.random.default_rng(0).normal(0.0, 10.0, still.shape)
    predicted = np.concatenate([shaken[:8], still[:4], shaken[:2]])
    truth = np.concatenate([still[:8], still[:4], still[:2]])
    takes = np.array(["Walking 1"] * 8 + ["Walking 2"] * 4 + ["Sitting"] * 2)
    clips = np.repeat([0, 8, 12], [8, 4, 2])
    table = motion.tabulate(predicted, truth, takes, clips, 50.0)
    assert "50 frames a second" in table.caption
    assert [row.name for row in table.rows] == ["Walking", motion.ALL_CLIPS]  # Two frames: none.
    alone = motion.clip_metrics(shaken[:8], still[:8])["mpjve"]
    assert table.rows[0].cells[0] == pytest.approx(alone * 8 / 12)
    assert table.rows[0].cells[-1] == 2
