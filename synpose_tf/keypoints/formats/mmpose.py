"""MMPose's predictions, in the four forms that it writes.

    {"meta_info": {…}, "instance_info": [{"frame_id": 1, "instances": [PERSON, …]}, …]}
    {"meta_info": {…}, "instance_info": [PERSON, …]}        the demo, one file an image
    [{"frame_id": 0, "instances": [PERSON, …]}, …]          the inferencer, of a video
    [PERSON, …]                                             the inferencer, one file an image

PERSON is {"keypoints": [[x, y], …], "keypoint_scores": [c, …], …}, with `track_id` where the
people were followed. `meta_info.dataset_name` names the layout.
"""

import pathlib

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import detections, json_stream, tracking
from synpose_tf.keypoints.detections import Person, Sightings
from synpose_tf.keypoints.layouts import COCO_17, HALPE_26
from synpose_tf.structures.skeleton import H36M_17, MPII_16

NAME = "MMPose predictions"
NAME_OF_IMAGES = "MMPose predictions of images"
LISTED = "instance_info"
PREFIXES = (f"{LISTED}.item.frame_id", f"{LISTED}.item.instances", "item.instances")
PREFIXES_OF_IMAGES = (
    f"{LISTED}.item.keypoints",
    f"{LISTED}.item.keypoint_scores",
    "item.keypoint_scores",
)
LAYOUTS = {"coco": COCO_17, "halpe26": HALPE_26, "h36m": H36M_17, "mpii": MPII_16}


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The people of a video's file.

    Raises:
        SynposeError: an entry is damaged, or layouts are mixed.
    """
    recording = Sightings(path, scratch)
    for index, entry in enumerate(_listed(path)):
        where = f"{path}: frame entry {index}"
        if not isinstance(entry, dict) or not isinstance(entry.get("instances"), list):
            raise SynposeError(f"{where}: expected frame_id and a list of instances.")
        frame = detections.integer(entry.get("frame_id", index), f"{where}: frame_id")
        recording.look(frame)
        for number, instance in enumerate(entry["instances"]):
            _add(instance, f"frame {frame}, instance {number}", frame, recording)
    return tracking.separate(recording, layout=_layout(path))


def add_frame(path: pathlib.Path, frame: int, recording: Sightings) -> None:
    """Adds the people of one image's file.

    Raises:
        SynposeError: the file is damaged, or its layout differs.
    """
    recording.look(frame)
    for index, instance in enumerate(_listed(path)):
        _add(instance, f"{path.name}, instance {index}", frame, recording)
        layout = _layout(path)
        if layout != recording.known.setdefault("layout", layout):
            raise SynposeError(f"{path}: its dataset_name is another than that of other images.")


def _listed(path):
    """What a file lists: frames of a video, or people of an image."""
    found, _ = json_stream.find_prefix(path, [LISTED, "item"])
    yield from json_stream.items(path, f"{LISTED}.item" if found == LISTED else "item")


def _layout(path):
    dataset = json_stream.first(path, "meta_info.dataset_name")
    return LAYOUTS.get(dataset) if isinstance(dataset, str) else None


def _add(instance, place, frame, recording):
    where = f"{recording.where}: {place}"
    if not isinstance(instance, dict) or "keypoints" not in instance:
        raise SynposeError(f"{where}: has no keypoints.")
    if detections.without_joints(instance["keypoints"]):
        return
    points = detections.floats(instance["keypoints"], where)
    scores = instance.get("keypoint_scores")
    scores = [1.0] * len(points) if scores is None else scores
    scores = detections.floats(scores, f"{where}: keypoint_scores")
    if points.ndim != 2 or points.shape[1] != 2 or scores.shape != points.shape[:1]:
        raise SynposeError(
            f"{where}: keypoints of shape {points.shape} and keypoint_scores of shape "
            f"{scores.shape}. Expected (joints, 2) and (joints,)."
        )
    track = detections.track_number(instance.get("track_id"), f"{where}: track_id")
    recording.add(place, frame, detections.scored(np.column_stack([points, scores])), track)
