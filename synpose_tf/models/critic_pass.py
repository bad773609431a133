"""The critic's loss and all of its gradients in one batched pass.

Automatic differentiation takes seven matrix products a layer: real and generated samples
forward, their gradients back to inputs and to weights, mixed samples forward and back, and
the two products of the penalty's second derivative. Written out, one forward pass over all
samples, one pass back with a unit seed, one adjoint pass of the penalty and one product for
the weights do: four, and three of them three times as tall.

Notation, a row a sample: z = x W + b, slope = leaky_relu'(z), δ = ∂score/∂z.
`tests/models/adversarial_gradients_test.py` holds it against automatic differentiation.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from synpose_tf.models.losses import gradient_penalty
from synpose_tf.models.networks import NEGATIVE_SLOPE, Critic


@dataclasses.dataclass(frozen=True)
class CriticPass:
    """What one pass gives.

    Args:
        loss: equation 9 plus the weighted penalty.
        fake_score: mean(p_fake).
        penalty: mean of the gradient penalty, unweighted.
        gradients: of the loss, for `critic.trainable_variables`.
        fake_gradients: of mean(p_fake), for each of the generated inputs.
    """

    loss: Any
    fake_score: Any
    penalty: Any
    gradients: list
    fake_gradients: list


class _Linear:
    """A linear layer in the pass: remembers what its weight gradient needs."""

    def __init__(
        self, layer: keras.layers.Dense, size: tf.Tensor, product: Callable[..., tf.Tensor]
    ):
        self.layer = layer
        self.weights = tf.convert_to_tensor(layer.kernel)
        self.size = size
        self.product = product

    def forward(self, x: tf.Tensor) -> tf.Tensor:
        self.x = x
        z = self.product(x, self.weights) + tf.convert_to_tensor(self.layer.bias)
        self.slope = tf.where(z > 0, 1.0, NEGATIVE_SLOPE)
        return z * self.slope

    def backward(self, upstream: tf.Tensor) -> tf.Tensor:
        """∂score/∂x of all samples from ∂score/∂activation."""
        self.delta = upstream * self.slope
        return self.product(self.delta, self.weights, transpose_b=True)

    def adjoint(self, adjoint: tf.Tensor) -> tf.Tensor:
        """Carries the penalty's gradient at `backward`'s result on to its argument."""
        self.adjoint_x = adjoint
        return self.product(adjoint, self.weights) * self.slope[2 * self.size :]

    def gradients(self, share: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Of the loss, for kernel and bias; ∂loss/∂score is -share of real, share of generated."""
        real, fake = slice(self.size), slice(self.size, 2 * self.size)
        left = tf.concat([-share * self.x[real], share * self.x[fake], self.adjoint_x], axis=0)
        # A unit that is always on has none. This difference then is 0, where one sum over all
        # would leave a rounding error, which Adam would scale up to a whole step.
        bias = tf.reduce_sum(self.delta[fake], axis=0) - tf.reduce_sum(self.delta[real], axis=0)
        return self.product(left, self.delta, transpose_a=True), share * bias


def _bfloat16_product(a, b, **transposed):
    a, b = tf.cast(a, tf.bfloat16), tf.cast(b, tf.bfloat16)
    return tf.cast(tf.matmul(a, b, **transposed), tf.float32)


def critic_pass(
    critic: Critic,
    real: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
    fake: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
    mixture: tf.Tensor,
    penalty_weight: float,
    mixed_precision: bool = False,
) -> CriticPass:
    """Scores real and generated samples, penalises the gradient at their mixtures.

    Args:
        critic: built.
        real, fake: 3D poses (batch, 17, 3), 2D poses (batch, 17, 2), KCS (batch, 256).
        mixture: (batch, 1), in [0, 1], the share of the real sample.
        penalty_weight: of the penalty in the loss.
        mixed_precision: multiply in bfloat16 in the layers between hidden ones.
    """
    size = tf.shape(mixture)[0]
    shapes = [tf.shape(x) for x in fake]
    flat_real, flat_fake = ([tf.reshape(x, (size, -1)) for x in xs] for xs in (real, fake))
    mixed = [f + mixture * (r - f) for r, f in zip(flat_real, flat_fake, strict=True)]
    inputs = [tf.concat(parts, axis=0) for parts in zip(flat_real, flat_fake, mixed, strict=True)]
    between = _bfloat16_product if mixed_precision else tf.matmul
    pose_3d, pose_2d, kcs = (
        _Linear(layer, size, tf.matmul) for layer in (critic.pose_3d, critic.pose_2d, critic.kcs)
    )
    first, second, hidden = (
        _Linear(layer, size, between) for layer in (*critic.residual, critic.hidden)
    )
    width = critic.width

    # === Forward, all samples ===
    features_3d = pose_3d.forward(inputs[0])
    features_3d += second.forward(first.forward(features_3d))
    features = [features_3d, pose_2d.forward(inputs[1]), kcs.forward(inputs[2])]
    top = hidden.forward(tf.concat(features, axis=-1))
    weights = tf.convert_to_tensor(critic.score.kernel)
    scores = tf.matmul(top, weights) + tf.convert_to_tensor(critic.score.bias)

    # === Back to the inputs, seed 1 for each score ===
    ones = tf.ones_like(scores)
    back = hidden.backward(ones * tf.transpose(weights))
    back_3d, back_2d, back_kcs = (back[:, i * width : (i + 1) * width] for i in range(3))
    back_3d = back_3d + first.backward(second.backward(back_3d))
    back = [pose_3d.backward(back_3d), pose_2d.backward(back_2d), kcs.backward(back_kcs)]

    # === The penalty, and its gradient at `back` of the mixed samples ===
    at_mixed = [b[2 * size :] for b in back]
    with tf.GradientTape() as tape:
        tape.watch(at_mixed)
        penalty = tf.reduce_mean(gradient_penalty(at_mixed))
    adjoint = [penalty_weight * a for a in tape.gradient(penalty, at_mixed)]
    adjoint_3d = pose_3d.adjoint(adjoint[0])
    adjoint_3d += second.adjoint(first.adjoint(adjoint_3d))
    parts = [adjoint_3d, pose_2d.adjoint(adjoint[1]), kcs.adjoint(adjoint[2])]
    adjoint_top = hidden.adjoint(tf.concat(parts, axis=-1))

    # === Weights ===
    share = 1.0 / tf.cast(size, scores.dtype)
    gradients: dict[str, tf.Tensor] = {}
    for linear in (pose_3d, first, second, pose_2d, kcs, hidden):
        kernel, bias = linear.gradients(share)
        gradients |= {linear.layer.kernel.path: kernel, linear.layer.bias.path: bias}
    difference = tf.reduce_sum(top[size : 2 * size], axis=0) - tf.reduce_sum(top[:size], axis=0)
    top_gradient = share * difference + tf.reduce_sum(adjoint_top, axis=0)
    gradients[critic.score.kernel.path] = top_gradient[:, None]
    gradients[critic.score.bias.path] = tf.zeros(1, scores.dtype)
    in_order = [gradients[variable.path] for variable in critic.trainable_variables]

    fake_score = tf.reduce_mean(scores[size : 2 * size])
    loss = fake_score - tf.reduce_mean(scores[:size]) + penalty_weight * penalty
    fake_gradients = [
        tf.reshape(share * b[size : 2 * size], shape) for b, shape in zip(back, shapes, strict=True)
    ]
    return CriticPass(loss, fake_score, penalty, in_order, fake_gradients)
