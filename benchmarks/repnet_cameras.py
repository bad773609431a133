"""From which sides RepNet's camera network believes people to be seen.

  python benchmarks/repnet_cameras.py --workdir=runs/… --manual_dir=FOLDER [--dataset=cmu_mocap]

A camera gives the direction from which it looks at the body. Prints how many of 5,000 test views
have it in each of eight sectors around the body, as the camera network says and as it is, the
angle between the two, and the error of the depths beside the flat pose's.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from absl import app, flags

from synpose_tf import cli
from synpose_tf.datasets import prepared
from synpose_tf.geometry import normalization
from synpose_tf.models.methods import repnet
from synpose_tf.training import checkpoint

cli.define_data_flags(dataset="cmu_mocap")
flags.DEFINE_string("workdir", None, "The folder of a training run of --method=repnet.")
flags.mark_flag_as_required("workdir")
FLAGS = flags.FLAGS

VIEWS = 5000
SECTORS = 8


def directions(cameras) -> np.ndarray:
    """The viewing directions of cameras (n, 2, 3) in the body's frame: (n, 3)."""
    frames, _ = repnet.nearest_frame(np.swapaxes(cameras, 1, 2).astype(np.float32))
    return np.array(frames)[..., 2]


def best_cameras(poses, poses_2d) -> np.ndarray:
    """The cameras (n, 2, 3) that see poses (n, 17, 3) as 2D poses, in the least squares sense."""
    return np.swapaxes(np.linalg.pinv(poses) @ poses_2d, 1, 2)


def sectors(views) -> np.ndarray:
    """How many directions (n, 3) lie in each sector around the body's vertical."""
    azimuth = np.degrees(np.arctan2(views[:, 0], views[:, 2]))
    return np.histogram(azimuth, SECTORS, (-180, 180))[0]


def main(_):
    source = prepared.Source(FLAGS.dataset, FLAGS.manual_dir, FLAGS.data_dir, FLAGS.joint_map)
    builder = prepared.prepare(source)
    views = prepared.read_split(builder, "test", ("keypoints_2d", "keypoints_3d", "intrinsics"))
    chosen = np.linspace(0, len(views["keypoints_2d"]) - 1, VIEWS).astype(int)
    views = {name: array[chosen] for name, array in views.items()}

    model = checkpoint.Workdir(FLAGS.workdir).load("last")
    poses_2d, _ = normalization.normalize_2d(
        views["keypoints_2d"], model.mode, views["intrinsics"], model.distance
    )
    truth, _ = normalization.normalize_3d(views["keypoints_3d"], model.mode)
    _, cameras = model.generator.pose_and_camera(poses_2d)
    found = directions(np.array(cameras))
    true = directions(best_cameras(np.array(repnet.align(truth.astype(np.float32))), poses_2d))

    angles = np.degrees(np.arccos(np.clip((found * true).sum(-1), -1, 1)))
    errors = np.abs(np.array(model.generator(poses_2d)) - truth[..., 2])
    print(f"{SECTORS} sectors around the body, of {VIEWS} views")
    print(f"  truth            {sectors(true)}")
    print(f"  camera network   {sectors(found)}")
    print("angle between them, quartiles: {:.0f}, {:.0f}, {:.0f}°".format(
        *np.percentile(angles, (25, 50, 75))))  # fmt: skip
    print(f"depth error {errors.mean():.3f}, flat pose {np.abs(truth[..., 2]).mean():.3f} radii")


if __name__ == "__main__":
    app.run(main)
