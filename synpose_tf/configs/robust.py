"""The recipe of the lifters that come with the package: for other people's bodies, cameras and
detectors.

A depth loss on pairs, which cost nothing where 2D joints are projections of motion capture. Limbs
are exchanged between people, bones stretched, joints bent; everybody is turned at random and
seen anew, partly by cameras of anywhere; the 2D joints are noisy, and missed ones filled in, as a
detector's are. It needs exact 2D joints to begin with: data sets of motion capture, such as
--dataset=cmu_mocap,synthetic_pose. `robust_synchronized` has the paper's losses instead.

16,000 steps of 512 poses: about 10 minutes on two CPU cores. CMU's test split, `camera` mode:
38 / 31 mm.
"""

from synpose_tf.config import TrainConfig
from synpose_tf.configs.robust_synchronized import AUGMENTATION


def get_config() -> TrainConfig:
    return TrainConfig(
        steps=16_000,
        validate_every=2_000,
        method="supervised",
        model={
            "generator_width": 352,
            "depth_loss": "absolute",
            "distance": 13.0,
            "average": 0.999,
        },
        optimizer={"learning_rate": 1e-3, "decay": "cosine"},
        augmentation=AUGMENTATION,
    )
