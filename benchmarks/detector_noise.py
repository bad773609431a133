"""How long a detector remembers its errors: what training's noise over time was made from.

  python benchmarks/detector_noise.py

The distance of Stacked Hourglass's joints from the projected triangulation of S9 (`--sh`), and of
MediaPipe's from the reference of four cameras (`--four_cameras`), in mean image radii: standard
deviation, and correlation with itself after a time, each joint's mean over the recording taken
away. Errors beyond half a radius are left out. Last, the correlation of `detectors.MEMORY`.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import s9
import unseen
from absl import flags

from synpose_tf import cli
from synpose_tf.geometry import camera
from synpose_tf.structures.skeleton import MPII_16
from synpose_tf.training.augmentation import detectors

SECONDS = (0.04, 0.1, 0.2, 0.4, 0.6, 1.0)
FARTHEST = 0.5


def s9_errors(folder, action):
    """(views, frames, 16, 2), in image radii, 50 Hz; NaN where nothing is known."""
    points = s9.read_detections(folder, action, 1)
    world = s9.triangulate_robustly(points, s9.CAMERAS, unseen.BOUND_PX)
    true = np.stack([c.project(c.to_camera(world)) for c in s9.CAMERAS])
    away = np.linalg.norm(true - true[:, :, MPII_16.index("Hip")][:, :, None], axis=-1)
    return (points - true) / np.nanmedian(np.nanmean(away, axis=-1))


def four_camera_errors(folder):
    """(4, frames, 12, 2), as `s9_errors`, 60 Hz."""
    errors = []
    for view, lens in enumerate(unseen.reference(folder)["intrinsics"]):
        truth, names = unseen.true_joints(folder, view)
        true = camera.project(truth, np.broadcast_to(lens, (len(truth), 9)))
        track = unseen.landmarks(folder, view, 0.0)
        points = np.asarray(track.keypoints)[:, [track.layout.index(name) for name in names]]
        radius = np.median(np.linalg.norm(true[:, 1:] - true[:, :1], axis=-1))
        errors.append((points - true[track.frames, 1:]) / radius)
    return np.stack(errors)


def print_row(name, errors, rate):
    far = np.linalg.norm(errors, axis=-1, keepdims=True) > FARTHEST
    errors = np.where(far, np.nan, errors)
    steady = errors - np.nanmean(errors, axis=1, keepdims=True)
    cells = []
    for seconds in SECONDS:
        lag = round(seconds * rate)
        cells.append(np.nanmean(steady[:, lag:] * steady[:, :-lag]) / np.nanmean(steady**2))
    deviation = np.sqrt(np.nanmean(errors**2))
    print(f"{name:16}{deviation:10.3f}" + "".join(f"{cell:8.2f}" for cell in cells))


def main():
    args = flags.FLAGS
    print(f"{'':16}{'deviation':>10}" + "".join(f"{seconds:>6} s" for seconds in SECONDS))
    for action in s9.ACTIONS:
        print_row(f"S9 {action}", s9_errors(args.sh, action), 50.0)
    print_row("four cameras", four_camera_errors(args.four_cameras), 60.0)
    model = [
        sum(share * np.exp(-t / memory) for memory, share in detectors.MEMORY.items() if memory)
        for t in SECONDS
    ]
    print(f"{'training':26}" + "".join(f"{cell:8.2f}" for cell in model))


if __name__ == "__main__":
    flags.DEFINE_string("sh", str(unseen.S9), "Folder of S9's detections.")
    flags.DEFINE_string("four_cameras", str(unseen.FOUR_CAMERAS), "Folder of the four cameras.")
    cli.run(main)
