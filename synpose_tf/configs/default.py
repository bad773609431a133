"""The recommended recipe: the paper's, with what measured better and costs nothing.

Poses are turned about the true vertical and not the camera's y axis, the real ones as well
as the generated ones; paper mode assumes a camera at a usual distance; the lifter is a
moving average of the generator. docs/experiments.md says what each is worth.

4,000 steps of 512 poses: 10 to 25 minutes on two CPU cores.
"""

from synpose_tf.config import TrainConfig


def get_config() -> TrainConfig:
    return TrainConfig(
        model={"axis": "vertical", "turn_real": True, "distance": 13.0, "average": 0.999}
    )
