"""Frame by frame as the whole recording at once."""

import numpy as np
import pytest

from synpose_tf.errors import SynposeError
from synpose_tf.geometry import camera
from synpose_tf.inference.lifter import Lifter
from synpose_tf.inference.stream import PoseStream


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
