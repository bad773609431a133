"""The examples of the docstrings, run."""

import doctest
import importlib

import numpy as np
import pytest
from keypoint_files import walk, write

from synpose_tf.keypoints.layouts import COCO_17
from synpose_tf.structures.skeleton import H36M_17

MODULES = (
    "synpose_tf",
    "synpose_tf.evaluation.metrics",
    "synpose_tf.inference.lifter",
    "synpose_tf.keypoints",
    "synpose_tf.keypoints.reading",
    "synpose_tf.models.kcs",
    "synpose_tf.models.networks",
    "synpose_tf.structures.skeleton",
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of(name, tmp_path, monkeypatch):
    """They find eight poses `keypoints`, and a detector's file `keypoints.json`."""
    write("results", tmp_path, [walk(COCO_17)]).rename(tmp_path / "keypoints.json")
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    known = {"np": np, "keypoints": walk(H36M_17, 8)[..., :2]}
    failed, tried = doctest.testmod(module, extraglobs=known)
    assert tried, "no example"
    assert not failed
