"""OpenPose's `--write_json`: one file a frame, `video_000000000012_keypoints.json`.

    {"version": 1.3, "people": [{"person_id": [-1], "pose_keypoints_2d": [x, y, c, …]}, …]}

The last number of the file's name is the frame, what stands before it the recording.
"""

import pathlib

from synpose_tf.errors import SynposeError
from synpose_tf.keypoints import detections, json_stream

NAME = "OpenPose JSON"
PREFIX = "people"


def add_frame(path: pathlib.Path, frame: int, recording: detections.Sightings) -> None:
    """Adds the people of one file.

    Raises:
        SynposeError: the file is damaged, no OpenPose file, or its layout differs.
    """
    met = False
    recording.look(frame)
    for index, person in enumerate(json_stream.items(path, "people.item")):
        where = f"{path}: person {index}"
        if not isinstance(person, dict) or "pose_keypoints_2d" not in person:
            raise SynposeError(f"{where}: has no pose_keypoints_2d.")
        numbers = person["pose_keypoints_2d"]
        met = True
        if numbers != []:  # A hand without a body.
            joints = detections.triples(numbers, where)
            track = detections.track_number(person.get("person_id"), f"{where}: person_id")
            recording.add(f"{path.name}, person {index}", frame, joints, track)
    if not met and json_stream.find_prefix(path, [PREFIX])[0] is None:
        raise SynposeError(f"{path}: has no list of people. Expected OpenPose's JSON.")
