"""Frame by frame as the whole recording at once."""

import numpy as np
import pytest

from synpose_tf.errors import SynposeError
from synpose_tf.geometry import camera
from synpose_tf.inference.lifter import Lifter
from synpose_tf.inference.stream import PoseStream, StreamCorrections


def recording(views, frames):
    """Frames of different poses, so that a mistake in the windows shows."""
    return np.asarray(views["keypoints_2d"][:frames], np.float32).copy()


@pytest.mark.parametrize(("mode", "rate"), [("paper", 30.0), ("camera", 30.0), ("paper", 60.0)])
def test_a_stream_gives_what_the_recording_gives(mode, rate, synthetic_views):
    lifter, points = Lifter.from_pretrained(mode, "causal"), recording(synthetic_views, 70)
    points[5, 3] = np.nan
    points[20:22] = np.nan
    points[30:55] = np.nan
    intrinsics = camera.pinhole((1145.0, 1143.0), (512.0, 515.0)) if mode == "camera" else None
    stream = PoseStream(lifter, rate, intrinsics)
    found = np.array([stream.lift(frame) for frame in points])
    times = np.arange(len(points)) / rate
    whole = lifter.lift(points, intrinsics, doubt=True, times=times, rate=rate).poses
    np.testing.assert_allclose(found, whole, atol=1e-4)


def test_two_people_have_streams_of_their_own(synthetic_views):
    lifter, points = Lifter.from_pretrained("paper", "causal"), recording(synthetic_views, 40)
    alone, first, second = (PoseStream(lifter) for _ in range(3))
    for one, other in zip(points, points[::-1], strict=True):
        expected = alone.lift(one)
        np.testing.assert_array_equal(first.lift(one), expected)
        second.lift(other)


def test_people_of_one_picture_are_corrected_each_by_their_own_frames():
    network = Lifter.from_pretrained("paper", "causal").temporal
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(40, 2, 67)).astype(np.float32)
    both, first = StreamCorrections(network, 30.0), StreamCorrections(network, 30.0)
    for frame in range(40):
        order = rng.permutation(2)
        there = np.array([True, frame != 20])[order]
        names = ["a", "b"] if order[0] == 0 else ["b", "a"]
        found = both(names, frame / 30.0, seen[frame, order], there)
        expected = first([0], frame / 30.0, seen[frame, :1], np.array([True]))
        np.testing.assert_allclose(found[np.argsort(order)][0], expected[0], atol=1e-5)
        assert not found[~there].any()
    again = both(["a"], 40 / 30.0 + 0.3, seen[0, :1], np.array([True]))
    fresh = StreamCorrections(network, 30.0)(["a"], 0.0, seen[0, :1], np.array([True]))
    np.testing.assert_allclose(again, fresh, atol=1e-5)


@pytest.mark.parametrize("temporal", ["", "centred"])
def test_a_lifter_that_waits_for_frames_to_come_is_refused(temporal):
    with pytest.raises(SynposeError, match='"causal"'):
        PoseStream(Lifter.from_pretrained("paper", temporal))


def test_a_slow_camera_is_refused():
    with pytest.raises(SynposeError, match="rate=10: .* 20 frames a second"):
        PoseStream(Lifter.from_pretrained("paper", "causal"), 10.0)


def test_another_layout_is_refused():
    with pytest.raises(ValueError, match=r"\(17, 2\), found \(16, 2\)"):
        PoseStream(Lifter.from_pretrained("paper", "causal")).lift(np.zeros((16, 2)))
