"""From what a file has of a person to a `KeypointTrack`: layout, missing joints, units, times."""

import collections
import dataclasses

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.keypoints.layouts import WHOLE_BODY
from synpose_tf.keypoints.recognition import recognise
from synpose_tf.keypoints.sightings import Person
from synpose_tf.skeleton import Skeleton
from synpose_tf.tracks import KeypointTrack

DEFAULT_FPS = 30.0
MAX_PIXEL = 1e5  # No camera has so many; a number beyond is no place in an image.
MAX_FRACTION = 2.0  # Where all coordinates lie within, they are fractions and not pixels.


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What the user says, which goes before what the file says; None for nothing.

    Args:
        layout: of the joints.
        fps: frames a second.
        image_size: (width, height), pixels.
        min_confidence: a joint below counts as missed.
    """

    layout: Skeleton | None = None
    fps: float | None = None
    image_size: tuple[int, int] | None = None
    min_confidence: float = 0.0


def to_tracks(people: list[Person], wanted: Wanted) -> tuple[list[KeypointTrack], list[str]]:
    """Tracks of people from one reader, and notes for the user.

    Raises:
        SynposeError: the layout or the unit can't be told, or times do not increase.
    """
    notes = _Notes()
    people = [_in_order(_body(person)) for person in people]
    people = [_without_missing(person, wanted.min_confidence, notes) for person in people]
    people = [_in_pixels(person, wanted.image_size, notes) for person in people]
    where = people[0].where
    people = [person for person in people if np.isfinite(person.joints[..., 0]).any()]
    if not people:
        raise SynposeError(f"{where}: every joint of every frame is missing.")
    layouts = _layouts(people, wanted.layout)
    names = _unique([person.name for person in people])
    tracks = [
        KeypointTrack(
            name=name,
            keypoints=person.joints[..., :2],
            confidence=person.joints[..., 2],
            frames=person.frames,
            times=_times(person, wanted.fps),
            layout=layout,
            image_size=wanted.image_size or person.image_size,
        )
        for person, name, layout in zip(people, names, layouts, strict=True)
    ]
    return tracks, notes.texts()


def all_missed(person: Person, min_confidence: float = 0.0) -> bool:
    """Whether every joint of every frame counts as missed."""
    return np.isnan(_without_missing(person, min_confidence, _Notes()).joints[..., 0]).all()


def _body(person):
    """Without the joints of hands and face that a whole-body layout has besides."""
    layout = WHOLE_BODY.get(person.joints.shape[1])
    if layout is None:
        return person
    return dataclasses.replace(person, joints=person.joints[:, : len(layout)], layout=layout)


class _Notes:
    """Counts of what was met, as sentences."""

    def __init__(self):
        self._counts = collections.Counter()

    def add(self, text, count=1):
        self._counts[text] += int(count)

    def texts(self):
        return [text.format(count) for text, count in self._counts.items() if count]


def _without_missing(person, min_confidence, notes):
    """NaN and confidence 0 where the detector missed a joint; confidence in [0, 1]."""
    joints = np.array(person.joints, np.float32)
    points, confidence = joints[..., :2], joints[..., 2]
    wild = (np.abs(points) > MAX_PIXEL).any(-1) & np.isfinite(points).all(-1)
    notes.add("{} joints lie outside of any image; they are taken as missed", wild.sum())
    zero = (points == 0).all(-1)
    sure = (confidence > 0) & (confidence >= min_confidence)  # NaN is neither.
    seen = np.isfinite(points).all(-1) & ~wild & ~zero & sure
    joints[~seen] = np.nan, np.nan, 0.0
    joints[..., 2] = np.minimum(joints[..., 2], 1.0)
    notes.add("{} frames without a joint; they stay without a pose", (~seen.any(-1)).sum())
    return dataclasses.replace(person, joints=joints)


def _in_order(person):
    """Frames increasing, each once; the first of those that come twice."""
    frames, rows = np.unique(person.frames, return_index=True)
    if np.array_equal(rows, np.arange(len(person.frames))):
        return person
    times = None if person.times is None else person.times[rows]
    return dataclasses.replace(person, frames=frames, joints=person.joints[rows], times=times)


def _in_pixels(person, image_size, notes):
    """Fractions times the image's size.

    Raises:
        SynposeError: pixels where fractions belong, or fractions where the size is unknown.
    """
    points = person.joints[..., :2]
    size = image_size or person.image_size
    if not np.isfinite(points).any():
        return person
    low, high = np.nanmin(points), np.nanmax(points)
    span = f"coordinates run from {low:.4g} to {high:.4g}"
    if person.normalized:
        if np.nanmedian(np.abs(points)) > 2.0 * MAX_FRACTION:
            raise SynposeError(
                f"{person.where}: {span}, which are pixels. Expected fractions of the image's "
                "width and height, as MediaPipe gives them; divide by image_size."
            )
    elif max(abs(low), abs(high)) > MAX_FRACTION:
        return person
    elif size is None or low < -0.5:
        raise SynposeError(
            f"{person.where}: {span}, which are fractions of an image, not pixels. "
            + (
                "Give --image_size=WIDTH,HEIGHT to turn them into pixels."
                if low >= -0.5
                else "They are centred; turn them into pixels, y down."
            )
        )
    else:
        notes.add(f"{span}: fractions, turned into pixels of {size[0]} x {size[1]}")
    joints = person.joints.copy()
    joints[..., :2] *= np.float32(size)
    return dataclasses.replace(person, joints=joints, normalized=False)


def _layouts(people, wanted):
    """The layout of each person; one that is told by the poses is told once a file."""
    groups = collections.defaultdict(list)
    for person in people:
        groups[person.where, person.joints.shape[1]].append(person)
    told = {}
    for (where, count), members in groups.items():
        layout = wanted or members[0].layout
        if layout is None:
            layout = recognise(np.concatenate([p.joints[..., :2] for p in members]), where)
        if len(layout) != count:
            raise SynposeError(
                f"{where}: {count} joints, but {layout.name} has {len(layout)}. Give another "
                "--layout, or none to have it recognised."
            )
        told[where, count] = layout
    return [told[person.where, person.joints.shape[1]] for person in people]


def _times(person, fps):
    if fps is None and person.times is not None:
        if not (np.isfinite(person.times).all() and (np.diff(person.times) > 0).all()):
            raise SynposeError(
                f"{person.where}: the times of {person.name!r} do not increase with its frames. "
                "Correct them, or give --fps to go by the frame numbers."
            )
        return person.times.astype(np.float64)
    return person.frames / (fps or person.fps or DEFAULT_FPS)


def _unique(names):
    counts, taken = collections.Counter(), set(names)
    unique = []
    for name in names:
        counts[name] += 1
        if counts[name] > 1:
            while (other := f"{name} ({counts[name]})") in taken:
                counts[name] += 1
            taken.add(other)
            name = other
        unique.append(name)
    return unique
