"""A trained lifter as the start of another training: taken as it is, or refused."""

import numpy as np
import pytest

from synpose_tf.config import load_config
from synpose_tf.errors import SynposeError
from synpose_tf.inference import initial, pretrained
from synpose_tf.models.methods.constant import MeanDepthModel
from synpose_tf.training import loop
from synpose_tf.training.checkpoint import Workdir


@pytest.fixture(scope="module")
def run(tmp_path_factory, new_model):
    """A run's folder and its model."""
    model = new_model(mode="paper", distance=13.0, seed=3)
    workdir = Workdir(tmp_path_factory.mktemp("initial") / "run")
    config = {"steps": 1, "method": "synchronized"}
    workdir.open_for({"version": "0", "dataset": "cmu_mocap/2.0.0", "config": config})
    workdir.save(model, step=1, state={}, best=False)
    return workdir.path, model


def assert_equal(network, weights):
    for own, expected in zip(network.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(own, expected)


def test_a_lifter_of_the_package():
    """By the recipe that it was trained with; the moving average begins there too."""
    model = loop.new_model(load_config("robust").override(mode="camera", jit_compile=False))
    found = initial.load("camera")
    initial.start(model, found)
    weights = pretrained.load("camera").weights
    assert_equal(model.generator, weights)
    assert_equal(model.averaged_generator, weights)
    assert found.identity["from"] == "camera"
    assert found.identity != initial.load("camera_synchronized").identity


def test_a_run(run, new_model):
    path, trained = run
    model = new_model(mode="paper", distance=13.0, seed=4)
    before = model.critic.get_weights()
    initial.start(model, initial.load(str(path)))
    assert_equal(model.generator, trained.averaged_generator.get_weights())
    assert_equal(model.critic, before)


def test_what_does_not_fit_is_refused(run, new_model):
    path, _ = run
    found = initial.load(str(path))
    with pytest.raises(
        SynposeError, match=r"--init=nothing: neither .*\(camera, .* nor the folder"
    ):
        initial.load("nothing")
    for model, message in (
        (new_model(mode="camera"), "has paper normalisation, this run camera. Add --normal"),
        (new_model(distance=0.0), "13 radii away, this run 0. Add --set=distance=13"),
        (MeanDepthModel(distance=13.0), "this method trains none"),
    ):
        with pytest.raises(SynposeError, match=message):
            initial.start(model, found)
    wide = loop.new_model(load_config("robust").override(model={"generator_width": 24}))
    with pytest.raises(SynposeError, match="16 units wide, .* 24. Add --set=generator_width=16"):
        initial.start(wide, found)
