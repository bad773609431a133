"""From a camera's pictures to poses on a page."""

import base64
import collections
import dataclasses
import functools
import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from synpose_tf.detection.people import DetectedPerson, Detector, FollowingDetector
from synpose_tf.inference import focal
from synpose_tf.inference.lifter import BODY_HEIGHT_MM, Lifter
from synpose_tf.keypoints.layouts import LAYOUTS
from synpose_tf.live.server import Server
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import KeypointTrack, PoseTrack
from synpose_tf.video import webcam
from synpose_tf.video.pictures import Picture

_SHOWN = 640  # Pixels of the longer side of the picture on the page.
_QUALITY = 75  # JPEG's.
_AVERAGED = 30  # Pictures of which the rate is told.
_UNSURE = 0.25  # Joints of a lower confidence are inferred.
_SIDES = {"L": "left", "R": "right"}
BONES = [
    [parent, child, _SIDES.get(name[0] if name[1].isupper() else "", "middle")]
    for child, parent in H36M_17.bones
    for name in [H36M_17.joints[child]]
]


def run(
    source: int | str,
    detector: Detector,
    lifter: Lifter,
    intrinsics: np.ndarray | None = None,
    body_height: float = BODY_HEIGHT_MM,
    least: float = _UNSURE,
    pixels: float | None = None,
) -> None:
    """Shows what a camera sees, the people and their poses on a page, until Ctrl-C.

    Args:
        source: the camera's number, or a video.
        detector: finds the people; is closed in the end.
        lifter: lifts them.
        intrinsics: (9,), of the camera, or None: then a lifter of `camera` mode takes `pixels`.
        body_height: stature in millimetres.
        least: a joint of a lower confidence counts as missed.
        pixels: the focal length; None for a usual one.

    Raises:
        SynposeError: there is no such camera.
    """
    server = Server()
    print(f"open {server.address} in a browser; Ctrl-C ends it.", flush=True)
    times: collections.deque = collections.deque(maxlen=_AVERAGED)
    count, start = 0, time.monotonic()
    try:
        for picture in webcam.pictures(source):
            if intrinsics is None and lifter.mode == "camera":
                height, width = picture.image.shape[:2]
                usual = focal.typical((width, height)).pixels
                intrinsics = focal.intrinsics(pixels or usual, (width, height))
            lift = functools.partial(
                lifter.lift_track, intrinsics=intrinsics, body_height=body_height, roll=0.0
            )
            people = _people(picture, detector, lift, least)
            times.append(time.monotonic())
            rate = (len(times) - 1) / max(times[-1] - times[0], 1e-6)
            image = _jpeg(picture.image)
            server.show({"rate": rate, "picture": image, "bones": BONES, "people": people})
            count += 1
    except KeyboardInterrupt:  # The usual end.
        print()
    finally:
        server.close()
        if hasattr(detector, "close"):
            detector.close()
    print(f"{count} pictures, {count / max(time.monotonic() - start, 1e-6):.1f} a second")


def _people(
    picture: Picture, detector: Detector, lift: Callable[..., PoseTrack], least: float
) -> list[dict[str, Any]]:
    """People as the page draws them; joints in fractions of the picture."""
    if isinstance(detector, FollowingDetector):
        if picture.number == 0:
            detector.begin()
        found = detector.detect_next(picture.image, picture.time)
    else:
        found = detector.detect(picture.image)
    if not len(found):
        return []
    joints = [person.joints if isinstance(person, DetectedPerson) else person for person in found]
    stacked = np.array(joints, np.float32)
    stacked[~(stacked[..., 2] >= least)] = np.nan, np.nan, 0.0
    numbers, size = np.arange(len(stacked)), picture.image.shape[1::-1]
    # The people of a picture take the places of a person's frames.
    track = KeypointTrack(
        "now", stacked[..., :2], stacked[..., 2], numbers, numbers, LAYOUTS[detector.layout], size
    )
    worlds = [person.world if isinstance(person, DetectedPerson) else None for person in found]
    if all(world is not None for world in worlds):
        track = dataclasses.replace(track, world=np.array(worlds, np.float32))
    lifted = lift(track)
    return [
        {
            "joints": np.round(lifted.keypoints[n] / size, 4).tolist(),
            "pose": np.round(lifted.poses[n]).tolist(),
            "inferred": lifted.inferred[n].tolist(),
        }
        for n in np.flatnonzero(lifted.lifted)
    ]


def _jpeg(image):
    picture = Image.fromarray(image)
    picture.thumbnail((_SHOWN, _SHOWN))
    with io.BytesIO() as buffer:
        picture.save(buffer, "JPEG", quality=_QUALITY)
        return base64.b64encode(buffer.getvalue()).decode()
