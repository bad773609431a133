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

import dataclasses
import itertools
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import h5py
import numpy as np
from absl import app, flags

from synpose_tf import keypoints
from synpose_tf.evaluation import metrics
from synpose_tf.geometry.camera import h36m_cameras, pixels_to_rays
from synpose_tf.inference.lifter import Lifter
from synpose_tf.structures.skeleton import H36M_17, MPII_16
from synpose_tf.structures.tracks import KeypointTrack

flags.DEFINE_string("folder", None, "Folder of the detections.", required=True)
flags.DEFINE_string("workdir", None, "A training run. Default: the pretrained lifters.")
flags.DEFINE_list("modes", ["paper", "camera"], "Of the pretrained lifters.")
FLAGS = flags.FLAGS

MEAN_RADIUS_MM = 430.0


def read_views(folder, action) -> list[KeypointTrack]:
    """The detections of each camera, all with as many frames."""
    paths = [folder / f"{action}.{name}.h5" for name in h36m_cameras()["S9"]]
    tracks = [keypoints.read([path]).tracks[0] for path in paths]
    shortest = min(len(track.frames) for track in tracks)
    per_frame = ("keypoints", "confidence", "frames", "times")
    return [
        dataclasses.replace(t, **{field: getattr(t, field)[:shortest] for field in per_frame})
        for t in tracks
    ]


def lift_views(lifter, tracks) -> np.ndarray:
    """(views, frames, 17, 3), millimetres, at the lifter's default stature."""
    views = []
    for track, camera in zip(tracks, h36m_cameras()["S9"].values(), strict=True):
        intrinsics = camera.intrinsics if lifter.mode == "camera" else None
        views.append(lifter.lift_track(track, intrinsics).poses)
    return np.stack(views)


def triangulation_errors(folder, action) -> np.ndarray:
    """(views, frames, 16), pixels between a detection and its triangulated joint projected back.

    The point that lies best, in the least squares sense, on the four undistorted rays.
    """
    cameras = h36m_cameras()["S9"]
    points = []
    for name in cameras:
        with h5py.File(folder / f"{action}.{name}.h5") as file:
            points.append(file["poses"][()].astype(np.float64))
    points = np.stack([p[: min(map(len, points))] for p in points])
    rows = []
    for pixels, camera in zip(points, cameras.values(), strict=True):
        rays = pixels_to_rays(pixels, camera.intrinsics)
        shift = -camera.rotation @ camera.position
        matrix = np.concatenate([camera.rotation, shift[:, None]], axis=1)
        rows += [rays[..., axis, None] * matrix[2] - matrix[axis] for axis in (0, 1)]
    *_, right = np.linalg.svd(np.stack(rows, axis=-2))
    world = right[..., -1, :3] / right[..., -1, 3:]
    back = [camera.project(camera.to_camera(world)) for camera in cameras.values()]
    return np.linalg.norm(np.stack(back) - points, axis=-1)


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
    folder = pathlib.Path(FLAGS.folder)
    for action in ("Walking", "Sitting"):
        errors = np.median(triangulation_errors(folder, action), axis=1)
        ranges = [
            f"{n} {e.min():.0f}-{e.max():.0f}"
            for n, e in zip(MPII_16.joints, errors.T, strict=True)
        ]
        print(
            f"{action}: detections off their triangulated joint by px (median): {', '.join(ranges)}"
        )
        tracks = read_views(folder, action)
        for name, lifter in lifters.items():
            views = lift_views(lifter, tracks)
            errors = disagreement(views)
            print(
                f"{name:20} {action:8} disagreement of views, median {np.median(errors):5.1f} mm "
                f"(90th percentile {np.percentile(errors, 90):5.1f}); bone lengths vary by "
                f"{100 * bone_variation(views):4.1f} %"
            )


if __name__ == "__main__":
    app.run(main)
