"""What the adversarial part brings beside a depth loss, on people who trained nothing.

  python benchmarks/adversary.py --manual_dir=FOLDER --seeds=0,1,2

One budget, `--config=robust_synchronized`'s augmentation and rate, networks 128 wide, `camera`
mode:

  depth            a depth loss on the pairs alone (--method=supervised, at its own rate)
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

import functools
import pathlib

import numpy as np
import s9
import unseen
from absl import flags
from judged_runs import Judge, Variant, compare

from synpose_tf import cli
from synpose_tf.config import load_config

cli.define_data_flags(dataset="cmu_mocap,synthetic_pose")
flags.DEFINE_string("sh", str(unseen.S9), "Folder of S9's detections.")
flags.DEFINE_string("workdir", "runs/adversary", "Folder of the runs.")
flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds.")
flags.DEFINE_integer("steps", 2000, "Training steps of 512 poses.", lower_bound=1)
FLAGS = flags.FLAGS

WIDTHS = {f"{network}_width": 128 for network in ("generator", "reprojection", "critic")}
DEPTH_LOSS = {"depth_weight": 10.0, "depth_loss": "absolute"}


def synchronized(seed, **model):
    return load_config("robust_synchronized").override(
        steps=FLAGS.steps,
        validate_every=FLAGS.steps,
        seed=seed,
        mode="camera",
        model=WIDTHS | model,
    )


def supervised(seed):
    from synpose_tf.training import loop

    config = loop.with_method(synchronized(seed), "supervised").override(learning_rate=1e-3)
    return config.override(model={"depth_loss": "absolute"})


def detections(action) -> dict[str, np.ndarray]:
    """S9's detections of an action, each view with its own camera."""
    from synpose_tf.training.detections import read_detections

    views = [
        read_detections([pathlib.Path(FLAGS.sh) / f"{action}.{camera.name}.h5"], camera.intrinsics)
        for camera in s9.CAMERAS
    ]
    return {key: np.concatenate([view[key] for view in views]) for key in views[0]}


def main():
    from synpose_tf.datasets import prepared

    builders = prepared.prepare_all(
        FLAGS.dataset, FLAGS.manual_dir, FLAGS.data_dir, FLAGS.joint_map
    )
    both = functools.partial(synchronized, **DEPTH_LOSS)
    unpaired = functools.partial(both, paired=False)
    variants = {
        "depth": Variant(supervised),
        "paper": Variant(synchronized),
        "both": Variant(both),
        "both + Walking": Variant(unpaired, functools.partial(detections, "Walking")),
        "both + Sitting": Variant(unpaired, functools.partial(detections, "Sitting")),
    }
    compare(Judge(builders, FLAGS.workdir), variants, [int(seed) for seed in FLAGS.seeds])


if __name__ == "__main__":
    cli.run(main)
