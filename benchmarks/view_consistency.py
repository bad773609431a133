"""How well the lifts of one moment from four cameras agree, on real detections.

  python benchmarks/view_consistency.py --folder=FOLDER

FOLDER holds Stacked Hourglass files of Human3.6M's subject S9 as Martinez et al. published
them, `<Action>.<camera>.h5`. Nobody knows the true poses here, but the four cameras see the
same one: each pair of lifts is aligned by Procrustes at a mean root distance of 430 mm, and
their MPJPE is the disagreement. Bone lengths are those of one person and should not vary:
for each bone, the standard deviation over frames and views as a share of the mean.

It also says how far the detections themselves are from one point in space: each joint is
triangulated from the four views and projected back.
"""

import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import s9
from absl import app, flags

from synpose_tf.inference.lifter import Lifter
from synpose_tf.structures.skeleton import H36M_17, MPII_16

flags.DEFINE_string("folder", None, "Folder of the detections.", required=True)
flags.DEFINE_string("workdir", None, "A training run. Default: the pretrained lifters.")
flags.DEFINE_list("modes", ["paper", "camera"], "Of the pretrained lifters.")
FLAGS = flags.FLAGS


def triangulation_errors(folder, action) -> np.ndarray:
    """(views, frames, 16), pixels between a detection and its triangulated joint projected back."""
    points = s9.read_detections(folder, action)
    return s9.reprojection_errors(s9.triangulate(points, s9.CAMERAS), points, s9.CAMERAS)


def bone_variation(views) -> float:
    """Median over bones of standard deviation over mean."""
    child, parent = np.transpose(H36M_17.bones)
    lengths = np.linalg.norm(views[..., child, :] - views[..., parent, :], axis=-1)
    lengths = lengths.reshape(-1, len(child))
    return float(np.median(lengths.std(0) / lengths.mean(0)))


def main(_):
    if FLAGS.workdir:
        lifters = {FLAGS.workdir: Lifter.from_workdir(FLAGS.workdir)}
    else:
        lifters = {f"pretrained, {mode}": Lifter.from_pretrained(mode) for mode in FLAGS.modes}
    folder = pathlib.Path(FLAGS.folder)
    for action in s9.ACTIONS:
        errors = np.median(triangulation_errors(folder, action), axis=1)
        ranges = [
            f"{n} {e.min():.0f}-{e.max():.0f}"
            for n, e in zip(MPII_16.joints, errors.T, strict=True)
        ]
        print(
            f"{action}: detections off their triangulated joint by px (median): {', '.join(ranges)}"
        )
        tracks = s9.read_views(folder, action)
        for name, lifter in lifters.items():
            views = s9.lift_views(lifter, tracks)
            errors = s9.disagreement(views)
            print(
                f"{name:20} {action:8} disagreement of views, median {np.median(errors):5.1f} mm "
                f"(90th percentile {np.percentile(errors, 90):5.1f}); bone lengths vary by "
                f"{100 * bone_variation(views):4.1f} %"
            )


if __name__ == "__main__":
    app.run(main)
