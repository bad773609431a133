"""Ultralytics YOLO's pose results, `results[0].to_json()`: one file a frame.

    [{"name": "person", "confidence": 0.84, "box": {…}, "track_id": 3,
      "keypoints": {"x": [x, …], "y": [y, …], "visible": [c, …]}}, …]

`track_id` is there where the people were followed, `visible` where the model gives it. The last
number of the file's name is the frame, what stands before it the recording.
"""

import pathlib

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.keypoints import detections, json_stream
from synpose_tf.keypoints.layouts import COCO_17

NAME = "Ultralytics YOLO JSON"
PREFIX = "item.keypoints.x"


def add_frame(path: pathlib.Path, frame: int, recording: detections.Sightings) -> None:
    """Adds the people of one file.

    Raises:
        SynposeError: the file is damaged, or its layout differs.
    """
    recording.known["usual"] = COCO_17
    for index, person in enumerate(json_stream.items(path, "item")):
        place = f"{path.name}, person {index}"
        where = f"{path}: person {index}"
        points = person.get("keypoints") if isinstance(person, dict) else None
        if not isinstance(points, dict) or not {"x", "y"} <= points.keys():
            raise SynposeError(f"{where}: expected keypoints with x and y.")
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
