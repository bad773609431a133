"""BVH, C3D and TRC, read back with other libraries, and the clock and stage below them."""

import dataclasses
import sys

import bvhio
import ezc3d
import glm
import numpy as np
import pytest
from pose_tracks import CAMERA, noisy, pose_track
from scipy.spatial.transform import Rotation
from trc import TRCData

from synpose_tf import output
from synpose_tf.errors import SynposeError
from synpose_tf.output import c3d_file, stage, timeline
from synpose_tf.structures.skeleton import H36M_17

Y_UP_CM = np.array([0.1, -0.1, -0.1])
TIPS = {"LeftLeg": "LAnkle", "RightLeg": "RAnkle", "Head": "Head",
        "LeftForeArm": "LWrist", "RightForeArm": "RWrist"}  # fmt: skip
JOINTS = {"Hips": "Hip", "LeftUpLeg": "LHip", "LeftLeg": "LKnee", "RightUpLeg": "RHip",
          "RightLeg": "RKnee", "Spine": "Spine", "Spine1": "Thorax", "Head": "Nose",
          "LeftArm": "LShoulder", "LeftForeArm": "LElbow", "RightArm": "RShoulder",
          "RightForeArm": "RElbow"}  # fmt: skip


def read_bvh(path):
    """Joint positions (frames, 17, 3) relative to the root, root path (frames, 3), frame time."""
    file = bvhio.readAsBvh(str(path))
    tips = {joint.Name: joint.EndSite for joint, _, _ in file.Root.layout()}
    body = bvhio.readAsHierarchy(str(path))
    points = np.full((file.FrameCount, 17, 3), np.nan)
    for frame in range(file.FrameCount):
        body.loadPose(frame)
        for joint, _, _ in body.layout():
            if joint.Name in JOINTS:
                points[frame, H36M_17.index(JOINTS[joint.Name])] = joint.PositionWorld
            if joint.Name in TIPS:
                # bvhio turns each joint's y axis along its bone.
                tip = joint.pointToWorld(glm.vec3(0, glm.length(tips[joint.Name]), 0))
                points[frame, H36M_17.index(TIPS[joint.Name])] = tip
    return points - points[:, :1], points[:, 0], file.FrameTime


def with_median_bones(poses):
    """The poses with each bone at its length's median, the mean of left and right."""
    steps = np.array([poses[:, child] - poses[:, parent] for child, parent in H36M_17.bones])
    lengths = dict(
        zip(H36M_17.bones, np.median(np.linalg.norm(steps, axis=-1), axis=1), strict=True)
    )
    mirror = H36M_17.mirror
    normal = np.zeros_like(poses)
    for (child, parent), step in zip(H36M_17.bones, steps, strict=True):
        length = (lengths[child, parent] + lengths[mirror[child], mirror[parent]]) / 2
        direction = step / np.linalg.norm(step, axis=-1, keepdims=True)
        normal[:, child] = normal[:, parent] + length * direction
    return normal


def levelled(vectors, tracks):
    """Camera-frame millimetres as the stage turns them: centimetres, y up, a level floor."""
    staged = stage.set_on_stage(tracks)[0]
    seen = tracks[0].lifted
    turned = (staged - staged[:, :1])[seen].reshape(-1, 3)
    poses = (tracks[0].poses * Y_UP_CM)[seen].reshape(-1, 3)
    return (vectors * Y_UP_CM) @ Rotation.align_vectors(turned, poses)[0].as_matrix().T


# === BVH ===
@pytest.mark.parametrize("motion", ["walking", "crouching", "sitting"])
def test_bvh_has_the_joints_where_the_poses_have_them(motion, tmp_path):
    track = noisy(pose_track(motion=motion), np.random.default_rng(1))
    assert output.write([track], tmp_path / "a.bvh") == [tmp_path / "a.bvh"]
    points, root, frame_time = read_bvh(tmp_path / "a.bvh")
    expected = levelled(with_median_bones(track.poses.astype(float)), [track])
    assert np.abs(points - expected).max() < 0.1  # 1 mm
    moved = levelled(np.diff(track.root, axis=0), [track])
    np.testing.assert_allclose(np.diff(root, axis=0), moved, atol=0.01)
    assert frame_time == pytest.approx(1 / 30, abs=1e-6)


