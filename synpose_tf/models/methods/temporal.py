"""The lifter over time, trained on true poses."""

from typing import Any

import keras
import tensorflow as tf

from synpose_tf.models import losses
from synpose_tf.models.windowed import WindowedModel


@keras.saving.register_keras_serializable(package="synpose_tf")
class TemporalModel(WindowedModel):
    """Corrections in time, learnt from pairs.

    The loss is the mean distance of joints, as a share of the true pose's mean root distance, and
    `motion_weight` times that of their steps from frame to frame. Adam, as Martinez et al.

    Args:
        mode, distance, single, temporal_width, blocks, frames, causal, dropout, average, seed:
            see `WindowedModel`.
        motion_weight: of the steps from frame to frame.

    Raises:
        ValueError: as `WindowedModel`.

    Reference:
        Pavllo, Feichtenhofer, Grangier, Auli, *3D human pose estimation in video with temporal
        convolutions and semi-supervised training*, CVPR 2019.
    """

    default_learning_rate = 1e-3

    def __init__(
        self,
        mode: str = "paper",
        distance: float = 0.0,
        single: str = "",
        temporal_width: int = 192,
        blocks: int = 3,
        frames: int = 9,
        causal: bool = False,
        motion_weight: float = 1.0,
        dropout: float = 0.0,
        average: float = 0.0,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(
            ("pose_loss", "motion_loss"), mode, distance, single, temporal_width, blocks, frames,
            causal, dropout, average, seed, **kwargs,
        )  # fmt: skip
        self._config |= {"motion_weight": motion_weight}
        self.motion_weight = motion_weight
        self.build()

    def update(self, data: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step on windows: `keypoints_2d` (batch, `window`, 17, 2), and so on."""
        truth = self._true_poses(data)
        with tf.GradientTape() as tape:
            poses = self._lift(data, self.generator, training=True).poses
            pose_loss, motion_loss = losses.window_losses(poses, truth)
            loss = pose_loss + self.motion_weight * motion_loss
        self._apply({"generator": tape.gradient(loss, self.generator.trainable_variables)})
        return {"pose_loss": pose_loss, "motion_loss": motion_loss}
