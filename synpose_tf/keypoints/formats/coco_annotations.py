"""COCO's keypoint annotations, `person_keypoints_val2017.json`, and data sets in their form.

    {"images": [{"id": 12, "file_name": "000000000012.jpg", …}, …],
     "annotations": [{"image_id": 12, "keypoints": [x, y, v, …], …}, …],
     "categories": [{"keypoints": ["nose", "left_eye", …], …}]}

v is 0 for a joint without a label, 1 for a hidden and 2 for a visible one. Images are frames, by
their number. People without a labelled joint (crowds) are left out. `track_id`, which data sets
of videos add, tells who is who.
"""

import pathlib

from synpose_tf.errors import SynposeError
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import detections, json_stream, tracking
from synpose_tf.keypoints.detections import Person, Sightings
from synpose_tf.keypoints.layouts import COCO_17

NAME = "COCO annotations"
PREFIXES = ("annotations.item.keypoints", "images.item.file_name")
_SIDES = {"L": "left_", "R": "right_"}
_JOINTS = [
    _SIDES[name[0]] + name[1:].lower() if name[1].isupper() else name.lower()
    for name in COCO_17.joints
]


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The people of a file.

    Raises:
        SynposeError: an entry is damaged, or its 17 joints are not COCO's.
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
    layout = COCO_17 if len(recording) and recording.joints.shape[1] == len(COCO_17) else None
    if layout is not None:
        _check_names(path)
    return tracking.separate(recording, layout=layout)


def _check_names(path):
    """Other data sets of this form have 17 joints as well: PoseTrack has a neck and no eyes."""
    for names in json_stream.items(path, "categories.item.keypoints"):
        if names != _JOINTS:
            raise SynposeError(
                f"{path}: its categories name the joints {str(names)[:200]}. Expected COCO's: "
                f"{', '.join(_JOINTS)}. Bring the joints into the order of a layout."
            )
