"""The adversarial model: training, seeds, checkpoints, its options and lifting.

`adversarial_gradients_test` has the gradients of its step.
"""

import dataclasses
import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial.transform import Rotation

from synpose_tf.geometry import camera, normalization
from synpose_tf.models import adversarial
from synpose_tf.models.adversarial import SynchronizedAdversarialModel

NETWORKS = ("generator", "reprojection", "critic")
RECOMMENDED = {"mode": "camera", "axis": "vertical", "turn_real": True, "average": 0.999}


def train(model, batch, steps):
    """Trains as `synpose_tf.training.loop` does; returns the losses that it reports."""
    model.make_train_function()
    batches = iter(tf.data.Dataset.from_tensors(batch).repeat(steps))
    for _ in range(steps):
        logs = model.train_function(batches)
    return {name: float(value) for name, value in logs.items()}


def state(model):
    """Every number that training changes: weights, batch statistics, average, moments."""
    parts = {name: getattr(model, name).variables for name in (*NETWORKS, "averaged_generator")}
    parts |= {f"{name}_adam": getattr(model, f"{name}_optimizer").variables for name in NETWORKS}
    return {
        f"{part} {i}": variable.numpy()
        for part, variables in parts.items()
        for i, variable in enumerate(variables)
    }


def assert_same(first, second):
    assert first.keys() == second.keys()
    for key, value in first.items():
        np.testing.assert_array_equal(value, second[key], err_msg=key)


# === Training ===


@dataclasses.dataclass(frozen=True)
class Trained:
    """A model, its state before and after three steps, and the mean losses so far."""

    model: SynchronizedAdversarialModel
    before: dict
    after: dict
    losses: dict


graph_only = pytest.mark.parametrize("trained", [False], ids=["graph"], indirect=True)
with_xla = pytest.param(True, id="XLA", marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=[pytest.param(False, id="graph"), with_xla])
def trained(request, new_model, batch):
    model = new_model(jit_compile=request.param, **RECOMMENDED)
    before = state(model)
    logs = train(model, batch, 3)
    return Trained(model, before, state(model), logs)


def test_a_step_changes_every_network_and_the_average(trained):
    changed = {key for key, value in trained.before.items() if (trained.after[key] != value).any()}
    for name in (*NETWORKS, "averaged_generator"):
        weights = getattr(trained.model, name).variables
        # The critic's losses are differences of scores: its last bias never changes.
        expected = len(weights) - (name == "critic")
        assert sum(key.split()[0] == name for key in changed) == expected, name
    assert set(trained.losses) == {
        "critic_loss", "generator_loss", "angle_loss", "penalty", "reprojection_loss",
    }  # fmt: skip
    assert all(np.isfinite(value) and value for value in trained.losses.values())


def test_a_seed_fixes_the_weights(trained, new_model, batch):
    again = new_model(jit_compile=trained.model.jit_compile, **RECOMMENDED)
    assert_same(state(again), trained.before)
    assert train(again, batch, 3) == trained.losses
    assert_same(state(again), trained.after)


@graph_only
def test_goes_on_from_a_checkpoint_as_if_never_stopped(trained, batch, reloaded):
    model = trained.model
    again = reloaded(model)
    assert_same(state(again), state(model))
    assert again.get_config() == model.get_config()
    assert again.get_compile_config() == model.get_compile_config()
    np.testing.assert_array_equal(again(batch), model(batch))
    train(model, batch, 1)
    train(again, batch, 1)
    assert_same(state(again), state(model))


@graph_only
def test_fit_reports_the_losses(trained, batch):
    data = tf.data.Dataset.from_tensors(batch).repeat(2)
    history = trained.model.fit(data, epochs=2, verbose=0).history
    assert set(history) == set(trained.losses)
    assert all(len(values) == 2 and all(values) for values in history.values())


