"""Clocks of several cameras: found together with cameras and joints, or told by time stamps."""

import dataclasses

import numpy as np
import pytest
from camera_scenes import CAMERAS, RATE, observations, seen_by, truth, walker
from scipy.interpolate import CubicSpline

from synpose_tf import keypoints
from synpose_tf.inference.lifter import Lifter
from synpose_tf.reconstruction import body, pipeline, report, synchronization, uncertainty
from synpose_tf.reconstruction.bundle import Problem, adjust
from synpose_tf.reconstruction.rig import Rig, ideal_pixels
from synpose_tf.reconstruction.unknowns import Free, State
from synpose_tf.reconstruction.views import Camera, Clock

OFFSETS, DRIFTS = np.array([0.0, 0.03, -0.02, 0.0]), np.array([0.0, 3e-4, 0.0, -8e-4])


class Drifting:
    """24 windows of five moments in 100 s, each camera by its own clock."""

    def __init__(self):
        self.motion = CubicSpline(np.arange(121) / RATE, walker(121))
        window = np.arange(5) / RATE
        self.times = (np.linspace(0.0, 100.0 - 5.0 / RATE, 24)[:, None] + window).ravel()
        self.moments = (np.linspace(0.3, 3.5, 24)[:, None] + window).ravel()  # Of the motion.
        self.world = self.motion(self.moments)

    def seen(self, clocks):
        """What the cameras saw, observed by clocks that are thought to be right."""
        rng, points = np.random.default_rng(0), []
        for camera, clock, offset, drift in zip(CAMERAS, clocks, OFFSETS, DRIFTS, strict=True):
            right = Clock(offset, drift).common(clock.own(self.times))
            view = seen_by(camera, self.motion(self.moments + right - self.times), rng, 1.0)
            points.append(ideal_pixels(view, camera.intrinsics))
        seen = observations(self.world)
        return dataclasses.replace(seen, points=np.stack(points), times=self.times)


def test_offset_and_drift_are_found_with_cameras_that_are_off():
    recording, rig = Drifting(), truth()
    shift = np.random.default_rng(1).normal(0.0, 40.0, (4, 3)) * [[0.0], [1.0], [1.0], [1.0]]
    rig = Rig(rig.rotation, rig.translation + shift, rig.focal)
    free, clocks = Free(clocks="drift"), [Clock()] * 4
    for _ in range(3):
        seen = recording.seen(clocks)
        state = State(rig, recording.world, body.bone_lengths(recording.world)[None])
        state = adjust(state, seen, body.PRIOR, Free(), None, 10)
        state = adjust(state, seen, body.PRIOR, free, None, 10)
        clocks, rig = synchronization.moved_on(clocks, state, seen.times), state.rig
    drifts = np.array([clock.drift for clock in clocks])
    np.testing.assert_allclose(drifts, DRIFTS, atol=8e-5)
    middle = 50.0
    off = np.array([clock.own(middle) - middle for clock in clocks]) - OFFSETS - middle * DRIFTS
    np.testing.assert_allclose(off, 0.0, atol=0.15 / RATE)
    spread = uncertainty.spread_of(Problem(state, seen, body.PRIOR, free), state)
    assert (np.abs(off)[1:] < 2.5 * spread.clocks[1:]).all()
    assert (np.abs(drifts - DRIFTS)[1:] < 2.5 * spread.drifts[1:]).all()
    assert spread.clocks[0] == spread.drifts[0] == 0.0
    assert (spread.clocks[1:] < 1.0 / RATE).all()
    still = dataclasses.replace(state, lags=None)
    assert synchronization.moved_on(clocks, still, seen.times) == clocks


def test_clocks_are_as_far_apart_as_at_the_worst_moment():
    times = np.array([0.0, 50.0, 100.0])
    some, others = [Clock(), Clock(0.5)], [Clock(), Clock(0.45, 2e-3)]
    assert synchronization.apart(some, others, times) == pytest.approx(0.15)


def scene_of(folder, world, later):
    """What is found of a person whom three cameras saw, each from a frame of its own on."""
    return scene_of_views(folder, [world[start:] for start in later], RATE)


def scene_of_views(folder, worlds, rate):
    """What is found of a person whom each of three cameras saw at moments of its own."""
    rng, lifter = np.random.default_rng(0), Lifter.from_pretrained("camera")
    cameras = []
    for camera, world in zip(CAMERAS[:3], worlds, strict=True):
        path = folder / f"{camera.name}.npz"
        points = seen_by(camera, world, rng)
        score = np.full((*points.shape[:-1], 1), 0.9)
        np.savez(path, keypoints=np.concatenate([points, score], axis=-1), fps=rate)
        (track,) = keypoints.read([path], layout="h36m").tracks
        lifted = lifter.lift_track(track, camera.intrinsics)
        size = camera.image_size
        cameras.append(Camera(camera.name, [track], camera.intrinsics, size, [lifted]))
    return pipeline.find_scene(cameras, pipeline.Settings(), np.random.default_rng(0))


def test_time_stamps_are_taken_where_motion_tells_nothing(tmp_path):
    """Somebody who stands still: the detector's noise alone moves the joints."""
    scene = scene_of(tmp_path, np.repeat(walker(2)[:1], 40, axis=0), (0, 0, 0))
    assert scene.stamped
    assert scene.clocks == [Clock()] * 3
    assert max(np.abs(scene.moved_clocks)) > 0.5 / RATE
    note = " ".join(report.warnings(scene))
    assert "own time stamps" in note
    assert "frames off" in note


@pytest.mark.slow
def test_time_stamps_are_not_taken_where_motion_tells(tmp_path):
    scene = scene_of(tmp_path, walker(56), (0, 9, 0))
    assert not scene.stamped
    late = [RATE * clock.offset for clock in scene.clocks]
    np.testing.assert_allclose(late, [0.0, -9.0, 0.0], atol=0.4)
    assert (np.abs(np.array(late) - [0, -9, 0]) <= 2.5 * RATE * scene.spread.clocks + 1e-9).all()
    assert "time stamps" not in " ".join(report.warnings(scene))


@pytest.mark.slow
def test_a_drift_is_looked_for_in_more_than_a_minute(tmp_path, monkeypatch):
    """70 s at 10 frames a second; the second camera's clock is fast by 3 in a thousand."""
    monkeypatch.setattr(pipeline, "_MOMENTS", 100)  # So many are enough, and are found sooner.
    rate, frames, fast = 10.0, 700, 3e-3
    motion = CubicSpline(np.arange(frames + 1), walker(frames + 1))
    worlds = [motion(np.arange(frames) / (1.0 + drift)) for drift in (0.0, fast, 0.0)]
    scene = scene_of_views(tmp_path, worlds, rate)
    drifts = np.array([clock.drift for clock in scene.clocks])
    np.testing.assert_allclose(drifts, [0.0, fast, 0.0], atol=4e-4)
    late = [clock.own(35.0) - 35.0 for clock in scene.clocks]
    np.testing.assert_allclose(late, [0.0, 35.0 * fast, 0.0], atol=0.3 / rate)
    assert (np.abs(drifts - [0.0, fast, 0.0]) <= 2.5 * scene.spread.drifts).all()
