"""The paper's losses alone, on what the lifters that come with the package are trained on: other
people's bodies and cameras, and 2D joints as detectors give them.

Networks half as wide as `default`'s learn at five times the rate, which falls to zero. It needs
exact 2D joints to begin with: data sets of motion capture, such as
--dataset=cmu_mocap,synthetic_pose.

6,000 steps of 512 poses: about 20 minutes on one CPU core.
"""

from synpose_tf.config import TrainConfig
from synpose_tf.configs import default

AUGMENTATION = {
    "stretch": 0.07,
    "exchange": 0.35,
    "bend": 0.04,
    "turn": True,
    "cameras": 0.2,
    "detector_noise": 0.07,
    "missing": 0.1,
}


def get_config() -> TrainConfig:
    widths = {"generator_width": 256, "reprojection_width": 128, "critic_width": 256}
    return TrainConfig(
        steps=6000,
        model={**default.get_config().model, **widths},
        optimizer={"learning_rate": 4e-4, "decay": "cosine"},
        augmentation=AUGMENTATION,
    )
