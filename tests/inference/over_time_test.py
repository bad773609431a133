"""Recordings corrected in time: rates, gaps, pieces."""

import dataclasses

import numpy as np
import pytest

from synpose_tf.inference import over_time
from synpose_tf.inference.lifter import Lifter
from synpose_tf.io.scratch import PIECE, Scratch
from synpose_tf.keypoints import gaps
from synpose_tf.models.folded_temporal import FEATURES
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import KeypointTrack

LIFTERS = {kind: Lifter.from_pretrained("paper", kind) for kind in ("centred", "causal")}


def recording(frames, rate, noise=0.0, scratch=None):
    """Somebody who waves an arm, and joints that jitter."""
    rng = np.random.default_rng(0)
    times = np.arange(frames) / rate
    still = np.array(
        [[0, 0], [-15, 0], [-16, 45], [-17, 90], [15, 0], [16, 45], [17, 90], [0, -25], [0, -50],
         [0, -58], [0, -68], [18, -48], [35, -30], [45, -10], [-18, -48], [-30, -25], [-35, 0]],
        float,
    )  # fmt: skip
    points = np.repeat(3.0 * still[None], frames, axis=0) + [400.0, 300.0]
    points[:, H36M_17.index("RWrist"), 1] -= 60.0 * np.sin(4.0 * times)
    points += noise * rng.normal(size=points.shape)
    points = points.astype(np.float32)
    return KeypointTrack(
        "1", points if scratch is None else scratch.keep(points), np.ones((frames, 17), np.float32),
        np.arange(frames), times, H36M_17, scratch=scratch,
    )  # fmt: skip


def jitter(poses):
    return np.linalg.norm(np.diff(poses, 2, axis=0), axis=-1).mean()


@pytest.mark.parametrize("kind", LIFTERS)
def test_poses_jitter_less(kind):
    track = recording(120, 30.0, noise=4.0)
    alone = Lifter.from_pretrained("paper").lift_track(track, roll=0.0).poses
    assert jitter(LIFTERS[kind].lift_track(track, roll=0.0).poses) < 0.5 * jitter(alone)


@pytest.mark.parametrize(
    ("rate", "stride"), [(10.0, 0), (24.0, 1), (30.0, 1), (50.0, 2), (60.0, 2), (240.0, 8)]
)
def test_windows_have_about_thirty_frames_a_second(rate, stride):
    assert over_time.stride(rate) == stride
    assert LIFTERS["centred"].corrects(recording(9, rate)) == (stride > 0)


def test_a_slow_recording_is_lifted_frame_by_frame():
    track = recording(9, 10.0)
    alone = Lifter.from_pretrained("paper").lift_track(track, roll=0.0).poses
    np.testing.assert_array_equal(LIFTERS["centred"].lift_track(track, roll=0.0).poses, alone)


def test_each_second_frame_of_a_fast_recording_makes_a_window():
    fast = recording(80, 60.0, noise=4.0)
    names = ("keypoints", "confidence", "frames", "times")
    slow = dataclasses.replace(fast, **{name: getattr(fast, name)[::2] for name in names})
    lifter = LIFTERS["centred"]
    found = lifter.lift_track(fast, roll=0.0).poses[::2]
    np.testing.assert_allclose(found, lifter.lift_track(slow, roll=0.0).poses, atol=0.05)


def test_causal_poses_do_not_know_what_comes():
    track, lifter = recording(60, 30.0, noise=4.0), LIFTERS["causal"]
    changed = track.keypoints.copy()
    changed[40:] += 30.0 * np.random.default_rng(1).normal(size=changed[40:].shape)
    other = dataclasses.replace(track, keypoints=changed)
    found, before = (lifter.lift_track(t, roll=0.0).poses for t in (other, track))
    np.testing.assert_allclose(found[:40], before[:40], atol=0.05)
    assert abs(found[41:] - before[41:]).max() > 5.0


def test_frames_without_anybody_stay_so_and_end_nothing():
    track = recording(60, 30.0)
    track.keypoints[20:22] = np.nan
    track.keypoints[40:55] = np.nan
    poses = LIFTERS["centred"].lift_track(track, roll=0.0).poses
    missing = np.isnan(poses).all((1, 2))
    np.testing.assert_array_equal(np.flatnonzero(missing), [20, 21, *range(40, 55)])
    assert np.isfinite(poses[~missing]).all()


def test_beyond_a_gap_the_recording_begins_anew():
    network, rng = LIFTERS["centred"].temporal, np.random.default_rng(0)
    values = rng.normal(size=(40, FEATURES)).astype(np.float32)
    times = np.arange(40) / 30.0 + np.where(np.arange(40) >= 20, 1.0, 0.0)
    found = over_time.corrections(network, times, 30.0, values, np.ones(40, bool))
    parts = [network.whole(values[:20]), network.whole(values[20:])]
    np.testing.assert_allclose(found, np.concatenate(parts), atol=1e-5)


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_short_recordings(frames):
    poses = LIFTERS["centred"].lift_track(recording(frames, 30.0), roll=0.0).poses
    assert poses.shape == (frames, 17, 3)
    assert np.isfinite(poses).all()


def test_pieces_on_disk_give_what_memory_gives():
    frames = PIECE + 300
    in_memory = LIFTERS["centred"].lift_track(recording(frames, 60.0, 3.0), roll=0.0)
    on_disk = LIFTERS["centred"].lift_track(recording(frames, 60.0, 3.0, Scratch()), roll=0.0)
    np.testing.assert_array_equal(np.asarray(on_disk.poses), in_memory.poses)
    whole = LIFTERS["centred"].lift(in_memory.keypoints, times=in_memory.times, doubt=True).poses
    scale = np.linalg.norm(in_memory.poses, axis=-1).mean() / np.linalg.norm(whole, axis=-1).mean()
    np.testing.assert_allclose(in_memory.poses, scale * whole, atol=60.0)


def test_mended_joints_are_marked_and_lifted_as_if_seen():
    whole, lifter = recording(40, 30.0), Lifter.from_pretrained("paper")
    points = whole.keypoints.copy()
    points[10, H36M_17.index("LKnee")] += 90.0
    points[20:23, H36M_17.index("LAnkle")] = np.nan
    found = lifter.lift_track(dataclasses.replace(whole, keypoints=points), roll=0.0)
    expected = lifter.lift_track(whole, roll=0.0)
    np.testing.assert_allclose(found.poses, expected.poses, atol=0.5)
    marked = [(10, "LKnee"), *((n, "LAnkle") for n in (20, 21, 22))]
    named = [(row, H36M_17.joints[joint]) for row, joint in np.argwhere(found.inferred)]
    assert sorted(named) == sorted(marked)
    assert not found.confidence[found.inferred].any()


def test_pieces_are_mended_alike_where_the_rate_changes():
    frames, lifter = 2 * PIECE, Lifter.from_pretrained("paper")
    times = np.cumsum(np.where(np.arange(frames) < PIECE, 1 / 15, 1 / 120))
    whole = dataclasses.replace(recording(frames, 30.0), times=times)
    points = whole.keypoints.copy()
    points[PIECE : PIECE + 20, H36M_17.index("LAnkle")] = np.nan
    points[PIECE - 1 : PIECE + 15, H36M_17.index("LWrist")] = np.nan
    in_memory = lifter.lift_track(dataclasses.replace(whole, keypoints=points), roll=0.0)
    mended, changed = gaps.mend(points, times)
    assert changed.sum() == 36
    kept = np.isfinite(mended).all((1, 2))
    np.testing.assert_allclose(in_memory.keypoints[kept], mended[kept], atol=1e-3)
