"""The three forms of the database through TFDS, the protocol's promises, and broken files."""

import functools
import http.server
import json
import shutil
import threading

import numpy as np
import pytest
import tensorflow_datasets as tfds
from human_bones import check_bone_shares

from synpose_tf.datasets import motion_views
from synpose_tf.datasets.cmu_mocap import cmu_mocap_dataset_builder as cmu_mocap
from synpose_tf.datasets.cmu_mocap import sources
from synpose_tf.datasets.cmu_mocap.asf_amc import h36m_17, read_amc, read_asf
from synpose_tf.datasets.motion_views import Clip
from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import h36m_cameras, project
from synpose_tf.structures.skeleton import H36M_17


def prepare(data_dir, manual_dir=None):
    builder = cmu_mocap.Builder(data_dir=data_dir)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=manual_dir, try_download_gcs=False)
    )
    return builder


def read(builder, split):
    """Every example of a split, as one array a feature."""
    examples = list(tfds.as_numpy(builder.as_dataset(split=split)))
    return {key: np.stack([example[key] for example in examples]) for key in examples[0]}


def to_world(examples):
    """Metres, from the camera frame and the camera's name."""
    cameras = h36m_cameras()
    points = []
    for name, pose in zip(examples["camera"], examples["keypoints_3d"], strict=True):
        subject, camera = name.decode().split(".")
        points.append(cameras[subject][camera].to_world(pose) / 1000.0)
    return np.stack(points)


def positions_of(official):
    """Key to (F, 17, 3) at 30 Hz of each clip in an official tree."""
    positions = {}
    for amc in sorted(official.glob("all_asfamc/subjects/*/*.amc")):
        skeleton = read_asf(amc.parent / f"{amc.parent.name}.asf")
        joints = h36m_17(skeleton, read_amc(amc, skeleton))
        positions[f"subject_{amc.parent.name}/{amc.stem}"] = joints[::4].astype(np.float32)
    return positions


# === Sources ===


def test_each_form_gives_the_same_joints(tmp_path, official, zipped, archive, monkeypatch):
    np.savez(archive / "positions.npz", **positions_of(official))
    forms = {
        "tree": official,
        "unpacked below the folder": official / "all_asfamc",
        "zip": zipped,
        "npz": archive,
    }
    builders = {
        name: prepare(tmp_path / f"data {i}", folder)
        for i, (name, folder) in enumerate(forms.items())
    }
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=zipped)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/allasfamc.zip"
        monkeypatch.setattr(cmu_mocap, "URL", url)
        builders["download"] = prepare(tmp_path / "data")
        server.shutdown()
    for split, clips in {"train": (11 + 6) * 8, "test": 8 * 4}.items():
        expected = read(builders["tree"], split)
        assert len(expected["frame"]) == clips
        for name, builder in builders.items():
            actual = read(builder, split)
            for key in ("keypoints_2d", "keypoints_3d", "subject", "action", "camera"):
                np.testing.assert_array_equal(actual[key], expected[key], err_msg=f"{name} {key}")


def test_frame_numbers_are_the_source_files(tmp_path, official, archive):
    examples = read(prepare(tmp_path / "a", official), "test")
    np.testing.assert_array_equal(examples["frame"], np.tile(np.arange(0, 30, 4), 4))
    examples = read(prepare(tmp_path / "b", archive), "test")
    np.testing.assert_array_equal(examples["frame"], np.tile(np.arange(12), 4))


def test_prepared_data_tell_what_was_read(tmp_path, official):
    prepare(tmp_path / "data", official)
    metadata = cmu_mocap.Builder(data_dir=tmp_path / "data").info.metadata
    assert metadata["source"] == str(official)
    assert metadata["train"] == {"clips": 2, "frames": 17, "subjects": ["subject_01"]}
    assert metadata["test"] == {"clips": 1, "frames": 8, "subjects": ["subject_02"]}


