"""The recipe of what corrects the lifters of the package in time: windows of 27 frames of other
people's bodies, cameras and detectors, whose mistakes last as they do in recordings.

It needs motion: data sets with 20 frames a second or more, and exact 2D joints to begin with, such
as --dataset=cmu_mocap. `--set=causal=true` sees no frames to come.
"""

from synpose_tf.config import TrainConfig
from synpose_tf.configs.robust_synchronized import AUGMENTATION


def get_config() -> TrainConfig:
    return TrainConfig(
        steps=3000,
        batch_size=48,
        validate_every=500,
        method="temporal",
        model={"distance": 13.0, "average": 0.999},
        optimizer={"learning_rate": 1e-3, "decay": "cosine"},
        augmentation=AUGMENTATION,
    )
