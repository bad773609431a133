"""The recipe of the lifters that come with the package: for other people's cameras and detectors.

Each person is turned at random and seen anew; the 2D joints are noisy, and missed ones filled
in, as a detector's are; networks half as wide as `default`'s learn at five times the rate,
which falls to zero. It needs exact 2D joints to begin with: data sets of motion capture, such
as --dataset=cmu_mocap,synthetic_pose.

8,000 steps of 512 poses: about 25 minutes on one CPU core.
"""

from synpose_tf.config import TrainConfig
from synpose_tf.configs import default


def get_config() -> TrainConfig:
    widths = {"generator_width": 256, "reprojection_width": 128, "critic_width": 256}
    return TrainConfig(
        steps=8000,
        model={**default.get_config().model, **widths},
        optimizer={"learning_rate": 4e-4, "decay": "cosine"},
        augmentation={"turn": True, "detector_noise": 0.1, "missing": 0.1},
    )
