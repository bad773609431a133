"""The default recipe in minutes: a critic half as wide, 1,000 steps."""

from synpose_tf.config import TrainConfig
from synpose_tf.configs import default


def get_config() -> TrainConfig:
    return TrainConfig(
        steps=1000,
        validate_every=200,
        model={**default.get_config().model, "critic_width": 256},
    )
