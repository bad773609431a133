"""For comparing methods and their parts at an equal, small budget: the default recipe at five
times its rate, which falls to zero.

6,000 steps of 512 poses; at `--width=128` five to ten minutes a run on one CPU core.
"""

from synpose_tf.config import TrainConfig
from synpose_tf.configs import default


def get_config() -> TrainConfig:
    return TrainConfig(
        steps=6000,
        validate_every=3000,
        model=default.get_config().model,
        optimizer={"learning_rate": 4e-4, "decay": "cosine"},
    )
