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
from synpose_tf.inference import focal, over_time
from synpose_tf.inference.lifter import BODY_HEIGHT_MM, Lifter
from synpose_tf.inference.stream import StreamCorrections
from synpose_tf.keypoints.conversion import to_h36m
from synpose_tf.keypoints.detections import NOBODY
from synpose_tf.keypoints.following import LiveTracks
from synpose_tf.keypoints.layouts import LAYOUTS
from synpose_tf.live.server import Server
from synpose_tf.models.folded_temporal import LEAST_RATE
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
    stream = OverTime(lifter)
    count, corrected, start = 0, 0, time.monotonic()
    try:
        for picture in webcam.pictures(source):
            if intrinsics is None and lifter.mode == "camera":
                height, width = picture.image.shape[:2]
                usual = focal.typical((width, height)).pixels
                intrinsics = focal.intrinsics(pixels or usual, (width, height))
            times.append(time.monotonic())
            rate = (len(times) - 1) / max(times[-1] - times[0], 1e-6)
            if count % _AVERAGED == _AVERAGED - 1:
                stream.set_rate(rate)
            lift = functools.partial(
                stream.lift,
                time=picture.time,
                intrinsics=intrinsics,
                body_height=body_height,
                roll=0.0,
            )
            people = _people(picture, detector, lift, least)
            event = {"rate": rate, "picture": _jpeg(picture.image), "corrected": stream.runs}
            server.show(event | {"bones": BONES, "people": people})
            count, corrected = count + 1, corrected + stream.runs
    except KeyboardInterrupt:  # The usual end.
        print()
    finally:
        server.close()
        if hasattr(detector, "close"):
            detector.close()
    print(f"{count} pictures, {count / max(time.monotonic() - start, 1e-6):.1f} a second")
    print(_said(stream, count, corrected))


class OverTime:
    """Lifts the people of one picture after the other, corrected by the pictures before.

    That takes 20 pictures a second or more; till it is known how many there are, and where there
    are fewer, each picture is lifted alone.

    Args:
        lifter: with a causal network, or without one to lift each picture alone.
    """

    def __init__(self, lifter: Lifter):
        self._lifter = lifter
        network = lifter.temporal
        self.network = network if network is not None and network.causal else None
        self._corrections: StreamCorrections | None = None
        self._live = LiveTracks(len(H36M_17))
        self._named = 0

    @property
    def runs(self) -> bool:
        """Whether pictures are corrected now."""
        return self._corrections is not None

    def set_rate(self, rate: float) -> None:
        """Takes the pictures a second, as measured."""
        stride = over_time.stride(rate)
        if self.network is None or not stride:
            self._corrections = None
        elif self._corrections is None or self._corrections.stride != stride:
            self._corrections = StreamCorrections(self.network, rate)

    def lift(self, track: KeypointTrack, time: float, **given: Any) -> PoseTrack:
        """Lifts people, a frame of the track each, of a picture at `time` seconds.

        Args:
            given: see `Lifter.lift_track`.
        """
        correct = None
        if self._corrections is not None:
            who = self._follow(to_h36m(track)[0], time)
            correct = functools.partial(self._corrections, who, time)
        return self._lifter.lift_track(track, correct=correct, **given)

    def _follow(self, points, time):
        """Who the people are: the names (n,) of those before, or new ones."""
        milliseconds = round(1e3 * time)
        self._live.forget(milliseconds - 1e3 * over_time.GAP, milliseconds - 1e3 * over_time.GAP)
        names = self._live.match(points)
        new = names == NOBODY
        names[new] = self._named + np.arange(new.sum())
        self._named += int(new.sum())
        self._live.update(names, milliseconds, points, new)
        return names.tolist()


def _said(stream, count, corrected):
    if stream.network is None:
        return "each picture was lifted alone"
    return (
        f"{corrected} of {count} pictures were corrected by those before, which takes "
        f"{LEAST_RATE:g} a second (--temporal=off leaves them alone)"
    )


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
