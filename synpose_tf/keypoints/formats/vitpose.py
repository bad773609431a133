"""easy_ViTPose's `--save-json`.

    {"keypoints": [{"0": [[y, x, c], …], "1": …}, …], "skeleton": {"0": "nose", …}}

`keypoints` has an object for each frame, of people by number; a joint's y stands before its x.
`skeleton` names the joints.
"""

import pathlib

from synpose_tf.errors import SynposeError
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import detections, json_stream, tracking
from synpose_tf.keypoints.detections import Person, Sightings

NAME = "easy_ViTPose JSON"
PREFIX = "keypoints.item"


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The people of a file.

    Raises:
        SynposeError: an entry is damaged.
    """
    recording = Sightings(path, scratch)
    for frame, people in enumerate(json_stream.items(path, "keypoints.item")):
        if not isinstance(people, dict):
            raise SynposeError(f"{path}: frame {frame}: expected an object of people by number.")
        recording.look(frame)
        for number, joints in people.items():
            if detections.without_joints(joints):
                continue
            place = f"frame {frame}, person {number[:40]!r}"
            where = f"{path}: {place}"
            numbers = detections.floats(joints, where)
            if numbers.ndim != 2 or numbers.shape[1] != 3:
                raise SynposeError(
                    f"{where}: joints of shape {numbers.shape}. Expected y, x and confidence of "
                    "each."
                )
            track = int(number) if number.isdecimal() and len(number) < 18 else None
            recording.add(place, frame, numbers[:, [1, 0, 2]], track)
    names = _names(path, recording.joints.shape[1]) if len(recording) else None
    return tracking.separate(recording, joint_names=names)


def _names(path, count):
    """Of each joint, None for one that has none."""
    names = json_stream.find(path, "skeleton")
    if not isinstance(names, dict):
        return None
    given = {key: name for key, name in names.items() if isinstance(name, str)}
    found = [given.pop(str(joint), None) for joint in range(count)]
    if given:
        raise SynposeError(
            f"{path}: skeleton names joint {min(given)[:40]!r}, but people have {count} joints."
        )
    return tuple(found) if any(found) else None
