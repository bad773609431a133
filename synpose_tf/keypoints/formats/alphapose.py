"""AlphaPose's results by image: its `--format open` and `cmu`, and what PoseFlow writes.

    {"0.jpg": {"version": …, "people": [{"pose_keypoints_2d": [x, y, c, …]}, …]}, …}    open
    {"0.jpg": {"version": …, "bodies": [{"joints": [x, y, c, …]}, …]}, …}               cmu
    {"0.jpg": [{"keypoints": [x, y, c, …], "idx": 1, …}, …], …}           PoseFlow, tracked

The first two have OpenPose's 18 joints; their single images, in AlphaPose's folder `sep-json`,
are read by `openpose`. Images are frames as in `results_list`.
"""

import pathlib

from synpose_tf.errors import SynposeError
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import detections, json_stream
from synpose_tf.keypoints.detections import Person
from synpose_tf.keypoints.formats import openpose
from synpose_tf.keypoints.formats.results_list import Images

NAME = "AlphaPose results by image"
PREFIXES = ("*.people", "*.bodies", "*.item.keypoints")
JOINTS = (*openpose.JOINTS, "keypoints")


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The people of a file.

    Raises:
        SynposeError: an entry is damaged, or layouts are mixed.
    """
    images = Images(path, scratch)
    for image, content in json_stream.entries(path):
        where = f"{path}: {image[:80]!r}"
        if "." not in image and detections.split_number(image)[1] is None:
            raise SynposeError(
                f"{where} is no image's name. Expected an object of images, "
                '{"0.jpg": …, "1.jpg": …}, or a list of results, [{"image_id": "0.jpg", …}, …].'
            )
        recording, frame = images.place(image, where)
        recording.look(frame)
        for index, person in enumerate(_people(content, where)):
            joints, track = _person(person, f"{where}, person {index}")
            if joints is not None:
                recording.add(f"{image[:80]!r}, person {index}", frame, joints, track)
    return images.people()


def _people(content, where):
    if isinstance(content, dict):
        content = content.get("people", content.get("bodies"))
    if not isinstance(content, list):
        raise SynposeError(f"{where}: expected a list of people, or an object that has one.")
    return content


def _person(person, where):
    key = next((key for key in JOINTS if isinstance(person, dict) and key in person), None)
    if key is None:
        raise SynposeError(f"{where}: has none of {', '.join(JOINTS)}.")
    track = detections.track_number(person.get("idx"), f"{where}: idx")
    if detections.without_joints(person[key]):
        return None, track
    return detections.triples(person[key], where), track
