"""What recordings of several cameras teach a lifter about people who do something else.

  python benchmarks/learn_from_views.py --manual_dir=MOCAP

Human3.6M's S9 walks and sits before four cameras, under Stacked Hourglass (`--sh`). Each recording
is put together by `synpose_tf.multiview`, with lenses but without places, and nothing of
Human3.6M's 3D. The `camera` lifter of the package is trained further by `--config=robust`, 1,000
steps of 512 poses at a tenth of its rate, on

  motion capture       alone: what the further steps do by themselves
  Walking 1/2          motion capture, and for half of each step the fused joints of Walking
  Walking 1/8          the same, for an eighth
  Walking alone        no motion capture
  Sitting …            the same with Sitting

and lifts single views, which `unseen.py` judges (`agreeing`). Who was trained on Walking is to be
judged at Sitting, and the other way round: the other figure is of the very recording. The same
command again goes on with what is not finished.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import functools
import pathlib
import subprocess
import sys

import s9
import unseen
from absl import flags
from judged_runs import Judge, Variant, compare

from synpose_tf import cli
from synpose_tf.config import load_config
from synpose_tf.inference.lifter import Lifter

cli.define_data_flags(dataset="cmu_mocap,synthetic_pose")
flags.DEFINE_string("sh", str(unseen.S9), "Folder of S9's detections.")
flags.DEFINE_string("workdir", "runs/learn_from_views", "Folder of recordings and runs.")
flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds.")
flags.DEFINE_list("only", [], "Some of the rows, by name. Default: all.")
flags.DEFINE_integer("steps", 1000, "Training steps of 512 poses.", lower_bound=1)
flags.DEFINE_float("learning_rate", 1e-4, "Of the first step.", lower_bound=0.0)
FLAGS = flags.FLAGS

SHARES = {"1/2": 0.5, "1/8": 0.125}
START = "camera"


def config(seed):
    return load_config("robust").override(
        steps=FLAGS.steps,
        validate_every=FLAGS.steps,
        learning_rate=FLAGS.learning_rate,
        seed=seed,
        mode="camera",
    )


def record(action) -> pathlib.Path:
    """The folder of an action's recording, which the command writes if it is not there."""
    folder = pathlib.Path(FLAGS.workdir) / "recordings" / action
    if not (folder / "poses.views.npz").is_file():
        files = [str(pathlib.Path(FLAGS.sh) / f"{action}.{c.name}.h5") for c in s9.CAMERAS]
        given = ("--intrinsics=h36m/S9", "--fps=50", "--synchronized", "--formats=npz")
        command = [sys.executable, "-m", "synpose_tf.multiview", *files, *given]
        subprocess.run([*command, f"--output={folder}"], check=True)
    return folder


def pairs(action, share):
    from synpose_tf.datasets import prepared
    from synpose_tf.training.pairs import read_pairs

    source = prepared.Source("multiview", str(record(action)), FLAGS.data_dir)
    return read_pairs([prepared.prepare(source)], [], share)


def variants() -> dict[str, Variant]:
    found = {"motion capture": Variant(config, init=START)}
    for action in s9.ACTIONS:
        for name, share in SHARES.items():
            given = functools.partial(pairs, action, share)
            found[f"{action} {name}"] = Variant(config, pairs=given, init=START)
        given = functools.partial(pairs, action, 0.5)
        found[f"{action} alone"] = Variant(config, pairs=given, init=START, exact=False)
    return {name: v for name, v in found.items() if not FLAGS.only or name in FLAGS.only}


def main():
    from synpose_tf.datasets import prepared

    builders = prepared.prepare_all(
        FLAGS.dataset, FLAGS.manual_dir, FLAGS.data_dir, FLAGS.joint_map
    )
    judge = Judge(builders, FLAGS.workdir)
    figures = judge.figures(Lifter.from_pretrained(START))
    print("as it comes: " + "  ".join(f"{k} {a:.1f} / {b:.1f}" for k, (a, b) in figures.items()))
    compare(judge, variants(), [int(seed) for seed in FLAGS.seeds])


if __name__ == "__main__":
    cli.run(main)