def test_bvh_of_any_pose_is_finite(tmp_path):
    """Bones opposite to rest, bones without length, all joints at one place."""
    poses = np.random.default_rng(0).normal(0, 500, (6, 17, 3))
    poses[0] = 0.0
    poses[1, 2] = poses[1, 1] + [0, -400, 0]  # a thigh straight up: y is down here
    poses[2, 3] = poses[2, 2]
    poses -= poses[:, :1]
    track = pose_track(frames=6, poses=poses.astype(np.float32))
    output.write([track], tmp_path / "a.bvh")
    points, _, _ = read_bvh(tmp_path / "a.bvh")
    assert np.isfinite(points).all()
    expected = levelled(with_median_bones(poses[3:]), [track])
    directions = [[p[:, c] - p[:, q] for c, q in H36M_17.bones] for p in (points[3:], expected)]
    unit = [d / np.linalg.norm(d, axis=-1, keepdims=True) for d in map(np.array, directions)]
    np.testing.assert_allclose(*unit, atol=1e-4)


def test_bvh_holds_the_last_pose(tmp_path):
    gaps = [0, 1, 10, 11, 12, 59]
    output.write([pose_track(unseen=gaps, path=False)], tmp_path / "gaps.bvh")
    output.write([pose_track(path=False)], tmp_path / "all.bvh")
    held, root, _ = read_bvh(tmp_path / "gaps.bvh")
    expected = read_bvh(tmp_path / "all.bvh")[0]
    np.testing.assert_allclose(held[10:13], np.repeat(held[9:10], 3, axis=0), atol=1e-3)
    np.testing.assert_allclose(held[:2], np.repeat(held[2:3], 2, axis=0), atol=1e-3)
    np.testing.assert_allclose(held[59], held[58], atol=1e-3)
    np.testing.assert_allclose(held[13:59], expected[13:59], atol=0.2)  # other medians
    np.testing.assert_allclose(root[10], root[9], atol=1e-3)


def test_bvh_of_several_people_is_a_file_each_on_one_clock(tmp_path):
    people = [pose_track("a"), pose_track("b", seed=2, times=1.0 + np.arange(60) / 30)]
    paths = output.write(people, tmp_path / "walk.bvh")
    assert paths == [tmp_path / "walk_1.bvh", tmp_path / "walk_2.bvh"]
    assert sorted(tmp_path.iterdir()) == paths
    (_, first, _), (_, second, _) = map(read_bvh, paths)
    assert len(first) == len(second) == 90
    apart = levelled(people[1].root[0] - people[0].root[30], people)
    np.testing.assert_allclose(second[30] - first[30], apart, atol=0.01)


def test_bvh_angles_do_not_jump(tmp_path):
    """A person who turns around twice keeps turning in the curves."""
    turn = np.linspace(0, 4 * np.pi, 120)
    pose = pose_track(frames=1).poses[0]
    x = np.cos(turn)[:, None] * pose[:, 0] + np.sin(turn)[:, None] * pose[:, 2]
    z = np.cos(turn)[:, None] * pose[:, 2] - np.sin(turn)[:, None] * pose[:, 0]
    poses = np.stack([x, np.broadcast_to(pose[:, 1], x.shape), z], axis=-1)
    output.write([pose_track(frames=120, path=False, poses=poses)], tmp_path / "a.bvh")
    text = (tmp_path / "a.bvh").read_text().partition("Frame Time")[2].splitlines()[1:]
    angles = np.loadtxt(text)[:, 3:]
    assert np.abs(np.diff(angles, axis=0)).max() < 30


# === C3D ===
@pytest.mark.parametrize("path", [True, False])
def test_c3d_read_back(path, tmp_path):
    track = pose_track(unseen=(3, 4), path=path, rate=25.0)
    output.write([track], tmp_path / "a.c3d")
    file = ezc3d.c3d(str(tmp_path / "a.c3d"))
    about = file["parameters"]["POINT"]
    assert about["LABELS"]["value"] == list(H36M_17.joints)
    assert about["UNITS"]["value"] == ["mm"]
    assert about["RATE"]["value"] == [25.0]
    assert (about["X_SCREEN"]["value"], about["Y_SCREEN"]["value"]) == (["+X"], ["+Z"])
    points = track.poses + track.root[:, None] if path else track.poses
    x, y, z, _ = file["data"]["points"].swapaxes(1, 2)
    np.testing.assert_array_equal(np.stack([x, -z, y], axis=-1), points)  # z is up: minus y
    residuals = file["data"]["meta_points"]["residuals"][0].T
    np.testing.assert_array_equal(
        residuals, np.where(track.lifted, 0.0, -1.0)[:, None].repeat(17, 1)
    )