def test_real_clips_stay_in_front_of_the_cameras(shared_data):
    """Through every camera of its split, 99.9 % of the joints also fall into the image."""
    inside = []
    for split, clips in sources.read_clips(shared_data / "cmu_positions").items():
        for view in motion_views.views(split, clips[::8]):
            assert view.keypoints_3d[..., 2].min() > 1000.0, view.name
            inside.append(((view.keypoints_2d > 0) & (view.keypoints_2d < 1000)).all(-1).ravel())
    assert np.concatenate(inside).mean() > 0.999


@pytest.mark.parametrize("folder", ["cmu_positions", "cmu_asfamc"])
def test_bones_are_a_persons(shared_data, folder):
    """Those of the archive of positions, and of the official files as we read them."""
    loaders = sources.find_clips(shared_data / folder)["train"].values()
    clips = [load() for load in list(loaders)[::6]]
    check_bone_shares(np.concatenate([clip.positions for clip in clips]))


# === Protocol ===


def test_cameras_of_each_split(tmp_path, archive):
    builder = prepare(tmp_path / "data", archive)
    cameras = h36m_cameras()
    for split, subjects in {"train": ("S1", "S5"), "test": ("S9",)}.items():
        examples = read(builder, split)
        names = {f"{subject}.{name}" for subject in subjects for name in cameras[subject]}
        assert {name.decode() for name in examples["camera"]} == names
        for i in range(0, len(examples["camera"]), 12):
            subject, name = examples["camera"][i].decode().split(".")
            camera = cameras[subject][name]
            np.testing.assert_allclose(examples["intrinsics"][i], camera.intrinsics, rtol=1e-6)
            np.testing.assert_allclose(
                examples["up"][i], camera.rotation @ [0, 0, 1], rtol=1e-5, atol=1e-6
            )
        pixels = project(examples["keypoints_3d"], examples["intrinsics"])
        np.testing.assert_allclose(examples["keypoints_2d"], pixels, atol=0.01)


def bone_lengths(positions):
    children, parents = np.transpose(H36M_17.bones)
    return np.linalg.norm(positions[:, children] - positions[:, parents], axis=-1)


def test_only_training_bodies_are_scaled(tmp_path, archive, split):
    builder = prepare(tmp_path / "data", archive)
    source = np.load(archive / "positions.npz")
    scales = []
    examples = read(builder, "train")
    for key in split["train"]:
        of_clip = to_world(examples)[examples["action"] == key.split("/")[1].encode()]
        ratio = bone_lengths(of_clip).reshape(8, 12, -1) / bone_lengths(source[key])
        np.testing.assert_allclose(ratio, ratio.mean(), rtol=1e-4)
        scales.append(ratio.mean())
    assert scales[0] != pytest.approx(scales[1])
    assert all(0.93 <= scale <= 1.07 for scale in scales)
    test = to_world(read(builder, "test")).reshape(4, 12, 17, 3)
    np.testing.assert_allclose(
        bone_lengths(test.reshape(-1, 17, 3)).reshape(4, 12, -1)
        / bone_lengths(source[split["test"][0]]),
        1.0,
        rtol=1e-4,
    )


def walk(metres, key="mixed/walk_1", frames=50):
    """A rigid body that walks along x, off centre."""
    body = np.random.default_rng(3).uniform(0.0, 0.5, size=(17, 3))
    path = np.linspace(20.0, 20.0 + metres, frames)[:, None, None] * [1.0, 0.0, 0.0]
    return Clip(key, body + path, np.arange(frames), file=None)


@pytest.mark.parametrize("split", ["train", "test"])
def test_root_stays_within_reach(split):
    clip = walk(8.0)
    points = motion_views.place(clip, split)
    root = points[:, 0, :2]
    distance = np.linalg.norm(root, axis=-1)
    assert distance.max() == pytest.approx(1.5)
    assert (distance < 1.49).sum() > 10  # the middle of the walk is not pulled
    inside = distance < 1.49
    steps = np.linalg.norm(np.diff(root[inside], axis=0), axis=-1)
    np.testing.assert_allclose(steps, steps[0])
    # Every pose keeps its form, and its height over the ground.
    relative = points - points[:, :1]
    np.testing.assert_allclose(relative, np.broadcast_to(relative[:1], relative.shape), atol=1e-12)
    np.testing.assert_allclose(points[:, 0, 2], points[0, 0, 2])


