"""COCO's keypoint annotations, `person_keypoints_val2017.json`, and data sets in their form.

    {"images": [{"id": 12, "file_name": "000000000012.jpg", …}, …],
     "annotations": [{"image_id": 12, "keypoints": [x, y, v, …], …}, …],
     "categories": [{"keypoints": ["nose", "left_eye", …], …}]}

v is 0 for a joint without a label, 1 for a hidden and 2 for a visible one. Images are frames, by
their number. People without a labelled joint (crowds) are left out. `track_id`, which data sets
of videos add, tells who is who. The names of the joints tell the layout.
"""

import pathlib

from synpose_tf.errors import SynposeError
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import detections, json_stream, tracking
from synpose_tf.keypoints.detections import Person, Sightings
from synpose_tf.keypoints.layouts import COCO_17

NAME = "COCO annotations"
PREFIXES = ("annotations.item.keypoints", "images.item.file_name")


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The people of a file.

    Raises:
        SynposeError: an entry is damaged, or categories name the joints in different ways.
    """
    recording = Sightings(path, scratch)
    for index, entry in enumerate(json_stream.items(path, "annotations.item")):
        place = f"annotation {index}"
        where = f"{path}: {place}"
        if not isinstance(entry, dict) or not {"image_id", "keypoints"} <= entry.keys():
            raise SynposeError(f"{where}: has no image_id and keypoints, as people's have.")
        joints = detections.triples(entry["keypoints"], where)
        if (joints[:, 2] > 0).any():
            frame = detections.integer(entry["image_id"], f"{where}: image_id")
            track = detections.track_number(entry.get("track_id"), f"{where}: track_id")
            recording.add(place, frame, joints, track)
    return tracking.separate(recording, joint_names=_names(path), usual=COCO_17)


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
