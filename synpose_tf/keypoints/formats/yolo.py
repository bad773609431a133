"""Ultralytics YOLO's pose results, `results[0].to_json()`: one file a frame, or one of many.

    [PERSON, …]                 one frame
    [[PERSON, …], …]            a video: those of its frames in a list

PERSON is {"name": "person", "confidence": 0.84, "box": {…}, "track_id": 3,
"keypoints": {"x": [x, …], "y": [y, …], "visible": [c, …]}}. `track_id` is there where the people
were followed, `visible` where the model gives it. Of single frames the last number of the file's
name is the frame, what stands before it the recording.
"""

import pathlib

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import detections, json_stream, tracking
from synpose_tf.keypoints.detections import Person, Sightings
from synpose_tf.keypoints.layouts import COCO_17

NAME = "Ultralytics YOLO JSON"
NAME_OF_VIDEOS = "Ultralytics YOLO JSON of a video"
PREFIX = "item.keypoints.x"
PREFIX_OF_VIDEOS = "item.item.keypoints.x"


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The people of a video's file.

    Raises:
        SynposeError: an entry is damaged, or layouts are mixed.
    """
    recording = Sightings(path, scratch)
    for frame, people in enumerate(json_stream.items(path, "item")):
        if not isinstance(people, list):
            raise SynposeError(f"{path}: frame {frame}: expected a list of people.")
        recording.look(frame)
        for index, person in enumerate(people):
            _add(person, f"frame {frame}, person {index}", frame, recording)
    return tracking.separate(recording, usual=COCO_17)


def add_frame(path: pathlib.Path, frame: int, recording: Sightings) -> None:
    """Adds the people of one file.

    Raises:
        SynposeError: the file is damaged, or its layout differs.
    """
    recording.look(frame)
    recording.known["usual"] = COCO_17
    for index, person in enumerate(json_stream.items(path, "item")):
        _add(person, f"{path.name}, person {index}", frame, recording)


def _add(person, place, frame, recording):
    where = f"{recording.where}: {place}"
    points = person.get("keypoints") if isinstance(person, dict) else None
    if not isinstance(points, dict) or not {"x", "y"} <= points.keys():
        raise SynposeError(f"{where}: expected keypoints with x and y.")
    if detections.without_joints(points["x"]) and detections.without_joints(points["y"]):
        return
    columns = [points["x"], points["y"]]
    if points.get("visible") is not None:
        columns.append(points["visible"])
    numbers = [detections.floats(column, f"{where}: keypoints") for column in columns]
    if {column.shape for column in numbers} != {(len(numbers[0]),)} or not len(numbers[0]):
        shapes = ", ".join(str(column.shape) for column in numbers)
        raise SynposeError(
            f"{where}: x, y and visible have shapes {shapes}. Expected one number a joint."
        )
    if len(numbers) == 2:
        numbers.append(np.ones(len(numbers[0])))
    track = detections.track_number(person.get("track_id"), f"{where}: track_id")
    recording.add(place, frame, np.stack(numbers, axis=-1), track)
