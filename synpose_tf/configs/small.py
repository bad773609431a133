"""The default recipe in minutes: networks half as wide, 1,000 steps."""

from synpose_tf.config import TrainConfig
from synpose_tf.configs import default


def get_config() -> TrainConfig:
    widths = {"generator_width": 512, "reprojection_width": 512}
    return TrainConfig(
        steps=1000, validate_every=200, model={**default.get_config().model, **widths}
    )
