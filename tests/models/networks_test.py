"""The networks of figures 3 and 4: what they compute, their configuration, saving."""

import inspect

import numpy as np
import pytest

from synpose_tf.models.kcs import KinematicChain, kcs_weights
from synpose_tf.models.networks import (
    Critic,
    DenseUnit,
    Generator,
    ReprojectionNetwork,
    ResidualLifter,
)
from synpose_tf.structures.skeleton import H36M_17


@pytest.fixture(scope="module")
def unit_poses(poses):
    return (poses[:16] / 500).astype(np.float32)


@pytest.fixture(scope="module")
def inputs(unit_poses):
    """By network: what it takes."""
    critic = [unit_poses, unit_poses[..., :2], np.array(KinematicChain()(unit_poses))]
    return {Generator: unit_poses[..., :2], ReprojectionNetwork: unit_poses, Critic: critic}


def built(kind, **arguments):
    """A network whose weights, batch norm's too, are all at random."""
    network = kind(width=24, **arguments)
    network.build()
    rng = np.random.default_rng(0)
    network.set_weights([rng.uniform(0.1, 0.6, w.shape) - 0.3 * (w.ndim > 1)
                         for w in network.get_weights()])  # fmt: skip
    return network


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def dense(layer, x, activation=leaky):
    weights = layer.get_weights()
    return activation(x @ weights[0] + (weights[1] if len(weights) > 1 else 0))


def unit(layer, x):
    gamma, beta, mean, variance = layer.norm.get_weights()
    x = (dense(layer.linear, x, np.asarray) - mean) / np.sqrt(variance + layer.norm.epsilon)
    return leaky(gamma * x + beta)


def lifter(network, x):
    """Figure 3: a linear layer, residual blocks of two units, a linear layer."""
    x = unit(network.first, x.reshape(len(x), -1))
    for i in range(0, len(network.units), 2):
        x = x + unit(network.units[i + 1], unit(network.units[i], x))
    return dense(network.last, x, np.asarray)


# === What they compute ===


def test_generator_gives_depths_with_the_root_at_0(inputs):
    network = built(Generator)
    depths = np.array(network(inputs[Generator]))
    assert depths.shape == (16, 17)
    assert len(network.units) == 4  # two residual blocks
    np.testing.assert_array_equal(depths[:, 0], 0)
    np.testing.assert_allclose(depths[:, 1:], lifter(network, inputs[Generator]), rtol=1e-3)


def test_reprojection_network_gives_2d_poses(inputs):
    network = built(ReprojectionNetwork)
    poses = np.array(network(inputs[ReprojectionNetwork]))
    assert poses.shape == (16, 17, 2)
    assert len(network.units) == 2  # one residual block
    expected = lifter(network, inputs[ReprojectionNetwork])
    np.testing.assert_allclose(poses.reshape(16, 34), expected, rtol=1e-3)


def test_critic_gives_a_score_from_three_branches(inputs):
    critic = built(Critic)
    pose_3d, pose_2d, chain = (x.reshape(16, -1) for x in inputs[Critic])
    a = dense(critic.pose_3d, pose_3d)
    a = a + dense(critic.residual[1], dense(critic.residual[0], a))
    branches = [a, dense(critic.pose_2d, pose_2d), dense(critic.kcs, chain)]
    hidden = dense(critic.hidden, np.concatenate(branches, axis=-1))
    scores = critic(inputs[Critic])
    assert scores.shape == (16, 1)
    np.testing.assert_allclose(scores, dense(critic.score, hidden, np.asarray), rtol=1e-3)


@pytest.mark.parametrize(("first", "second"), [(0, 1), (0, 2), (1, 2)])
def test_critic_judges_its_inputs_together(inputs, first, second):
    """Were the score a sum over branches, swapping one input would always change it alike."""
    critic = Critic(width=24)
    critic.build()
    here = [x[:8] for x in inputs[Critic]]
    there = [x[8:] for x in inputs[Critic]]

    def score(*swapped):
        return critic([there[i] if i in swapped else here[i] for i in range(3)])

    together = score(first, second) - score(first) - score(second) + score()
    assert np.abs(together).max() > 0.01


def test_weights_of_kcs_widen_no_critic(inputs, unit_poses):
    """What a critic gives for wKCS, one with another first layer gives for KCS."""
    weighted, plain = built(Critic), built(Critic)
    kernel, bias = plain.kcs.get_weights()
    weights = kcs_weights(H36M_17)
    assert weights.min() > 0  # and so the other way round
    plain.kcs.set_weights([kernel * weights.reshape(-1, 1), bias])
    chain = np.array(KinematicChain(weighted=False)(unit_poses))
    expected = weighted(inputs[Critic])
    np.testing.assert_allclose(plain([*inputs[Critic][:2], chain]), expected, rtol=1e-3)


def test_generator_1024_wide_has_4_27_million_parameters():
    network = Generator(width=1024)
    network.build()
    assert network.count_params() == pytest.approx(4.27e6, rel=0.002)


def test_new_generator_starts_from_the_flat_pose(inputs):
    network = Generator(width=256)
    assert np.abs(network(inputs[Generator])).mean() < 0.5


# === Configuration ===

EVERY = [
    (Generator, {"width": 24, "blocks": 1, "dropout": 0.25}),
    (ReprojectionNetwork, {"width": 24, "blocks": 2, "dropout": 0.25}),
    (Critic, {"width": 24, "frames": 1, "motion": False}),
]
every_network = pytest.mark.parametrize(("kind", "arguments"), EVERY, ids=lambda v: str(v))


@every_network
def test_config_mirrors_the_constructor(kind, arguments):
    parameters = list(inspect.signature(kind).parameters)
    assert parameters == [*arguments, "kwargs"]
    config = kind(**arguments).get_config()
    assert {key: config[key] for key in arguments} == arguments
    assert set(config) - set(arguments) <= {"name", "trainable", "dtype", "mixed_precision"}
    again = kind.from_config(config)
    assert again.get_config() == config
    again.build()
    original = kind(**arguments)
    original.build()
    assert [w.shape for w in again.weights] == [w.shape for w in original.weights]


def test_inner_layers_mirror_their_constructors():
    layer = DenseUnit(24, dropout=0.25)
    assert DenseUnit.from_config(layer.get_config()).get_config() == layer.get_config()
    network = ResidualLifter(outputs=5, blocks=1, width=24)
    again = ResidualLifter.from_config(network.get_config())
    assert again.get_config() == network.get_config()
    assert again(np.zeros((2, 7), np.float32)).shape == (2, 5)


@every_network
def test_networks_survive_saving(kind, arguments, inputs, reloaded):
    network = kind(**arguments)
    expected = network(inputs[kind])
    again = reloaded(network)
    assert isinstance(again, kind)
    assert again.get_config() == network.get_config()
    np.testing.assert_array_equal(again(inputs[kind]), expected)


@pytest.mark.parametrize("kind", [Generator, ReprojectionNetwork])
def test_dropout_and_batch_statistics_in_training_only(kind, inputs):
    network = built(kind, dropout=0.5)
    x = inputs[kind]
    statistics = network.first.norm.moving_mean.numpy()
    np.testing.assert_array_equal(network(x), network(x))
    np.testing.assert_array_equal(network.first.norm.moving_mean, statistics)
    first, second = network(x, training=True), network(x, training=True)
    assert np.abs(first - second).max() > 1e-3
    assert np.abs(network.first.norm.moving_mean - statistics).max() > 1e-3
