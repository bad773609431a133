"""COCO's keypoint results and AlphaPose's, which are alike: one list, an entry a person.

    [{"image_id": 12, "category_id": 1, "keypoints": [x, y, confidence, …], "score": 0.9}, …]

AlphaPose names images by file (`"image_id": "12.jpg"`) and, where it tracks, people by `idx`.
Images that a number tells apart (`cam1_0012.jpg`) are frames of one recording; names without a
number are taken as frames in the order in which they come.
"""

import pathlib

from synpose_tf.errors import SynposeError
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import detections, image_names, tracking
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
    from synpose_tf.keypoints import json_stream

    recordings, names = {}, image_names.ImageNames()
    for index, entry in enumerate(json_stream.items(path, "item")):
        place = f"entry {index}"
        where = f"{path}: {place}"
        if not isinstance(entry, dict) or not {"image_id", "keypoints"} <= entry.keys():
            raise SynposeError(f"{where}: expected image_id and keypoints, found {_keys(entry)}.")
        name, frame = _frame(entry["image_id"], names, where)
        recording = recordings.get(name)
        if recording is None:
            recording = recordings[name] = Sightings(path, scratch)
        joints = detections.triples(entry["keypoints"], where)
        recording.add(place, frame, joints, _track(entry, where))
    found = []
    labels = image_names.labels(list(recordings)) if len(recordings) > 1 else [""]
    for label, recording in zip(labels, recordings.values(), strict=False):
        # 17 joints are COCO's in these formats, by definition of the first.
        layout = COCO_17 if recording.joints.shape[1] == len(COCO_17) else None
        persons = tracking.separate(recording, layout=layout)
        found += detections.labelled(persons, label) if len(recordings) > 1 else persons
    return found


def _frame(image, names, where):
    if not isinstance(image, str):
        return ("", ""), detections.integer(image, f"{where}: image_id")
    return names.split(image)


def _track(entry, where):
    key = next((key for key in TRACK_KEYS if key in entry), None)
    return detections.track_number(entry[key], f"{where}: {key}") if key else None


def _keys(entry):
    return sorted(map(str, entry))[:8] if isinstance(entry, dict) else type(entry).__name__
