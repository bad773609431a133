"""Clocks: how far apart, how they run, and how sure that is."""

import dataclasses

import numpy as np
import pytest
from camera_scenes import CAMERAS, RATE, observations, seen_by, truth, walker
from scipy.interpolate import CubicSpline

from synpose_tf.reconstruction import body, uncertainty
from synpose_tf.reconstruction.bundle import Free, Problem, State, adjust
from synpose_tf.reconstruction.rig import ideal_pixels
from synpose_tf.reconstruction.synchronization import refined
from synpose_tf.reconstruction.views import Clock


def fitted(seen, world, cameras):
    """The problem of what was seen, and its state from the truth on."""
    start = State(truth(), world, body.bone_lengths(world)[None])
    free = Free(cameras=cameras, bones=cameras)
    state = adjust(start, seen, body.PRIOR, free, iterations=5)
    return Problem(state, seen, body.PRIOR, free), state


@pytest.mark.parametrize("drift", [0.0, 3e-4])
def test_a_clock_that_runs_too_fast_is_found(drift):
    """Two minutes, a camera whose stamps run ahead of the first's by 0 or 36 ms at the end."""
    frames = 3600
    motion = CubicSpline(np.arange(frames) / RATE, walker(frames))
    starts = np.linspace(0, frames - 60, 30).astype(int)
    times = (starts[:, None] + np.arange(5)).ravel() / RATE
    world, seen = motion(times), observations(motion(times))
    # The frame that is stamped t shows what was at t / (1 + drift).
    late = seen_by(CAMERAS[2], motion(times / (1.0 + drift)), np.random.default_rng(1))
    seen.points[2] = ideal_pixels(late, CAMERAS[2].intrinsics)
    seen = dataclasses.replace(seen, times=times)
    problem, state = fitted(seen, world, cameras=False)
    found = [clock.drift for clock in refined([Clock()] * len(CAMERAS), problem, state)]
    print(found)
    assert found[0] == 0.0
    np.testing.assert_allclose(found, [0.0, 0.0, drift, 0.0], atol=1e-4)


def test_motion_tells_a_clock_and_a_still_person_does_not():
    world = walker(60)
    moving = uncertainty.clock_spread(*fitted(observations(world), world, cameras=True))
    still = np.repeat(world[:1], 60, axis=0)
    standing = uncertainty.clock_spread(*fitted(observations(still), still, cameras=True))
    assert moving[0] == standing[0] == 0.0
    assert moving[1:].max() < 0.5 / RATE
    assert standing[1:].min() > 3 * moving[1:].max()


def test_clocks_that_are_surer_with_the_cameras_known():
    world = walker(60)
    seen = observations(world)
    known = uncertainty.clock_spread(*fitted(seen, world, cameras=False))
    found = uncertainty.clock_spread(*fitted(seen, world, cameras=True))
    assert (known[1:] < found[1:]).all()
