"""`synthetic_pose`: poses from a kinematic model, made on the spot, nothing to download."""

import dataclasses
import functools

import numpy as np
import tensorflow_datasets as tfds
from etils import epath

from synpose_tf.camera import h36m_cameras
from synpose_tf.datasets.pose_dataset import PoseDatasetBuilder, View, pose_features
from synpose_tf.datasets.synthetic_pose import kinematics, motions

CLIP_FRAMES = 32
FRAME_STEP = 3  # 30 Hz simulated, 10 Hz kept
FRAME_RATE = 30.0
RADIUS_MM = 1500.0  # the root's path stays within this distance of the world's origin
CAMERA_SUBJECTS = {"train": ("S1", "S5", "S6", "S7", "S8"), "test": ("S9", "S11")}


@dataclasses.dataclass
class Config(tfds.core.BuilderConfig):
    """How many people are made, and from which seed.

    Each person performs every motion once, CLIP_FRAMES frames of it, seen by one camera.
    """

    train_bodies: int = 500
    test_bodies: int = 64
    bodies_per_shard: int = 64
    seed: int = 0


class Builder(PoseDatasetBuilder):
    """Builder of `synthetic_pose`."""

    pkg_dir_path = epath.Path(__file__).parent
    code_path = epath.Path(__file__)
    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [Config(name="default", description="The set that training uses by default.")]

    def _info(self):
        return self.dataset_info_from_configs(
            features=pose_features(),
            supervised_keys=("keypoints_2d", "keypoints_3d"),
        )

    def _shards(self, dl_manager):
        config = self.builder_config
        counts = {"train": config.train_bodies, "test": config.test_bodies}
        return {
            split: [
                functools.partial(
                    _views, split, range(i, min(i + config.bodies_per_shard, count)), config.seed
                )
                for i in range(0, count, config.bodies_per_shard)
            ]
            for split, count in counts.items()
        }


def _views(split, bodies, seed):
    for number in bodies:
        # A stream of its own for each person: independent of the order and of the others.
        key = (tuple(CAMERA_SUBJECTS).index(split), number)
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
        body = kinematics.sample_body(rng)
        room = h36m_cameras()[rng.choice(CAMERA_SUBJECTS[split])]
        for action, motion in motions.MOTIONS.items():
            world = clip(rng, body, motion)
            camera = room[rng.choice(sorted(room))]
            points = camera.to_camera(world)
            yield View(
                subject=f"{split}_{number:04d}",
                action=action,
                camera=camera.name,
                keypoints_2d=camera.project(points),
                keypoints_3d=points,
                intrinsics=camera.intrinsics,
                up=camera.up,
                frames=np.arange(CLIP_FRAMES) * FRAME_STEP,
            )


def clip(rng, body, motion):
    """(CLIP_FRAMES, 17, 3) world millimetres: one motion somewhere near the origin."""
    moved = motion(rng, np.arange(CLIP_FRAMES) * FRAME_STEP / FRAME_RATE, body)
    heading = rng.uniform(-180, 180)
    path = (moved.path - moved.path.mean(axis=0)) @ kinematics.rotation(2, heading)[:2, :2].T
    path = path + rng.uniform(-1, 1, 2) * 0.5 * RADIUS_MM
    path *= min(1.0, RADIUS_MM / np.linalg.norm(path, axis=-1).max())
    joints = kinematics.joint_positions(body, moved.angles)
    return kinematics.place(body, joints, moved.heading + heading, path)
