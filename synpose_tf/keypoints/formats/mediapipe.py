"""MediaPipe Pose's landmarks, as `lift --save_keypoints` writes them.

MediaPipe has no file format of its own. This is ours, for other detectors, too:

    {
      "format": "mediapipe-pose-landmarks",
      "image_size": [1920, 1080],          pixels, width and height
      "fps": 29.97,                        or null for photos
      "layout": "mediapipe",               as --layout calls it; absent for this one
      "frames": [
        {"frame": 0, "time": 0.0, "people": [
          {"landmarks": [[x, y, z, visibility], … 33], "world": [[x, y, z], … 33]}
        ]}, …
      ]
    }

x and y are fractions of the width and height, as MediaPipe gives them; z is not used. A
landmark may also be an object {"x": …, "y": …, "visibility": …}. A visibility of null, or none,
is not known, and the landmark counts as seen. `world` may be absent: metres from the middle of the
hips, x right, y down, z forward. `time` is in seconds and may be absent, as may `frame`, then
counted. `people` is empty where nobody was seen. `"cut": true` stands in a frame with which another
scene begins. Beside `format` the head may tell more, which is not used.
"""

import dataclasses
import pathlib

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io.scratch import Scratch, derived
from synpose_tf.keypoints import detections, json_stream, tracking, units
from synpose_tf.keypoints.detections import Person, Sightings
from synpose_tf.keypoints.layouts import LAYOUTS

NAME = "MediaPipe landmarks"
PREFIX = "frames.item.people"
FORMAT = "mediapipe-pose-landmarks"
_SHORTEST = 5  # Frames; the detector sees people in trees for one or two.


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The people of a file.

    Raises:
        SynposeError: an entry is damaged, the image's size is missing, or nothing is visible.
    """
    size, layout = _image_size(path), _layout(path)
    fps = json_stream.first(path, "fps")
    if isinstance(fps, bool) or not (fps is None or isinstance(fps, int | float) and fps > 0):
        raise SynposeError(f"{path}: fps is {str(fps)[:40]!r}. Expected frames a second, or null.")
    recording, visible, deep = Sightings(path, scratch), False, False
    for index, entry in enumerate(json_stream.items(path, "frames.item")):
        where = f"{path}: frame entry {index}"
        if not isinstance(entry, dict) or not isinstance(entry.get("people"), list):
            raise SynposeError(f"{where}: expected an object with a list of people.")
        frame = detections.integer(entry.get("frame", index), f"{where}: frame")
        time = entry.get("time")
        time = np.nan if time is None else float(detections.floats([time], f"{where}: time")[0])
        recording.look(frame, time)
        if entry.get("cut") is True:
            recording.cuts.append(frame)
        for number, person in enumerate(entry["people"]):
            if isinstance(person, dict) and person.get("landmarks", ()) in (None, []):
                continue
            place = f"frame {frame}, person {number}"
            landmarks = _landmarks(person, f"{path}: {place}", len(layout))
            visible |= bool((landmarks[:, 2] > 0).any())
            world = _world(person, f"{path}: {place}", len(layout))
            deep |= bool(np.isfinite(world).any())
            recording.add(place, frame, np.concatenate([landmarks, world], axis=1), None, time)
    if len(recording) and not visible:
        raise SynposeError(
            f"{path}: every landmark has a visibility of 0, so that none counts as seen. Some "
            "versions of MediaPipe give 0 where they do not know it: write null then."
        )
    known = {"layout": layout, "image_size": size, "fps": fps, "units": units.FRACTIONS}
    recording.cuts.sort()
    people = tracking.separate(recording, _SHORTEST, **known)
    if deep:
        return people
    return [dataclasses.replace(one, joints=derived(_flat, one.joints)) for one in people]


def _flat(joints):
    return joints[..., :3]


def _image_size(path):
    size = [json_stream.first(path, "image_size.item"), None]
    if isinstance(whole := json_stream.first(path, "image_size"), list) and len(whole) == 2:
        size = whole
    if not all(isinstance(side, int | float) and 0 < side < 1e6 for side in size):
        raise SynposeError(
            f'{path}: has no "image_size": [width, height] in pixels ahead of its frames, without '
            "which landmarks have no shape."
        )
    return tuple(map(int, size))


def _layout(path):
    name = json_stream.first(path, "layout") or "mediapipe"
    if name not in LAYOUTS:
        raise SynposeError(
            f"{path}: layout is {str(name)[:40]!r}. Expected one of {', '.join(LAYOUTS)}."
        )
    return LAYOUTS[name]


def _landmarks(person, where, count):
    landmarks = person.get("landmarks") if isinstance(person, dict) else None
    if not isinstance(landmarks, list) or len(landmarks) != count:
        found = len(landmarks) if isinstance(landmarks, list) else "none"
        raise SynposeError(f"{where}: expected {count} landmarks, found {found}.")
    if all(isinstance(landmark, dict) for landmark in landmarks):
        landmarks = [[m.get("x"), m.get("y"), 0.0, m.get("visibility")] for m in landmarks]
    numbers = detections.floats(landmarks, where)
    if numbers.ndim != 2 or numbers.shape[1] != 4:
        raise SynposeError(
            f"{where}: landmarks of shape {numbers.shape}. Expected ({count}, 4): x, y, z, "
            "visibility."
        )
    numbers = numbers[:, [0, 1, 3]]
    numbers[np.isnan(numbers[:, 2]), 2] = 1.0
    return numbers


def _world(person, where, count):
    world = person.get("world")
    if world is None:
        return np.full((count, 3), np.nan)
    if isinstance(world, list) and all(isinstance(point, dict) for point in world):
        world = [[point.get(axis) for axis in "xyz"] for point in world]
    numbers = detections.floats(world, f"{where}: world")
    if numbers.shape != (count, 3):
        raise SynposeError(
            f"{where}: world landmarks of shape {numbers.shape}. Expected ({count}, 3): x, y, z in "
            "metres."
        )
    return numbers
