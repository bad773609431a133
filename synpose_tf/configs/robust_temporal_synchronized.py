"""What corrects lifters in time, by the paper's losses alone, on the examples of `robust_temporal`.

The lifter that it corrects is one that the paper's losses trained as well: in `camera` mode
--set=single=camera_synchronized. `--set=pose_weight=100` puts the losses of `robust_temporal`
beside the critic's, `--set=motion=false` hides from the critic how bones change in time.
"""

from synpose_tf.config import TrainConfig
from synpose_tf.configs import robust_temporal


def get_config() -> TrainConfig:
    return robust_temporal.get_config().override(method="temporal_synchronized", learning_rate=4e-4)