def test_c3d_of_several_people(tmp_path):
    people = [pose_track('Zoë "x"'), pose_track("日本", frames=10, times=1.0 + np.arange(10) / 30)]
    output.write(people, tmp_path / "a.c3d")
    file = ezc3d.c3d(str(tmp_path / "a.c3d"))
    labels = file["parameters"]["POINT"]["LABELS"]["value"]
    assert (labels[0], labels[17], labels[-1]) == ("Zo_x_1:Hip", "person_2:Hip", "person_2:RWrist")
    seen = np.isfinite(file["data"]["points"][0])
    assert seen[:17].all()
    np.testing.assert_array_equal(np.flatnonzero(seen[17]), np.arange(30, 40))


def test_c3d_of_a_video_too_long_for_its_counter(tmp_path, monkeypatch):
    monkeypatch.setattr(c3d_file, "_LONGEST", 25)
    paths = output.write([pose_track()], tmp_path / "a.c3d")
    assert [path.name for path in paths] == ["a_1.c3d", "a_2.c3d", "a_3.c3d"]
    parts = [ezc3d.c3d(str(path))["data"]["points"] for path in paths]
    assert [part.shape[-1] for part in parts] == [25, 25, 10]
    output.write([pose_track(frames=25)], tmp_path / "b.c3d")
    np.testing.assert_array_equal(parts[0], ezc3d.c3d(str(tmp_path / "b.c3d"))["data"]["points"])


