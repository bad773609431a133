"""Square windows of wide pictures, for detectors that shrink what they see to a small square.

MediaPipe looks for people in 224 x 224 pixels. In a wide picture people are then small, and of
several it finds the largest. In windows as high as the picture, each half over the next one, they
are larger, and everyone is whole in one of them who is not wider than half of one.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from synpose_tf.detection.people import DetectedPerson

_WIDE = 1.1  # Width by height; below, the picture is its only window.
_SURE = 0.5  # Joints of a higher confidence tell whether two poses are of one person.
_ONE_PERSON = 0.2  # Mean distance of such joints, in sizes of the pose.
_COVERED = 0.5  # Of the smaller box.


def look(
    image: np.ndarray, detect: Callable[[np.ndarray], Sequence[DetectedPerson]]
) -> list[DetectedPerson]:
    """The people of a picture as a whole and of its windows, each once.

    Args:
        image: (height, width, 3).
        detect: gives the people of a picture.
    """
    height, width = image.shape[:2]
    views = [list(detect(image))]
    if width <= _WIDE * height:
        return views[0]
    count = int(np.ceil((width - height) / (height / 2))) + 1
    for left in np.linspace(0, width - height, count).round().astype(int):
        window = np.ascontiguousarray(image[:, left : left + height])
        views.append([_moved(person, left) for person in detect(window)])
    kept: list[DetectedPerson] = []
    entries = [(person, view) for view in views for person in view]
    for person, view in sorted(entries, key=lambda entry: -entry[0].joints[:, 2].mean()):
        if all(_another(person, other, view) for other in kept):
            kept.append(person)
    return kept


def _moved(person, left):
    return dataclasses.replace(person, joints=person.joints + (left, 0.0, 0.0))


def _another(person, other, view):
    """Whether a person of a view is another one than one that is surer.

    One whose box the other's covers is so only where the view shows both.
    """
    if _near(person, other):
        return False
    return not _covers(other, person) or any(_near(seen, other) for seen in view)


def _near(person, other):
    one, two = person.joints, other.joints
    sure = (one[:, 2] > _SURE) & (two[:, 2] > _SURE)
    sure = sure if sure.sum() > 3 else np.ones(len(one), bool)
    apart = np.linalg.norm(one[sure, :2] - two[sure, :2], axis=-1).mean()
    low, high = _box(two)
    return apart < _ONE_PERSON * np.linalg.norm(high - low)


def _covers(one, other):
    (low, high), (others_low, others_high) = _box(one.joints), _box(other.joints)
    shared = np.maximum(np.minimum(high, others_high) - np.maximum(low, others_low), 0.0).prod()
    return shared > _COVERED * min((high - low).prod(), (others_high - others_low).prod())


def _box(joints):
    return joints[:, :2].min(axis=0), joints[:, :2].max(axis=0)
