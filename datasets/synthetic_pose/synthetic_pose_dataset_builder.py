"""Poses from a kinematic model of the body, seen through Human3.6M's cameras."""

import dataclasses
import functools
from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow_datasets as tfds
from etils import epath

from synpose_tf.datasets.pose_dataset import PoseDatasetBuilder, View, pose_features
from synpose_tf.datasets.synthetic_pose import kinematics, motions
from synpose_tf.geometry.camera import h36m_cameras

CAMERA_SUBJECTS = {"train": ("S1", "S5", "S6", "S7", "S8"), "test": ("S9", "S11")}
FRAME_RATE = 30.0
FRAMES = np.arange(0, 96, 3)  # of each motion: 3.2 s at 10 Hz
MAX_RADIUS = 1500.0  # millimetres from the world's origin, horizontally, to the root
PEOPLE_PER_SHARD = 100


@dataclasses.dataclass(eq=False)
class SyntheticPoseConfig(tfds.core.BuilderConfig):
    """How many people each split has, and the seed of all that is random.

    Each person performs every motion of `motions.MOTIONS` once: 32 examples each.
    """

    train_people: int = 500
    test_people: int = 60
    seed: int = 0


class Builder(PoseDatasetBuilder):
    """Views of people who stand, walk, sit, reach, crouch and turn.

    Each motion is seen by one camera, so there are as many poses as examples: training
    people by a camera of Human3.6M's S1, S5, S6, S7 or S8, test people by one of S9 or S11.
    A camera is named `S1.54138969`. The frames are numbered at 30 Hz, every third is kept.
    Nobody is in both splits. A person depends on the seed, the split and the number alone.
    """

    pkg_dir_path = epath.Path(__file__).parent
    code_path = epath.Path(__file__)
    VERSION = tfds.core.Version("2.0.0")
    RELEASE_NOTES = {
        "2.0.0": "Root to thorax 0.48 m at a stature of 1.70 m, as people have it; it was 0.41 m.",
        "1.0.0": "Six motions.",
    }
    BUILDER_CONFIGS = [
        SyntheticPoseConfig(name="default", description="96,000 training and 11,520 test poses.")
    ]

    @property
    def rate(self) -> float:
        return FRAME_RATE / float(FRAMES[1] - FRAMES[0])

    def _info(self):
        return self.dataset_info_from_configs(features=pose_features())

    def _shards(self, dl_manager):
        config = self.builder_config
        return {
            split: [
                functools.partial(views, split, people[i : i + PEOPLE_PER_SHARD], config.seed)
                for i in range(0, len(people), PEOPLE_PER_SHARD)
            ]
            for split, people in {
                "train": range(config.train_people),
                "test": range(config.test_people),
            }.items()
        }


def views(split: str, people: Iterable[int], seed: int) -> Iterator[View]:
    """Each motion of each person, given by number, as one camera of the split sees it."""
    for person in people:
        rng = np.random.default_rng([seed, list(CAMERA_SUBJECTS).index(split), person])
        body = kinematics.sample_body(rng)
        room = rng.choice(CAMERA_SUBJECTS[split])
        for action, motion in motions.MOTIONS.items():
            name = rng.choice(sorted(h36m_cameras()[room]))
            camera = h36m_cameras()[room][name]
            points = camera.to_camera(perform(rng, body, motion))
            yield View(
                subject=f"{split}_{person:04d}",
                action=action,
                camera=f"{room}.{name}",
                keypoints_2d=camera.project(points),
                keypoints_3d=points,
                intrinsics=camera.intrinsics,
                up=camera.up,
                frames=FRAMES,
            )


def perform(
    rng: np.random.Generator, body: kinematics.Body, motion: motions.Performance
) -> np.ndarray:
    """One motion at a random heading and place near the origin.

    A path that would leave the cameras' common space shrinks towards the origin.

    Returns:
        (F, 17, 3), world, millimetres, z up.
    """
    clip = motion(rng, FRAMES / FRAME_RATE, body)
    heading = rng.uniform(-180.0, 180.0)
    path = (clip.path - clip.path.mean(axis=0)) @ kinematics.rotation(2, heading)[:2, :2].T
    path = path + rng.uniform(-0.5, 0.5, 2) * MAX_RADIUS
    path *= min(1.0, MAX_RADIUS / np.linalg.norm(path, axis=-1).max())
    joints = kinematics.joint_positions(body, clip.angles)
    return kinematics.place(body, joints, clip.heading + heading, path)
