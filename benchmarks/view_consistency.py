"""How well the lifts of one moment from four cameras agree, on real detections.

  python benchmarks/view_consistency.py --folder=FOLDER

FOLDER holds Stacked Hourglass files of Human3.6M's subject S9 as Martinez et al. published
them, `<Action>.<camera>.h5`. Nobody knows the true poses here, but the four cameras see the
same one: each pair of lifts is aligned by Procrustes at a mean root distance of 430 mm, and
their MPJPE is the disagreement. Bone lengths are those of one person and should not vary:
for each bone, the standard deviation over frames and views as a share of the mean.
"""

import itertools
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import h5py
import numpy as np
from absl import app, flags

from synpose_tf import metrics
from synpose_tf.camera import h36m_cameras
from synpose_tf.lifter import Lifter
from synpose_tf.skeleton import H36M_17, MPII_16
from synpose_tf.tracks import KeypointTrack

flags.DEFINE_string("folder", None, "Folder of the detections.", required=True)
flags.DEFINE_string("workdir", None, "A training run. Default: the pretrained lifters.")
flags.DEFINE_list("modes", ["paper", "camera"], "Of the pretrained lifters.")
FLAGS = flags.FLAGS

MEAN_RADIUS_MM = 430.0


def lift_views(lifter, folder, action) -> np.ndarray:
    """(views, frames, 17, 3), millimetres, at the lifter's default stature."""
    views = []
    for name, camera in h36m_cameras()["S9"].items():
        with h5py.File(folder / f"{action}.{name}.h5") as file:
            keypoints = file["poses"][()]
        frames = np.arange(len(keypoints))
        track = KeypointTrack(
            name, keypoints, np.ones(keypoints.shape[:2]), frames, frames / 50.0, MPII_16
        )
        intrinsics = camera.intrinsics if lifter.mode == "camera" else None
        views.append(lifter.lift_track(track, intrinsics).poses)
    shortest = min(map(len, views))
    return np.stack([poses[:shortest] for poses in views])


def disagreement(views) -> np.ndarray:
    """MPJPE of every pair of views of every moment, millimetres."""
    radius = np.linalg.norm(views[..., 1:, :], axis=-1).mean(-1)[..., None, None]
    views = views * (MEAN_RADIUS_MM / radius)
    pairs = itertools.combinations(views, 2)
    return np.concatenate([metrics.p_mpjpe(a, b) for a, b in pairs])


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
    for name, lifter in lifters.items():
        for action in ("Walking", "Sitting"):
            views = lift_views(lifter, pathlib.Path(FLAGS.folder), action)
            errors = disagreement(views)
            print(
                f"{name:20} {action:8} disagreement of views, median {np.median(errors):5.1f} mm "
                f"(90th percentile {np.percentile(errors, 90):5.1f}); bone lengths vary by "
                f"{100 * bone_variation(views):4.1f} %"
            )


if __name__ == "__main__":
    app.run(main)
