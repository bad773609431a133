"""Folders of BVH in several programs' styles: joints against bvhio, and what can't be told."""

import dataclasses
import json

import bvhio
import numpy as np
import pytest
import tensorflow_datasets as tfds
from human_bones import check_bone_shares
from pose_tracks import pose_track

from synpose_tf import output
from synpose_tf.datasets.bvh_motion import bvh, conventions, joints, sources, testing
from synpose_tf.datasets.bvh_motion import bvh_motion_dataset_builder as bvh_motion
from synpose_tf.datasets.bvh_motion.testing import BODY, STYLES, WORLDS
from synpose_tf.errors import SynposeError
from synpose_tf.geometry import camera
from synpose_tf.structures.skeleton import H36M_17

LIMBS = [part for part in BODY if part in H36M_17.joints]
MIXAMO = STYLES["Mixamo"]


def clips(folder):
    """Every clip of a folder, by key."""
    source = sources.read(folder)
    return {clip.key: clip for split in source.splits.values() for clip in split}


def one(folder, path):
    """The clip of a file in a folder."""
    return sources.read_clip(folder, "clips/one", path)


def relative(points):
    return points - points[:, :1]


# === Joints ===


@pytest.mark.parametrize("name", STYLES)
def test_joints_lie_where_bvhio_has_them(name, tmp_path):
    style = STYLES[name]
    testing.write(tmp_path / "one.bvh", style, seed=1)
    clip = one(tmp_path, tmp_path / "one.bvh")
    # A second at 30 Hz, without the T-pose at the start.
    assert len(clip.frames) == 30
    np.testing.assert_allclose(np.diff(clip.frames), style.rate / 30, atol=1)
    body = bvhio.readAsHierarchy(str(tmp_path / "one.bvh"))
    truth = np.zeros((len(clip.frames), 17, 3))
    for row, frame in enumerate(clip.frames):
        body.loadPose(int(frame))
        places = {joint.Name: joint.PositionWorld for joint, _, _ in body.layout()}
        for part in LIMBS:
            truth[row, H36M_17.index(part)] = places[style.called[part]]
    truth[:, 0] = (truth[:, H36M_17.index("LHip")] + truth[:, H36M_17.index("RHip")]) / 2
    truth = style.unit * truth @ WORLDS[style.up] @ WORLDS["z"].T  # the file's world to z up
    columns = [0, *map(H36M_17.index, LIMBS)]
    # The clip may be turned about the vertical against the file: up and one angle are free.
    found, truth = relative(clip.positions)[:, columns], relative(truth)[:, columns]
    spin = np.arctan2(
        np.sum(truth[..., 0] * found[..., 1] - truth[..., 1] * found[..., 0]),
        np.sum(truth[..., 0] * found[..., 0] + truth[..., 1] * found[..., 1]),
    )
    turn = np.array([[np.cos(spin), np.sin(spin), 0], [-np.sin(spin), np.cos(spin), 0], [0, 0, 1]])
    np.testing.assert_allclose(truth @ turn, found, atol=1e-4)
    heights = clip.positions[..., 2].min(axis=1)
    assert np.percentile(heights, 5) == pytest.approx(0.1 * 0.85, abs=0.005)


@pytest.mark.parametrize("name", STYLES)
def test_derived_joints(name, tmp_path):
    style = STYLES[name]
    done = testing.write(tmp_path / "one.bvh", style, seed=2)
    clip = one(tmp_path, tmp_path / "one.bvh")
    points = {joint: clip.positions[:, i] for i, joint in enumerate(H36M_17.joints)}
    np.testing.assert_allclose(
        points["Thorax"], (points["LShoulder"] + points["RShoulder"]) / 2, atol=1e-6
    )
    check_bone_shares(clip.positions)
    # The nose is before the face, wherever the head turns, and the crown above it.
    head, skull = done.turns["Skull"], done.place("Skull")
    leg = 0.85
    chest = done.turns["chest"].as_matrix()[clip.frames]
    for joint, offset in (("Nose", [0, 0.06, 0.12]), ("Head", [0, 0.12, 0])):
        expected = (skull + head.apply(leg * np.array(offset)))[clip.frames]
        middle = (done.place("LShoulder") + done.place("RShoulder"))[clip.frames] / 2
        seen = np.einsum("fij,fi->fj", chest, expected - middle)
        frame = joints.body_frame(points)
        found = np.einsum("fij,fi->fj", frame, points[joint] - points["Thorax"])
        error = np.linalg.norm(found - seen, axis=-1)
        assert error.mean() < (0.02 if style.rest else 0.04)


