"""Tests of the parts that motions are made of."""

import numpy as np
import pytest

from synpose_tf.datasets.synthetic_pose import kinematics, postures

TIME = np.arange(60) / 20.0


def test_wander_is_smooth_noise_of_the_given_deviation():
    rng = np.random.default_rng(0)
    noise = postures.wander(rng, np.arange(0, 60, 0.05), 3.0, (200,))
    assert noise.mean() == pytest.approx(0, abs=0.1)
    assert noise.std() == pytest.approx(3.0, rel=0.05)
    assert np.abs(np.diff(noise, axis=0)).max() < 3.0


def test_glide_starts_at_the_first_way_and_ends_at_the_last():
    for seed in range(20):
        path = postures.glide(np.random.default_rng(seed), np.linspace(0, 3, 500), (1.0, 5.0, 2.0))
        assert path[0] == 1.0
        assert path.min() >= 1.0
        assert path.max() <= 5.0
        assert np.abs(np.diff(path)).max() < 0.15


def test_glide_swerves_by_the_detour():
    time = np.linspace(0, 3, 500)
    ways = [np.broadcast_to(way, (500, 2, 3)) for way in ([0.0, 0.0, 0.0], [0.0, 0.0, 100.0])]
    path = postures.glide(np.random.default_rng(0), time, ways, np.array([0.5, 0.0, 0.0]))
    np.testing.assert_allclose(path[0], 0)
    assert path[..., 0].max() == pytest.approx(50, rel=0.01)
    halfway = np.abs(path[:, 0, 2] - 50).argmin()
    assert path[halfway, 0, 0] == pytest.approx(50, rel=0.01)


def test_feet_stay_where_the_stance_puts_them():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        body = kinematics.sample_body(rng)
        spine = postures.posture(rng, TIME)
        core = kinematics.trunk(body, spine)
        ankles = postures.stance(rng, TIME, body, 0.9 * body.leg)
        limbs = postures.legs(rng, body, core, ankles)
        limbs |= postures.arms(rng, TIME, body, core, postures.hanging(rng, body, core))
        joints = kinematics.joint_positions(body, kinematics.Angles(spine, **limbs))
        error = np.linalg.norm(joints[:, [6, 3]] - ankles, axis=-1)  # left, right ankle
        assert np.median(error) < 1.0
        assert error.max() < 60


def test_heads_keep_their_gaze_when_the_trunk_bends():
    pitch = {}
    for bend in (0.0, 60.0):
        flexion = [
            postures.posture(np.random.default_rng(seed), TIME, bend=bend)[..., 0].sum(axis=1)
            for seed in range(50)
        ]
        pitch[bend] = np.mean(flexion)
    assert -5 < pitch[0.0] < 20
    assert pitch[60.0] - pitch[0.0] < 40
