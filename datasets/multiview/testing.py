"""Files of recordings for tests: synthetic people, as Human3.6M's cameras see them."""

import pathlib

import numpy as np

from synpose_tf.datasets.synthetic_pose import kinematics, motions
from synpose_tf.datasets.synthetic_pose.synthetic_pose_dataset_builder import perform
from synpose_tf.geometry.camera import h36m_cameras
from synpose_tf.structures import camera_views
from synpose_tf.structures.camera_views import CameraView
from synpose_tf.structures.skeleton import H36M_17

LACKING = [H36M_17.index("Spine"), H36M_17.index("Nose")]  # That no view saw.


def recording(frames: int = 12, seed: int = 0, noise: float = 3.0) -> list[CameraView]:
    """A person seen by S1's four cameras; in the first frame no view agrees on the hip."""
    rng = np.random.default_rng(seed)
    world = perform(rng, kinematics.sample_body(rng), motions.MOTIONS["walking"])
    world = np.tile(world, (frames // len(world) + 1, 1, 1))[:frames]
    views = []
    for name, camera in h36m_cameras()["S1"].items():
        joints = camera.to_camera(world)
        seen = np.ones((frames, 17), bool)
        seen[:, LACKING] = False
        agreed = seen.copy()
        agreed[0, H36M_17.root] = False
        pixels = camera.project(joints)
        views.append(
            CameraView(
                person="person 1",
                camera=name,
                frames=2 * np.arange(frames),
                keypoints=(pixels + rng.normal(0, noise, pixels.shape)).astype(np.float32),
                seen=seen,
                joints=joints.astype(np.float32),
                agreed=agreed,
                intrinsics=camera.intrinsics.astype(np.float64),
                up=camera.up.astype(np.float64),
            )
        )
    return views


def write(folder: pathlib.Path, *keys: str) -> None:
    """Writes a recording of each name, as the multiview command does, each of its own person."""
    for number, key in enumerate(keys):
        path = folder / f"{key}{camera_views.SUFFIX}"
        path.parent.mkdir(parents=True, exist_ok=True)
        camera_views.write(path, recording(seed=number))
