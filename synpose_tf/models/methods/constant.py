"""What a lifter must beat: depths that do not depend on the pose that is lifted."""

from typing import Any

import keras
import tensorflow as tf

from synpose_tf.geometry import normalization
from synpose_tf.models import replicas
from synpose_tf.models.base import LiftingModel
from synpose_tf.models.networks import Generator


@keras.saving.register_keras_serializable(package="synpose_tf")
class FlatModel(LiftingModel):
    """The flat pose: z = 0 for every joint. A step measures, and changes nothing.

    Args:
        mode, distance, seed: see `LiftingModel`.
    """

    def __init__(self, mode: str = "paper", distance: float = 0.0, seed: int = 0, **kwargs: Any):
        generator = Generator(width=1, blocks=0, name="generator")
        super().__init__(generator, ("depth_loss",), mode, distance, seed=seed, **kwargs)
        del self._config["average"]
        self.build()

    @property
    def networks(self) -> dict[str, keras.Model]:
        return {}

    @property
    def iterations(self) -> keras.Variable:
        return self.steps

    def build(self, input_shape: Any = None) -> None:
        self.steps = self.add_weight(
            shape=(), initializer="zeros", dtype="int64", trainable=False, name="steps"
        )
        # A generator like the others', so that all that takes a lifter takes this one.
        self.generator.build()
        for variable in self.generator.last.variables:
            variable.assign(keras.ops.zeros_like(variable))
        super().build(input_shape)

    def update(self, data: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        poses_3d, _ = normalization.normalize_3d(data["keypoints_3d"], self.mode, keras.ops)
        depths = poses_3d[:, 1:, 2]  # the root's is 0
        loss = tf.reduce_mean(tf.square(depths - self.generator.last.bias))
        self.steps.assign_add(1)
        self._learn(replicas.mean(tf.reduce_mean(depths, axis=0)))
        self._follow()
        return {"depth_loss": loss}

    def _learn(self, depths):
        """Takes in the mean depths (16,) of a batch."""


@keras.saving.register_keras_serializable(package="synpose_tf")
class MeanDepthModel(FlatModel):
    """Each joint at its mean normalised depth over the training views seen so far: among all
    depths that do not depend on the pose, those of least squared error.

    Args:
        mode, distance, seed: see `LiftingModel`.
    """

    def _learn(self, depths):
        bias = self.generator.last.bias
        bias.assign_add((depths - bias) / tf.cast(self.steps.value, tf.float32))
