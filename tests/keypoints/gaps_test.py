"""Jumps and short gaps of joints in time."""

import numpy as np
import pytest

from synpose_tf.keypoints import gaps

FRAMES = 40
TIMES = np.arange(FRAMES) / 30.0


@pytest.fixture
def points():
    """Somebody 200 pixels tall, who walks and waves; the last joint waves."""
    rng = np.random.default_rng(0)
    still = rng.uniform(0.0, 1.0, (17, 2)) * [60.0, 190.0]
    moving = still + np.array([90.0, 0.0]) * TIMES[:, None, None]
    moving[:, -1, 1] += 40.0 * np.sin(6.0 * TIMES)
    return moving


def test_steady_people_stay_as_they_are(points):
    mended, changed = gaps.mend(points, TIMES)
    np.testing.assert_array_equal(mended, points)
    assert not changed.any()


@pytest.mark.parametrize("run", [1, 2, 3])
@pytest.mark.parametrize("joint", [4, 16])
def test_a_jump_is_put_back_on_its_way(run, joint, points):
    wrong = points.copy()
    wrong[20 : 20 + run, joint] += [60.0, -50.0]
    mended, changed = gaps.mend(wrong, TIMES)
    np.testing.assert_array_equal(np.argwhere(changed), [[20 + n, joint] for n in range(run)])
    assert np.linalg.norm(mended - points, axis=-1).max() < 4.0


def test_a_joint_that_goes_and_stays_is_no_jump(points):
    points[20:, 4] += [60.0, -50.0]
    assert not gaps.find_jumps(points, TIMES).any()


def test_a_jump_of_four_frames_may_be_true(points):
    points[20:24, 4] += [60.0, -50.0]
    assert not gaps.find_jumps(points, TIMES).any()


def test_between_slow_frames_nobody_knows(points):
    points[20, 4] += [60.0, -50.0]
    assert gaps.find_jumps(points, TIMES).any()
    assert not gaps.find_jumps(points, 4.0 * TIMES).any()


@pytest.mark.parametrize(("missed", "filled"), [(1, True), (6, True), (7, False), (20, False)])
def test_gaps_of_a_quarter_second_are_filled(missed, filled, points):
    wrong = points.copy()
    wrong[10 : 10 + missed, 4] = np.nan
    mended, changed = gaps.mend(wrong, TIMES)
    assert np.isfinite(mended).all() == filled
    assert changed.sum() == (missed if filled else 0)
    if filled:  # It moves evenly, so the line is its way.
        np.testing.assert_allclose(mended, points, atol=1e-6)


def test_times_and_not_frames_tell_where_a_joint_was(points):
    times = TIMES.copy()
    times[21:] += 0.05
    points[20, 4] = np.nan
    filled = gaps.fill(points, times)[20, 4]
    share = (times[20] - times[19]) / (times[21] - times[19])
    np.testing.assert_allclose(filled, points[19, 4] + share * (points[21, 4] - points[19, 4]))


def test_beginning_and_end_are_not_made_up(points):
    points[:2, 4] = np.nan
    points[-2:, 4] = np.nan
    mended, changed = gaps.mend(points, TIMES)
    assert np.isnan(mended[[0, 1, -2, -1], 4]).all()
    assert not changed.any()


def test_frames_with_nobody_stay_so(points):
    points[20:22] = np.nan
    mended, changed = gaps.mend(points, TIMES)
    assert np.isnan(mended[20:22]).all()
    assert not changed.any()


@pytest.mark.parametrize("frames", [0, 1, 2, 3])
def test_short_recordings(frames, points):
    mended, changed = gaps.mend(points[:frames], TIMES[:frames])
    np.testing.assert_array_equal(mended, points[:frames])
    assert changed.shape == (frames, 17)
