"""Windows of examples that know their clip."""

import numpy as np
import pytest
import tensorflow as tf

from synpose_tf.errors import SynposeError
from synpose_tf.training import clips, input_pipeline
from synpose_tf.training.clips import Clips

LENGTHS = (40, 7, 33)


def columns(step=1):
    """Of two actions, one of them before two cameras."""
    parts = zip(LENGTHS, ("walk", "walk", "sit"), ("1", "2", "2"), strict=True)
    rows = [
        ("S", action, camera, step * n) for length, action, camera in parts for n in range(length)
    ]
    subject, action, camera, frame = (np.array(column) for column in zip(*rows, strict=True))
    return {"subject": subject, "action": action, "camera": camera, "frame": frame}


def places(found, named, frames=5, after=2, speed=1.0):
    return found.places(tf.constant([named], tf.int64), frames, after, speed).numpy()[0].tolist()


@pytest.mark.parametrize("step", [1, 4])
def test_clips_end_where_subject_action_or_camera_change(step):
    found = Clips.find(columns(step), 30.0, "some")
    starts = np.cumsum([0, *LENGTHS])
    np.testing.assert_array_equal(found.first, np.repeat(starts[:-1], LENGTHS))
    np.testing.assert_array_equal(found.last, np.repeat(starts[1:] - 1, LENGTHS))


def test_a_clip_ends_where_frames_are_missing():
    rows = {key: np.delete(values, [10, 11]) for key, values in columns().items()}
    found = Clips.find(rows, 30.0, "some")
    assert (found.last[9], found.first[10]) == (9, 10)


def test_a_window_stays_in_its_clip():
    found = Clips.find(columns(), 30.0, "some")
    assert places(found, 20) == [18, 19, 20, 21, 22]
    assert places(found, 20, after=0) == [16, 17, 18, 19, 20]
    assert places(found, 39) == [37, 38, 39, 39, 39]
    assert places(found, 40) == [40, 40, 40, 41, 42]


def test_windows_of_other_rates_have_thirty_frames_a_second():
    found = Clips.find(columns(), 60.0, "some")
    assert places(found, 20) == [16, 18, 20, 22, 24]
    np.testing.assert_allclose(
        places(Clips.find(columns(), 50.0, "some"), 20), 20 + np.arange(-2, 3) * 5 / 3
    )
    assert places(found, 20, speed=0.5) == [18, 19, 20, 21, 22]


def test_between_two_examples_is_on_the_line():
    values = np.arange(12.0).reshape(6, 2)
    found = clips.take(tf.constant(values), tf.constant([[0.0, 1.25], [4.5, 5.0]], tf.float64))
    np.testing.assert_allclose(found, [[[0, 1], [2.5, 3.5]], [[9, 10], [10, 11]]])


def test_clips_of_several_sets_lie_one_after_the_other():
    joined = Clips.joined([Clips.find(columns(), rate, "some") for rate in (30.0, 60.0)])
    assert places(joined, 80 + 20) == [80 + n for n in (16, 18, 20, 22, 24)]
    assert places(joined, 20) == [18, 19, 20, 21, 22]


@pytest.mark.parametrize(
    ("rate", "found"), [(None, "single pictures"), (10.0, "10 frames a second")]
)
def test_sets_without_motion_are_refused(rate, found):
    with pytest.raises(SynposeError, match=f"mpii/1.0.0 has {found}.*Leave it out"):
        Clips.find(columns(), rate, "mpii/1.0.0")


def test_validation_windows_hold_the_view_that_they_judge():
    found = Clips.find(columns(), 30.0, "some")
    count = sum(LENGTHS)
    views = {"keypoints_2d": np.arange(count * 34, dtype=np.float32).reshape(count, 17, 2)}
    windows = clips.validation_windows(views, found, np.array([20, 70]), frames=9, after=4)
    assert windows["windows_2d"].shape == (2, 9, 17, 2)
    np.testing.assert_array_equal(windows["windows_2d"][:, 4], windows["keypoints_2d"])


def test_batches_of_windows_follow_from_the_step():
    count = sum(LENGTHS)
    arrays = {"number": np.arange(count, dtype=np.float32)}
    found = Clips.find(columns(), 30.0, "some")

    def batches(first_step, steps):
        stream = input_pipeline.training_batches(arrays, 8, 0, first_step, clips=found, frames=9)
        return [batch["number"] for batch in stream.take(steps).as_numpy_iterator()]

    whole = batches(0, 30)
    np.testing.assert_array_equal(np.stack(whole[17:]), np.stack(batches(17, 13)))
    numbers = np.concatenate(whole)
    assert numbers.shape == (240, 9)
    steps = np.diff(numbers, axis=1)
    assert (steps >= 0.0).all()
    assert steps.max() <= np.exp(clips.SPEED) + 1e-5
    first, last = numbers[:, 0].astype(int), np.ceil(numbers[:, -1]).astype(int)
    np.testing.assert_array_equal(found.first[first], found.first[last])
