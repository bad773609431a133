"""Which people of overlapping windows are the same."""

import numpy as np
from keypoint_files import walk

from synpose_tf.detection import windows
from synpose_tf.detection.people import DetectedPerson
from synpose_tf.keypoints.layouts import COCO_17

IMAGE = np.zeros((100, 180, 3), np.uint8)  # Windows at 0, 40 and 80.


def person(place, seed=0, sureness=0.9):
    joints = walk(COCO_17, 1, seed, (0.0, 0.0))[0] * (0.2, 0.4, 1.0) + (*place, 0.0)
    joints[:, 2] = sureness
    return DetectedPerson(joints)


def look(*views):
    """The people of a picture as a whole, and of its windows by their own coordinates."""
    given = iter(views)
    shapes = []

    def detect(image):
        shapes.append(image.shape)
        return next(given, [])

    found = windows.look(IMAGE, detect)
    assert shapes == [(100, 180, 3), *[(100, 100, 3)] * 3]
    return sorted(tuple(np.round(p.joints[:, :2].mean(axis=0), 6)) for p in found)


def test_who_is_seen_in_several_windows_is_one():
    assert look([], [person((60, 50))], [person((20, 50))], []) == look([person((60, 50))])
    noisy = person((21, 51), sureness=0.8)
    assert look([], [person((60, 50))], [noisy], []) == look([person((60, 50))])


def test_people_apart_are_several():
    assert len(look([person((30, 50))], [], [], [person((70, 50), seed=1)])) == 2


def test_a_pose_over_another_needs_a_window_that_shows_both():
    mixed = person((62, 50), seed=3, sureness=0.7)
    assert look([mixed], [person((60, 50))]) == look([person((60, 50))])
    assert len(look([mixed, person((60, 50))], [person((60, 50))])) == 2


def test_a_picture_that_is_not_wide_is_looked_at_once():
    calls = []

    def detect(image):
        calls.append(image)
        return [person((50, 50))] * 2

    assert len(windows.look(IMAGE[:, :105], detect)) == 2
    assert len(calls) == 1
