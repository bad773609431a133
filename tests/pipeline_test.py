import os
import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds
from motion_capture import FRAMES, VIEWS, write_archive

from synpose_tf import pipeline
from synpose_tf.errors import SynposeError

COUNT = 50
STILL = np.full((FRAMES, 17, 3), 0.5)


@pytest.fixture
def arrays():
    """Examples that tell their number."""
    return {
        "keypoints_2d": np.arange(COUNT * 34, dtype=np.float32).reshape(COUNT, 17, 2),
        "number": np.arange(COUNT),
    }


def numbers(arrays, steps, batch_size, seed=0, first_step=0):
    batches = pipeline.training_batches(arrays, batch_size, seed, first_step)
    return np.stack([batch["number"] for batch in batches.take(steps).as_numpy_iterator()])


# === Batches ===


def test_batches_hold_examples_whole(arrays):
    for batch in pipeline.training_batches(arrays, 8, seed=0).take(3).as_numpy_iterator():
        assert batch["keypoints_2d"].shape == (8, 17, 2)
        assert batch["keypoints_2d"].dtype == np.float32
        np.testing.assert_array_equal(
            batch["keypoints_2d"], arrays["keypoints_2d"][batch["number"]]
        )


@pytest.mark.parametrize("batch_size", [10, 7, 64])
def test_each_epoch_is_a_permutation(arrays, batch_size):
    epochs = 4
    steps = -(-epochs * COUNT // batch_size)
    stream = numbers(arrays, steps, batch_size).ravel()[: epochs * COUNT].reshape(epochs, COUNT)
    for epoch in stream:
        assert sorted(epoch) == list(range(COUNT))
    assert len({tuple(epoch) for epoch in stream}) == epochs


def test_the_seed_decides_the_order(arrays):
    np.testing.assert_array_equal(numbers(arrays, 20, 8, seed=3), numbers(arrays, 20, 8, seed=3))
    assert (numbers(arrays, 20, 8, seed=3) != numbers(arrays, 20, 8, seed=4)).mean() > 0.8


@pytest.mark.parametrize("first_step", [1, 6, 1000])
def test_a_resumed_stream_goes_on_with_the_same_batches(arrays, first_step):
    whole = numbers(arrays, first_step + 5, batch_size=8)
    np.testing.assert_array_equal(numbers(arrays, 5, 8, first_step=first_step), whole[first_step:])


def test_neighbours_are_not_batched_together():
    count = 100_000
    stream = numbers({"number": np.arange(count)}, 100, batch_size=512)
    gaps = np.abs(np.diff(stream, axis=1))
    # Two independent draws lie count / 3 apart on average.
    assert gaps.mean() == pytest.approx(count / 3, rel=0.02)
    assert (gaps < count / 1000).mean() < 0.004


def test_no_examples_are_refused():
    with pytest.raises(SynposeError, match="empty"):
        pipeline.training_batches({"number": np.arange(0)}, 8, seed=0)


# === Prepared sets ===


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return write_archive(tmp_path_factory.mktemp("pipeline") / "mocap")


@pytest.fixture(scope="module")
def builder(archive):
    return pipeline.prepare(source(archive))


def source(archive, data_dir=None):
    return pipeline.Source("cmu_mocap", str(archive), str(data_dir or archive.parent / "data"))


def keypoints(builder, split="test"):
    return pipeline.read_split(builder, split, ["keypoints_2d"])["keypoints_2d"]


def test_a_split_is_read_in_the_order_of_writing(builder):
    keys = ("keypoints_2d", "keypoints_3d", "intrinsics", "action", "subject", "camera", "frame")
    views = pipeline.read_split(builder, "test", keys)
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
    views = pipeline.read_split(builder, "train", (*pipeline.TRAINING_KEYS, "action", "frame"))
    assert {views[key].dtype for key in pipeline.TRAINING_KEYS} == {np.dtype(np.float32)}
    assert (views["action"].dtype.kind, views["frame"].dtype) == ("U", np.int64)
    assert views["keypoints_3d"].shape == (VIEWS["train"], 17, 3)


def test_a_split_or_feature_that_is_not_there(builder):
    with pytest.raises(SynposeError, match=r"no split 'val'; it has \['train', 'test'\]"):
        pipeline.read_split(builder, "val", ["frame"])
    with pytest.raises(SynposeError, match="has no depth: it holds .*keypoints_2d"):
        pipeline.read_split(builder, "test", ["frame", "depth"])


@pytest.mark.parametrize("damage", ["cut in a record", "cut after a record", "gone"])
def test_damaged_records_are_refused(damage, archive, tmp_path):
    shutil.copytree(archive, tmp_path / "mocap")
    builder = pipeline.prepare(source(tmp_path / "mocap"))
    (path,) = builder.info.splits["test"].filepaths
    records = path.read_bytes()
    # A record is its length in 8 bytes, 4 of checksum, the data and 4 of checksum.
    first = 16 + int.from_bytes(records[:8], "little")
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(records[: first if damage == "cut after a record" else first + 20])
    with pytest.raises(SynposeError, match="'test' is damaged.*Delete this folder"):
        pipeline.read_split(builder, "test", ["frame"])
    assert len(pipeline.read_split(builder, "train", ["frame"])["frame"]) == VIEWS["train"]


def test_a_set_is_prepared_once(builder, archive):
    (path,) = builder.info.splits["train"].filepaths
    written = path.stat().mtime
    again = pipeline.prepare(source(archive))
    assert again.data_path == builder.data_path
    assert path.stat().mtime == written


def test_sets_from_different_folders_are_kept_apart(builder, archive):
    other = write_archive(archive.parent / "elsewhere" / "mocap", standing=STILL)
    second = pipeline.prepare(source(other, data_dir=archive.parent / "data"))
    assert second.data_path != builder.data_path
    assert not np.array_equal(keypoints(builder), keypoints(second))
    np.testing.assert_array_equal(keypoints(builder, "train"), keypoints(second, "train"))


def test_a_set_is_prepared_again_when_a_file_changes(tmp_path):
    archive = write_archive(tmp_path / "mocap")
    before = keypoints(pipeline.prepare(source(archive)))
    shutil.rmtree(archive)
    write_archive(archive, standing=STILL)
    after = keypoints(pipeline.prepare(source(archive)))
    assert before.shape == after.shape
    assert not np.array_equal(before, after)


def test_a_touched_file_counts_as_changed(tmp_path):
    archive = write_archive(tmp_path / "mocap")
    before = pipeline.prepare(source(archive)).data_path
    os.utime(archive / "positions.npz", ns=(0, 0))
    assert pipeline.prepare(source(archive)).data_path != before