def test_spine_lies_on_the_line_through_the_trunk(tmp_path):
    done = testing.write(tmp_path / "one.bvh", MIXAMO)
    motion = bvh.read(tmp_path / "one.bvh")
    table = conventions.recognise(None, motion.skeleton.names, conventions.Own()).table
    figure = joints.figure(motion, table, np.arange(len(motion.values)))
    spine, thorax = (figure.points[:, H36M_17.index(j)] / 100 for j in ("Spine", "Thorax"))
    hip = figure.points[:, 0] / 100
    line = np.stack([hip, done.place("spine"), done.place("chest"), thorax])
    lengths = np.linalg.norm(np.diff(line, axis=0), axis=-1)
    before = np.linalg.norm(spine - line[1], axis=-1) + lengths[0]
    np.testing.assert_allclose(before, 0.475 * lengths.sum(axis=0), atol=0.005)
    on_bone = np.linalg.norm(line[2] - spine, axis=-1) + np.linalg.norm(spine - line[1], axis=-1)
    np.testing.assert_allclose(on_bone, lengths[1], atol=1e-4)


def test_what_this_package_writes(tmp_path):
    """Lifted poses, written as BVH, are joints to train on."""
    track = pose_track(path=False)
    output.write([track], tmp_path / "one.bvh")
    clip = one(tmp_path, tmp_path / "one.bvh")
    bones = [np.linalg.norm(relative(p)[:, 1:], axis=-1) for p in (clip.positions, track.poses)]
    np.testing.assert_allclose(1000 * bones[0], bones[1], atol=12)  # the mean of both sides


def test_own_table(tmp_path):
    """Names that nobody knows, and a wrist that lies between two joints."""
    called = {part: f"b{number}" for number, part in enumerate(BODY)}
    style = dataclasses.replace(MIXAMO, called=called)
    testing.write(tmp_path / "one.bvh", style)
    testing.write(tmp_path / "other.bvh", MIXAMO)
    with pytest.raises(SynposeError, match=r"one.bvh: its joints follow no .* b0, b1, .*joint_map"):
        one(tmp_path, tmp_path / "one.bvh")
    table = {joint: called[joint] for joint in conventions.REQUIRED}
    (tmp_path / "joint_map.json").write_text(json.dumps({"joints": table}))
    full = one(tmp_path, tmp_path / "one.bvh").positions
    other = one(tmp_path, tmp_path / "other.bvh").positions  # known names need no table
    np.testing.assert_allclose(full, other, atol=1e-5)
    table["LWrist"] = [called["LElbow"], called["LWrist"], 0.5]
    (tmp_path / "joint_map.json").write_text(json.dumps({"joints": table}))
    half = one(tmp_path, tmp_path / "one.bvh").positions
    elbow, wrist = (H36M_17.index(joint) for joint in ("LElbow", "LWrist"))
    np.testing.assert_allclose(half[:, wrist], full[:, [elbow, wrist]].mean(axis=1), atol=1e-5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is no readable JSON"),
        ("[]", 'expected {"joints"'),
        ('{"joint": {}}', 'expected {"joints"'),
        ('{"joints": {"LHip": "a"}}', "joints lacks .*'LAnkle'.* It needs LHip"),
        ('{"metres_per_unit": 0}', "metres_per_unit must be"),
        ('{"up": "up"}', "up must be x, y"),
    ],
)
def test_wrong_own_table(content, message, tmp_path):
    (tmp_path / "joint_map.json").write_text(content)
    with pytest.raises(SynposeError, match=f"joint_map.json: {message}"):
        conventions.read_own(tmp_path)


