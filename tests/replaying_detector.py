"""Detectors that find stored people, by the number that a picture of `films.numbered` shows."""

import os
import time

import films
import numpy as np
from keypoint_files import walk

from synpose_tf.detection.people import DetectedPerson
from synpose_tf.keypoints.layouts import COCO_17, MEDIAPIPE_33

EMPTY = range(4, 7)  # Numbers of pictures in which nobody is.
_FRAMES = 2**8


def people(layout=COCO_17, count=2):
    """(people, 256, J, 3): who is there, in pixels of `films.SIZE`."""
    places = [(300.0, 400.0), (800.0, 500.0), (500.0, 900.0)][:count]
    found = [walk(layout, _FRAMES, seed, place) for seed, place in enumerate(places)]
    return np.stack(found) * (0.12, 0.1, 1.0)


def _delay():
    time.sleep(float(os.environ.get("REPLAYING_SECONDS", "0")))


class Replaying:
    """COCO's joints of two people, and of nobody in some pictures."""

    layout = "coco"
    _people = people()

    def detect(self, image):
        _delay()
        number = films.number_of(image)
        return [] if number in EMPTY else list(self._people[:, number])


class Nobody(Replaying):
    """Sees nobody."""

    def detect(self, image):
        return []


class Following:
    """MediaPipe's joints of one person, which lag behind more with each picture since `begin`."""

    layout = "mediapipe"
    _people = people(MEDIAPIPE_33, 1)

    def begin(self):
        self._pictures = 0

    def detect(self, image):
        self.begin()
        return self.detect_next(image, 0.0)

    def detect_next(self, image, time):
        _delay()
        self._pictures += 1
        joints = self._people[0, films.number_of(image)].copy()
        joints[:, 0] -= 0.01 * self._pictures
        world = np.column_stack([joints[:, :2] / 50.0, np.full(33, time)])
        return [DetectedPerson(joints, world)]


class Broken:
    """Fails in the third picture."""

    layout = "coco"

    def detect(self, image):
        if films.number_of(image) == 2:
            raise ZeroDivisionError("a bug of the user's")
        return [np.zeros((17, 2))] if films.number_of(image) == 1 else []
