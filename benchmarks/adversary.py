"""What the adversarial part brings beside a depth loss, on people who trained nothing.

  python benchmarks/adversary.py --manual_dir=FOLDER --seeds=0,1,2

One budget, `--config=robust_synchronized`'s augmentation and rate, networks 128 wide, `camera`
mode:

  depth            a depth loss on the pairs alone (--method=supervised)
  paper            the paper's losses alone
  both             the paper's losses and the depth loss, weight 10
  both + Walking   half of the inputs are real detections of S9's Walking, which only the critic
  both + Sitting   judges; of Sitting

Each is judged by `unseen.py`. An arm that saw S9 walk is to be judged by how it lifts S9's
Sitting, and the other way round: its other figure is of inputs that it has seen. The same
command again goes on with what is not finished.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import dataclasses
import pathlib

import numpy as np
import s9
import unseen
from absl import flags

from synpose_tf import cli
from synpose_tf.config import load_config
from synpose_tf.evaluation import metrics, protocols
from synpose_tf.evaluation.tables import Row, Spread, Table
from synpose_tf.inference.lifter import Lifter

cli.define_data_flags(dataset="cmu_mocap,synthetic_pose")
flags.DEFINE_string("sh", str(unseen.S9), "Folder of S9's detections.")
flags.DEFINE_string("workdir", "runs/adversary", "Folder of the runs.")
flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds.")
flags.DEFINE_list("arms", [], "Some of the arms only, by name. Default: all.")
flags.DEFINE_integer("steps", 2000, "Training steps of 512 poses.", lower_bound=1)
FLAGS = flags.FLAGS

DEPTH_WEIGHT = 10.0
WIDTHS = {f"{network}_width": 128 for network in ("generator", "reprojection", "critic")}
ARMS = {
    "depth": {},
    "paper": {},
    "both": {"depth_weight": DEPTH_WEIGHT, "depth_loss": "absolute"},
    "both + Walking": {"depth_weight": DEPTH_WEIGHT, "depth_loss": "absolute", "paired": False},
    "both + Sitting": {"depth_weight": DEPTH_WEIGHT, "depth_loss": "absolute", "paired": False},
}


def config_of(arm: str, seed: int):
    """The arm's `TrainConfig`."""
    from synpose_tf.training import loop

    config = load_config("robust_synchronized").override(
        steps=FLAGS.steps, validate_every=FLAGS.steps, seed=seed, mode="camera", model=WIDTHS
    )
    if arm == "depth":
        config = loop.with_method(config, "supervised").override(learning_rate=1e-3)
        return config.override(model={"depth_loss": "absolute"})
    return config.override(model=ARMS[arm])


def detections_of(arm: str) -> dict[str, np.ndarray] | None:
    """S9's detections that an arm trains on, each view with its own camera."""
    from synpose_tf.training.detections import read_detections

    _, _, action = arm.partition(" + ")
    if not action:
        return None
    views = [
        read_detections([pathlib.Path(FLAGS.sh) / f"{action}.{camera.name}.h5"], camera.intrinsics)
        for camera in s9.CAMERAS
    ]
    return {key: np.concatenate([view[key] for view in views]) for key in views[0]}


def train(arm: str, seed: int, arrays, views) -> Lifter:
    """Trains an arm, or goes on with it, and returns its lifter."""
    import tensorflow as tf

    from synpose_tf.training import checkpoint, loop

    config = config_of(arm, seed)
    folder = pathlib.Path(FLAGS.workdir) / f"{arm.replace(' + ', '_')}_seed{seed}"
    workdir = checkpoint.Workdir(folder)
    workdir.open_for({"config": dataclasses.asdict(config), "dataset": FLAGS.dataset, "arm": arm})
    session = loop.Training(
        loop.new_model(config),
        arrays,
        views,
        workdir,
        config,
        tf.distribute.get_strategy(),
        loop.Precautions(keep=1),
        workdir.resume(),
        detections_of(arm),
    )
    session.run()
    return Lifter.from_workdir(folder)


def figures_of(lifter, test) -> dict[str, tuple[float, float]]:
    """MPJPE and P-MPJPE by what is lifted."""
    found = unseen.evaluate(lifter)
    figures = {
        title: found[key][:2]
        for title, key in (
            ("S9 Walking", "walking agreeing"),
            ("S9 Sitting", "sitting agreeing"),
            ("four cameras", "four_cameras detections"),
        )
    }
    poses = lifter.lift(test["keypoints_2d"], test["intrinsics"]).poses
    errors = metrics.pose_metrics(poses, test["keypoints_3d"])
    found = tuple(float(errors[key].mean()) for key in ("mpjpe", "p_mpjpe"))
    return figures | {"CMU test": found}


def main():
    from synpose_tf.datasets import prepared
    from synpose_tf.training import monitor

    builders = prepared.prepare_all(FLAGS.dataset, FLAGS.manual_dir, FLAGS.data_dir)
    arrays = prepared.read_splits(builders, "train", prepared.TRAINING_KEYS)
    test = prepared.read_split(builders[0], "test", protocols.KEYS)
    views = monitor.validation_sample(
        prepared.read_split(builders[0], "test", prepared.TRAINING_KEYS)
    )
    rows = {}
    for seed in map(int, FLAGS.seeds):
        for arm in FLAGS.arms or ARMS:
            figures = figures_of(train(arm, seed, arrays, views), test)
            rows.setdefault(arm, []).append(figures)
            text = "  ".join(f"{k} {a:.1f} / {b:.1f}" for k, (a, b) in figures.items())
            print(f"seed {seed}  {arm:15} {text}", flush=True)
    columns = [(title, i) for title in next(iter(rows.values()))[0] for i in (0, 1)]
    table = Table(
        f"Millimetres, mean and standard deviation over seeds {', '.join(FLAGS.seeds)}; "
        f"{FLAGS.steps} steps",
        tuple(f"{title} {('MPJPE', 'P-MPJPE')[i]}" for title, i in columns),
        tuple(
            Row(arm, tuple(Spread(tuple(f[title][i] for f in found)) for title, i in columns))
            for arm, found in rows.items()
        ),
        decimals=1,
    )
    table.write(pathlib.Path(FLAGS.workdir) / "adversary")
    print(table.text())


if __name__ == "__main__":
    cli.run(main)