# === Time ===


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (30.0, range(10)),
        (29.97, range(10)),
        (60.0, range(0, 10, 2)),
        (120.0, [0, 4, 8]),
        (100.0, [0, 3, 7]),
        (25.0, range(10)),
        (1 / 0.008333, [0, 4, 8]),
    ],
)
def test_thirty_hertz(rate, expected):
    np.testing.assert_array_equal(sources.thirty_hertz(10, rate), expected)


def test_rest_poses_at_the_start_are_left_out(tmp_path):
    for name in ("Mixamo", "LaFAN1"):
        testing.write(tmp_path / "t.bvh", STYLES[name], still=7)
        assert one(tmp_path, tmp_path / "t.bvh").frames[0] == 7
        testing.write(tmp_path / "t.bvh", STYLES[name], still=0)
        assert one(tmp_path, tmp_path / "t.bvh").frames[0] == 0
        testing.write(tmp_path / "t.bvh", STYLES[name], seconds=0, still=7)
        assert one(tmp_path, tmp_path / "t.bvh") is None


# === What can't be told ===


@pytest.mark.parametrize(
    ("unit", "name"), [(0.0254, "inches"), (0.001, "millimetres"), (1.0, "metres")]
)
def test_the_unit_follows_from_the_size(unit, name, tmp_path):
    for number in range(2):
        testing.write(tmp_path / f"{number}.bvh", dataclasses.replace(MIXAMO, unit=unit))
    (assumed,) = sources.read(tmp_path).assumed
    assert (
        assumed
        == f"2 clips: joints as MotionBuilder (Mixamo, LaFAN1) has them, lengths in {name}, y is up"
    )


def test_a_size_that_no_person_has(tmp_path):
    testing.write(tmp_path / "one.bvh", dataclasses.replace(MIXAMO, unit=0.2))
    with pytest.raises(SynposeError, match=r"one.bvh: a leg .* is 4.25 long.*metres_per_unit"):
        one(tmp_path, tmp_path / "one.bvh")
    (tmp_path / "joint_map.json").write_text('{"metres_per_unit": 0.2}')
    positions = one(tmp_path, tmp_path / "one.bvh").positions
    thigh = positions[:, H36M_17.index("LKnee")] - positions[:, H36M_17.index("LHip")]
    np.testing.assert_allclose(np.linalg.norm(thigh, axis=-1), 0.43, atol=1e-4)


@pytest.mark.parametrize("name", ["LaFAN1", "Mixamo"])
def test_somebody_who_lies_beside_others_who_stand(name, tmp_path):
    style = STYLES[name]
    testing.write(tmp_path / "lying.bvh", style, still=0, lying=True)
    if style.rest:  # It stands, though nobody in the clip does.
        with pytest.raises(SynposeError, match='which way is up .* along -?x.*{"up": "y"}'):
            one(tmp_path, tmp_path / "lying.bvh")
    (tmp_path / "joint_map.json").write_text('{"up": "y"}')
    lying = one(tmp_path, tmp_path / "lying.bvh").positions
    assert np.ptp(lying[..., 2], axis=1).max() < 1.0
    (tmp_path / "joint_map.json").unlink()
    for number in range(3):
        testing.write(tmp_path / f"{number}.bvh", style, still=0)
    np.testing.assert_allclose(clips(tmp_path)["clips/lying"].positions, lying, atol=1e-5)


def test_sides_exchanged(tmp_path):
    called = {
        p: MIXAMO.called[{"L": "R", "R": "L"}[p[0]] + p[1:] if p[0] in "LR" else p] for p in BODY
    }
    testing.write(tmp_path / "one.bvh", dataclasses.replace(MIXAMO, called=called))
    with pytest.raises(SynposeError, match="one.bvh: knees bend backwards. Left and right"):
        one(tmp_path, tmp_path / "one.bvh")


