"""COCO's keypoint annotations, `person_keypoints_val2017.json`, and data sets in their form.

    {"images": [{"id": 12, "file_name": "000000000012.jpg", …}, …],
     "annotations": [{"image_id": 12, "keypoints": [x, y, v, …], …}, …],
     "categories": [{"keypoints": ["nose", "left_eye", …], …}]}

v is 0 for a joint without a label, 1 for a hidden and 2 for a visible one. The images' file names
say which recording and which frame an image is, as in results: ids follow no order. An image
without annotations is a frame in which nobody was seen. People without a labelled joint (crowds)
are left out. `track_id`, which data sets of videos add, tells who is who. Width and height are
taken where they are the same for all images of a recording. The names of the joints tell the
layout.
"""

import array
import pathlib
from typing import Any

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import detections, image_names, json_stream, tracking
from synpose_tf.keypoints.detections import Person, Sightings
from synpose_tf.keypoints.layouts import COCO_17

NAME = "COCO annotations"
PREFIXES = ("annotations.item.keypoints", "images.item.file_name")


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The people of a file.

    Raises:
        SynposeError: an entry is damaged, or categories name the joints in different ways.
    """
    images, boxes, index = _Images(path, scratch), 0, -1
    for index, entry in enumerate(json_stream.items(path, "annotations.item")):
        place = f"annotation {index}"
        where = f"{path}: {place}"
        if not isinstance(entry, dict) or "image_id" not in entry:
            raise SynposeError(f"{where}: has no image_id, as annotations have.")
        if detections.without_joints(entry.get("keypoints")):
            boxes += 1  # Of a person or a thing.
            continue
        joints = detections.triples(entry["keypoints"], where)
        if (joints[:, 2] > 0).any():
            track = detections.track_number(entry.get("track_id"), f"{where}: track_id")
            recording, frame = images.of(entry["image_id"], where)
            recording.add(place, frame, joints, track)
    if boxes and boxes == index + 1:
        raise SynposeError(f"{path}: none of its {boxes} annotations has keypoints.")
    return images.people()


class _Images:
    """The images of a file, by id; 24 bytes each, and a name for each recording."""

    def __init__(self, path: pathlib.Path, scratch: Scratch):
        self._path = path
        self._recordings: dict[tuple[str, str], Sightings] = {}
        self._sizes: dict[tuple[str, str], set[tuple[int, ...] | None]] = {}
        self._texts: dict[str, int] = {}  # Ids that are no numbers, and what stands for them.
        ids, recordings, frames = (array.array("q") for _ in range(3))
        names = image_names.ImageNames()
        for index, entry in enumerate(json_stream.items(path, "images.item")):
            where = f"{path}: image {index}"
            if not isinstance(entry, dict) or "id" not in entry:
                raise SynposeError(f"{where}: has no id.")
            ids.append(self._number(entry["id"], f"{where}: id"))
            name = entry.get("file_name")
            if not isinstance(name, str):
                name, frame = ("", ""), detections.integer(entry["id"], f"{where}: id")
            else:
                name, frame = names.split(name)
            if name not in self._recordings:
                self._recordings[name] = Sightings(path, scratch)
            self._recordings[name].look(frame)
            recordings.append(list(self._recordings).index(name))
            frames.append(frame)
            self._sizes.setdefault(name, set()).add(_size(entry))
        order = np.argsort(ids, kind="stable")
        self._ids, self._which, self._frames = (
            np.array(column, np.int64)[order] for column in (ids, recordings, frames)
        )
        self._scratch = scratch

    def _number(self, value, where):
        """An id as a number; texts get one below all others."""
        try:
            return detections.integer(value, where)
        except SynposeError:
            if not isinstance(value, str):
                raise
            return self._texts.setdefault(value, -(2**62) - len(self._texts))

    def of(self, image_id: Any, where: str) -> tuple[Sightings, int]:
        """The recording and the frame of an image."""
        if not len(self._ids):
            image = detections.integer(image_id, f"{where}: image_id")
            return self._recordings.setdefault(
                ("", ""), Sightings(self._path, self._scratch)
            ), image
        image = self._number(image_id, f"{where}: image_id")
        place = int(np.searchsorted(self._ids, image))
        if place < len(self._ids) and self._ids[place] == image:
            recording = list(self._recordings.values())[self._which[place]]
            return recording, int(self._frames[place])
        raise SynposeError(f"{where}: image_id {str(image_id)[:40]} is none of its images.")

    def people(self) -> list[Person]:
        """The people of all recordings."""
        for name, recording in self._recordings.items():
            sizes = self._sizes.get(name, {None})
            recording.known["image_size"] = next(iter(sizes)) if len(sizes) == 1 else None
        known = {"joint_names": _names(self._path), "usual": COCO_17}
        return tracking.separate_all(self._recordings, **known)


def _size(image):
    size = image.get("width"), image.get("height")
    whole = all(isinstance(side, int | float) and 1 <= side < 1e6 for side in size)
    return tuple(map(int, size)) if whole else None


def _names(path):
    """The joints' names, or None; categories of things have none."""
    found = None
    for names in json_stream.items(path, "categories.item.keypoints"):
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise SynposeError(f"{path}: a category names joints {str(names)[:80]}, not by text.")
        if found not in (None, names) and names:
            raise SynposeError(f"{path}: two categories with joints. Leave one in the file.")
        found = found or names
    return tuple(found) if found else None
