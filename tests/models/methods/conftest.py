"""Windows for the tests of methods that take them."""

import pytest
import tensorflow as tf


@pytest.fixture
def windows(synthetic_views):
    """16 windows of 12 frames; the motions are 32 frames long."""
    return {
        key: tf.constant(a.reshape(-1, 32, *a.shape[1:])[:16, :12], tf.float32)
        for key, a in synthetic_views.items()
    }
