"""A build by Beam writes the same files as one without."""

import importlib.util

import numpy as np
import pytest
import tensorflow_datasets as tfds

from synpose_tf.datasets.synthetic_pose import synthetic_pose_dataset_builder as synthetic_pose
from synpose_tf.errors import SynposeError

HAS_BEAM = importlib.util.find_spec("apache_beam") is not None
needs_beam = pytest.mark.skipif(not HAS_BEAM, reason="apache-beam is not installed")


def build(folder, monkeypatch, **options):
    """The files of a build with four shards, by name."""
    monkeypatch.setattr(synthetic_pose, "PEOPLE_PER_SHARD", 2)
    config = synthetic_pose.SyntheticPoseConfig(name="tiny", train_people=5, test_people=2)
    builder = synthetic_pose.Builder(data_dir=folder, config=config)
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(**options))
    assert builder.info.splits["train"].shard_lengths == [384, 384, 192]
    return {
        path.name: path.read_bytes()
        for path in builder.data_path.iterdir()
        if path.name != "dataset_info.json"  # Holds nothing of the records.
    }


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
