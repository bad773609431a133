import numpy as np
import pytest

from synpose_tf.inference.smoothing import one_euro, smooth_track
from synpose_tf.structures.tracks import PoseTrack

FPS = 60.0
TIMES = np.arange(1200) / FPS


def along_x(values):
    """(F, 1, 3): one point that moves on a line."""
    return np.stack([values, 0 * values, 0 * values], -1)[:, None]


@pytest.mark.parametrize("frequency", [0.25, 1.5, 6.0])
def test_at_rest_it_is_a_first_order_low_pass(frequency):
    """With beta 0: gain 1/√(1+(f/fc)²), 3 dB at the cutoff, up to the sampling at 60 Hz."""
    smooth = one_euro(along_x(np.sin(2 * np.pi * frequency * TIMES)), TIMES, 1.5, beta=0.0)
    second_half = smooth[600:, 0, 0]
    gain = np.abs(2 * np.mean(second_half * np.exp(-2j * np.pi * frequency * TIMES[600:])))
    assert gain == pytest.approx(1 / np.hypot(1, frequency / 1.5), rel=0.08)


def test_fast_motion_lags_less_than_slow_filtering_would():
    ramp = along_x(2000.0 * TIMES)  # mm/s, a fast hand
    lag = {beta: (ramp - one_euro(ramp, TIMES, 1.5, beta))[-1, 0, 0] / 2000 for beta in (0, 0.008)}
    # In the steady state the lag is τ = 1 / (2π fc), with fc = 1.5 + 0.008 · 2000 = 17.5 Hz.
    assert lag[0] == pytest.approx(1 / (2 * np.pi * 1.5), rel=0.01)
    assert lag[0.008] == pytest.approx(1 / (2 * np.pi * 17.5), rel=0.02)


def test_jitter_at_rest_is_taken_away():
    noise = np.random.default_rng(0).normal(0.0, 3.0, (1200, 17, 3))
    smooth = one_euro(noise, TIMES)
    assert smooth[60:].std() < 0.5 * noise.std()
    assert np.abs(smooth.mean(0)).max() < 0.5


def test_a_turned_camera_changes_nothing():
    rng = np.random.default_rng(0)
    points = np.cumsum(rng.normal(0, 10, (50, 17, 3)), axis=0)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    expected = one_euro(points, TIMES[:50]) @ rotation.T
    np.testing.assert_allclose(one_euro(points @ rotation.T, TIMES[:50]), expected, atol=1e-6)


def test_the_future_changes_nothing_and_the_first_frame_stays():
    points = np.random.default_rng(0).normal(size=(40, 17, 3))
    whole = one_euro(points, TIMES[:40])
    np.testing.assert_array_equal(one_euro(points[:25], TIMES[:25]), whole[:25])
    np.testing.assert_array_equal(whole[0], points[0])


def test_a_gap_stays_a_gap_and_the_past_fades():
    points = np.full((100, 17, 3), 100.0)
    points[:50] = 0.0
    points[30:35] = np.nan
    points[60, 4] = np.nan
    smooth = one_euro(points, TIMES[:100])
    np.testing.assert_array_equal(np.isnan(smooth), np.isnan(points))
    assert smooth[61, 4, 0] > smooth[59, 4, 0] > 0
    late = one_euro(points[[0, 50]], np.array([0.0, 60.0]))
    assert late[1] == pytest.approx(100.0, abs=0.5)


def test_a_track_keeps_all_else():
    rng = np.random.default_rng(0)
    track = PoseTrack(
        name="person 1",
        poses=rng.normal(size=(30, 17, 3)).astype(np.float32),
        root=rng.normal(size=(30, 3)),
        keypoints=rng.normal(size=(30, 17, 2)),
        inferred=np.zeros((30, 17), bool),
        frames=np.arange(30),
        times=TIMES[:30],
        body_height=1700.0,
    )
    smooth = smooth_track(track)
    assert smooth.poses.dtype == np.float32
    np.testing.assert_array_equal(smooth.poses, one_euro(track.poses, track.times))
    np.testing.assert_array_equal(smooth.root, one_euro(track.root, track.times))
    assert smooth.keypoints is track.keypoints
