"""Evaluating a lifter on a prepared split: per action, their mean, and all poses."""

import dataclasses
import json
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from synpose_tf.datasets.actions import action_names
from synpose_tf.evaluation import metrics, tables
from synpose_tf.evaluation.tables import Row
from synpose_tf.geometry import normalization

KEYS = ("keypoints_2d", "keypoints_3d", "intrinsics")
COLUMNS = {
    "mpjpe": "MPJPE",
    "p_mpjpe": "P-MPJPE",
    "p_z": "P-z",
    "n_mpjpe": "N-MPJPE",
    "pck": "PCK@150",
    "auc": "AUC",
}
MEAN_OF_ACTIONS = "mean of actions"
ALL_POSES = "all poses"
_BATCH = 4096


def lift(model: keras.Model, views: dict[str, np.ndarray]) -> np.ndarray:
    """Lifts views with `keypoints_2d` and `intrinsics`: (poses, 17, 3), camera frame, unscaled.

    A model of windows takes `windows_2d` in place of `keypoints_2d`.
    """
    keys = ("keypoints_2d", "windows_2d", "intrinsics")
    inputs = {key: views[key] for key in keys if key in views}
    count = len(inputs["keypoints_2d"])
    chunks = [
        model({k: tf.constant(v[i : i + _BATCH]) for k, v in inputs.items()}).numpy()
        for i in range(0, count, _BATCH)
    ]
    return np.concatenate(chunks)


def add_noise(
    views: dict[str, np.ndarray], deviation: float, seed: int = 0
) -> dict[str, np.ndarray]:
    """The views with Gaussian noise of `deviation` pixels on each 2D coordinate (table 3)."""
    if not deviation:
        return views
    noise = np.random.default_rng(seed).normal(0.0, deviation, views["keypoints_2d"].shape)
    return {**views, "keypoints_2d": (views["keypoints_2d"] + noise).astype(np.float32)}


def flat_poses(views: dict[str, np.ndarray], mode: str) -> np.ndarray:
    """The flat pose (z = 0) of each view, what a lifter must beat: (poses, 17, 3)."""
    return _lift_with(np.zeros(views["keypoints_2d"].shape[:2], np.float32), views, mode)


def perfect_depth_poses(
    views: dict[str, np.ndarray], mode: str, distance: float = 0.0
) -> np.ndarray:
    """Each view lifted by its true z, what a lifter can reach at best: (poses, 17, 3)."""
    truth, _ = normalization.normalize_3d(views["keypoints_3d"], mode)
    return _lift_with(truth[..., 2], views, mode, distance)


def _lift_with(depths, views, mode, distance=0.0):
    poses, frame = normalization.normalize_2d(
        views["keypoints_2d"], mode, views["intrinsics"], distance
    )
    lifted = normalization.lift(poses, depths, frame.perspective)
    return normalization.to_camera_frame(lifted, frame)


@dataclasses.dataclass(frozen=True)
class Table:
    """Metrics by row: the actions in order, then the mean of actions, then all poses.

    Args:
        rows: row name to metric name to figure; millimetres, or percent for PCK and AUC.
        counts: row name to number of poses.
        caption: what the figures hold for.
    """

    rows: dict[str, dict[str, float]]
    counts: dict[str, int]
    caption: str

    def text(self) -> str:
        """The table for a terminal."""
        rows = [
            (name, *(f"{row[key]:.2f}" for key in COLUMNS), str(self.counts[name]))
            for name, row in self.rows.items()
        ]
        least = (2 + max(map(len, self.rows)), *(8 for _ in COLUMNS), 8)
        head, *lines = tables.align([("", *COLUMNS.values(), "poses"), *rows], least)
        lines.insert(list(self.rows).index(MEAN_OF_ACTIONS), "-" * len(head))
        return "\n".join([self.caption, "", head, *lines])

    def markdown(self) -> str:
        """The table for a README."""
        rows = [
            Row(name, (*(row[key] for key in COLUMNS), self.counts[name]))
            for name, row in self.rows.items()
        ]
        return tables.Table(self.caption, (*COLUMNS.values(), "poses"), tuple(rows)).markdown()

    def csv(self) -> str:
        """The table as CSV."""
        rows = [
            (name, *(f"{row[key]:.4f}" for key in COLUMNS), self.counts[name])
            for name, row in self.rows.items()
        ]
        return tables.csv_text([("action", *COLUMNS, "poses"), *rows])

    def json(self, **about: Any) -> str:
        """The table as JSON, with whatever else is to be said of it."""
        tree = {"caption": self.caption, **about, "rows": self.rows, "poses": self.counts}
        return json.dumps(tree, indent=2) + "\n"


def tabulate(
    predicted: np.ndarray, truth: np.ndarray, takes: np.ndarray, caption: str = ""
) -> Table:
    """Computes a table.

    Args:
        predicted: (poses, 17, 3), camera frame, any scale.
        truth: (poses, 17, 3), camera frame, millimetres.
        takes: (poses,), the data set's `action`; rows come in the order of their first pose.
        caption: printed above.
    """
    figures = metrics.pose_metrics(predicted, truth)
    figures["p_z"] = metrics.p_depth_error(predicted, truth)
    names, first, index = np.unique(action_names(takes), return_index=True, return_inverse=True)
    rows, counts = {}, {}
    for code in np.argsort(first):
        chosen = index == code
        rows[str(names[code])] = {key: float(v[chosen].mean()) for key, v in figures.items()}
        counts[str(names[code])] = int(chosen.sum())
    mean = {key: float(np.mean([row[key] for row in rows.values()])) for key in figures}
    rows[MEAN_OF_ACTIONS] = mean
    rows[ALL_POSES] = {key: float(v.mean()) for key, v in figures.items()}
    counts[MEAN_OF_ACTIONS] = counts[ALL_POSES] = len(index)
    return Table(rows, counts, caption)
