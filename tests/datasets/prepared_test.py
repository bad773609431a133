import os
import re
import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds
from motion_capture import FRAMES, VIEWS, write_archive

from synpose_tf.datasets import prepared
from synpose_tf.datasets.multiview import testing as multiview_files
from synpose_tf.errors import SynposeError

STILL = np.full((FRAMES, 17, 3), 0.5)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return write_archive(tmp_path_factory.mktemp("pipeline") / "mocap")


@pytest.fixture(scope="module")
def builder(archive):
    return prepared.prepare(source(archive))


def source(archive, data_dir=None):
    return prepared.Source("cmu_mocap", str(archive), str(data_dir or archive.parent / "data"))


def keypoints(builder, split="test"):
    return prepared.read_split(builder, split, ["keypoints_2d"])["keypoints_2d"]


def test_a_split_is_read_in_the_order_of_writing(builder):
    keys = ("keypoints_2d", "keypoints_3d", "intrinsics", "action", "subject", "camera", "frame")
    views = prepared.read_split(builder, "test", keys)
    dataset = builder.as_dataset(
        split="test", read_config=tfds.ReadConfig(interleave_cycle_length=1)
    )
    by_tfds = {key: [example[key] for example in tfds.as_numpy(dataset)] for key in keys}
    for key, values in views.items():
        expected = np.array(by_tfds[key])
        np.testing.assert_array_equal(values, expected.astype(values.dtype))
    np.testing.assert_array_equal(views["frame"][:FRAMES], np.arange(FRAMES))
    assert views["action"][[0, -1]].tolist() == ["standing", "walking"]


def test_a_split_has_the_types_that_training_needs(builder):
    views = prepared.read_split(builder, "train", (*prepared.TRAINING_KEYS, "action", "frame"))
    assert {views[key].dtype for key in prepared.TRAINING_KEYS} == {np.dtype(np.float32)}
    assert (views["action"].dtype.kind, views["frame"].dtype) == ("U", np.int64)
    assert views["keypoints_3d"].shape == (VIEWS["train"], 17, 3)


def test_a_split_or_feature_that_is_not_there(builder):
    with pytest.raises(SynposeError, match=r"no split 'val'; it has \['train', 'test'\]"):
        prepared.read_split(builder, "val", ["frame"])
    with pytest.raises(SynposeError, match="has no depth: it holds .*keypoints_2d"):
        prepared.read_split(builder, "test", ["frame", "depth"])


@pytest.mark.parametrize("damage", ["cut in a record", "cut after a record", "gone"])
def test_damaged_records_are_refused(damage, archive, tmp_path):
    shutil.copytree(archive, tmp_path / "mocap")
    builder = prepared.prepare(source(tmp_path / "mocap"))
    (path,) = builder.info.splits["test"].filepaths
    records = path.read_bytes()
    # A record is its length in 8 bytes, 4 of checksum, the data and 4 of checksum.
    first = 16 + int.from_bytes(records[:8], "little")
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(records[: first if damage == "cut after a record" else first + 20])
    with pytest.raises(SynposeError, match="'test' is damaged.*Delete this folder"):
        prepared.read_split(builder, "test", ["frame"])
    assert len(prepared.read_split(builder, "train", ["frame"])["frame"]) == VIEWS["train"]


def test_a_set_is_prepared_once(builder, archive):
    (path,) = builder.info.splits["train"].filepaths
    written = path.stat().mtime
    again = prepared.prepare(source(archive))
    assert again.data_path == builder.data_path
    assert path.stat().mtime == written


def test_sets_from_different_folders_are_kept_apart(builder, archive):
    other = write_archive(archive.parent / "elsewhere" / "mocap", standing=STILL)
    second = prepared.prepare(source(other, data_dir=archive.parent / "data"))
    assert second.data_path != builder.data_path
    assert not np.array_equal(keypoints(builder), keypoints(second))
    np.testing.assert_array_equal(keypoints(builder, "train"), keypoints(second, "train"))


def test_what_a_set_was_made_from(builder, archive, tmp_path):
    copy = shutil.copytree(archive, tmp_path / "mocap")
    found = {prepared.made_from(builder), prepared.made_from(prepared.prepare(source(copy)))}
    assert len(found) == 2
    assert all(re.fullmatch(r"from_mocap_[0-9a-f]{12}", name) for name in found)
    without_files = tfds.builder("synthetic_pose", data_dir=tmp_path)
    assert prepared.made_from(without_files) is None
    with_configs = tfds.builder("h36m/gt", data_dir=tmp_path / "from_h36m_0123456789ab")
    assert prepared.made_from(with_configs) == "from_h36m_0123456789ab"


def test_a_set_is_prepared_again_when_a_file_changes(tmp_path):
    archive = write_archive(tmp_path / "mocap")
    before = keypoints(prepared.prepare(source(archive)))
    shutil.rmtree(archive)
    write_archive(archive, standing=STILL)
    after = keypoints(prepared.prepare(source(archive)))
    assert before.shape == after.shape
    assert not np.array_equal(before, after)


def test_a_touched_file_counts_as_changed(tmp_path):
    archive = write_archive(tmp_path / "mocap")
    before = prepared.prepare(source(archive)).data_path
    os.utime(archive / "positions.npz", ns=(0, 0))
    assert prepared.prepare(source(archive)).data_path != before


# === Folders ===


def test_each_set_that_needs_files_has_a_folder_of_its_own(archive, tmp_path):
    multiview_files.write(tmp_path / "recordings", "walk", "sit")
    given = f"{archive},{tmp_path / 'recordings'}"
    mocap, recorded = prepared.prepare_all("cmu_mocap,multiview", given, str(tmp_path))
    assert prepared.made_from(mocap).startswith("from_mocap_")
    assert prepared.made_from(recorded).startswith("from_recordings_")
    with pytest.raises(
        SynposeError, match="3 folders for 2 data sets .*cmu_mocap, multiview. Name"
    ):
        prepared.prepare_all("cmu_mocap,synthetic_pose,multiview", f"{given},", str(tmp_path))
