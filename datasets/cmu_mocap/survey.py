"""What a folder holds of the CMU motion-capture database; names tell it."""

import functools
import pathlib

from synpose_tf.datasets import motion_views, split_file
from synpose_tf.datasets.cmu_mocap import cmu_mocap_dataset_builder as builder
from synpose_tf.datasets.cmu_mocap import sources
from synpose_tf.datasets.survey import Ready, Survey

FILES = f"{sources.ARCHIVE}, subjects/ unpacked from it, or .npz with {split_file.NAME}"
CLIPS = 2_600  # about so many does the official archive hold


def survey(folder: pathlib.Path) -> Survey | None:
    """What lies in a folder.

    Raises:
        SynposeError: an archive or `split.json` is damaged or names clips that are not there.
    """
    if not sources.has_clips(folder):
        return None
    splits = sources.find_clips(folder)
    found = []
    for split, clips in splits.items():
        groups = sorted({key.split("/")[0] for key in clips})
        found.append(f"{split}: {len(clips):,} clips of {', '.join(groups) or 'nobody'}")
    return Survey(
        title="CMU Graphics Lab Motion Capture Database",
        found=found,
        missing=_missing(folder, splits),
        notes=["3D only, so the 2D joints are seen by Human3.6M's cameras."],
        ready=[_ready(splits)] if all(splits.values()) else [],
    )


def _missing(folder, splits):
    missing = []
    for split, clips in splits.items():
        if not clips:
            enables = "preparing the set at all: either split needs a clip"
            missing.append((f"clips for {split}", enables))
    if sum(map(len, splits.values())) < CLIPS // 2:
        missing.append((f"the rest of {sources.ARCHIVE}", f"about {CLIPS:,} clips"))
    if not (folder / split_file.NAME).is_file():
        missing.append((split_file.NAME, "a test of clips that you choose"))
    return missing


def _ready(splits):
    return Ready(
        name=builder.Builder.name,
        splits=tuple(splits),
        example=functools.partial(_example, next(iter(splits["test"].values()))),
    )


def _example(read):
    return next(motion_views.views("test", [read()]))
