"""Losses: their means, and what counts as divergence."""

import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from synpose_tf.training import guard
from synpose_tf.training.guard import DivergenceError, LossRecord, check_weights


def record(values, start=1, into=None):
    into = into or LossRecord()
    for step, value in enumerate(values, start):
        into.add(step, {"loss": tf.constant(value), "other": tf.constant(-2.0 * value)})
    return into


def test_means_since_the_restart():
    losses = record([1.0, 2.0, 6.0])
    assert losses.means() == {"loss": 3.0, "other": -6.0}
    losses.restart()
    assert record([5.0], into=losses).means() == {"loss": 5.0, "other": -10.0}


def test_a_record_that_goes_on_equals_one_that_never_stopped():
    values = np.random.default_rng(0).normal(size=75).astype(np.float32)
    whole = record(values)
    parts = None
    for begin in range(0, 75, 25):
        parts = record(values[begin : begin + 25], begin + 1, parts)
        parts = LossRecord(json.loads(json.dumps(parts.state())))
    assert json.dumps(parts.state()) == json.dumps(whole.state())
    assert parts.means() == whole.means()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_names_its_step_and_term(value):
    losses = record([1.0] * 7)
    with pytest.raises(DivergenceError, match="diverged at step 8: loss is") as error:
        record([value] + [1.0] * guard.CHECK_EVERY, 8, losses)
    assert error.value.step == 8


@pytest.mark.parametrize(
    ("usual", "fine", "exploded"),
    [(0.001, 49.0, 51.0), (7.0, 690.0, 710.0)],  # `other` is twice as large
)
def test_a_loss_explodes_at_a_multiple_of_its_scale_or_of_one(usual, fine, exploded):
    losses = record([usual] * 500)
    losses.settle()
    state = json.dumps(losses.state())
    record([fine], 501, losses).settle()
    with pytest.raises(DivergenceError, match=r"step 501: (loss|other) is .* times its scale"):
        record([exploded], 501, LossRecord(json.loads(state))).settle()


def test_nothing_is_fetched_between_checks(monkeypatch):
    fetched = []
    stack = tf.stack
    monkeypatch.setattr(guard.tf, "stack", lambda *args: fetched.append(1) or stack(*args))
    record([1.0] * (guard.CHECK_EVERY - 1))
    assert not fetched


def test_a_weight_that_is_not_finite_is_named():
    layer = keras.layers.Dense(2, name="wide")
    model = keras.Sequential([keras.Input((3,)), layer])
    check_weights(model, 5)
    layer.kernel.assign(np.array([[0, 1], [np.nan, 1], [0, 0]], np.float32))
    with pytest.raises(DivergenceError, match="step 5: the weight .*wide/kernel is not finite"):
        check_weights(model, 5)
