"""What quantisation-aware training starts from and learns; `tflite_test` has what it gives."""

import dataclasses

import numpy as np
import pytest

from synpose_tf.export.tflite import calibration, depth_network
from synpose_tf.models import networks
from synpose_tf.structures.skeleton import H36M_17

quantization_aware = pytest.importorskip("synpose_tf.export.tflite.qat")


@pytest.mark.slow
def test_ranges_too_wide_become_narrower(poses, monkeypatch):
    """Nothing lies beyond them, so the gradient is that of rounding alone."""
    pytest.importorskip("tensorflow_model_optimization")
    monkeypatch.setattr(calibration, "WIDER", 8.0)
    small = networks.Generator(width=32, blocks=1)
    small.build()
    layers = depth_network.fold(small)
    depths = calibration.depths(layers, poses)
    learnt = quantization_aware.fine_tune(layers, poses, depths, steps=60).ranges
    begun = calibration.ranges(calibration.balance(layers, poses), poses)
    narrower = [
        high - low < begun[name][1] - begun[name][0] for name, (low, high) in learnt.items()
    ]
    assert np.mean(narrower) > 0.7


def test_balanced_layers_compute_the_same_and_reach_equally_far(layers, poses):
    balanced = calibration.balance(layers, poses)
    found, expected = (calibration.depths(some, poses) for some in (balanced, layers))
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())

    def spread(some):
        """Of how far the first block's units reach between its two layers."""
        first, one, *_ = some.values()
        x = poses.reshape(len(poses), -1) @ first.kernel + first.bias
        x = np.maximum(x, 0.2 * x) @ one.kernel + one.bias
        reach = np.abs(x).max(0)
        return reach.max() / reach.min()

    assert spread(balanced) < spread(layers) ** 0.3


def test_what_is_learnt_lies_between_own_depths_and_the_mirror_images(layers, poses):
    own, mean = calibration.depths(layers, poses), calibration.both_ways(layers, poses)
    found = quantization_aware.target(layers, poses)
    np.testing.assert_allclose(found, 0.75 * own + 0.25 * mean, atol=1e-5)


def test_trained_on_views_as_they_are_and_as_their_run_changed_them(lifter, poses, monkeypatch):
    monkeypatch.setattr(quantization_aware, "CHANGED", 5_000)
    config = {"augmentation": {"turn": True, "detector_noise": 0.1, "missing": 0.1}}
    changed = dataclasses.replace(lifter, run={"config": config})
    changed.__dict__.update(training=lifter.training)
    found = quantization_aware.training_poses(changed)
    assert found.shape == (len(poses) + 5_000, 17, 2)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[: len(poses)], poses)
    nearest = [np.abs(poses - pose).max(axis=(1, 2)).min() for pose in found[len(poses) :: 500]]
    assert min(nearest) > 1e-3
    unchanged = quantization_aware.training_poses(lifter)
    np.testing.assert_allclose(np.unique(unchanged), np.unique(poses), atol=1e-6)


def test_depths_of_both_ways_are_those_of_the_mirror_image(layers, poses):
    found = calibration.both_ways(layers, poses)
    mirrored = (poses * (-1.0, 1.0)).astype(np.float32)[:, H36M_17.mirror]
    expected = calibration.both_ways(layers, mirrored)[:, H36M_17.mirror]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    own = calibration.depths(layers, poses)
    assert np.sqrt(((found - own) ** 2).mean()) > 0.1 * own.std()
