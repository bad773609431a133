"""Tables of metrics against figures made by hand, and lifting a whole split."""

import csv
import json

import numpy as np
import pytest

from synpose_tf.evaluation import metrics, protocols
from synpose_tf.geometry import normalization


@pytest.fixture(scope="module")
def truth(synthetic_views):
    return synthetic_views["keypoints_3d"][:6]


@pytest.fixture(scope="module")
def table(truth):
    """Three poses of walking, two of sitting, one of eating; each is worse than the one before."""
    noise = np.random.default_rng(0).normal(0, 1, truth.shape)
    predicted = truth + noise * np.array([0, 10, 20, 30, 60, 90])[:, None, None]
    takes = ["Walking 1", "Sitting", "Walking 1", "Walking 2", "Sitting", "Eating 12"]
    return protocols.tabulate(predicted, truth, takes, caption="on six poses"), predicted


ROWS = {"Walking": [0, 2, 3], "Sitting": [1, 4], "Eating": [5]}


def test_rows_are_means_over_the_poses_of_an_action(table, truth):
    table, predicted = table
    figures = metrics.pose_metrics(predicted, truth)
    assert list(table.rows) == [*ROWS, protocols.MEAN_OF_ACTIONS, protocols.ALL_POSES]
    for key, values in figures.items():
        means = [values[chosen].mean() for chosen in ROWS.values()]
        for action, mean in zip(ROWS, means, strict=True):
            assert table.rows[action][key] == pytest.approx(mean)
        assert table.rows[protocols.MEAN_OF_ACTIONS][key] == pytest.approx(np.mean(means))
        assert table.rows[protocols.ALL_POSES][key] == pytest.approx(values.mean())
    for action, chosen in ROWS.items():
        assert table.counts[action] == len(chosen)
    assert table.counts[protocols.ALL_POSES] == table.counts[protocols.MEAN_OF_ACTIONS] == 6
    by_pose = table.rows[protocols.ALL_POSES]["mpjpe"]
    assert abs(table.rows[protocols.MEAN_OF_ACTIONS]["mpjpe"] - by_pose) > 1


def test_text_shows_every_figure(table):
    text = table[0].text()
    lines = text.splitlines()
    assert lines[0] == "on six poses"
    assert lines[2].split() == [
        "MPJPE", "P-MPJPE", "P-z", "N-MPJPE", "PCK@150", "AUC", "poses",
    ]  # fmt: skip
    rows = {line[:18].strip(): line[17:].split() for line in lines[3:] if line.strip("-")}
    assert list(rows) == list(table[0].rows)
    for name, row in table[0].rows.items():
        assert rows[name] == [f"{row[key]:.2f}" for key in protocols.COLUMNS] + [
            str(table[0].counts[name])
        ]


def test_csv_holds_the_table(table):
    rows = list(csv.DictReader(table[0].csv().splitlines()))
    assert [row["action"] for row in rows] == list(table[0].rows)
    for row in rows:
        assert int(row["poses"]) == table[0].counts[row["action"]]
        for key, value in table[0].rows[row["action"]].items():
            assert float(row[key]) == pytest.approx(value, abs=1e-4)


def test_json_holds_the_table_and_what_is_said_of_it(table):
    tree = json.loads(table[0].json(dataset="synthetic_pose", step=7))
    assert tree == {
        "caption": "on six poses",
        "dataset": "synthetic_pose",
        "step": 7,
        "rows": table[0].rows,
        "poses": table[0].counts,
    }


# === Noise ===


def test_noise_is_gaussian_in_pixels_and_repeatable(synthetic_views):
    noisy = protocols.add_noise(synthetic_views, 5.0)
    moved = noisy["keypoints_2d"] - synthetic_views["keypoints_2d"]
    assert abs(moved.mean()) < 0.1
    assert moved.std() == pytest.approx(5.0, rel=0.01)
    assert noisy["keypoints_3d"] is synthetic_views["keypoints_3d"]
    again = protocols.add_noise(synthetic_views, 5.0)
    np.testing.assert_array_equal(noisy["keypoints_2d"], again["keypoints_2d"])
    assert protocols.add_noise(synthetic_views, 0.0) is synthetic_views


# === Lifting ===


@pytest.mark.parametrize("mode", normalization.MODES)
def test_flat_poses_have_no_depth_in_the_frame_of_the_mode(synthetic_views, mode):
    views = {key: array[::40] for key, array in synthetic_views.items()}
    flat = protocols.flat_poses(views, mode)
    poses_2d, frame = normalization.normalize_2d(views["keypoints_2d"], mode, views["intrinsics"])
    seen = flat if mode == "paper" else np.einsum("nij,nkj->nki", frame.rotation, flat)
    np.testing.assert_allclose(seen[..., :2], poses_2d, atol=1e-9)
    np.testing.assert_allclose(seen[..., 2], 0, atol=1e-9)
    error = metrics.pose_metrics(flat, views["keypoints_3d"])["mpjpe"].mean()
    assert 100 < error < 180


def test_perfect_depth_is_the_best_that_a_lifter_can_do(synthetic_views):
    views = {key: array[::40] for key, array in synthetic_views.items()}

    def error(poses):
        return metrics.pose_metrics(poses, views["keypoints_3d"])["mpjpe"].mean()

    flat = error(protocols.flat_poses(views, "paper"))
    paper = error(protocols.perfect_depth_poses(views, "paper"))
    at_a_distance = error(protocols.perfect_depth_poses(views, "paper", distance=13.0))
    camera = error(protocols.perfect_depth_poses(views, "camera"))
    assert camera < 1e-6 < 10 < at_a_distance < paper < 25 < flat


@pytest.mark.parametrize("mode", normalization.MODES)
def test_lifting_in_chunks_is_the_model_s_own(new_model, synthetic_views, mode, monkeypatch):
    model = new_model(mode=mode)
    views = {key: array[::180].astype(np.float32) for key, array in synthetic_views.items()}
    monkeypatch.setattr(protocols, "_BATCH", 8)
    lifted = protocols.lift(model, views)
    assert lifted.shape == (22, 17, 3)
    np.testing.assert_allclose(lifted, model(views), atol=1e-5)
