"""People of files that hold whole tracks: arrays of all frames, one or several of them.

Several are told apart by whoever wrote the file. A single one without a name was followed by
nobody, and goes up to a jump that no person makes (`synpose_tf.keypoints.tracking`).
"""

import dataclasses

import numpy as np

from synpose_tf.io.scratch import Scratch, slices
from synpose_tf.keypoints import tracking
from synpose_tf.keypoints.detections import Person, Sightings, labelled


def alone(person: Person, place: Scratch) -> list[Person]:
    """The people of a recording that shows one at a time, whom nobody followed.

    Args:
        person: all its frames; of a frame that stands twice, the first counts.
        place: where the joints go.
    """
    times = person.times
    if times is not None and not np.isfinite(times).all():
        return [dataclasses.replace(person, name="person 1")]  # Refused, where times are read.
    frames, rows = np.unique(person.frames, return_index=True)
    recording = Sightings(person.where, place)
    for part in slices(len(rows)):
        chosen = rows[part]
        given = None if times is None else times[chosen]
        recording.add_all(frames[part], person.joints[chosen], given)
    own = ("name", "frames", "joints", "where", "times")
    names = [field.name for field in dataclasses.fields(person) if field.name not in own]
    known = {name: getattr(person, name) for name in names}
    if twice := len(person.frames) - len(rows):
        known["notes"] += (twice_note(twice),)
    return labelled(tracking.separate(recording, **known), person.name)


def twice_note(count: int) -> str:
    """What a user should know of frames whose number another has."""
    return f"{count} frames have a number that stands before; the first of each counts"


def by_name(people: list[Person], place: Scratch) -> list[Person]:
    """People whom the detector told apart, each from the first to the last frame seen.

    A single one without a name was not followed: see `alone`.

    Args:
        people: their joints are arrays of all frames.
        place: where the joints go.
    """
    if len(people) == 1 and not people[0].name:
        return alone(people[0], place)
    found = []
    for person in people:
        seen = np.flatnonzero(np.isfinite(person.joints).all(-1).any(-1))
        there = slice(seen[0], seen[-1] + 1) if len(seen) else slice(0, 0)
        joints = place.keep(person.joints[there])
        found.append(dataclasses.replace(person, frames=person.frames[there], joints=joints))
    return found
