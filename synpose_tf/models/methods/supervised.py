"""The fully supervised lifter, after Martinez et al. (ICCV 2017): the same generator, trained
on true depths."""

from typing import Any

import keras
import tensorflow as tf

from synpose_tf.geometry import normalization
from synpose_tf.models import losses
from synpose_tf.models.base import LiftingModel
from synpose_tf.models.networks import Generator


@keras.saving.register_keras_serializable(package="synpose_tf")
class SupervisedModel(LiftingModel):
    """A generator trained by the mean squared error of its depths.

    x and y follow from a depth (`geometry.normalization.lift`), so the error of the pose is that of
    its depths, normalised as the adversarial model's. Adam (0.9, 0.999) at a rate of
    1e-3 is the authors'. Their dropout of 0.5 belongs to networks 1,024 wide and 200 epochs:
    `dropout` is 0 unless asked for. Their bound on the norm of weights is left out: batch norm
    undoes the scale of all of them but the last layer's.

    Args:
        mode, distance, average, seed: see `LiftingModel`.
        generator_width: units of the hidden layers.
        dropout: rate after each activation.
        mixed_precision: multiply in bfloat16 where hidden layers meet.
        depth_loss: of `losses.DEPTH_LOSSES`; `squared` is the authors'.

    Raises:
        ValueError: an unknown mode or depth loss.

    Reference:
        Martinez, Hossain, Romero, Little, *A simple yet effective baseline for 3d human pose
        estimation*, ICCV 2017.
    """

    default_learning_rate = 1e-3

    def __init__(
        self,
        mode: str = "paper",
        distance: float = 0.0,
        generator_width: int = 512,
        dropout: float = 0.0,
        average: float = 0.0,
        seed: int = 0,
        mixed_precision: bool = False,
        depth_loss: str = "squared",
        **kwargs: Any,
    ):
        options: dict[str, Any] = {"dropout": dropout, "mixed_precision": mixed_precision}
        generator = Generator(generator_width, **options, name="generator")
        super().__init__(generator, ("depth_loss",), mode, distance, average, seed, **kwargs)
        self._config |= {
            "generator_width": generator_width,
            "depth_loss": depth_loss,
            **options,
        }
        self.depth_loss = losses.check_depth_loss(depth_loss)
        self.build()

    def update(self, data: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        poses_2d, _ = self._normalize_2d(data)
        poses_3d, _ = normalization.normalize_3d(data["keypoints_3d"], self.mode, keras.ops)
        with tf.GradientTape() as tape:
            depths = self.generator(poses_2d, training=True)
            loss = losses.depth_loss(depths, poses_3d, self.depth_loss, known=data.get("known"))
        self._apply({"generator": tape.gradient(loss, self.generator.trainable_variables)})
        return {"depth_loss": loss}
