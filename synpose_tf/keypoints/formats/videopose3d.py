"""VideoPose3D's 2D files, `data_2d_h36m_….npz` and `data_2d_custom_….npz`.

`positions_2d[subject][action]` is a list of (frames, joints, 2) pixels, one a camera;
`metadata` has the left and right joints (`keypoints_symmetry`), which tell the layout, and of
custom videos the image sizes. Subjects S1, S9, … are Human3.6M's, at 50 frames a second.

The file is a pickle; one that asks for anything but arrays is refused and not executed.
"""

import pathlib
import re

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io import restricted_npz
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import whole_tracks
from synpose_tf.keypoints.detections import MAX_NUMBERS, Person
from synpose_tf.keypoints.layouts import LAYOUTS

NAME = "VideoPose3D 2D keypoints"
KEY = "positions_2d"
ARRAYS = (KEY,)
H36M_FPS = 50.0


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The people of a file, one at a time for each subject, action and camera.

    Raises:
        SynposeError: the file is damaged, or holds something else.
    """
    tree = restricted_npz.load(path, KEY)
    metadata = (
        restricted_npz.load(path, "metadata") if restricted_npz.holds(path, ["metadata"]) else {}
    )
    metadata = metadata if isinstance(metadata, dict) else {}
    expected = f"{path}: {KEY} must be a dictionary of subjects, each a dictionary of actions."
    if not isinstance(tree, dict) or not all(isinstance(value, dict) for value in tree.values()):
        raise SynposeError(expected)
    layout, found = _layout(metadata), []
    fps = H36M_FPS if all(re.fullmatch(r"S\d+", str(subject)) for subject in tree) else None
    for subject, actions in tree.items():
        for action, views in actions.items():
            where = f"{path}: {str(subject)[:80]} {str(action)[:80]}"
            if not isinstance(views, list | tuple):
                raise SynposeError(f"{where}: expected a list of arrays, one a camera.")
            for camera, points in enumerate(views):
                if points is None:  # A camera that did not see the action.
                    continue
                name = f"{subject} {action}" + (f" camera {camera + 1}" if len(views) > 1 else "")
                joints = _joints(points, f"{where} camera {camera + 1}")
                size = _image_size(metadata, subject)
                frames = np.arange(len(joints))
                known = {"where": str(path), "layout": layout, "image_size": size, "fps": fps}
                person = Person(name=name, frames=frames, joints=joints, **known)
                found += whole_tracks.alone(person, scratch)
    return found


def _joints(points, where):
    if not isinstance(points, np.ndarray) or points.dtype.kind not in "iuf":
        raise SynposeError(f"{where}: expected an array of numbers.")
    if points.ndim != 3 or points.shape[-1] not in (2, 3) or points.size > MAX_NUMBERS:
        raise SynposeError(f"{where}: shape {points.shape}. Expected (frames, joints, 2).")
    with np.errstate(over="ignore", invalid="ignore"):
        points = points.astype(np.float32)
    return np.concatenate([points[..., :2], np.ones_like(points[..., :1])], axis=-1)


def _layout(metadata):
    """The layout whose left and right joints the metadata names, or None."""
    try:
        left, right = (set(map(int, side)) for side in metadata["keypoints_symmetry"])
    except (KeyError, TypeError, ValueError):
        return None
    for layout in LAYOUTS.values():
        if (left, right) == tuple(map(set, zip(*layout.left_right, strict=True))):
            return layout
    return None


def _image_size(metadata, subject):
    try:
        entry = metadata["video_metadata"][subject]
        size = int(entry["w"]), int(entry["h"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return size if min(size) > 0 else None
