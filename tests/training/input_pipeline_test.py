import numpy as np
import pytest

from synpose_tf.errors import SynposeError
from synpose_tf.training import input_pipeline

COUNT = 50


@pytest.fixture
def arrays():
    """Examples that tell their number."""
    return {
        "keypoints_2d": np.arange(COUNT * 34, dtype=np.float32).reshape(COUNT, 17, 2),
        "number": np.arange(COUNT),
    }


def numbers(arrays, steps, batch_size, seed=0, first_step=0):
    batches = input_pipeline.training_batches(arrays, batch_size, seed, first_step)
    return np.stack([batch["number"] for batch in batches.take(steps).as_numpy_iterator()])


def test_batches_hold_examples_whole(arrays):
    for batch in input_pipeline.training_batches(arrays, 8, seed=0).take(3).as_numpy_iterator():
        assert batch["keypoints_2d"].shape == (8, 17, 2)
        assert batch["keypoints_2d"].dtype == np.float32
        np.testing.assert_array_equal(
            batch["keypoints_2d"], arrays["keypoints_2d"][batch["number"]]
        )


@pytest.mark.parametrize("batch_size", [10, 7, 64])
def test_each_epoch_is_a_permutation(arrays, batch_size):
    epochs = 4
    steps = -(-epochs * COUNT // batch_size)
    stream = numbers(arrays, steps, batch_size).ravel()[: epochs * COUNT].reshape(epochs, COUNT)
    for epoch in stream:
        assert sorted(epoch) == list(range(COUNT))
    assert len({tuple(epoch) for epoch in stream}) == epochs


def test_the_seed_decides_the_order(arrays):
    np.testing.assert_array_equal(numbers(arrays, 20, 8, seed=3), numbers(arrays, 20, 8, seed=3))
    assert (numbers(arrays, 20, 8, seed=3) != numbers(arrays, 20, 8, seed=4)).mean() > 0.8


@pytest.mark.parametrize("first_step", [1, 6, 1000])
def test_a_resumed_stream_goes_on_with_the_same_batches(arrays, first_step):
    whole = numbers(arrays, first_step + 5, batch_size=8)
    np.testing.assert_array_equal(numbers(arrays, 5, 8, first_step=first_step), whole[first_step:])


def test_neighbours_are_not_batched_together():
    count = 100_000
    stream = numbers({"number": np.arange(count)}, 100, batch_size=512)
    gaps = np.abs(np.diff(stream, axis=1))
    # Two independent draws lie count / 3 apart on average.
    assert gaps.mean() == pytest.approx(count / 3, rel=0.02)
    assert (gaps < count / 1000).mean() < 0.004


def test_no_examples_are_refused():
    with pytest.raises(SynposeError, match="empty"):
        input_pipeline.training_batches({"number": np.arange(0)}, 8, seed=0)
