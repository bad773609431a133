"""Actions from the names of takes, and choosing views by them."""

import numpy as np
import pytest

from synpose_tf.datasets import actions
from synpose_tf.errors import SynposeError

TAKES = ["Walking 1", "Walking 2", "WalkTogether", "02_01", "jumping jacks", "Walking"]
VIEWS = {"action": np.array(TAKES), "frame": np.arange(6)}


def test_takes_of_an_action_share_its_name():
    assert list(actions.action_names(TAKES)) == [
        "Walking", "Walking", "WalkTogether", "02_01", "jumping jacks", "Walking",
    ]  # fmt: skip


def test_views_of_some_actions():
    chosen = actions.select_actions(VIEWS, ["Walking", "02_01"])
    assert list(chosen["frame"]) == [0, 1, 3, 5]
    assert actions.select_actions(VIEWS, []) is VIEWS


def test_an_action_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(SynposeError, match="no Sitting; it has: 02_01, WalkTogether, Walking, "):
        actions.select_actions(VIEWS, ["Walking", "Sitting"])