# === The data set ===


def prepare(data_dir, folder):
    builder = bvh_motion.Builder(data_dir=data_dir)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=folder, try_download_gcs=False)
    )
    return builder


@pytest.fixture
def folder(tmp_path):
    """Motion of two programs in folders of their own, and what does not count."""
    for number, style in enumerate([MIXAMO, STYLES["Xsens"], STYLES["Bandai Namco"]] * 2):
        path = tmp_path / "files" / ("a", "b/c", "")[number % 3] / f"walk_{number}.bvh"
        testing.write(path, style, seconds=0.2, seed=number)
    (tmp_path / "files" / "a" / "._walk_0.bvh").write_bytes(b"\x00\x05\x16\x07")
    (tmp_path / "files" / "notes.txt").write_text("")
    return tmp_path / "files"


def test_prepared(folder, tmp_path):
    builder = prepare(tmp_path / "data", folder)
    metadata = bvh_motion.Builder(data_dir=tmp_path / "data").info.metadata
    assert metadata["source"] == str(folder)
    assert metadata["train"]["clips"] + metadata["test"]["clips"] == 6
    assert metadata["test"]["clips"] == 1
    subjects = {*metadata["train"]["subjects"], *metadata["test"]["subjects"]}
    assert subjects == {"a", "b.c", "clips"}
    assert sorted(metadata["assumed"]) == [
        "2 clips: joints as Bandai Namco has them, lengths in centimetres, y is up",
        "2 clips: joints as MotionBuilder (Mixamo, LaFAN1) has them, lengths in centimetres, "
        "y is up",
        "2 clips: joints as Xsens, Biovision has them, lengths in centimetres, y is up",
    ]
    for split, cameras in (("train", 8), ("test", 4)):
        examples = list(tfds.as_numpy(builder.as_dataset(split=split)))
        assert len(examples) == metadata[split]["frames"] * cameras
        assert {example["action"] for example in examples} == {b"walk"}
        for example in examples[::50]:
            pixels = camera.project(example["keypoints_3d"], example["intrinsics"])
            np.testing.assert_allclose(example["keypoints_2d"], pixels, atol=0.01)
            depth = example["keypoints_3d"][:, 2]
            assert (depth > 1000).all()
            assert (depth < 10_000).all()


def test_split(folder):
    keys = sources.find(folder)
    assert min(keys) == "a/walk_0"
    by_checksum = sources.split(folder, keys)
    assert [len(by_checksum[name]) for name in ("train", "test")] == [5, 1]
    chosen = {"train": ["a/walk_0", "b.c/walk_1"], "test": ["clips/walk_2"]}
    (folder / "split.json").write_text(json.dumps(chosen))
    (folder / "a" / "walk_3.bvh").write_text("a file that is not named is not read")
    read = sources.read(folder).splits
    assert {name: [clip.key for clip in read[name]] for name in read} == chosen
    (folder / "split.json").write_text(json.dumps(chosen | {"test": []}))
    with pytest.raises(SynposeError, match="no clip is for 'test'; there are 6"):
        sources.read(folder)


def test_two_files_of_one_name(tmp_path):
    for name in ("a.b/walk.bvh", "a/b/walk.bvh"):
        testing.write(tmp_path / name, MIXAMO, seconds=0.1)
    with pytest.raises(SynposeError, match=r"walk.bvh are both called 'a.b/walk'. Rename one."):
        sources.find(tmp_path)


def test_no_files(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "walk.fbx").write_text("")
    with pytest.raises(SynposeError, match="no BVH file is here.\nThe folder, or any folder below"):
        prepare(tmp_path / "data", tmp_path / "files")
    assert not (tmp_path / "data" / "bvh_motion" / "1.0.0").exists()


def test_citation_and_tags():
    metadata = bvh_motion.Builder.get_metadata()
    assert "Motion Capture File Formats Explained" in metadata.citation
    assert set(metadata.tags) <= set(tfds.core.dataset_metadata.valid_tags())
