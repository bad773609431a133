"""Detectors' pairs among the examples of training: taken as they are, marked, the same again."""

import numpy as np
import pytest

from synpose_tf.datasets import prepared
from synpose_tf.datasets.multiview import testing
from synpose_tf.errors import SynposeError
from synpose_tf.training import input_pipeline
from synpose_tf.training.augmentation import Augmentation
from synpose_tf.training.pairs import mix_in_pairs, read_pairs

SIZE, SHARE = 32, 0.25


@pytest.fixture(scope="module")
def builder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    testing.write(folder / "files", "walk", "sit")
    return prepared.prepare(prepared.Source("multiview", str(folder / "files"), str(folder)))


@pytest.fixture(scope="module")
def pairs(builder):
    return read_pairs([builder], [], SHARE)


@pytest.fixture(scope="module")
def arrays(synthetic_views):
    return {key: a.astype(np.float32) for key, a in synthetic_views.items()}


def batches(arrays, pairs, first_step=0, count=1):
    """(without, with) the pairs, three steps."""
    changes = Augmentation(turn=True, noise=2.0)
    before = input_pipeline.training_batches(arrays, SIZE * count, 0, first_step, changes)
    after = mix_in_pairs(before, pairs, SIZE, 0, first_step)
    streams = (stream.take(3).as_numpy_iterator() for stream in (before, after))
    return list(zip(*streams, strict=True))


def test_pairs_are_read_with_the_joints_that_are_believed(pairs):
    assert pairs.arrays.keys() == {*prepared.TRAINING_KEYS, "known"}
    assert pairs.arrays["known"].shape == (44, 17)
    assert set(np.unique(pairs.arrays["known"])) == {0.0, 1.0}
    np.testing.assert_array_equal(pairs.arrays["known"][:, testing.LACKING], 0.0)


@pytest.mark.parametrize("count", [1, 2])
def test_they_stand_first_in_each_batch_as_they_are(count, arrays, pairs):
    size = int(SHARE * SIZE)
    rows = {tuple(pose.ravel()): i for i, pose in enumerate(pairs.arrays["keypoints_2d"])}
    for before, after in batches(arrays, pairs, count=count):
        assert after.keys() == {*before, "known"}
        for key, values in before.items():
            assert after[key].shape == (SIZE * count, *values.shape[1:])
            np.testing.assert_array_equal(after[key][size:], values[size:])
        np.testing.assert_array_equal(after["known"][size:], 1.0)
        chosen = [rows[tuple(pose.ravel())] for pose in after["keypoints_2d"][:size]]
        assert len(set(chosen)) == size
        for key, values in pairs.arrays.items():
            np.testing.assert_array_equal(after[key][:size], values[chosen])


def test_a_resumed_run_sees_what_it_would_have_seen(arrays, pairs):
    (_, resumed), (_, whole) = batches(arrays, pairs, first_step=1)[0], batches(arrays, pairs)[1]
    for key, values in whole.items():
        np.testing.assert_array_equal(resumed[key], values)


@pytest.mark.parametrize("share", [0.0, 1.0, float("nan")])
def test_a_share_that_is_none_is_refused(share, builder):
    with pytest.raises(SynposeError, match="--detected_share=.*more than 0 and less than 1"):
        read_pairs([builder], [], share)
