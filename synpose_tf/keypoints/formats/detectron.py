"""VideoPose3D's raw detections, `walk.mp4.npz`, of its `infer_video.py` and `infer_video_d2.py`.

`keypoints` has an entry for each frame, and that one for each class: nothing for the background,
then of n people (n, 4, joints). The four are x, y, the heatmap's value and a probability.
`metadata` has the image's width and height, `w` and `h`. The joints are COCO's.

The probability is that of one of the heatmap's cells, 0.2 where a joint is sure. It is no
confidence: as VideoPose3D does, every joint is taken as seen.

The file is a pickle; one that asks for anything but arrays is refused and not executed.
"""

import pathlib
from typing import Any

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io import restricted_npz
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import tracking
from synpose_tf.keypoints.detections import Person, Sightings
from synpose_tf.keypoints.layouts import COCO_17

NAME = "VideoPose3D's raw detections"
ARRAYS = ("keypoints", "boxes", "segments")


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The people of a file.

    Raises:
        SynposeError: the file is damaged, or holds something else.
    """
    frames = restricted_npz.load(path, "keypoints")
    if not isinstance(frames, np.ndarray | list):
        raise SynposeError(f"{path}: keypoints hold no frames. Expected one entry a frame.")
    recording = Sightings(path, scratch)
    for frame, classes in enumerate(frames):
        place = f"frame {frame}"
        recording.look(frame)
        for person, joints in enumerate(_people(classes, f"{path}: {place}")):
            seen = np.column_stack([joints[0], joints[1], np.ones_like(joints[0])])
            recording.add(f"{place}, person {person}", frame, seen)
    return tracking.separate(recording, usual=COCO_17, image_size=_image_size(path))


def _people(classes, where):
    """(n, 4, joints), of the last class."""
    try:
        people = np.asarray(classes[-1], np.float64) if len(classes) else np.zeros(0)
    except (TypeError, ValueError, KeyError, IndexError, OverflowError):
        raise SynposeError(f"{where}: expected lists of arrays, one a class.") from None
    if not people.size:
        return []
    if people.ndim != 3 or people.shape[1] != 4:
        raise SynposeError(
            f"{where}: keypoints of shape {people.shape}. Expected (people, 4, joints)."
        )
    return people


def _image_size(path):
    if not restricted_npz.holds(path, ["metadata"]):
        return None
    metadata = restricted_npz.load(path, "metadata")
    sides: list[Any] = [None]
    if isinstance(metadata, dict):
        sides = [metadata.get(side) for side in "wh"]
    if not all(isinstance(side, int | float | np.number) and 0 < side < 1e6 for side in sides):
        raise SynposeError(f"{path}: metadata is {str(metadata)[:80]}. Expected w and h, pixels.")
    return int(sides[0]), int(sides[1])
