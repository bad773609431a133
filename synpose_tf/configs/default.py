"""The recommended recipe: the paper's, with the measured improvements that cost nothing.

The real pairs are turned like the generated ones, and the lifter is an exponential moving
average of the generator. BUILD_NOTES.md says what each is worth.
"""

from synpose_tf.config import TrainConfig


def get_config() -> TrainConfig:
    return TrainConfig()
