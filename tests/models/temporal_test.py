"""The network over time: windows, and the same in NumPy."""

import numpy as np
import pytest

from synpose_tf.models.folded_temporal import FEATURES, TemporalForward, features
from synpose_tf.models.temporal import TemporalGenerator

FRAMES = 40


def network(causal, blocks=3):
    """With weights and statistics that are not those of the start."""
    made = TemporalGenerator(width=24, blocks=blocks, causal=causal)
    made.build()
    rng = np.random.default_rng(0)
    made.set_weights([rng.uniform(0.1, 0.4, w.shape) - 0.2 * (w.ndim > 1) for w in made.weights])
    return made


@pytest.fixture
def inputs():
    return np.random.default_rng(1).normal(size=(FRAMES, FEATURES)).astype(np.float32)


@pytest.mark.parametrize("causal", [False, True])
def test_a_pose_depends_on_its_window_alone(causal, inputs):
    made = network(causal)
    before = made(inputs[None]).numpy()[0]
    assert before.shape == (FRAMES - 26, 17, 3)
    for changed in (4, 5, 31, 32):
        other = inputs.copy()
        other[changed] += 1.0
        moved = abs(made(other[None]).numpy()[0] - before).max((1, 2)) > 1e-6
        expected = [n <= changed <= n + 26 for n in range(FRAMES - 26)]
        np.testing.assert_array_equal(moved, expected)


def test_the_root_is_not_corrected(inputs):
    assert not network(False)(inputs[None]).numpy()[:, :, 0].any()


def test_training_starts_from_the_poses_of_single_frames(inputs):
    made = TemporalGenerator(width=24)
    assert not made(inputs[None]).numpy().any()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("blocks", [0, 2, 3])
def test_numpy_computes_the_same(causal, blocks, inputs):
    made = network(causal, blocks)
    forward = TemporalForward.from_weights(made.get_weights(), causal)
    assert (forward.receptive_field, forward.after) == (made.receptive_field, made.after)
    np.testing.assert_allclose(forward(inputs), made(inputs[None])[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("causal", [False, True])
def test_a_whole_recording_goes_on_beyond_its_ends(causal, inputs):
    forward = TemporalForward.from_weights(network(causal).get_weights(), causal)
    before = 26 - forward.after
    whole = forward.whole(inputs)
    np.testing.assert_allclose(whole[before : FRAMES - forward.after], forward(inputs), atol=1e-5)
    still = np.repeat(inputs[:1], FRAMES, axis=0)
    np.testing.assert_allclose(
        forward.whole(still), forward.whole(still)[:1].repeat(FRAMES, 0), atol=1e-5
    )


def test_frame_by_frame_is_as_the_whole_recording(inputs):
    forward = TemporalForward.from_weights(network(True).get_weights(), causal=True)
    state, found = forward.begin(inputs[:1]), []
    for frame in inputs:
        corrections, state = forward.step(frame[None], state)
        found.append(corrections[0])
    np.testing.assert_allclose(found, forward.whole(inputs), atol=1e-5)


def test_features_are_pose_depths_and_what_was_seen():
    poses, depths, seen = np.ones((2, 17, 2)), np.full((2, 17), 2.0), np.zeros((2, 17))
    np.testing.assert_array_equal(
        features(poses, depths, seen)[0], [1.0] * 34 + [2.0] * 16 + [0.0] * 17
    )
