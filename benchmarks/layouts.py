"""What a detector's layout, or missed joints, cost against the full skeleton.

  python benchmarks/layouts.py --manual_dir=FOLDER

Takes the test poses of `cmu_mocap`, keeps the joints that a layout has, lifts them and
compares with the lift of all 17 joints, at the true mean root distance: MPJPE over the joints
that both have. Then the same with two random joints missing in each pose, over all joints.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from absl import app, flags

from synpose_tf.datasets import prepared
from synpose_tf.evaluation import metrics, protocols
from synpose_tf.inference.lifter import Lifter
from synpose_tf.keypoints import layouts
from synpose_tf.keypoints.conversion import carried
from synpose_tf.structures.skeleton import H36M_17

flags.DEFINE_string("manual_dir", None, "Folder of the CMU motion.")
flags.DEFINE_string("data_dir", None, "Where prepared data sets are kept.")
flags.DEFINE_string("workdir", None, "A training run. Default: the pretrained lifters.")
flags.DEFINE_integer("stride", 5, "Take every n-th pose.")
FLAGS = flags.FLAGS


def cost(lifter, views, seen, joints) -> float:
    """MPJPE in mm over `joints` between lifts with the joints `seen` (n, 17) and with all."""
    truth, intrinsics = views["keypoints_3d"], views["intrinsics"]
    keypoints = np.where(seen[..., None], views["keypoints_2d"], np.nan)
    # The midpoint of the hips stands for the root in every layout.
    hips = [H36M_17.index(name) for name in ("LHip", "RHip")]
    if not seen[:, 0].any():
        keypoints[:, 0] = keypoints[:, hips].mean(1)
    whole = metrics.scale_to_truth(lifter.lift(views["keypoints_2d"], intrinsics).poses, truth)
    part = metrics.scale_to_truth(lifter.lift(keypoints, intrinsics).poses, truth)
    return float(metrics.joint_errors(part, whole)[:, joints].mean())


def main(_):
    builder = prepared.prepare(prepared.Source("cmu_mocap", FLAGS.manual_dir, FLAGS.data_dir))
    views = prepared.read_split(builder, "test", protocols.KEYS)
    views = {key: values[:: FLAGS.stride] for key, values in views.items()}
    count = len(views["keypoints_2d"])
    if FLAGS.workdir:
        lifters = [Lifter.from_workdir(FLAGS.workdir)]
    else:
        lifters = [Lifter.from_pretrained(mode) for mode in ("paper", "camera")]
    for lifter in lifters:
        for layout in layouts.LAYOUTS.values():
            joints = [j for j, index in enumerate(carried(layout)) if index is not None]
            seen = np.zeros((count, len(H36M_17)), bool)
            seen[:, joints] = True
            print(f"{lifter.mode:7} {layout.name:20} {cost(lifter, views, seen, joints):5.2f} mm")
        order = np.random.default_rng(0).random((count, len(H36M_17))).argsort(axis=1)
        seen = np.ones((count, len(H36M_17)), bool)
        np.put_along_axis(seen, order[:, :2], False, axis=1)
        everything = list(range(len(H36M_17)))
        print(
            f"{lifter.mode:7} two joints missing   {cost(lifter, views, seen, everything):5.2f} mm"
        )


if __name__ == "__main__":
    app.run(main)
