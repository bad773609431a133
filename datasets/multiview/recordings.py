"""Recordings of several cameras, as `synpose_tf.multiview` writes them: which train, and what of
them is believed."""

import functools
import pathlib
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from synpose_tf.datasets import split_file
from synpose_tf.datasets.pose_dataset import Shard, View
from synpose_tf.errors import SynposeError
from synpose_tf.structures import camera_views
from synpose_tf.structures.camera_views import CameraView
from synpose_tf.structures.skeleton import H36M_17

INSTRUCTIONS = f"""\
The folder, or any folder below it, must hold *{camera_views.SUFFIX} files, which
  python -m synpose_tf.multiview CAMERA1 CAMERA2 ... --output=FOLDER/RECORDING
writes, one a recording. {split_file.NAME} in the folder is optional:
{{"train": ["<folder>/<file>", ...], "test": [...]}}, names without {camera_views.SUFFIX}."""
SPLITS = ("train", "test")
LEAST_JOINTS = 12  # Of 17, the hip among them, on which views must agree in an example.


def find(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """The recordings in a folder and below it: `<folders>/<file>`, without the ending, to path.

    Hidden files are passed over.
    """
    found = {}
    for path in sorted(folder.rglob(f"*{camera_views.SUFFIX}")):
        inside = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in inside.parts):
            found[inside.as_posix().removesuffix(camera_views.SUFFIX)] = path
    return found


def split(folder: pathlib.Path, keys: Collection[str]) -> dict[str, list[str]]:
    """The recordings of each split, in order; a recording is never in both.

    Without `split.json` a fifth of the recordings test, at least one, and none where there is one
    alone: those whose names have the smallest checksums. A split without a recording is left out.

    Raises:
        SynposeError: `split.json` is not as it should be, or names no recording at all.
    """
    path = folder / split_file.NAME
    if len(keys) == 1 and not path.is_file():
        return {"train": list(keys)}
    chosen = split_file.choose(folder, keys)
    if not any(chosen.values()):
        raise SynposeError(f"{path}: names no recording; there are {len(keys)}.")
    return {name: sorted(chosen[name]) for name in SPLITS if chosen[name]}


def views(key: str, path: pathlib.Path) -> Iterator[View]:
    """Each person of a recording as each camera saw them, in the frames that are believed.

    Args:
        key: the recording's.
        path: its file.

    Raises:
        SynposeError: the file is damaged.
    """
    for view in camera_views.read(path):
        good = believed(view)
        if good.any():
            yield View(
                subject=view.person,
                action=key,
                camera=view.camera,
                keypoints_2d=view.keypoints[good],
                keypoints_3d=view.joints[good],
                intrinsics=view.intrinsics,
                up=view.up,
                frames=view.frames[good],
                confidence=view.agreed[good].astype(np.float32),
            )


def believed(view: CameraView) -> np.ndarray:
    """(F,), True where views agree on the hip and on `LEAST_JOINTS` in all, before the camera."""
    root = view.agreed[:, H36M_17.root]
    before = (view.joints[..., 2] > 0).all(1)
    return root & before & (view.agreed.sum(1) >= LEAST_JOINTS)


def shards(paths: Mapping[str, pathlib.Path], keys: Sequence[str]) -> list[Shard]:
    """One of each recording, for a `PoseDatasetBuilder`."""
    return [functools.partial(views, key, paths[key]) for key in keys]


def describe(paths: Mapping[str, pathlib.Path], keys: Sequence[str]) -> tuple[dict, str]:
    """What a split holds, for a builder's metadata; and a note on what of it is believed.

    Raises:
        SynposeError: a file is damaged, or holds nothing that is believed.
    """
    frames = moments = 0
    joints, cameras = [], set()
    for key in keys:
        found = camera_views.read(paths[key])
        good = [believed(view) for view in found]
        if not any(one.any() for one in good):
            raise SynposeError(
                f"{paths[key]}: in no frame do views agree on the hip and on {LEAST_JOINTS} joints "
                "in all. Leave it out, or look at the errors in its report."
            )
        frames += sum(len(one) for one in good)
        moments += sum(int(one.sum()) for one in good)
        joints += [view.agreed[one] for view, one in zip(found, good, strict=True)]
        cameras |= {(key, view.camera) for view in found}
    about = {"recordings": len(keys), "cameras": len(cameras), "frames": moments}
    inferred = 17 * (1.0 - float(np.concatenate(joints).mean()))
    note = (
        f"of {frames:,} frames {moments:,} are taken, in which views agree on the hip and "
        f"{LEAST_JOINTS} joints in all; {inferred:.1f} of 17 joints in each are not agreed on: a "
        "depth loss leaves them out, a validation counts them"
    )
    return about, note
