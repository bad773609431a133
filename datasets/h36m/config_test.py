"""A configuration's name holds its options."""

import pytest

from synpose_tf.datasets.h36m.config import H36mConfig
from synpose_tf.errors import SynposeError


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "gt"),
        ({"detections": "cpn_ft_h36m_dbb", "every": 5}, "cpn_ft_h36m_dbb-every5"),
        ({"test_subjects": ("S11",)}, "gt-test.S11"),
        (
            {"train_subjects": ("S9", "S1"), "test_subjects": ["S11"], "every": 64},
            "gt-every64-train.S1.S9-test.S11",
        ),
        ({"actions": ("Walking", "Eating")}, "gt-actions.Eating.Walking"),
        ({"cameras": ("60457274",)}, "gt-cameras.60457274"),
    ],
)
def test_name_and_options_say_the_same(options, name):
    config = H36mConfig(**options)
    assert config.name == name
    read = H36mConfig.from_name(name)
    for field in ("name", "detections", "train_subjects", "test_subjects", "actions", "cameras"):
        assert getattr(read, field) == getattr(config, field)
    assert read.every == config.every


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gt-train.S2", r"train has no 'S2'; choose from S1, S5"),
        ("gt-actions.Walk", r"actions has no 'Walk'; choose from Directions"),
        ("gt-cameras.1", r"cameras has no '1'; choose from 54138969"),
        ("gt-test", r"test names nothing"),
        ("gt-train.S9", r"S9 would both train and test"),
        ("gt-every0", r"every=0; expected 1 or more"),
        ("gt-fast", r"'fast' is no option.*such as h36m/gt-every64-test.S9"),
        ("-every5", r"'' names no detections"),
    ],
)
def test_impossible_names_say_why(name, message):
    with pytest.raises(SynposeError, match=message):
        H36mConfig.from_name(name)
