"""The paper's text to the letter: only generated poses are turned, about the camera's y axis,
seen from infinitely far; the generator itself is the lifter.

What the text leaves open stays as in `default`: gradient penalty, network widths.
"""

from synpose_tf.config import TrainConfig


def get_config() -> TrainConfig:
    return TrainConfig(
        model={"axis": "camera_y", "turn_real": False, "distance": 0.0, "average": 0.0}
    )
