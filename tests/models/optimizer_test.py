"""MomentumFreeAdam against Keras's own Adam with β₁ = 0."""

import keras
import numpy as np
import pytest

from synpose_tf.models.optimizer import MomentumFreeAdam


def new_variables():
    rng = np.random.default_rng(0)
    return [keras.Variable(rng.normal(size=shape), dtype="float32") for shape in ((5, 3), (3,))]


def gradients(step):
    rng = np.random.default_rng(step)
    return [
        keras.ops.convert_to_tensor(10.0 ** rng.uniform(-4, 1) * rng.normal(size=shape), "float32")
        for shape in ((5, 3), (3,))
    ]


def run(optimizer, variables, steps):
    for step in steps:
        optimizer.apply(gradients(step), variables)
    return [variable.numpy() for variable in variables]


def schedule():
    return keras.optimizers.schedules.ExponentialDecay(0.02, decay_steps=3, decay_rate=0.5)


@pytest.mark.parametrize("learning_rate", [0.01, schedule()], ids=["constant", "schedule"])
@pytest.mark.parametrize("beta_2", [0.9, 0.999])
def test_is_adam_without_momentum(learning_rate, beta_2):
    ours = run(MomentumFreeAdam(learning_rate, beta_2), new_variables(), range(12))
    adam = keras.optimizers.Adam(learning_rate, beta_1=0.0, beta_2=beta_2)
    theirs = run(adam, new_variables(), range(12))
    for a, b, start in zip(ours, theirs, new_variables(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
        assert np.abs(a - start.numpy()).mean() > 0.01


def test_keeps_one_moment_a_variable():
    variables = new_variables()
    optimizer = MomentumFreeAdam()
    optimizer.build(variables)
    shapes = sorted(tuple(v.shape) for v in optimizer.variables)
    assert shapes == [(), (), (3,), (5, 3)]  # steps, learning rate, moments


def test_goes_on_from_its_saved_state():
    optimizer, variables = MomentumFreeAdam(0.01), new_variables()
    run(optimizer, variables, range(4))
    state = {}
    optimizer.save_own_variables(state)
    again = MomentumFreeAdam.from_config(optimizer.get_config())
    copies = [keras.Variable(variable.numpy()) for variable in variables]
    again.build(copies)
    again.load_own_variables(state)
    assert int(again.iterations) == 4
    expected = run(optimizer, variables, range(4, 8))
    for a, b in zip(run(again, copies, range(4, 8)), expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_is_saved_with_a_model(reloaded):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(MomentumFreeAdam(schedule(), beta_2=0.8, epsilon=1e-6), loss="mse")
    x, y = np.random.default_rng(0).normal(size=(2, 8, 4)).astype(np.float32)
    model.fit(x, y[:, :2], epochs=3, shuffle=False, verbose=0)
    again = reloaded(model)
    assert again.optimizer.get_config() == model.optimizer.get_config()
    for each in (model, again):
        each.fit(x, y[:, :2], epochs=1, shuffle=False, verbose=0)
    for a, b in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