def test_heading_turns_about_the_vertical_and_keeps_handedness():
    clip = walk(1.0)
    points, source = motion_views.place(clip, "test"), clip.positions
    turn = np.linalg.lstsq((source - source[:, :1])[0], (points - points[:, :1])[0], rcond=None)[0]
    assert np.linalg.det(turn) == pytest.approx(1.0)
    np.testing.assert_allclose(turn[2], [0, 0, 1], atol=1e-9)
    assert abs(turn[0, 0]) < 0.999


def test_headings_spread_over_the_circle():
    ends = []
    for i in range(400):
        points = motion_views.place(walk(1.0, f"mixed/walk_{i}", frames=2), "test")
        step = points[1, 0] - points[0, 0]
        ends.append(np.arctan2(step[1], step[0]))
    counts, _ = np.histogram(ends, bins=8, range=(-np.pi, np.pi))
    assert counts.min() > 25  # 50 expected in each


def test_two_builds_are_identical_and_clips_independent_of_each_other(tmp_path, archive, split):
    first, second = (prepare(tmp_path / name, archive) for name in ("a", "b"))
    files = sorted(path.name for path in first.data_path.glob("*.tfrecord*"))
    assert len(files) == 2
    for name in files:
        assert (first.data_path / name).read_bytes() == (second.data_path / name).read_bytes()
    (archive / "split.json").write_text(json.dumps(split | {"train": split["train"][1:]}))
    alone = read(prepare(tmp_path / "c", archive), "train")["keypoints_3d"]
    np.testing.assert_array_equal(alone, read(first, "train")["keypoints_3d"][-len(alone) :])


def test_shards_are_of_moderate_size():
    clips = [walk(1.0, f"mixed/walk_{i}", frames=1000) for i in range(6)]
    clips.append(walk(1.0, "mixed/walk_long", frames=9000))
    groups = motion_views.group(clips, cameras=8)
    assert [len(group) for group in groups] == [2, 2, 2, 1]
    assert [clip.key for group in groups for clip in group] == [clip.key for clip in clips]


# === Errors and where the source is looked for ===


def test_wrong_unit_names_file_and_key_and_leaves_nothing(tmp_path, archive):
    """In millimetres the bodies stand as high as mountains, behind cameras that look down."""
    with np.load(archive / "positions.npz") as source:
        np.savez(archive / "positions.npz", **{key: 1e3 * source[key] for key in source})
    with pytest.raises(SynposeError, match=r"positions.npz: .*'subject_01/01_01' lies behind"):
        prepare(tmp_path / "data", archive)
    assert not (tmp_path / "data" / "cmu_mocap" / str(cmu_mocap.Builder.VERSION)).exists()


def test_missing_folder_repeats_the_instructions(tmp_path):
    with pytest.raises(SynposeError, match="does not exist or is empty.*\n.*The folder must hold"):
        prepare(tmp_path / "data", tmp_path / "none")


def test_folder_of_other_data_is_no_source(tmp_path, official, monkeypatch):
    """TFDS's own folder of manual files serves every data set; another's do not stop a download."""
    monkeypatch.setattr(cmu_mocap, "URL", "http://127.0.0.1:9/allasfamc.zip")
    manual = tmp_path / "data" / "downloads" / "manual"
    manual.mkdir(parents=True)
    np.savez(manual / "other.npz", values=np.zeros(3))
    with pytest.raises(SynposeError, match=r"cannot be downloaded .*\nThe folder must hold one of"):
        prepare(tmp_path / "data")
    shutil.move(official / "all_asfamc", manual)
    assert prepare(tmp_path / "data").info.metadata["train"]["clips"] == 2


def test_description_carries_the_credit():
    metadata = cmu_mocap.Builder.get_metadata()
    credit = "The data used in this project was obtained from mocap.cs.cmu.edu. The database was "
    assert credit in " ".join(metadata.description.split())
    assert credit in metadata.citation
    assert set(metadata.tags) <= set(tfds.core.dataset_metadata.valid_tags())
