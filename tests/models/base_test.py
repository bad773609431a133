"""What every method's lifter shares: seeds, checkpoints, resuming, the decay of its rate, XLA."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from synpose_tf.config import TrainConfig, load_config
from synpose_tf.errors import SynposeError
from synpose_tf.models import base, methods
from synpose_tf.models.base import LiftingModel
from synpose_tf.training import loop

WIDTHS = {
    "synchronized": {"generator_width": 16, "reprojection_width": 16, "critic_width": 16},
    "supervised": {"generator_width": 16},
    "repnet": {"generator_width": 16, "pose_width": 8, "kcs_width": 16},
}
# Of single frames; `methods/temporal_test.py` has those of windows.
SINGLE = [name for name in methods.METHODS if not name.startswith("temporal")]
every_method = pytest.mark.parametrize("method", SINGLE)
trained_methods = pytest.mark.parametrize("method", WIDTHS)


def config_of(method, jit_compile=False, **optimizer):
    """A small configuration of a method."""
    config = loop.with_method(load_config("default"), method)
    config = config.override(model=WIDTHS.get(method, {}))
    optimizer = {"jit_compile": jit_compile, **optimizer}
    return dataclasses.replace(config, optimizer=optimizer)


def train(model, batch, steps):
    """Trains without a graph, which would take longer to make than the steps."""
    for _ in range(steps):
        logs = model.train_step(batch)
    return {name: float(value) for name, value in logs.items()}


def state(model):
    """Every number that training changes."""
    parts = {name: network.variables for name, network in model.networks.items()}
    parts |= {f"{name}_adam": getattr(model, f"{name}_optimizer").variables for name in parts}
    parts["average"] = [*model.averaged_generator.variables, model.iterations]
    return {f"{k} {i}": v.numpy() for k, vs in parts.items() for i, v in enumerate(vs)}


def assert_same(first, second):
    assert first.keys() == second.keys()
    assert [key for key, value in first.items() if not np.array_equal(value, second[key])] == []


@every_method
def test_trains_goes_on_from_a_checkpoint_and_lifts(method, batch, reloaded):
    model = loop.new_model(config_of(method, decay="cosine", decay_steps=5))
    assert isinstance(model, LiftingModel)
    losses = train(model, batch, 2)
    assert list(losses) == list(model.trackers)
    assert all(np.isfinite(value) for value in losses.values())
    assert int(model.iterations) == 2

    again = reloaded(model)
    assert type(again) is type(model)
    assert_same(state(again), state(model))
    assert again.get_config() == model.get_config()
    assert again.get_compile_config() == model.get_compile_config()
    np.testing.assert_array_equal(again(batch), model(batch))
    assert model(batch).shape == (12, 17, 3)
    np.testing.assert_array_equal(model(batch)[:, 0], np.zeros((12, 3)))

    train(model, batch, 1)
    train(again, batch, 1)
    assert_same(state(again), state(model))


@trained_methods
def test_a_seed_fixes_the_weights(method, batch):
    first, second = (loop.new_model(config_of(method)) for _ in range(2))
    assert_same(state(first), state(second))
    assert train(first, batch, 2) == train(second, batch, 2)
    assert_same(state(first), state(second))


@pytest.mark.parametrize(
    # `adversarial_test` has the default's. RepNet's critic sees mixtures that are drawn otherwise
    # with XLA than without.
    ("method", "same"),
    [
        pytest.param("repnet", ("reprojection_loss", "camera_loss"), marks=pytest.mark.slow),
        ("mean", ("depth_loss",)),
    ],
)
def test_trains_with_xla(method, same, batch):
    compiled, plain = (loop.new_model(config_of(method, xla)) for xla in (True, False))
    before = state(compiled)
    compiled.make_train_function()
    logs = compiled.train_function(iter(tf.data.Dataset.from_tensors(batch)))
    expected = train(plain, batch, 1)
    for name, value in logs.items():
        assert np.isfinite(value)
        if name in same:
            np.testing.assert_allclose(value, expected[name], rtol=1e-3, atol=1e-5)
    after, expected = state(compiled), state(plain)
    moved = {key for key in after if (after[key] != before[key]).any()}
    assert moved == {key for key in after if (expected[key] != before[key]).any()}


@every_method
def test_calling_lifts_by_the_average_in_camera_mode(method, batch):
    config = config_of(method).override(mode="camera")
    model = loop.new_model(config)
    rng = np.random.default_rng(0)
    weights = [rng.normal(0, 0.2, w.shape) for w in model.averaged_generator.get_weights()]
    model.averaged_generator.set_weights([np.abs(w) for w in weights])
    poses_2d, frame = base.normalization.normalize_2d(
        batch["keypoints_2d"].numpy(), "camera", batch["intrinsics"].numpy()
    )
    depths = model.averaged_generator(poses_2d).numpy()
    assert depths.shape == (12, 17)
    assert np.abs(depths).max() > 0.01
    lifted = base.normalization.lift(poses_2d, depths, frame.perspective)
    expected = base.normalization.to_camera_frame(lifted, frame)
    np.testing.assert_allclose(model(batch), expected, rtol=1e-3, atol=1e-4)


# === Learning rate ===


def rates(model):
    return {
        name: float(getattr(model, f"{name}_optimizer").learning_rate) for name in model.networks
    }


@pytest.mark.parametrize(
    ("decay", "expected"),
    [
        ("none", lambda share: 1.0),
        ("linear", lambda share: 1.0 - share),
        ("cosine", lambda share: (1.0 + np.cos(np.pi * share)) / 2.0),
    ],
)
def test_learning_rate_falls_to_zero_before_and_after_a_checkpoint(decay, expected, reloaded):
    config = config_of("supervised", learning_rate=1e-3, decay=decay, decay_steps=200)
    model = loop.new_model(config)
    model.iterations.assign(50)
    again = reloaded(model)
    for step in (50, 0, 100, 199, 200, 300):
        for either in (model, again):
            either.iterations.assign(step)
            rate = 1e-3 * expected(min(step / 200, 1.0))
            np.testing.assert_allclose(
                rates(either)["generator"], rate, rtol=1e-3, atol=1e-9, err_msg=str(step)
            )


def test_a_rate_of_zero_changes_nothing(batch):
    model = loop.new_model(config_of("supervised", decay="linear", decay_steps=1))
    before = model.generator.last.kernel.numpy()
    train(model, batch, 1)
    after = model.generator.last.kernel.numpy()
    assert (after != before).any()
    train(model, batch, 1)
    np.testing.assert_array_equal(model.generator.last.kernel, after)


def test_decay_goes_over_the_steps_of_the_configuration():
    config = TrainConfig(steps=70).override(decay="cosine")
    assert config.optimizer == {"decay": "cosine", "decay_steps": 70}
    assert config.override(steps=90).optimizer["decay_steps"] == 90
    assert "decay_steps" not in TrainConfig().override(decay="none").optimizer


@pytest.mark.parametrize("optimizer", [{"decay": "steep"}, {"decay": "linear"}], ids=str)
def test_a_wrong_decay(optimizer):
    with pytest.raises(SynposeError, match="--config: decay"):
        loop.new_model(TrainConfig(optimizer=optimizer))


@trained_methods
def test_default_learning_rate_is_the_publication_s(method):
    expected = {"synchronized": 8e-5, "supervised": 1e-3, "repnet": 1e-4}[method]
    for rate in rates(loop.new_model(config_of(method))).values():
        np.testing.assert_allclose(rate, expected)


# === Methods and configurations ===


@every_method
@pytest.mark.parametrize("name", ["default", "paper", "small"])
def test_built_in_configurations_serve_every_method(method, name):
    config = loop.with_method(load_config(name), method)
    assert config.method == method
    assert set(config.model) <= set(methods.model_arguments(method))
    assert config.model["distance"] == load_config(name).model["distance"]


@pytest.mark.parametrize("method", ["supervised", "flat"])
def test_an_argument_that_a_method_does_not_take(method):
    config = TrainConfig(method=method, model={"mode": "camera", "strategy": "separate"})
    with pytest.raises(SynposeError, match=f"method {method} has no 'strategy' for its model"):
        loop.new_model(config)
    unknown = loop.with_method(TrainConfig(model={"stratgy": "separate"}), method)
    with pytest.raises(SynposeError, match="'stratgy'"):
        loop.new_model(unknown)


def test_an_unknown_method_lists_the_known_ones():
    with pytest.raises(SynposeError, match="supervised, temporal, .*repnet, mean, flat"):
        TrainConfig(method="magic")


def test_halves_are_the_first_and_the_second():
    first, second = base.halves({"a": tf.range(6), "b": tf.zeros((6, 2))})
    np.testing.assert_array_equal(first["a"], [0, 1, 2])
    np.testing.assert_array_equal(second["a"], [3, 4, 5])
    assert first["b"].shape == second["b"].shape == (3, 2)
