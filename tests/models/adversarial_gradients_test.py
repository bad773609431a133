"""The synchronized step against the losses of equations 9, 10 and 13, one tape a network."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from synpose_tf.geometry import camera, normalization
from synpose_tf.models import losses
from synpose_tf.models.critic_pass import critic_pass
from synpose_tf.models.networks import Critic

NETWORKS = ("generator", "reprojection", "critic")


def plain_losses(model, data):
    """By network: a function that computes its own loss from the start, draws of step 0."""
    batch, real_batch = model._samples(data)
    turns, real_turns, mixture = model._random(len(batch.poses_2d))

    def critic_inputs(poses_3d, poses_2d):
        return poses_3d, poses_2d, model.kinematic_chain(poses_3d)

    def real():
        if not model.turn_real:
            return critic_inputs(real_batch.poses_3d, real_batch.poses_2d)
        turned = camera.turn(real_batch.poses_3d, real_batch.axis, real_turns, keras.ops)
        poses_2d = normalization.reproject(turned, real_batch.perspective, keras.ops)
        return critic_inputs(turned, poses_2d)

    def lifted():
        depths = model.generator(batch.poses_2d, training=True)
        return normalization.lift(batch.poses_2d, depths, batch.perspective, keras.ops)

    def fake():
        turned = camera.turn(lifted(), batch.axis, turns, keras.ops)
        return critic_inputs(turned, model.reprojection(turned, training=True))

    def score(inputs):
        return tf.reduce_mean(model.critic(inputs))

    def generator_loss():
        angle = tf.reduce_mean(losses.angle_loss(lifted()))
        depth = lifted()[..., 2] - batch.poses_3d[..., 2]
        known = tf.ones((len(depth), 1)) if batch.paired is None else batch.paired
        depth_loss = tf.reduce_sum(known * depth**2) / (17 * tf.reduce_sum(known))
        return -score(fake()) + model.angle_weight * angle + model.depth_weight * depth_loss

    def reprojection_loss():
        if model.strategy == "synchronized":
            return -score(fake())
        return tf.reduce_mean((model.reprojection(lifted(), training=True) - batch.poses_2d) ** 2)

    def critic_loss():
        penalty = plain_penalty(model.critic, real(), fake(), mixture)
        return score(fake()) - score(real()) + 10 * penalty

    return {"generator": generator_loss, "reprojection": reprojection_loss, "critic": critic_loss}


def plain_penalty(critic, real, fake, mixture):
    """Gulrajani's penalty; `mixture` (batch, 1) is the share of the real sample."""
    shares = mixture[..., None], mixture[..., None], mixture
    mixed = [s * r + (1 - s) * f for s, r, f in zip(shares, real, fake, strict=True)]
    with tf.GradientTape() as tape:
        tape.watch(mixed)
        scores = critic(mixed)
    slopes = [tf.reshape(g, (len(g), -1)) for g in tape.gradient(scores, mixed)]
    return tf.reduce_mean((tf.norm(tf.concat(slopes, axis=1), axis=1) - 1) ** 2)


def gradients_of(network, loss):
    with tf.GradientTape() as tape:
        value = loss()
    return [g.numpy() for g in tape.gradient(value, network.trainable_variables)]


def descended(model, data):
    """By network: what one step of plain gradient descent, at rate 1, takes off its weights."""
    variables = {name: getattr(model, name).trainable_variables for name in NETWORKS}
    for name in NETWORKS:
        optimizer = keras.optimizers.SGD(1.0)
        optimizer.build(variables[name])
        setattr(model, f"{name}_optimizer", optimizer)
    before = {name: [v.numpy() for v in variables[name]] for name in NETWORKS}
    model.train_step(data)
    return {
        name: [b - v.numpy() for b, v in zip(before[name], variables[name], strict=True)]
        for name in NETWORKS
    }


@pytest.mark.parametrize(
    "arguments",
    [
        {"distance": 13.0, "weighted_kcs": False, "angle_weight": 3.0},
        {"mode": "camera", "axis": "vertical", "turn_real": True},
        {"strategy": "separate", "paired": False},
        {"depth_weight": 10.0},
        {"depth_weight": 10.0, "paired": False, "mode": "camera"},
    ],
    ids=str,
)
def test_one_step_has_the_gradients_of_the_losses(new_model, batch, arguments):
    model = new_model(**arguments)
    if arguments.get("depth_weight") and not arguments.get("paired", True):
        unpaired = tf.reshape(tf.range(len(batch["up"])) % 2, (-1, 1))
        batch = batch | {"paired": tf.cast(unpaired, tf.float32)}
    expected = {
        name: gradients_of(getattr(model, name), loss)
        for name, loss in plain_losses(model, batch).items()
    }
    taken = descended(model, batch)
    for name in NETWORKS:
        largest = max(np.abs(g).max() for g in expected[name])
        assert largest > 1e-3
        for gradient, step in zip(expected[name], taken[name], strict=True):
            np.testing.assert_allclose(step, gradient, rtol=1e-3, atol=1e-4 * largest)


@pytest.mark.parametrize("penalty_weight", [0.0, 10.0])
def test_critic_pass_is_what_automatic_differentiation_gives(penalty_weight):
    rng = np.random.default_rng(0)
    critic = Critic(width=16)
    critic.build()
    critic.set_weights([rng.normal(0, 0.3, w.shape) for w in critic.get_weights()])
    shapes = (9, 17, 3), (9, 17, 2), (9, 256)
    real, fake = ([tf.constant(rng.normal(size=s), tf.float32) for s in shapes] for _ in range(2))
    mixture = tf.constant(rng.uniform(size=(9, 1)), tf.float32)

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(fake)
        fake_score = tf.reduce_mean(critic(fake))
        penalty = plain_penalty(critic, real, fake, mixture)
        loss = fake_score - tf.reduce_mean(critic(real)) + penalty_weight * penalty
    expected = tape.gradient(loss, critic.trainable_variables)
    expected += tape.gradient(fake_score, fake)

    result = critic_pass(critic, real, fake, mixture, penalty_weight)
    for value, plain in zip(
        (result.loss, result.fake_score, result.penalty), (loss, fake_score, penalty), strict=True
    ):
        np.testing.assert_allclose(value, plain, rtol=1e-5)
    gradients = [*result.gradients, *result.fake_gradients]
    for gradient, plain in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, plain, rtol=1e-4, atol=1e-6)
