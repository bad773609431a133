"""The shared builder: what it writes is what the views held, and an interruption is harmless."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from etils import epath
from tensorflow_datasets.core import example_serializer

from synpose_tf.datasets import pose_dataset
from synpose_tf.datasets.pose_dataset import PoseDatasetBuilder, View, check_view, pose_features
from synpose_tf.errors import SynposeError


def make_view(count=5, start=0, seed=0, **changes):
    rng = np.random.default_rng(seed)
    view = View(
        subject="S1",
        action="Walking 1",
        camera="54138969",
        keypoints_2d=rng.uniform(0, 1000, (count, 17, 2)),
        keypoints_3d=rng.uniform(-1000, 5000, (count, 17, 3)),
        intrinsics=rng.uniform(-1, 1200, 9),
        up=np.array([0.0, -1.0, 0.0]),
        frames=np.arange(start, start + count),
        confidence=rng.uniform(0, 1, (count, 17)),
    )
    return dataclasses.replace(view, **changes)


class Poses(PoseDatasetBuilder, skip_registration=True):
    name = "poses"
    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = "Put the poses in the folder."
    pkg_dir_path = epath.Path(__file__).parent
    code_path = epath.Path(__file__)
    shards = None

    def _info(self):
        features = pose_features(has_confidence=True)
        return tfds.core.DatasetInfo(builder=self, features=features)

    def _shards(self, dl_manager):
        return self.shards or {"train": [pose_dataset.manual_dir(dl_manager).iterdir]}


def prepare(folder, shards, **options):
    builder = Poses(data_dir=folder, **options)
    builder.shards = shards
    builder.download_and_prepare()
    return builder


@pytest.mark.parametrize("file_format", ["tfrecord", "array_record"])
def test_examples_are_the_frames_of_the_views(tmp_path, file_format):
    # Frame numbers of one, two and three bytes on the wire, a negative one, an empty clip.
    views = [make_view(seed=i, start=start) for i, start in enumerate((0, 125, 16_382, -3))]
    shards = {
        "train": [lambda: iter(views[:2]), lambda: iter([make_view(0)]), lambda: iter(views[2:3])],
        "test": [lambda: iter(views[3:])],
    }
    builder = prepare(tmp_path, shards, file_format=file_format)
    assert builder.info.splits["train"].shard_lengths == [10, 0, 5]
    for split, wanted in (("train", views[:3]), ("test", views[3:])):
        if file_format == "tfrecord":
            found = list(builder.as_dataset(split=split).as_numpy_iterator())
        else:
            found = list(builder.as_data_source(split=split))
        for key in ("keypoints_2d", "keypoints_3d", "confidence", "frames"):
            read = np.stack([example[key.replace("frames", "frame")] for example in found])
            true = np.concatenate([getattr(view, key) for view in wanted])
            np.testing.assert_array_equal(read, true.astype(read.dtype), err_msg=key)
        for key in ("intrinsics", "up"):
            true = np.repeat([getattr(view, key) for view in wanted], 5, axis=0)
            np.testing.assert_array_equal([e[key] for e in found], true.astype(np.float32))
        assert {(e["subject"], e["action"], e["camera"]) for e in found} == {
            (b"S1", b"Walking 1", b"54138969")
        }


@pytest.mark.parametrize(("has_3d", "has_confidence"), [(True, False), (False, True)])
def test_records_equal_what_tfds_itself_would_write(has_3d, has_confidence):
    features = pose_features(has_3d, has_confidence)
    view = make_view(3, start=127)
    serializer = example_serializer.ExampleSerializer(features.get_serialized_info())
    records = list(pose_dataset._serialize(view, features))
    for i, record in enumerate(records):
        example = {key: getattr(view, key) for key in ("subject", "action", "camera")}
        example |= {key: np.float32(getattr(view, key)) for key in ("intrinsics", "up")}
        for key in ("keypoints_2d", "keypoints_3d", "confidence"):
            if key in features:
                example[key] = np.float32(getattr(view, key)[i])
        wanted = serializer.get_tf_example(
            features.encode_example(example | {"frame": int(view.frames[i])})
        )
        assert tf.train.Example.FromString(record).SerializeToString(
            deterministic=True
        ) == wanted.SerializeToString(deterministic=True)
    # The batched reader of the training pipeline.
    spec = {"keypoints_2d": tf.io.FixedLenFeature((17, 2), tf.float32)}
    parsed = tf.io.parse_example(records, spec)["keypoints_2d"]
    np.testing.assert_array_equal(parsed, view.keypoints_2d.astype(np.float32))


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SynposeError])
def test_interrupted_build_leaves_nothing_and_the_next_one_succeeds(tmp_path, stop):
    def interrupted():
        yield make_view()
        raise stop("in the middle")

    with pytest.raises(stop, match="in the middle"):
        prepare(tmp_path, {"train": [lambda: iter([make_view()]), interrupted]})
    assert not list((tmp_path / "poses").iterdir())
    builder = prepare(tmp_path, {"train": [lambda: iter([make_view()])]})
    assert builder.info.splits["train"].num_examples == 5


def test_killed_build_does_not_block_the_next_one(tmp_path):
    left = tmp_path / "poses" / "incomplete.ABC123_1.0.0"  # What a killed TFDS build leaves.
    left.mkdir(parents=True)
    (left / "poses-train.tfrecord-00000-of-00002").write_bytes(b"half a rec")
    builder = prepare(tmp_path, {"train": [lambda: iter([make_view()])]})
    assert len(list(builder.as_dataset(split="train"))) == 5


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()])
def test_missing_or_empty_manual_dir_repeats_the_instructions(tmp_path, make):
    make(tmp_path / "manual")
    config = tfds.download.DownloadConfig(manual_dir=tmp_path / "manual")
    with pytest.raises(SynposeError, match="(?s)manual.*Put the poses in the folder.*--manual_dir"):
        Poses(data_dir=tmp_path).download_and_prepare(download_config=config)


def test_check_view_names_the_view_and_the_place():
    check_view(make_view())
    poses = make_view().keypoints_3d
    poses[3, 2, 1] = np.nan
    with pytest.raises(SynposeError, match=r"S1 Walking 1 camera 54138969: keypoints_3d.*frame 10"):
        check_view(make_view(keypoints_3d=poses, frames=np.arange(7, 12)))
    with pytest.raises(SynposeError, match=r"keypoints_2d has shape \(5, 16, 2\)"):
        check_view(make_view(keypoints_2d=np.zeros((5, 16, 2))))


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("cmu_mocap", 30.0),
        ("bvh_motion", 30.0),
        ("synthetic_pose", 10.0),
        ("h36m/gt", 50.0),
        ("h36m/cpn-every5", 10.0),
        ("mpii", None),
        ("multiview", None),  # The recordings'.
        ("mpi_inf_3dhp/every_frame", None),  # 25 or 50, by the sequence.
    ],
)
def test_data_sets_tell_how_fast_their_frames_follow(name, rate, tmp_path):
    assert tfds.builder(name, data_dir=tmp_path).rate == rate
