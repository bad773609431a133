"""COCO's keypoint results and AlphaPose's, which are alike: one list, an entry a person.

    [{"image_id": 12, "category_id": 1, "keypoints": [x, y, confidence, …], "score": 0.9}, …]

AlphaPose names images by file (`"image_id": "12.jpg"`) and, where it tracks, people by `idx`.
Images that a number tells apart (`cam1_0012.jpg`) are frames of one recording; names without a
number are taken as frames in the order in which they come. 17 joints are COCO's in these
formats, but people write Human3.6M's in them too, so that the poses are asked.
"""

import pathlib
from typing import Any

from synpose_tf.errors import SynposeError
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import detections, image_names, json_stream, tracking
from synpose_tf.keypoints.detections import Person, Sightings
from synpose_tf.keypoints.layouts import COCO_17

NAME = "COCO or AlphaPose results"
PREFIX = "item.image_id"
TRACK_KEYS = ("idx", "track_id")


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The people of a file.

    Raises:
        SynposeError: an entry is damaged, or layouts are mixed.
    """
    images = Images(path, scratch)
    for index, entry in enumerate(json_stream.items(path, "item")):
        place = f"entry {index}"
        where = f"{path}: {place}"
        if not isinstance(entry, dict) or not {"image_id", "keypoints"} <= entry.keys():
            raise SynposeError(f"{where}: expected image_id and keypoints, found {_keys(entry)}.")
        recording, frame = images.place(entry["image_id"], where)
        if detections.without_joints(entry["keypoints"]):
            recording.look(frame)
            continue
        joints = detections.triples(entry["keypoints"], where)
        recording.add(place, frame, joints, _track(entry, where))
    return images.people()


class Images:
    """Images of a file as frames of recordings, by what their names say.

    Args:
        path: the file.
        scratch: where joints go.
    """

    def __init__(self, path: pathlib.Path, scratch: Scratch):
        self._path, self._scratch = path, scratch
        self._recordings: dict[tuple[str, str], Sightings] = {}
        self._names = image_names.ImageNames()

    def place(self, image: Any, where: str) -> tuple[Sightings, int]:
        """The recording that an image, a number or a name, belongs to, and its frame there.

        Raises:
            SynposeError: it is neither number nor name.
        """
        name, frame = self._frame(image, where)
        recording = self._recordings.get(name)
        if recording is None:
            recording = self._recordings[name] = Sightings(self._path, self._scratch)
        return recording, frame

    def people(self) -> list[Person]:
        """The people of all recordings."""
        return tracking.separate_all(self._recordings, usual=COCO_17)

    def _frame(self, image, where):
        if not isinstance(image, str):
            return ("", ""), detections.integer(image, f"{where}: image_id")
        return self._names.split(image)


def _track(entry, where):
    key = next((key for key in TRACK_KEYS if key in entry), None)
    return detections.track_number(entry[key], f"{where}: {key}") if key else None


def _keys(entry):
    return sorted(map(str, entry))[:8] if isinstance(entry, dict) else type(entry).__name__
