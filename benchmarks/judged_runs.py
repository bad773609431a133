"""Trains variants of a recipe at one budget and judges them on people who trained nothing."""

import dataclasses
import pathlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import unseen

from synpose_tf.config import TrainConfig
from synpose_tf.evaluation import metrics, protocols
from synpose_tf.evaluation.tables import Row, Spread, Table
from synpose_tf.inference.lifter import Lifter
from synpose_tf.version import __version__

if TYPE_CHECKING:  # TensorFlow.
    from synpose_tf.training.pairs import Pairs

Figures = dict[str, tuple[float, float]]


@dataclasses.dataclass(frozen=True)
class Variant:
    """One way to train.

    Args:
        config: gives the configuration for a seed.
        detections: gives 2D poses without a truth, from `detections.read_detections`; None for
            none.
        pairs: gives pairs of detectors, from `pairs.read_pairs`; None for none.
        init: a lifter of the package to begin with; empty for fresh weights.
        exact: whether it trains on the judge's data sets, beside `pairs`.
    """

    config: Callable[[int], TrainConfig]
    detections: Callable[[], dict[str, np.ndarray]] | None = None
    pairs: Callable[[], "Pairs"] | None = None
    init: str = ""
    exact: bool = True


class Judge:
    """Trains on prepared data sets and judges.

    Args:
        builders: of the training sets; the first one's test split is among the judges.
        folder: of the runs; what is finished there is not done again.
    """

    def __init__(self, builders, folder):
        from synpose_tf.datasets import prepared
        from synpose_tf.training import monitor

        self.folder = pathlib.Path(folder)
        self.datasets = [builder.info.full_name for builder in builders]
        self.arrays = prepared.read_splits(builders, "train", prepared.TRAINING_KEYS)
        self.test = prepared.read_split(builders[0], "test", protocols.KEYS)
        views = prepared.read_split(builders[0], "test", prepared.TRAINING_KEYS)
        self.views = monitor.validation_sample(views)

    def train(self, name: str, variant: Variant, seed: int) -> Lifter:
        """Trains a variant, or goes on with it, and returns its lifter."""
        import tensorflow as tf

        from synpose_tf.inference import initial
        from synpose_tf.training import checkpoint, loop

        config = variant.config(seed)
        folder = self.folder / f"{re.sub(r'[^a-zA-Z0-9+.]+', '_', name)}_seed{seed}"
        workdir = checkpoint.Workdir(folder)
        run = {
            "version": __version__,
            "dataset": self.datasets[0],
            "mixed_with": self.datasets[1:],
            "config": dataclasses.asdict(config),
            "variant": name,
        }
        workdir.open_for(run)
        model = loop.new_model(config)
        if variant.init:
            initial.start(model, initial.load(variant.init))
        session = loop.Training(
            model,
            self.arrays if variant.exact else None,
            self.views,
            workdir,
            config,
            tf.distribute.get_strategy(),
            loop.Precautions(keep=1),
            workdir.resume(),
            variant.detections() if variant.detections else None,
            pairs=variant.pairs() if variant.pairs else None,
        )
        session.run()
        return Lifter.from_workdir(folder)

    def figures(self, lifter: Lifter) -> Figures:
        """MPJPE and P-MPJPE in millimetres, by what is lifted."""
        found = unseen.evaluate(lifter)
        figures = {
            title: found[key][:2]
            for title, key in (
                ("S9 Walking", "walking agreeing"),
                ("S9 Sitting", "sitting agreeing"),
                ("four cameras", "four_cameras detections"),
            )
        }
        poses = lifter.lift(self.test["keypoints_2d"], self.test["intrinsics"]).poses
        errors = metrics.pose_metrics(poses, self.test["keypoints_3d"])
        found = tuple(float(errors[key].mean()) for key in ("mpjpe", "p_mpjpe"))
        return figures | {"CMU test": found}


def compare(judge: Judge, variants: dict[str, Variant], seeds: list[int]) -> Table:
    """Trains and judges each variant with each seed; prints each as it comes."""
    rows: dict[str, list[Figures]] = {}
    for seed in seeds:
        for name, variant in variants.items():
            figures = judge.figures(judge.train(name, variant, seed))
            rows.setdefault(name, []).append(figures)
            text = "  ".join(f"{key} {a:.1f} / {b:.1f}" for key, (a, b) in figures.items())
            print(f"seed {seed}  {name:20} {text}", flush=True)
    columns = [(title, i) for title in next(iter(rows.values()))[0] for i in (0, 1)]
    table = Table(
        f"Millimetres; seeds {', '.join(map(str, seeds))}",
        tuple(f"{title} {('MPJPE', 'P-MPJPE')[i]}" for title, i in columns),
        tuple(
            Row(name, tuple(Spread(tuple(f[title][i] for f in found)) for title, i in columns))
            for name, found in rows.items()
        ),
    )
    table.write(judge.folder / "table")
    print(table.text())
    return table
