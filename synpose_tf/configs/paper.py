"""The paper's text to the letter: only generated poses are turned, no moving average.

What the text leaves open stays as in `default`: gradient penalty, network widths.
"""

from synpose_tf.config import TrainConfig


def get_config() -> TrainConfig:
    return TrainConfig(model={"turn_real": False, "average": 0.0})
