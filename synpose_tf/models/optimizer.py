"""Adam without a first moment, section 3.7's β₁ = 0."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops


@keras.saving.register_keras_serializable(package="synpose_tf")
class MomentumFreeAdam(keras.optimizers.Optimizer):
    """The very updates of `keras.optimizers.Adam` with `beta_1=0`.

    Its first moment would only be a copy of the gradient: leaving it out takes a third off
    the optimizer's memory traffic, which on a CPU is the part of a training step that is
    not matrix multiplication, and off the checkpoints.

    Args:
        learning_rate: a number or a schedule.
        beta_2: decay of the second moment.
        epsilon: added to its square root.
    """

    def __init__(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 8e-5,
        beta_2: float = 0.9,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables: Sequence[keras.Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._second_moments = self.add_optimizer_variables(variables, "second_moment")

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        moment = self._second_moments[self._get_variable_index(variable)]
        step = ops.cast(self.iterations + 1, variable.dtype)
        correction = ops.sqrt(1 - ops.power(ops.cast(self.beta_2, variable.dtype), step))
        new_moment = moment + (ops.square(gradient) - moment) * (1 - self.beta_2)
        self.assign(moment, new_moment)
        rate = ops.cast(learning_rate, variable.dtype) * correction
        self.assign_sub(variable, rate * gradient / (ops.sqrt(new_moment) + self.epsilon))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta_2": self.beta_2, "epsilon": self.epsilon}
