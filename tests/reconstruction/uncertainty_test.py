"""What is told of cameras that were found: how sure they are, and near from far."""

import dataclasses

import numpy as np
import pytest
from camera_scenes import observations, truth, walker
from scipy.spatial.transform import Rotation

from synpose_tf.reconstruction import body, initial, uncertainty
from synpose_tf.reconstruction.bundle import Problem, adjust
from synpose_tf.reconstruction.initial import Lifts
from synpose_tf.reconstruction.rig import Rig
from synpose_tf.reconstruction.unknowns import Free, State
from synpose_tf.structures.skeleton import H36M_17


def lifts_of(rig, world):
    """Lifts without an error."""
    inside = rig.to_cameras(world)
    return Lifts(inside - inside[:, :, :1], inside[:, :, 0])


def limb_errors(rng, size):
    """(4, 1, 17, 2), pixels: in each view a limb is off as a whole, for the whole recording."""
    off = np.zeros((4, 1, 17, 2))
    for limb in ("LKnee LAnkle", "RKnee RAnkle", "LElbow LWrist", "RElbow RWrist", "LHip RHip Hip"):
        joints = [H36M_17.index(name) for name in limb.split()]
        off[..., joints, :] = rng.normal(0.0, size, (4, 1, 1, 2))
    return off


def off_and_told(world, seed):
    """Degrees by which the cameras are wrong, seen from the first, and their deviations."""
    rig = truth()
    seen = observations(world, noise=1.0, seed=seed)
    seen = dataclasses.replace(
        seen, points=seen.points + limb_errors(np.random.default_rng(seed), 5.0)
    )
    state = State(rig, world, body.bone_lengths(world)[None])
    state = adjust(state, seen, body.PRIOR, Free(), None, 15)
    found = state.rig.rotation @ state.rig.rotation[0].T
    right = rig.rotation @ rig.rotation[0].T
    off = np.degrees(Rotation.from_matrix(found @ np.swapaxes(right, 1, 2)).magnitude())
    told = uncertainty.spread_of(Problem(state, seen, body.PRIOR, Free()), state)
    assert max(told.degrees[0], told.millimetres[0]) < 1e-9
    return off[1:], told.degrees[1:]


def test_the_deviations_hold_where_a_detector_errs_with_whole_limbs():
    """And for as long as the recording lasts: so more frames of the same bring nothing."""
    world = walker(8)
    off, told = np.array([off_and_told(world, seed) for seed in range(4)]).swapaxes(0, 1)
    assert off.mean() > 0.3  # Such errors do turn cameras.
    ratio = off / told
    assert 0.4 < np.sqrt((ratio**2).mean()) < 2.0
    assert (ratio < 2.5).mean() > 0.8


def test_who_walks_farther_shows_more():
    near, far = (off_and_told(walker(frames), 0)[1].mean() for frames in (3, 24))
    assert far < 0.8 * near


@pytest.fixture
def inside_out():
    """Someone who stands still, far away, and cameras for which near and far are exchanged."""
    rig, world = truth(), np.repeat(walker(2)[:1], 6, axis=0)
    middle = world.mean((0, 1))
    before = np.array([0.0, 0.0, 50_000.0])  # On the axis of each camera.
    far = Rig(rig.rotation, before - rig.rotation @ middle, 10.0 * rig.focal)
    mirror = np.diag([1.0, 1.0, -1.0])  # Of the first camera's frame.
    flip = far.rotation[0].T @ mirror @ far.rotation[0]
    joints = (world - middle) @ flip + middle
    rotation = mirror @ far.rotation @ flip
    translation = far.to_cameras(middle) - rotation @ middle
    return far, world, Rig(rotation, translation, far.focal), joints


def test_lifts_tell_near_from_far(inside_out):
    rig, world, other, turned = inside_out
    points = rig.project(world)
    assert np.abs(points - other.project(turned)).max() < 4.0  # The noise: pictures do not.
    seen = dataclasses.replace(observations(world), points=points)
    lifts = lifts_of(rig, world)
    assert initial.strain(rig, world, lifts) < 0.01
    assert initial.strain(other, turned, lifts) > 2.0
    assert initial.disagreement(rig, seen, lifts) < initial.disagreement(other, seen, lifts) - 2.0
    nothing = Lifts(np.full_like(lifts.poses, np.nan), np.full_like(lifts.roots, np.nan))
    assert initial.strain(other, turned, nothing) == 0.0
