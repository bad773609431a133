"""OpenPose's `--write_json`: one file a frame, `video_000000000012_keypoints.json`.

    {"version": 1.3, "people": [{"person_id": [-1], "pose_keypoints_2d": [x, y, c, …]}, …]}

Its first versions wrote `pose_keypoints`, and before that {"bodies": [{"joints": […]}]}, which
AlphaPose's `--format cmu` writes as well. The last number of the file's name is the frame, what
stands before it the recording. Coordinates below 0 are those of `--keypoint_scale 4`.
"""

import pathlib

from synpose_tf.errors import SynposeError
from synpose_tf.keypoints import detections, json_stream, units

NAME = "OpenPose JSON"
PREFIXES = ("people", "bodies")
JOINTS = ("pose_keypoints_2d", "pose_keypoints", "joints")


def add_frame(path: pathlib.Path, frame: int, recording: detections.Sightings) -> None:
    """Adds the people of one file.

    Raises:
        SynposeError: the file is damaged, no OpenPose file, or its layout differs.
    """
    listed, _ = json_stream.find_prefix(path, PREFIXES)
    if listed is None:
        raise SynposeError(f"{path}: has no list of people. Expected OpenPose's JSON.")
    recording.look(frame)
    recording.known["centred"] = units.CENTRED
    for index, person in enumerate(json_stream.items(path, f"{listed}.item")):
        where = f"{path}: person {index}"
        key = next((key for key in JOINTS if isinstance(person, dict) and key in person), None)
        if key is None:
            raise SynposeError(f"{where}: has no {' or '.join(JOINTS)}.")
        if not detections.without_joints(person[key]):  # A hand without a body.
            joints = detections.triples(person[key], where)
            track = detections.track_number(person.get("person_id"), f"{where}: person_id")
            recording.add(f"{path.name}, person {index}", frame, joints, track)