def test_clipping_bounds_the_critic_in_place_of_the_penalty(new_model, batch):
    model = new_model(lipschitz="clipping")
    assert model.penalty_weight == 0
    model.train_step(batch)
    weights = np.concatenate([w.ravel() for w in model.critic.get_weights()])
    assert np.abs(weights).max() == np.float32(adversarial.CLIP)
    before = state(model)
    model.train_step(batch)
    after = state(model)
    # With all weights this small the score moves little, yet every network learns.
    for name in NETWORKS:
        kernels = [key for key, value in before.items() if key.startswith(f"{name} ")]
        assert any((after[key] != before[key]).any() for key in kernels), name
    assert max(np.abs(w).max() for w in model.critic.get_weights()) <= np.float32(adversarial.CLIP)


def test_unpaired_real_samples_are_other_examples(new_model, batch):
    model, other = (new_model(paired=False, mode="camera") for _ in range(2))
    assert (model.batches_per_step, new_model().batches_per_step) == (2, 1)
    inputs, real = model._samples(batch)
    whole = model._normalize(batch)
    for name in ("poses_2d", "poses_3d", "perspective", "axis"):
        np.testing.assert_array_equal(getattr(inputs, name), getattr(whole, name)[:6])
        np.testing.assert_array_equal(getattr(real, name), getattr(whole, name)[6:])
    # The true poses of the inputs are never seen: other ones change nothing.
    poses = tf.concat([1.3 * batch["keypoints_3d"][:6], batch["keypoints_3d"][6:]], axis=0)
    losses = model.train_step(batch)
    for name, value in other.train_step({**batch, "keypoints_3d": poses}).items():
        np.testing.assert_array_equal(value, losses[name])


