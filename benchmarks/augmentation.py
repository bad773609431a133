"""What each change of training examples is worth, on people who trained nothing.

  python benchmarks/augmentation.py --manual_dir=FOLDER

`--config=robust` at 2,000 steps and 256 wide, `camera` mode, one seed: as it is, each of its
changes left out, each that it does not make put in. One seed tells differences of 1 mm at most.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import dataclasses
import functools

from absl import flags
from judged_runs import Judge, Variant, compare

from synpose_tf import cli
from synpose_tf.config import load_config

cli.define_data_flags(dataset="cmu_mocap,synthetic_pose")
flags.DEFINE_string("workdir", "runs/augmentation", "Folder of the runs.")
flags.DEFINE_list("seeds", ["0"], "Seeds.")
flags.DEFINE_list("only", [], "Some of the variants, by name. Default: all.")
flags.DEFINE_integer("steps", 2000, "Training steps of 512 poses.", lower_bound=1)
FLAGS = flags.FLAGS

VARIANTS = {
    "robust": {},
    "squared loss": {"depth_loss": "squared"},
    "no stretch": {"stretch": 0.0},
    "no exchange": {"exchange": 0.0},
    "no bend": {"bend": 0.0},
    "bend 0.2": {"bend": 0.2},
    "no cameras": {"cameras": 0.0},
    "cameras 0.5": {"cameras": 0.5},
    "noise 0.04": {"detector_noise": 0.04},
    "noise 0.1": {"detector_noise": 0.1},
    "slide 0.1": {"slide": 0.1},
    "sides 0.03": {"sides": 0.03},
    "limbs missed 0.08": {"missing_limbs": 0.08},
    "nothing missed": {"missing": 0.0},
}


def config(changes, seed):
    model = {"generator_width": 256}
    model |= {"depth_loss": changes["depth_loss"]} if "depth_loss" in changes else {}
    changes = {key: value for key, value in changes.items() if key != "depth_loss"}
    recipe = load_config("robust").override(
        steps=FLAGS.steps, validate_every=FLAGS.steps, seed=seed, mode="camera", model=model
    )
    return dataclasses.replace(recipe, augmentation=recipe.augmentation | changes)


def main():
    from synpose_tf.datasets import prepared

    builders = prepared.prepare_all(
        FLAGS.dataset, FLAGS.manual_dir, FLAGS.data_dir, FLAGS.joint_map
    )
    variants = {
        name: Variant(functools.partial(config, changes))
        for name, changes in VARIANTS.items()
        if not FLAGS.only or name in FLAGS.only
    }
    compare(Judge(builders, FLAGS.workdir), variants, [int(seed) for seed in FLAGS.seeds])


if __name__ == "__main__":
    cli.run(main)
