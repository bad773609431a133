"""How lifted clips move: MPJVE, acceleration error, jitter, and whether bones keep their length.

Errors of single poses say nothing of that. A clip is scaled by one factor to the true mean root
distance, so that a size that changes from frame to frame counts. All are of root-relative poses.

Examples:
    >>> truth = 100.0 * np.random.default_rng(0).normal(size=(10, 17, 3))
    >>> figures = clip_metrics(0.5 * truth, truth)
    >>> figures["mpjve"].round(6), figures["acceleration"].round(6)
    (np.float64(0.0), np.float64(0.0))
"""

import numpy as np

from synpose_tf.datasets.actions import action_names
from synpose_tf.evaluation import metrics
from synpose_tf.evaluation.tables import Row, Table
from synpose_tf.structures.skeleton import H36M_17

COLUMNS = {
    "mpjve": "MPJVE",
    "acceleration": "acceleration error",
    "jitter": "jitter",
    "true_jitter": "true jitter",
    "bones": "bones vary, %",
}
LEAST_FRAMES = 3  # Of a clip: fewer have no acceleration.
ALL_CLIPS = "all clips"


def clip_metrics(predicted: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Figures of a clip.

    Args:
        predicted: (F, 17, 3), camera frame, any scale; at least `LEAST_FRAMES` frames.
        truth: (F, 17, 3), camera frame, millimetres.

    Returns:
        `mpjve`, the mean error of a joint's step from frame to frame (Pavllo et al., CVPR 2019),
        mm/frame; `acceleration`, that of its second difference (Kanazawa et al., CVPR 2019),
        mm/frame²; `jitter` and `true_jitter`, the mean length of the second difference itself;
        `bones`, the standard deviation of a bone's length over time as a share of its mean, mean
        over the bones, percent.
    """
    predicted, truth = metrics.root_relative(predicted), metrics.root_relative(truth)
    sizes = [np.linalg.norm(poses, axis=-1).mean() for poses in (predicted, truth)]
    predicted = predicted * (sizes[1] / max(sizes[0], 1e-12))
    child, parent = np.transpose(H36M_17.bones)
    lengths = np.linalg.norm(predicted[:, child] - predicted[:, parent], axis=-1)
    return {
        "mpjve": _mean_length(np.diff(predicted - truth, axis=0)),
        "acceleration": _mean_length(np.diff(predicted - truth, 2, axis=0)),
        "jitter": jitter(predicted),
        "true_jitter": jitter(truth),
        "bones": 100.0 * (lengths.std(0) / np.maximum(lengths.mean(0), 1e-12)).mean(),
    }


def jitter(poses: np.ndarray) -> float:
    """Mean length of a joint's second difference in time, of poses (..., frames, J, 3); frames
    with a NaN, and those beside them, do not count."""
    return float(np.nanmean(np.linalg.norm(np.diff(poses, 2, axis=-3), axis=-1)))


def tabulate(
    predicted: np.ndarray, truth: np.ndarray, takes: np.ndarray, clips: np.ndarray, rate: float
) -> Table:
    """Figures by action; each clip counts by its frames.

    Args:
        predicted: (poses, 17, 3), camera frame, any scale.
        truth: (poses, 17, 3), camera frame, millimetres.
        takes: (poses,), the data set's `action`.
        clips: (poses,), the first pose of each pose's clip, whose poses lie one after the other.
        rate: frames a second.
    """
    rows: dict[str, list] = {}
    names = action_names(takes)
    for first in np.unique(clips):
        chosen = clips == first
        if chosen.sum() >= LEAST_FRAMES:
            figures = clip_metrics(predicted[chosen], truth[chosen])
            entry = int(chosen.sum()), [figures[key] for key in COLUMNS]
            rows.setdefault(str(names[first]), []).append(entry)
    rows[ALL_CLIPS] = [entry for entries in rows.values() for entry in entries]
    return Table(
        f"Motion, at {rate:g} frames a second: mm/frame, mm/frame²",
        (*COLUMNS.values(), "clips"),
        tuple(_row(name, entries) for name, entries in rows.items() if entries),
        decimals=2,
    )


def _row(name, entries):
    weights, figures = zip(*entries, strict=True)
    means = np.average(figures, axis=0, weights=weights).tolist()
    return Row(name, (*means, len(entries)))


def _mean_length(vectors):
    return np.linalg.norm(vectors, axis=-1).mean()