@pytest.mark.parametrize("average", [0.0, 0.05, 0.999])
def test_average_follows_the_generator(new_model, batch, average):
    model = new_model(average=average)
    expected = model.generator.get_weights()
    for step in (1, 2):
        model.train_step(batch)
        decay = min(average, step / (step + 10))
        expected = [
            decay * mean + (1 - decay) * value
            for mean, value in zip(expected, model.generator.get_weights(), strict=True)
        ]
        for mean, value in zip(model.averaged_generator.get_weights(), expected, strict=True):
            np.testing.assert_allclose(mean, value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("average", [0.0, 0.999])
def test_trains_with_dropout(new_model, batch, average):
    model = new_model(dropout=0.3, average=average)
    assert np.isfinite(list(model.train_step(batch).values())).all()


# === What a step sees ===


@pytest.mark.parametrize("arguments", [{}, {"distance": 13.0}, {"mode": "camera"}], ids=str)
def test_sample_is_the_normalised_batch(new_model, batch, arguments):
    model = new_model(**arguments)
    sample = model._normalize(batch)
    views = {key: value.numpy() for key, value in batch.items()}
    poses_2d, frame = normalization.normalize_2d(
        views["keypoints_2d"], model.mode, views["intrinsics"], model.distance
    )
    poses_3d, _ = normalization.normalize_3d(views["keypoints_3d"], model.mode)
    np.testing.assert_allclose(sample.poses_2d, poses_2d, atol=1e-4)
    np.testing.assert_allclose(sample.poses_3d, poses_3d, atol=1e-4)
    np.testing.assert_allclose(sample.perspective, frame.perspective, atol=1e-6)


@pytest.mark.parametrize("mode", normalization.MODES)
def test_vertical_axis_is_the_world_s_where_known(new_model, batch, mode):
    model = new_model(mode=mode, axis="vertical")
    up = batch["up"].numpy()
    if mode == "camera":
        views = {key: value.numpy() for key, value in batch.items()}
        _, frame = normalization.normalize_2d(views["keypoints_2d"], mode, views["intrinsics"])
        up = np.einsum("nij,nj->ni", frame.rotation, up)
    np.testing.assert_allclose(model._normalize(batch).axis, up, atol=1e-5)
    unknown = model._normalize({**batch, "up": tf.zeros_like(batch["up"])})
    np.testing.assert_array_equal(unknown.axis, np.tile([0, 1, 0], (len(up), 1)))


def test_camera_y_is_the_axis_of_the_paper(new_model, batch):
    np.testing.assert_array_equal(new_model()._normalize(batch).axis, np.tile([0, 1, 0], (12, 1)))


def test_turn_is_scipy_s_rotation(poses):
    rng = np.random.default_rng(0)
    axes = rng.normal(size=(len(poses), 3))
    axes /= np.linalg.norm(axes, axis=-1, keepdims=True)
    axes[0] = 0, 1, 0
    angles = rng.uniform(-np.pi, np.pi, (len(poses), 1))
    arrays = (tf.constant(a, tf.float32) for a in (poses, axes, angles))
    turned = camera.turn(*arrays, keras.ops)
    for i, pose in enumerate(poses):
        expected = Rotation.from_rotvec(angles[i] * axes[i]).apply(pose)
        np.testing.assert_allclose(turned[i], expected, atol=1e-2)
    np.testing.assert_allclose(turned[0, :, 1], poses[0, :, 1], atol=1e-3)


def test_draws_depend_on_seed_and_step(new_model):
    model, other = new_model(), new_model(seed=1)
    turns, real_turns, mixture = model._random(2000)
    for angles in (turns, real_turns):
        assert np.abs(angles).max() <= np.pi
        np.testing.assert_allclose(np.histogram(angles, 8, (-np.pi, np.pi))[0], 250, atol=60)
    assert 0 <= np.min(mixture) < 0.01 < 0.99 < np.max(mixture) <= 1
    assert abs(np.corrcoef(np.squeeze(turns), np.squeeze(real_turns))[0, 1]) < 0.1
    np.testing.assert_array_equal(model._random(2000)[0], turns)
    assert np.abs(other._random(2000)[0] - turns).mean() > 1
    model.iterations.assign(1)
    assert np.abs(model._random(2000)[0] - turns).mean() > 1


# === Inference ===


@pytest.mark.parametrize("arguments", [{}, {"distance": 13.0}, {"mode": "camera"}])
def test_calling_the_model_lifts_by_the_average(new_model, batch, arguments):
    model = new_model(**arguments)
    model.averaged_generator.set_weights([0.9 * w for w in model.generator.get_weights()])
    views = {key: value.numpy() for key, value in batch.items()}
    poses_2d, frame = normalization.normalize_2d(
        views["keypoints_2d"], model.mode, views["intrinsics"], model.distance
    )
    depths = model.averaged_generator(poses_2d).numpy()
    lifted = normalization.lift(poses_2d, depths, frame.perspective)
    expected = normalization.to_camera_frame(lifted, frame)
    np.testing.assert_allclose(model(batch), expected, atol=1e-5)
    assert model(batch).shape == (len(poses_2d), 17, 3)


# === Arguments ===


def test_config_mirrors_the_constructor(new_model):
    parameters = list(inspect.signature(SynchronizedAdversarialModel).parameters)
    config = new_model().get_config()
    assert set(parameters) - {"kwargs"} == set(config) - {"name", "trainable", "dtype"}
    again = SynchronizedAdversarialModel.from_config(config)
    assert again.get_config() == config


@pytest.mark.parametrize(
    ("argument", "known"),
    [
        ("mode", normalization.MODES),
        ("strategy", adversarial.STRATEGIES),
        ("lipschitz", adversarial.LIPSCHITZ),
        ("axis", adversarial.AXES),
    ],
)
def test_unknown_choice_lists_the_known_ones(argument, known):
    with pytest.raises(ValueError, match="found 'other'") as error:
        SynchronizedAdversarialModel(**{argument: "other"})
    assert all(repr(choice) in str(error.value) for choice in known)


def test_camera_mode_needs_intrinsics(new_model, batch):
    with pytest.raises(ValueError, match="camera mode needs the intrinsics"):
        new_model(mode="camera")({"keypoints_2d": batch["keypoints_2d"]})