def test_c3d_without_its_library(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ezc3d", None)
    with pytest.raises(SynposeError, match=r"a.c3d: C3D needs .* pip install ezc3d"):
        output.write([pose_track()], tmp_path / "a.c3d")


# === TRC ===
def read_trc(path):
    """Marker positions (frames, 17, 3), times (frames,), and what the header says."""
    file = TRCData()
    file.load(str(path))
    assert file["Markers"] == list(H36M_17.joints)
    points = np.stack([file[joint] for joint in H36M_17.joints], axis=1)
    return points, np.array(file["Time"]), file


def test_trc_read_back(tmp_path):
    track = pose_track(unseen=(0, 1, 20, 59), rate=25.0, times=2.0 + np.arange(60) / 25)
    assert output.write([track], tmp_path / "a b.trc") == [tmp_path / "a b.trc"]
    points, times, about = read_trc(tmp_path / "a b.trc")
    # OpenSim has y up and, as the header says, millimetres.
    expected = stage.set_on_stage([track])[0]
    np.testing.assert_allclose(points, expected[2:59], atol=6e-4)
    assert np.isnan(points[18]).all()
    np.testing.assert_allclose(times, track.times[2:59], atol=1e-6)
    assert about["Frame#"] == list(range(1, 58))
    assert (about["PathFileType"], about["DataFormat"]) == ("4", "(X/Y/Z)")
    assert (about["FileName"], about["Units"]) == ("a b.trc", "mm")
    assert about["DataRate"] == about["CameraRate"] == about["OrigDataRate"] == 25.0
    assert (about["NumFrames"], about["NumMarkers"], about["OrigNumFrames"]) == (57, 17, 57)


def test_trc_of_several_people_is_a_file_each_on_one_clock(tmp_path):
    people = [
        pose_track("a"),
        pose_track("nobody", unseen=range(60)),
        pose_track("b", seed=2, times=1.0 + np.arange(60) / 30),
    ]
    paths = output.write(people, tmp_path / "walk.trc")
    assert sorted(tmp_path.iterdir()) == paths == [tmp_path / f"walk_{n}.trc" for n in (1, 2)]
    (first, start, _), (second, later, _) = map(read_trc, paths)
    assert (start[0], later[0]) == (0.0, 1.0)
    staged = stage.set_on_stage(people)
    for points, other in ((first, staged[0]), (second, staged[2])):
        np.testing.assert_allclose(points, other, atol=6e-4)


# === Clock ===
def test_a_constant_rate_fills_gaps_and_takes_the_nearest_moment():
    times = np.array([0.0, 0.1, 0.2, 0.301, 0.6])
    clock = timeline.constant_rate([pose_track(frames=5, times=times)])
    assert clock.rate == pytest.approx(10.0)
    np.testing.assert_allclose(clock.times, np.arange(7) / 10)
    np.testing.assert_array_equal(clock.rows[0], [0, 1, 2, 3, -1, -1, 4])


def test_moments_are_everybodys():
    people = [pose_track(frames=3, times=np.array(times)) for times in ([0, 0.5, 2], [0.5, 1, 2])]
    moments = timeline.moments(people)
    assert moments.times.tolist() == [0, 0.5, 1, 2]
    assert [row.tolist() for row in moments.rows] == [[0, 1, -1, 2], [-1, 0, 1, 2]]
    assert moments.rate == 1.5


def test_one_frame_has_a_rate():
    assert timeline.constant_rate([pose_track(frames=1)]).rate == 30.0


def test_pictures_far_apart_are_no_motion(tmp_path):
    times = np.array([0.0, 0.01, 0.02, 9e6])
    with pytest.raises(
        SynposeError, match="4 frames over 9000000 s .* json, npz, csv, html or png"
    ):
        output.write([pose_track(frames=4, times=times)], tmp_path / "a.bvh")


# === Stage ===
def tilt(tracks):
    """Degrees between the stage's up and the world's."""
    up = levelled(CAMERA.up, tracks)
    return np.degrees(np.arccos(up[1] / np.linalg.norm(up)))


def test_people_with_a_path_walk_on_the_floor():
    people = [pose_track("a"), pose_track("b", seed=5, unseen=(3,))]
    staged = stage.set_on_stage(people)
    assert np.isnan(staged[1][3]).all()
    feet = np.concatenate([points[..., 1].min(axis=1) for points in staged])
    assert np.nanpercentile(feet, 5) == pytest.approx(0, abs=1)
    for points, track in zip(staged, people, strict=True):
        relative = 10 * levelled(track.poses, people)
        np.testing.assert_allclose(points - points[:, :1], relative, atol=0.1)
        moved = 10 * levelled(track.root - track.root[0], people)
        np.testing.assert_allclose(points[:, 0] - points[0, 0], moved, atol=0.1)
    roots = np.concatenate(staged)[:, 0]
    middle = (np.nanmin(roots, axis=0) + np.nanmax(roots, axis=0)) / 2
    np.testing.assert_allclose(middle[[0, 2]], 0, atol=0.01)


def test_people_without_a_path_stand_side_by_side():
    staged = stage.set_on_stage([pose_track("a", path=False), pose_track("b")])
    for points, x in zip(staged, (-600, 600), strict=True):
        np.testing.assert_allclose(points[..., 1].min(axis=1), 0, atol=0.01)
        np.testing.assert_allclose(points[:, 0, 0] - points[0, 0, 0], 0, atol=0.01)
        assert points[0, 0, 0] == pytest.approx(x)


@pytest.mark.parametrize("seed", range(4))
def test_the_floor_is_level_though_the_camera_looks_down(seed):
    """By 10.8 degrees; those who walk or stand say how far, those who sit can not."""
    walking = noisy(pose_track(seed=seed), np.random.default_rng(seed))
    assert np.degrees(np.arccos(-CAMERA.up[1])) == pytest.approx(10.8, abs=0.1)
    assert tilt([walking]) < 4
    assert tilt([dataclasses.replace(walking, root=None)]) < 7
    sitting = dataclasses.replace(pose_track(motion="sitting", seed=seed), root=None)
    assert tilt([sitting]) < 11


def test_a_person_who_lies_stays_down():
    """Stretched out along x: no reason to turn the room."""
    poses = pose_track(motion="standing").poses[..., [1, 0, 2]]
    lying = pose_track(poses=poses, path=False)
    up = levelled(np.array([0.0, -1.0, 0.0]), [lying])
    np.testing.assert_allclose(up / np.linalg.norm(up), [0, 1, 0], atol=1e-3)
