"""A build by Beam writes the same files as one without."""

import importlib.util

import numpy as np
import pytest
import tensorflow_datasets as tfds

from synpose_tf.datasets.h36m import h36m_dataset_builder as h36m
from synpose_tf.datasets.h36m import testing as h36m_files
from synpose_tf.datasets.mpi_inf_3dhp import mpi_inf_3dhp_dataset_builder as mpi_inf_3dhp
from synpose_tf.datasets.mpi_inf_3dhp import testing as mpi_files
from synpose_tf.datasets.synthetic_pose import synthetic_pose_dataset_builder as synthetic_pose
from synpose_tf.errors import SynposeError
from synpose_tf.structures.skeleton import H36M_17, H36M_32, select_joints

HAS_BEAM = importlib.util.find_spec("apache_beam") is not None
needs_beam = pytest.mark.skipif(not HAS_BEAM, reason="apache-beam is not installed")


def build(folder, monkeypatch, **options):
    """The files of a build with four shards, by name."""
    monkeypatch.setattr(synthetic_pose, "PEOPLE_PER_SHARD", 2)
    config = synthetic_pose.SyntheticPoseConfig(name="tiny", train_people=5, test_people=2)
    builder = synthetic_pose.Builder(data_dir=folder, config=config)
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(**options))
    assert builder.info.splits["train"].shard_lengths == [384, 384, 192]
    return records(builder)


def records(builder):
    """Every file of a data set by its name, but the one that holds nothing of the records."""
    paths = [path for path in builder.data_path.iterdir() if path.name != "dataset_info.json"]
    return {path.name: path.read_bytes() for path in paths}


@needs_beam
@pytest.mark.parametrize("given", ["runner", "options"])
def test_a_build_by_beam_is_the_same(tmp_path, monkeypatch, given):
    from apache_beam.options.pipeline_options import PipelineOptions

    options = {
        "runner": {"beam_runner": "DirectRunner"},
        "options": {"beam_options": PipelineOptions(["--direct_num_workers=2"])},
    }[given]
    plain = build(tmp_path / "plain", monkeypatch)
    assert sum(".tfrecord" in name for name in plain) == 4
    assert build(tmp_path / "beam", monkeypatch, **options) == plain


def official_h36m(folder):
    poses = {("S1", "Walking 1"): h36m_files.motion(40), ("S9", "Photo"): h36m_files.motion(30)}
    h36m_files.write_official(folder, poses)
    return h36m.Builder, ["test", "train"]


def official_3dhp(folder):
    motion = select_joints(h36m_files.motion(40), H36M_32, H36M_17)
    mpi_files.write_train(folder / "S2" / "Seq1", motion)
    mpi_files.write_train(folder / "S5" / "Seq2", motion[:25], do_compression=False)
    return mpi_inf_3dhp.Builder, ["train"]


@needs_beam
@pytest.mark.parametrize("write", [official_h36m, official_3dhp])
def test_files_in_the_official_layout_give_the_same(tmp_path, write):
    builder, splits = write(tmp_path / "files")
    found = []
    for options in ({}, {"beam_runner": "DirectRunner"}):
        given = tfds.download.DownloadConfig(manual_dir=tmp_path / "files", **options)
        built = builder(data_dir=tmp_path / f"data{len(found)}")
        built.download_and_prepare(download_config=given)
        assert sorted(built.info.splits) == splits
        assert all(built.info.splits[split].num_examples for split in splits)
        found.append(records(built))
    assert found[0] == found[1]
    assert sum(".tfrecord" in name for name in found[0]) >= len(splits)


@needs_beam
def test_a_bad_view_ends_the_build_with_its_reason(tmp_path, monkeypatch):
    def nowhere(rng, body, motion):
        return np.full((len(synthetic_pose.FRAMES), 17, 3), np.nan)

    monkeypatch.setattr(synthetic_pose, "perform", nowhere)
    with pytest.raises(SynposeError, match=r"^t\w+_000\d .* keypoints_2d is not finite"):
        build(tmp_path, monkeypatch, beam_runner="DirectRunner")
    assert not list(tmp_path.rglob("*.tfrecord*"))


@pytest.mark.skipif(HAS_BEAM, reason="apache-beam is installed")
def test_without_beam_the_error_says_what_to_install(tmp_path, monkeypatch):
    with pytest.raises(SynposeError, match=r"pip install 'synpose_tf\[beam\]'"):
        build(tmp_path, monkeypatch, beam_runner="DirectRunner")
