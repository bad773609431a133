"""From what a file has of a person to a `KeypointTrack`: layout, missing joints, units, times.

What must be known of all frames (which joints are missed, the range of coordinates) is gathered in
one pass, piece by piece. Joints on disk stay there, and are brought into form when they are read.
"""

import collections
import dataclasses
import functools

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io.scratch import Scratch, chosen, derived, pieces
from synpose_tf.keypoints import units
from synpose_tf.keypoints.detections import Person, marked_missed
from synpose_tf.keypoints.layout_recognition import recognise
from synpose_tf.keypoints.layouts import WHOLE_BODY
from synpose_tf.structures.skeleton import Skeleton
from synpose_tf.structures.tracks import KeypointTrack

DEFAULT_FPS = 30.0
MAX_PIXEL = 1e5  # No camera has so many; a number beyond is no place in an image.


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What the user says, which goes before what the file says; None for nothing.

    Args:
        layout: of the joints.
        fps: frames a second.
        image_size: (width, height), pixels.
        min_confidence: a joint below counts as missed.
        units: of the coordinates, one of `units.UNITS`.
    """

    layout: Skeleton | None = None
    fps: float | None = None
    image_size: tuple[int, int] | None = None
    min_confidence: float = 0.0
    units: str | None = None


def to_tracks(
    people: list[Person], wanted: Wanted, scratch: Scratch | None = None
) -> tuple[list[KeypointTrack], list[str]]:
    """Tracks of people from one reader, and notes for the user.

    Args:
        people: at least one.
        wanted: what the user says.
        scratch: where the people's joints lie, or None for memory.

    Raises:
        SynposeError: the layout or the unit can't be told, or times do not increase.
    """
    notes = _Notes()
    people = [_in_order(_body(person)) for person in people]
    surveys = [_survey(person, wanted.min_confidence) for person in people]
    for survey in surveys:
        notes.add("{} joints lie outside of any image; they are taken as missed", survey.wild)
        notes.add("{} frames without a joint; they stay without a pose", survey.empty)
    where = people[0].where
    seen = [survey.extent.seen for survey in surveys]
    people = _in_pixels(people, surveys, wanted, notes)
    people = [
        _without_missing(person, wanted.min_confidence)
        for person, count in zip(people, seen, strict=True)
        if count
    ]
    if not people:
        raise SynposeError(f"{where}: every joint of every frame is missing.")
    layouts = _layouts(people, wanted.layout)
    names = _unique([person.name for person in people])
    tracks = [
        KeypointTrack(
            name=name,
            keypoints=derived(_points, person.joints),
            confidence=derived(_confidence, person.joints),
            frames=person.frames,
            times=_times(person, wanted.fps),
            layout=layout,
            image_size=wanted.image_size or person.image_size,
            scratch=scratch,
        )
        for person, name, layout in zip(people, names, layouts, strict=True)
    ]
    return tracks, notes.texts()


def all_missed(person: Person, min_confidence: float = 0.0) -> bool:
    """Whether every joint of every frame counts as missed."""
    return not _survey(person, min_confidence).extent.seen


def _points(joints):
    return joints[..., :2]


def _confidence(joints):
    return joints[..., 2]


def _body(person):
    """Without the joints of hands and face that a whole-body layout has besides."""
    layout = WHOLE_BODY.get(person.joints.shape[1])
    if layout is None:
        return person
    joints = derived(functools.partial(_first, count=len(layout)), person.joints)
    return dataclasses.replace(person, joints=joints, layout=layout)


def _first(joints, count):
    return joints[:, :count]


class _Notes:
    """Counts of what was met, as sentences."""

    def __init__(self):
        self._counts = collections.Counter()

    def add(self, text, count=1):
        self._counts[text] += int(count)

    def texts(self):
        return [text.format(count) for text, count in self._counts.items() if count]


@dataclasses.dataclass
class _Survey:
    """What is known of all joints of a person.

    Args:
        wild: joints far outside of any image.
        empty: frames without a joint.
        extent: of the joints that are seen.
    """

    wild: int = 0
    empty: int = 0
    extent: units.Extent = dataclasses.field(default_factory=units.Extent)


def _survey(person, min_confidence):
    survey = _Survey()
    for joints in pieces(person.joints):
        seen = _seen(joints, min_confidence)
        survey.wild += int(_wild(joints).sum())
        survey.empty += int((~seen.any(-1)).sum())
        survey.extent.add(joints, seen)
    return survey


def _wild(joints):
    points = joints[..., :2]
    return (np.abs(points) > MAX_PIXEL).any(-1) & np.isfinite(points).all(-1)


def _seen(joints, min_confidence):
    confidence = joints[..., 2]
    sure = (confidence > 0) & (confidence >= min_confidence)  # NaN is neither.
    return sure & ~marked_missed(joints) & ~_wild(joints)


def _without_missing(person, min_confidence):
    """NaN and confidence 0 where the detector missed a joint; confidence in [0, 1]."""
    clean = functools.partial(_believed, min_confidence=min_confidence)
    return dataclasses.replace(person, joints=derived(clean, person.joints))


def _believed(joints, min_confidence):
    joints = np.array(joints, np.float32)
    joints[~_seen(joints, min_confidence)] = np.nan, np.nan, 0.0
    joints[..., 2] = np.minimum(joints[..., 2], 1.0)
    return joints


def _in_order(person):
    """Frames increasing, each once; the first of those that come twice."""
    frames, rows = np.unique(person.frames, return_index=True)
    if np.array_equal(rows, np.arange(len(person.frames))):
        return person
    times = None if person.times is None else person.times[rows]
    joints = chosen(person.joints, rows)
    return dataclasses.replace(person, frames=frames, joints=joints, times=times)


def _in_pixels(people, surveys, wanted, notes):
    """Of one unit are all people of a file."""
    extents = collections.defaultdict(units.Extent)
    for person, survey in zip(people, surveys, strict=True):
        extents[person.where].join(survey.extent)
    converted = []
    for person in people:
        extent = extents[person.where]
        if extent.seen:
            person, note = units.in_pixels(person, extent, wanted.units, wanted.image_size)
            if note:
                notes.add(note)
        converted.append(person)
    return converted


def _layouts(people, wanted):
    """The layout of each person; one that is told by the poses is told once a file."""
    groups = collections.defaultdict(list)
    for person in people:
        groups[person.where, person.joints.shape[1]].append(person)
    told = {}
    for (where, count), members in groups.items():
        layout = wanted or members[0].layout
        if layout is None:
            poses = [derived(_points, p.joints) for p in members]
            layout = recognise(poses, where, members[0].usual)
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
