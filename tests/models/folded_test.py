import keras
import numpy as np
import pytest

from synpose_tf.geometry.normalization import normalize_2d
from synpose_tf.inference.lifter import Lifter
from synpose_tf.models.folded import Forward, packaged_weights
from synpose_tf.models.networks import Generator, ResidualLifter


@pytest.mark.parametrize("blocks", [0, 1, 2, 3])
def test_it_is_the_network(blocks):
    """With any statistics of the batch norms, as training leaves them."""
    network = ResidualLifter(outputs=5, blocks=blocks, width=24)
    network.build((None, 7))
    rng = np.random.default_rng(0)
    network.set_weights([rng.uniform(-1.0, 1.0, w.shape) ** 2 for w in network.get_weights()])
    inputs = rng.normal(size=(50, 7)).astype(np.float32)
    expected = np.array(network(inputs, training=False))
    found = Forward.from_weights(network.get_weights())(inputs)
    scale = np.abs(expected).max()
    assert scale > 1
    np.testing.assert_allclose(found / scale, expected / scale, atol=1e-5)
    assert found.dtype == np.float32


@pytest.mark.parametrize("blocks", [1, 2])
def test_a_lifter_gives_the_depths_of_its_generator(blocks, poses):
    keras.utils.set_random_seed(0)
    generator = Generator(width=32, blocks=blocks)
    generator.build()
    generator.set_weights([3.0 * w for w in generator.get_weights()])
    pixels = 200.0 * normalize_2d(poses[..., :2], "paper")[0] + [500.0, 400.0]
    normalized, _ = normalize_2d(pixels, "paper")
    expected = np.array(generator(normalized.astype(np.float32), training=False))
    found = Lifter(generator.get_weights(), "paper").lift(pixels).poses[..., 2]
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["paper", "camera", "completion"])
def test_weights_come_with_the_package(name):
    weights = packaged_weights(name)
    assert all(np.isfinite(array).all() for array in weights)
    assert Forward.from_weights(weights).layers[-1][0].shape[1] in (16, 34)
