"""Cameras and joints from several views: each part against what is known."""

import dataclasses

import numpy as np
import pytest
from camera_scenes import observations, swapped, truth, walker

from synpose_tf.reconstruction import body, floor, selection, uncertainty
from synpose_tf.reconstruction.banded import NormalEquations
from synpose_tf.reconstruction.bundle import Problem, adjust
from synpose_tf.reconstruction.epipolar import relative_poses
from synpose_tf.reconstruction.exchange import exchanged, put_back
from synpose_tf.reconstruction.rig import Rig
from synpose_tf.reconstruction.triangulation import triangulate
from synpose_tf.reconstruction.unknowns import Free, State
from synpose_tf.structures.skeleton import H36M_17


@pytest.fixture(scope="module")
def world():
    return walker(24)


def angle(one, two):
    return np.degrees(np.arccos(np.clip((np.trace(one @ two.T) - 1) / 2, -1, 1)))


def test_a_band_with_a_border_is_solved_as_the_whole_matrix():
    rng = np.random.default_rng(0)
    equations = NormalEquations(12, 3, 2)
    matrix = np.zeros((14, 14))
    for row in range(12):
        for column in range(max(row - 3, 0), row + 1):
            value = 20.0 if row == column else rng.normal()
            equations.add(np.array([row]), np.array([column]), np.array([value]))
            matrix[row, column] = matrix[column, row] = value
    equations.mixed[:] = rng.normal(size=(12, 2))
    equations.corner[:] = [[30.0, 1.0], [1.0, 40.0]]
    matrix[:12, 12:], matrix[12:, :12] = equations.mixed, equations.mixed.T
    matrix[12:, 12:] = equations.corner
    right = rng.normal(size=14)
    equations.right[:], equations.border_right[:] = right[:12], right[12:]
    found = np.concatenate(equations.solve(0.0))
    np.testing.assert_allclose(found, np.linalg.solve(matrix, right), atol=1e-8)


def test_the_linearisation_is_the_costs_own(world):
    """The gradient against differences of the cost, of every kind of unknown."""
    seen, rig = observations(world[:4], noise=3.0), truth()
    state = State(rig, world[:4] + 20.0, body.bone_lengths(world[:4])[None] + 5.0)
    guesses = np.where(np.arange(17)[:, None] == 7, world[:4], np.nan)
    prior = dataclasses.replace(body.PRIOR, acceleration=1000.0)
    problem = Problem(state, seen, prior, Free(focal="each", clocks="drift"), guesses)
    equations = problem.linearised(state)
    gradient = np.concatenate([equations.right, equations.border_right])
    count = len(equations.right)
    scales = np.concatenate([np.full(count, 1e-2), np.full(len(gradient) - count, 1e-5)])
    rng = np.random.default_rng(0)
    for index in [*rng.choice(count, 12, replace=False), *range(count, len(gradient))]:
        step = np.zeros(len(gradient))
        step[index] = scales[index]
        costs = [problem.cost(problem.moved(state, *np.split(s * step, [count]))) for s in (1, -1)]
        slope = (costs[1] - costs[0]) / (2.0 * scales[index])
        assert slope == pytest.approx(gradient[index], rel=1e-3, abs=1e-2), index


