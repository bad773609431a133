"""What a folder holds of motion in BVH files; their heads tell it, motion is not read."""

import functools
import pathlib
from collections import Counter, defaultdict

from synpose_tf.datasets import motion_views, split_file
from synpose_tf.datasets.bvh_motion import bvh, conventions, sources
from synpose_tf.datasets.bvh_motion import bvh_motion_dataset_builder as builder
from synpose_tf.datasets.survey import Ready, Survey
from synpose_tf.errors import SynposeError

FILES = f"*.bvh, with {conventions.OWN_TABLE} for joint names of your own"


def survey(folder: pathlib.Path, joint_map: pathlib.Path | None = None) -> Survey | None:
    """What lies in a folder and below it.

    Args:
        folder: of the files.
        joint_map: see `conventions.read_own`.

    Raises:
        SynposeError: a file is damaged, or `joint_map` or `split.json` is.
    """
    files = sources.find(folder)
    if not files:
        return None
    own = conventions.read_own(folder, joint_map)
    clips: Counter[str] = Counter()
    seconds: dict[str, float] = defaultdict(float)
    unknown = []
    for path in files.values():
        skeleton, frames, rate = bvh.read_skeleton(path)
        try:
            name = conventions.recognise(path, skeleton.names, own).name
        except SynposeError as error:
            unknown.append(str(error))
        else:
            clips[name] += 1
            seconds[name] += frames / rate
    return Survey(
        title="Motion in BVH files",
        found=[
            f"{n:,} clips, {_time(seconds[name])}, joints of {name}" for name, n in clips.items()
        ],
        missing=_missing(folder, unknown),
        notes=["3D only, so the 2D joints are seen by Human3.6M's cameras."],
        ready=_ready(folder, files, joint_map) if not unknown and len(files) > 1 else [],
    )


def _time(seconds):
    return f"{seconds / 60:.1f} minutes" if seconds >= 60 else f"{seconds:.1f} seconds"


def _missing(folder, unknown):
    missing = []
    if unknown:
        what = f"joint names of {len(unknown):,} clips. {unknown[0]}"
        missing.append(
            (what, "preparing the set: all clips must be known, or left out by split.json")
        )
    if not (folder / split_file.NAME).is_file():
        missing.append((split_file.NAME, "a test of clips that you choose"))
    return missing


def _ready(folder, files, joint_map):
    splits = sources.split(folder, files)
    key = splits["test"][0]
    example = functools.partial(_example, folder, key, files[key], joint_map)
    return [Ready(name=builder.Builder.name, splits=tuple(splits), example=example)]


def _example(folder, key, path, joint_map):
    clip = sources.read_clip(folder, key, path, joint_map)
    if clip is None:
        raise SynposeError(f"{path}: is a rest pose from beginning to end; nothing to draw.")
    return next(motion_views.views("test", [clip]))
