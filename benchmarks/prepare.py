"""Prepares a data set and prints examples/s, the size on disk and the peak memory.

    python benchmarks/prepare.py --form=official --examples=1000000

Files of Human3.6M in one of their real layouts are written first, in another process, and are
not timed: synthetic motion at full length, 2,500 frames a take. `--form=arrays` prepares views
that are in memory already: what writing alone takes. Then the set is read back the way
training reads it, batched. The aim: at least 10,000 examples/s on two cores, below 4 GB.
"""

import multiprocessing
import pathlib
import resource
import sys
import tempfile
import time

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from absl import app, flags
from etils import epath

from synpose_tf.datasets.h36m import h36m_dataset_builder, takes, testing
from synpose_tf.datasets.pose_dataset import JOINTS, PoseDatasetBuilder, View, pose_features

FORMS = ("arrays", "official", "videopose3d", "videopose3d_cpn", "martinez")
FORM = flags.DEFINE_enum("form", "official", FORMS, "Which files to prepare.")
EXAMPLES = flags.DEFINE_integer("examples", 1_000_000, "How many, at least.", lower_bound=1)
TAKE = 2_500  # frames


class ArrayPoses(PoseDatasetBuilder, skip_registration=True):
    """Views made from random arrays."""

    name = "array_poses"
    VERSION = tfds.core.Version("1.0.0")
    pkg_dir_path = epath.Path(__file__).parent
    code_path = epath.Path(__file__)

    def _info(self):
        return tfds.core.DatasetInfo(builder=self, features=pose_features())

    def _shards(self, dl_manager):
        rng = np.random.default_rng(0)
        view = View(
            subject="S1",
            action="Walking 1",
            camera="54138969",
            keypoints_2d=rng.uniform(0, 1000, (TAKE, JOINTS, 2)),
            keypoints_3d=rng.uniform(-1000, 1000, (TAKE, JOINTS, 3)),
            intrinsics=rng.uniform(0, 1000, 9),
            up=np.array([0.0, -1.0, 0.0]),
            frames=np.arange(TAKE),
        )
        return {"train": [lambda: [view] * len(takes.CAMERAS)] * _count(EXAMPLES.value)}


def _count(examples):
    return -(-examples // (len(takes.CAMERAS) * TAKE))


def write_files(form: str, folder: str, examples: int) -> None:
    """Human3.6M as one of `FORMS`: subjects take turns, each take is another motion."""
    keys = [(s, f"{a} {n}") for n in range(1, 20) for a in takes.ACTIONS for s in takes.SUBJECTS]
    poses = {key: testing.motion(TAKE, i) for i, key in enumerate(keys[: _count(examples)])}
    rng = np.random.default_rng(0)
    pixels = {
        (*key, camera): rng.uniform(0, 1000, (TAKE, JOINTS, 2)).astype(np.float32)
        for key in (poses if form == "videopose3d_cpn" else ())
        for camera in takes.CAMERAS
    }
    folder = pathlib.Path(folder)
    if form == "official":
        testing.write_official(folder, poses)
    elif form == "martinez":
        testing.write_martinez(folder, poses)
    else:
        testing.write_videopose3d(folder, poses, pixels)


def _builder(folder):
    """The builder, and the folder of its files."""
    if FORM.value == "arrays":
        return ArrayPoses(data_dir=folder)
    files = pathlib.Path(folder, "files")
    files.mkdir()
    arguments = FORM.value, str(files), EXAMPLES.value
    writer = multiprocessing.get_context("spawn").Process(target=write_files, args=arguments)
    writer.start()
    writer.join()
    if writer.exitcode:
        raise SystemExit("The files could not be written.")
    config = "cpn" if FORM.value == "videopose3d_cpn" else "gt"
    return h36m_dataset_builder.Builder(config=config, data_dir=folder)


def _read_batched(builder):
    spec = {
        "keypoints_2d": tf.io.FixedLenFeature((JOINTS, 2), tf.float32),
        "keypoints_3d": tf.io.FixedLenFeature((JOINTS, 3), tf.float32),
    }
    count = 0
    for split in builder.info.splits.values():
        records = tf.data.TFRecordDataset([str(path) for path in split.filepaths]).batch(4096)
        for batch in records.map(lambda r: tf.io.parse_example(r, spec)):
            count += len(batch["keypoints_2d"])
    return count


def main(argv):
    del argv
    with tempfile.TemporaryDirectory() as folder:
        builder = _builder(folder)
        config = tfds.download.DownloadConfig(manual_dir=f"{folder}/files")
        start, computing = time.perf_counter(), time.process_time()
        builder.download_and_prepare(download_config=config)
        seconds, computing = time.perf_counter() - start, time.process_time() - computing
        count = builder.info.splits.total_num_examples
        size = builder.info.dataset_size
        print(
            f"{builder.info.full_name} from {FORM.value}: {count:,} examples in {seconds:.1f} s "
            f"({computing:.1f} s of computing): {count / seconds:,.0f} examples/s"
        )
        print(f"{size / count:.0f} bytes an example, {size / 1e9:.2f} GB in all")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"peak memory: {peak * (1 if sys.platform == 'darwin' else 1024) / 1e9:.2f} GB")
        start = time.perf_counter()
        assert _read_batched(builder) == count
        print(f"read batched: {count / (time.perf_counter() - start):,.0f} examples/s")


if __name__ == "__main__":
    app.run(main)
