"""MPI-INF-3DHP as 2D-3D pairs on the shared pose schema."""

import dataclasses
import functools
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow_datasets as tfds
from absl import logging
from etils import epath

from synpose_tf.datasets.mpi_inf_3dhp import annotations
from synpose_tf.datasets.mpi_inf_3dhp.calibration import TEST_UP, Calibration, read_calibration
from synpose_tf.datasets.pose_dataset import PoseDatasetBuilder, View, manual_dir, pose_features
from synpose_tf.errors import SynposeError

TRAIN = tuple(f"S{subject}/Seq{sequence}" for subject in range(1, 9) for sequence in (1, 2))
TEST = tuple(f"TS{subject}" for subject in range(1, 7))
# The official number of valid frames; the evaluation protocol counts on them.
VALID_FRAMES = dict(zip(TEST, (603, 540, 505, 553, 276, 452), strict=True))
# Those that look from chest height, the set called "vnect" in the data set's own tools.
CHEST_CAMERAS = (0, 1, 2, 4, 5, 6, 7, 8)


@dataclasses.dataclass
class Config(tfds.core.BuilderConfig):
    """What to take from the training sequences; the test frames are always all valid ones.

    Args:
        cameras: numbers from 0 to 13.
        frame_step: keep every n-th row. Neighbours at 25 or 50 Hz are nearly the same pose,
            so a single-frame lifter loses little with 5 and prepares five times as fast.
    """

    cameras: tuple[int, ...] = CHEST_CAMERAS
    frame_step: int = 1


class Builder(PoseDatasetBuilder):
    """Builder of `mpi_inf_3dhp`; needs the data set's own files in `manual_dir`."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    BUILDER_CONFIGS = [
        Config(name="every_frame", description="Every frame of the 8 chest-height cameras."),
        Config(name="every_5th", description="Every 5th frame of them.", frame_step=5),
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The licence of MPI-INF-3DHP lets you fetch it yourself: https://vcai.mpi-inf.mpg.de/3dhp-dataset/
    Unpack its scripts, edit conf.ig, run get_dataset.sh and get_testset.sh. Then manual_dir is
    the folder they wrote to. Of it only these files are read, any of them may be absent:
      S1/Seq1/annot.mat and S1/Seq1/camera.calibration, S1/Seq2/..., up to S8/Seq2
      mpi_inf_3dhp_test_set/TS1/annot_data.mat up to TS6
    """
    CREDIT = "MPI-INF-3DHP: Mehta, Rhodin, Casas, Fua, Sotnychenko, Xu and Theobalt, 3DV 2017."
    pkg_dir_path = epath.Path(__file__).parent
    code_path = epath.Path(__file__)

    def _info(self):
        return self.dataset_info_from_configs(
            features=pose_features(), homepage="https://vcai.mpi-inf.mpg.de/3dhp-dataset/"
        )

    def _shards(self, dl_manager):
        folder = manual_dir(dl_manager)
        train, test = find_sequences(folder)
        if not train and not test:
            raise SynposeError(
                f"{folder}: holds no S*/Seq*/annot.mat and no TS*/annot_data.mat."
                f"{self.MANUAL_DOWNLOAD_INSTRUCTIONS}"
            )
        absent = [name for name in TRAIN + TEST if name not in train | test]
        if absent:
            logging.warning("MPI-INF-3DHP in %s lacks %s.", folder, ", ".join(absent))
        config = self.builder_config
        shards = {
            "train": [
                functools.partial(train_views, path, config.cameras, config.frame_step)
                for path in train.values()
            ],
            "test": [functools.partial(test_views, path) for path in test.values()],
        }
        return {split: found for split, found in shards.items() if found}


def find_sequences(folder: pathlib.Path) -> tuple[dict, dict]:
    """The annotation files at, or up to two folders below, `folder`.

    Returns:
        ({"S1/Seq1": path, ...}, {"TS1": path, ...}), in the order of their names.

    Raises:
        SynposeError: a subject or sequence that the data set does not have, or one twice.
    """
    return (
        _find(folder, "S[0-9]*/Seq*/annot.mat", TRAIN),
        _find(folder, "TS*/annot_data.mat", TEST),
    )


def _find(folder, pattern, known):
    found: dict[str, pathlib.Path] = {}
    for path in sorted(p for depth in ("", "*/", "*/*/") for p in folder.glob(depth + pattern)):
        name = "/".join(path.parts[-pattern.count("/") - 1 : -1])
        if name not in known:
            raise SynposeError(
                f"{path}: MPI-INF-3DHP has no {name}, only {known[0]} to {known[-1]}. "
                "Rename or remove the folder."
            )
        if name in found:
            raise SynposeError(f"{name} lies twice in {folder}: {found[name]} and {path}.")
        found[name] = path
    return found


def train_views(path: pathlib.Path, cameras: Sequence[int], frame_step: int) -> Iterator[View]:
    """Yields a training sequence as each camera sees it."""
    subject, sequence = path.parts[-3:-1]
    calibrations = _calibrations(path, cameras)
    for camera, frames in annotations.read_train(path, f"{subject} {sequence}", cameras).items():
        where = f"{subject} {sequence} camera {camera}"
        calibration = calibrations.get(camera) or Calibration(
            annotations.fit_intrinsics(path, where, frames), up=np.zeros(3)
        )
        good = annotations.consistent(path, where, frames, calibration.intrinsics)
        kept = frames[good & (frames.rows % frame_step == 0)]
        yield _view(subject, sequence, str(camera), kept, calibration)


def _calibrations(path, cameras):
    file = path.with_name("camera.calibration")
    if not file.is_file():
        logging.warning("%s is missing: intrinsics are fitted, the up vector is unknown.", file)
        return {}
    calibrations = read_calibration(file)
    absent = [camera for camera in cameras if camera not in calibrations]
    if absent:
        raise SynposeError(f"{file}: has cameras {sorted(calibrations)}, but not {absent}.")
    return calibrations


def test_views(path: pathlib.Path) -> Iterator[View]:
    """Yields the valid frames of a test sequence, one view an activity."""
    subject = path.parts[-2]
    frames, activities = annotations.read_test(path, subject)
    if len(frames.rows) != VALID_FRAMES[subject]:
        logging.warning(
            "%s: %d frames of %s are valid, officially %d; figures do not compare.",
            path, len(frames.rows), subject, VALID_FRAMES[subject],
        )  # fmt: skip
    calibration = Calibration(
        annotations.fit_intrinsics(path, subject, frames), up=TEST_UP[subject]
    )
    good = annotations.consistent(path, subject, frames, calibration.intrinsics)
    for number, name in enumerate(annotations.ACTIVITIES):
        kept = frames[good & (activities == number)]
        if len(kept.rows):
            yield _view(subject, name, "0", kept, calibration)


def _view(subject, action, camera, frames, calibration):
    return View(
        subject=subject,
        action=action,
        camera=camera,
        keypoints_2d=frames.pixels,
        keypoints_3d=frames.universal,
        intrinsics=calibration.intrinsics,
        up=calibration.up,
        frames=frames.rows,
    )
