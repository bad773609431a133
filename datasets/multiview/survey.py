"""What a folder holds of recordings of several cameras; their files are read."""

import functools
import pathlib

from synpose_tf.datasets import split_file
from synpose_tf.datasets.multiview import multiview_dataset_builder as builder
from synpose_tf.datasets.multiview import recordings
from synpose_tf.datasets.survey import Ready, Survey
from synpose_tf.structures import camera_views

FILES = f"*{camera_views.SUFFIX}, which synpose_tf.multiview writes"


def survey(folder: pathlib.Path) -> Survey | None:
    """What lies in a folder and below it.

    Raises:
        SynposeError: a file is damaged, or `split.json` is.
    """
    paths = recordings.find(folder)
    if not paths:
        return None
    splits = recordings.split(folder, paths)
    found, notes = [], []
    for name, keys in splits.items():
        about, note = recordings.describe(paths, keys)
        said = ", ".join(f"{value:,} {what}" for what, value in about.items())
        found.append(f"{name}: {said} ({', '.join(keys)})")
        notes.append(f"{name}: {note}.")
    missing = []
    if "test" not in splits:
        missing.append(("a second recording", "a test, and training without other data sets"))
    if not (folder / split_file.NAME).is_file():
        missing.append((split_file.NAME, "a test of recordings that you choose"))
    first = splits["test" if "test" in splits else "train"][0]
    example = functools.partial(_example, first, paths[first])
    ready = Ready(name=builder.Builder.name, splits=tuple(splits), example=example)
    return Survey(
        title="Recordings of several cameras",
        found=found,
        missing=missing,
        notes=notes,
        ready=[ready],
    )


def _example(key, path):
    return next(recordings.views(key, path))
