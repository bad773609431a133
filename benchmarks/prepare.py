"""Prepares a data set built from arrays and prints examples/s and the peak memory.

    python benchmarks/prepare.py --frames=1000000

Issue: at least 10,000 examples/s on two cores, below 4 GB. Then reads the set back the way
training does, batched, and prints that rate too.
"""

import resource
import sys
import tempfile
import time

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from absl import app, flags
from etils import epath

from synpose_tf.datasets.pose_dataset import JOINTS, PoseDatasetBuilder, View, pose_features

FRAMES = flags.DEFINE_integer("frames", 1_000_000, "How many examples to prepare.", lower_bound=1)
SHARDS = flags.DEFINE_integer("shards", 100, "Into how many files.", lower_bound=1)


class ArrayPoses(PoseDatasetBuilder, skip_registration=True):
    """Views made from random arrays: what it takes to write them and nothing else."""

    name = "array_poses"
    VERSION = tfds.core.Version("1.0.0")
    pkg_dir_path = epath.Path(__file__).parent
    code_path = epath.Path(__file__)

    def _info(self):
        return tfds.core.DatasetInfo(builder=self, features=pose_features())

    def _shards(self, dl_manager):
        count = -(-FRAMES.value // SHARDS.value)
        return {"train": [lambda: _views(count)] * SHARDS.value}


def _views(count):
    rng = np.random.default_rng(0)
    yield View(
        subject="S1",
        action="Walking 1",
        camera="54138969",
        keypoints_2d=rng.uniform(0, 1000, (count, JOINTS, 2)),
        keypoints_3d=rng.uniform(-1000, 1000, (count, JOINTS, 3)),
        intrinsics=rng.uniform(0, 1000, 9),
        up=np.array([0.0, -1.0, 0.0]),
        frames=np.arange(count),
    )


def _read_batched(builder):
    files = [str(path) for path in builder.info.splits["train"].filepaths]
    spec = {
        "keypoints_2d": tf.io.FixedLenFeature((JOINTS, 2), tf.float32),
        "keypoints_3d": tf.io.FixedLenFeature((JOINTS, 3), tf.float32),
    }
    data = tf.data.TFRecordDataset(files).batch(4096)
    return sum(
        len(batch["keypoints_2d"]) for batch in data.map(lambda r: tf.io.parse_example(r, spec))
    )


def main(argv):
    del argv
    with tempfile.TemporaryDirectory() as folder:
        builder = ArrayPoses(data_dir=folder)
        start = time.perf_counter()
        builder.download_and_prepare()
        seconds = time.perf_counter() - start
        count = builder.info.splits["train"].num_examples
        size = builder.info.dataset_size
        print(f"prepared {count:,} examples in {seconds:.1f} s: {count / seconds:,.0f} examples/s")
        print(f"{size / count:.0f} bytes an example, {size / 1e9:.2f} GB in all")
        start = time.perf_counter()
        assert _read_batched(builder) == count
        print(f"read batched: {count / (time.perf_counter() - start):,.0f} examples/s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory: {peak * (1 if sys.platform == 'darwin' else 1024) / 1e9:.2f} GB")


if __name__ == "__main__":
    app.run(main)
