"""Minutes on two CPU cores: networks half as wide, fewer steps."""

from synpose_tf.config import TrainConfig


def get_config() -> TrainConfig:
    return TrainConfig(
        steps=1000,
        validate_every=200,
        model={"generator_width": 512, "reprojection_width": 512},
    )
