"""What a folder holds of MPI-INF-3DHP; names tell it."""

import functools
import pathlib

from synpose_tf.datasets.mpi_inf_3dhp import mpi_inf_3dhp_dataset_builder as builder
from synpose_tf.datasets.survey import Ready, Survey

FILES = "S1/Seq1/annot.mat and camera.calibration beside it, TS1/annot_data.mat"


def survey(folder: pathlib.Path) -> Survey | None:
    """What lies in a folder and up to two folders below it.

    Raises:
        SynposeError: a sequence that the data set does not have, or one twice.
    """
    train, test = builder.find_sequences(folder)
    if not train and not test:
        return None
    splits = {"train": train, "test": test}
    uncalibrated = [
        name for name, path in train.items() if not path.with_name("camera.calibration").is_file()
    ]
    return Survey(
        title="MPI-INF-3DHP",
        found=[
            f"training sequences: {', '.join(train) or 'none'}",
            f"test sequences: {', '.join(test) or 'none'}",
        ],
        missing=_missing(train, test, uncalibrated),
        ready=[
            Ready(
                name=f"{builder.Builder.name}/{config.name}",
                splits=tuple(split for split, found in splits.items() if found),
                example=functools.partial(_example, train, test),
            )
            for config in builder.Builder.BUILDER_CONFIGS
        ],
    )


def _missing(train, test, uncalibrated):
    missing = []
    if absent := [name for name in builder.TRAIN if name not in train]:
        missing.append((f"training sequences {', '.join(absent)}", "the whole training set"))
    if absent := [name for name in builder.TEST if name not in test]:
        missing.append((f"test sequences {', '.join(absent)}", "the published test of PCK and AUC"))
    if uncalibrated:
        enables = "the true intrinsics, which are fitted without it, and the vertical"
        missing.append((f"camera.calibration of {', '.join(uncalibrated)}", enables))
    return missing


def _example(train, test):
    """A test file is a hundredth of a training file: it goes first."""
    for path in test.values():
        return next(builder.test_views(path))
    path = next(iter(train.values()))
    return next(builder.train_views(path, builder.CHEST_CAMERAS[:1], frame_step=1))