def test_a_relative_pose_in_spite_of_outliers(world):
    seen, rig = observations(world, noise=1.0), truth()
    rng = np.random.default_rng(1)
    rays = [(seen.points[view] / rig.focal[view]).reshape(-1, 2) for view in (0, 1)]
    wrong = rng.choice(len(rays[1]), len(rays[1]) // 4, replace=False)
    rays[1][wrong] += rng.normal(0, 0.1, (len(wrong), 2))
    noise, weights = np.full(len(rays[0]), 2.0 / rig.focal[0]), np.ones(len(rays[0]))
    best = relative_poses(*rays, noise, weights, rng)[0]
    turned = rig.rotation[1] @ rig.rotation[0].T
    shift = rig.translation[1] - turned @ rig.translation[0]
    assert angle(best.rotation, turned) < 2.0
    assert best.direction @ shift / np.linalg.norm(shift) > np.cos(np.radians(2.0))
    assert best.front > 0.99
    assert not relative_poses(*(r[:7] for r in rays), noise[:7], weights[:7], rng)


def test_one_wrong_view_does_not_count(world):
    seen, rig = observations(world, noise=0.5), truth()
    seen.points[2, 5, 3] += 200.0
    seen.points[1:, 6, 4] = np.nan
    found = triangulate(rig, seen)
    assert np.isnan(found[6, 4]).all()
    known = np.isfinite(found).all(-1)
    assert known.sum() == known.size - 1
    assert np.linalg.norm(found - world, axis=-1)[known].max() < 15.0


def test_adjustment_finds_cameras_that_are_off(world):
    """From places 100 mm and focal lengths 10 % off."""
    seen, rig = observations(world), truth()
    rng = np.random.default_rng(2)
    shift = np.concatenate([np.zeros((1, 3)), rng.normal(0, 60, (3, 3))])
    start = Rig(rig.rotation, rig.translation + shift, rig.focal * 1.1)
    bones = body.bone_lengths(world)[None]
    state = State(start, triangulate(start, seen), bones)
    free = Free(focal="shared")
    found = adjust(state, seen, body.PRIOR, free)
    problem = Problem(found, seen, body.PRIOR, free)
    assert problem.cost(found) < 0.2 * problem.cost(state)
    assert found.rig.focal / rig.focal == pytest.approx(np.ones(4), abs=0.03)
    apart = np.linalg.norm(found.rig.centres - found.rig.centres[0], axis=1)
    expected = np.linalg.norm(rig.centres - rig.centres[0], axis=1)
    np.testing.assert_allclose(apart[1:], expected[1:], rtol=0.03)
    assert found.bones.sum() == pytest.approx(bones.sum(), abs=1.0)


def test_exchanged_sides_are_told_by_the_other_views(world):
    seen, rig = observations(world), truth()
    moments = [3, 4, 5, 11]
    wrong = swapped(seen, 1, moments, H36M_17.mirror)
    marks = exchanged(rig, world, wrong)
    sided = [joint for pair in H36M_17.left_right for joint in pair]
    assert sorted(set(np.flatnonzero(marks[1].any(-1)))) == moments
    assert marks[1][moments][:, sided].all()
    assert not marks[[0, 2, 3]].any()
    np.testing.assert_array_equal(put_back(wrong, marks).points, seen.points)
    assert not exchanged(rig, world, seen).any()


def test_the_floor_is_level_and_below_the_feet(world):
    """Whatever the frame in which cameras and people were found."""
    rng = np.random.default_rng(3)
    turned = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turned *= np.sign(np.linalg.det(turned))
    rig = truth().moved(turned, np.array([100.0, 200.0, 300.0]))
    joints = (world - [100.0, 200.0, 300.0]) @ turned.T
    rotation, origin = floor.level_world(rig, joints)
    up = rotation @ turned @ [0.0, 0.0, 1.0]
    assert np.degrees(np.arccos(up[2])) < 4.0
    placed = (joints - origin) @ rotation.T
    ankles = placed[:, [H36M_17.index("LAnkle"), H36M_17.index("RAnkle")], 2]
    assert 40.0 < ankles.min(1).mean() < 200.0
    assert rig.moved(rotation, origin).rotation[0, 2] @ [0, 1, 0] > 0.8


def test_cameras_are_adjusted_on_moments_that_differ():
    """Of somebody who stands for long and walks for a moment, the walk counts most."""
    still, walk = np.repeat(walker(8)[:1], 400, axis=0), walker(48)
    seen = observations(np.concatenate([still, walk]), noise=2.0)
    moments = selection.shared(seen)
    assert len(moments) == 448
    chosen = selection.different(seen, moments, 40, window=4)
    assert len(chosen) <= 40
    assert (np.diff(chosen) > 0).all()
    assert (chosen >= 397).mean() > 0.6
    assert len(selection.even(moments, 40)) == 40
    assert (selection.even(moments, 40) >= 397).mean() < 0.2
    np.testing.assert_array_equal(selection.different(seen, moments[:30], 40, 4), moments[:30])


@pytest.mark.parametrize(("factor", "told"), [(0.5, 1.0), (1.0, 1.0), (2.0, 2.0), (9.0, 3.0)])
def test_a_detector_that_is_farther_off_than_usual_is_told(world, factor, told):
    seen, rig = observations(world, noise=0.0), truth()
    rng = np.random.default_rng(0)
    off = rng.normal(size=seen.points.shape) * factor * seen.noise[..., None]
    seen = dataclasses.replace(seen, points=seen.points + off)
    state = State(rig, world, body.bone_lengths(world)[None])
    free = Free(cameras=False, bones=False)
    squares = dataclasses.replace(body.PRIOR, loss=100.0)
    state = adjust(state, seen, squares, free, np.full_like(world, np.nan), 10)
    problem = Problem(state, seen, squares, free)
    # The prior leaves joints less than three numbers of freedom, so it is told as somewhat more.
    assert told <= uncertainty.bluntness(problem, state) <= 1.35 * told
