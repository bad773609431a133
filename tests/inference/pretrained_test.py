"""The lifters that come with the package, by name."""

import json
import pathlib

import numpy as np
import pytest

import synpose_tf
from synpose_tf.errors import SynposeError
from synpose_tf.inference import pretrained
from synpose_tf.inference.lifter import Lifter
from synpose_tf.models.networks import Generator

WEIGHTS = pathlib.Path(synpose_tf.__file__).parent / "weights"


@pytest.fixture(scope="module")
def generator():
    network = Generator(16, 1)
    network.build()
    return network


def test_every_card_has_weights_and_names_them():
    assert {"camera", "paper"} <= set(pretrained.NAMES)
    assert "completion" not in pretrained.NAMES
    for name in pretrained.NAMES:
        assert (WEIGHTS / f"{name}.npz").is_file()
        assert pretrained.card(name)["name"] == name


@pytest.mark.parametrize("name", pretrained.NAMES)
def test_a_card_says_what_a_user_must_know(name):
    card = pretrained.card(name)
    assert {"trained_on", "credit", "licence", "command", "metrics", "limits"} <= card.keys()
    assert Lifter.from_pretrained(name).mode == card["mode"]


@pytest.mark.parametrize("load", [pretrained.card, pretrained.load, Lifter.from_pretrained])
@pytest.mark.parametrize("name", ["cat", "completion", "../weights/paper"])
def test_an_unknown_name_is_answered_with_the_known_ones(load, name):
    with pytest.raises(SynposeError, match=f"{name}.*{', '.join(pretrained.NAMES)}"):
        load(name)


def test_weights_and_card_lie_under_the_name_whatever_the_mode(generator, tmp_path):
    card = {"name": "paper_ours", "mode": "camera", "distance": 3.0}
    path = pretrained.save(tmp_path, generator, card)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["paper_ours.json", path.name]
    written = json.loads((tmp_path / "paper_ours.json").read_text())
    assert written == {**card, "width": 16, "blocks": 1}
    with np.load(path) as arrays:
        for array, weights in zip(arrays.values(), generator.get_weights(), strict=True):
            np.testing.assert_allclose(array, weights, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["", "A lifter", "../paper", "completion"])
def test_a_name_that_can_t_be_is_refused(generator, tmp_path, name):
    (tmp_path / "completion.npz").write_bytes(b"another network")
    with pytest.raises(SynposeError):
        pretrained.save(tmp_path, generator, {"name": name, "mode": "paper", "distance": 0.0})
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"another network"]
