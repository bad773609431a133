"""From what a file has of a person to a `KeypointTrack`: layout, missing joints, units, times.

What must be known of all frames (which joints are missed, the range of coordinates) is gathered in
one pass, piece by piece. Joints on disk stay there, and are brought into form when they are read.
"""

import collections
import dataclasses
import functools
from typing import cast

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import quarter_turns
from synpose_tf.io.scratch import Scratch, chosen, derived, pieces
from synpose_tf.keypoints import belief, sides, units, upright
from synpose_tf.keypoints.detections import Person, forget, marked_missed, nowhere
from synpose_tf.keypoints.layout_recognition import recognise
from synpose_tf.keypoints.layouts import WHOLE_BODY
from synpose_tf.keypoints.plausibility import MIN_JOINTS, is_person
from synpose_tf.keypoints.whole_tracks import twice_note
from synpose_tf.structures.skeleton import Skeleton
from synpose_tf.structures.tracks import KeypointTrack

DEFAULT_FPS = 30.0
_SHORTEST_STEP, _LONGEST_STEP = 1.0 / 20_000.0, 3.0  # Seconds a frame.


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What the user says, which goes before what the file says; None for nothing.

    Args:
        layout: of the joints.
        fps: frames a second.
        image_size: (width, height), pixels.
        min_confidence: a joint below counts as missed; None for `belief.least_confidence`.
        units: of the coordinates, one of `units.UNITS`.
        rotate: degrees, 90, 180 or 270, by which the image is turned clockwise.
    """

    layout: Skeleton | None = None
    fps: float | None = None
    image_size: tuple[int, int] | None = None
    min_confidence: float | None = None
    units: str | None = None
    rotate: int = 0


class NobodyError(SynposeError):
    """No frame has joints that can be a person's.

    Args:
        where: the file.
        notes: for the user.
    """

    def __init__(self, where: str, notes: list[str]):
        said = f" ({'; '.join(notes)})" if notes else ""
        super().__init__(f"{where}: every joint of every frame is missing, or in one point{said}.")
        self.notes = notes


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
        NobodyError: nobody is in any frame.
    """
    notes = _Notes()
    told = dict.fromkeys(note for person in people for note in person.notes)
    people = [_in_order(_body(person), notes) for person in people]
    least = wanted.min_confidence
    if least is None:
        least = belief.least_confidence([person.joints for person in people])
    surveys = [_survey(person, least) for person in people]
    for survey in surveys:
        notes.add("{} joints lie outside of any image; they are taken as missed", survey.wild)
        notes.add("{} frames without a joint; they stay without a pose", survey.empty)
        notes.add(
            "{} joints have a place, but a confidence of 0 or less, as what was missed; where the "
            "detector gives no confidence, leave it out",
            0 if survey.extent.seen else survey.unsure,
        )
        text = "{} joints are below a confidence of %.2g%s and count as missed; --min_confidence "
        share = ", a quarter of the usual one," if wanted.min_confidence is None else ""
        notes.add(text % (least, share) + "sets the bound", survey.doubted)
    where = people[0].where
    seen = [survey.extent.seen for survey in surveys]
    people = _in_pixels(people, surveys, wanted, notes)
    people = [
        _without_missing(person, least) for person, count in zip(people, seen, strict=True) if count
    ]
    people = [_rotated(person, wanted) for person in people]
    people = [
        dataclasses.replace(person, layout=layout)
        for person, layout in zip(people, _layouts(people, wanted.layout), strict=True)
    ]
    people = [whole for person in people if (whole := _without_points(person, notes)) is not None]
    if not people:
        raise NobodyError(where, [*told, *notes.texts()])
    names = _unique([person.name for person in people])
    tracks = [
        KeypointTrack(
            name=name,
            keypoints=derived(_points, person.joints),
            confidence=derived(_confidence, person.joints),
            frames=person.frames,
            times=_times(person, wanted.fps),
            layout=cast(Skeleton, person.layout),
            image_size=person.image_size,
            world=derived(_world, person.joints) if person.joints.shape[-1] > 3 else None,
            scratch=scratch,
        )
        for person, name in zip(people, names, strict=True)
    ]
    tracks = [_right_sides(track, notes) for track in tracks]
    for track in tracks:
        if quarter := upright.turned(track.keypoints, track.layout):
            notes.add(
                f"{track.name} lies or stands on the head nearly always; if the camera was held "
                f"otherwise, give --rotate={(360 - quarter + wanted.rotate) % 360}"
            )
    return tracks, [*told, *notes.texts()]


def _right_sides(track, notes):
    track, frames = sides.put_back(track)
    notes.add("left and right were exchanged in {} frames; they are put back, and marked", frames)
    return track


def nobody(people: list[Person], wanted: Wanted) -> KeypointTrack:
    """The frames of a `NobodyError`, which stay without a pose where others of the file have one.

    Args:
        people: of one file, as it has them.
        wanted: what the user says, the layout at least.

    Raises:
        SynposeError: times do not increase.
        ValueError: no layout is wanted.
    """
    person, layout = people[0], wanted.layout
    if layout is None:
        raise ValueError("frames of nobody tell no layout")
    frames = np.concatenate([p.frames for p in people])
    times = None if person.times is None else np.concatenate([p.times for p in people])
    order = np.argsort(frames)
    person = dataclasses.replace(
        person, frames=frames[order], times=None if times is None else times[order]
    )
    _, _, size = quarter_turns(wanted.rotate, wanted.image_size or person.image_size)
    count = (len(frames), len(layout))
    return KeypointTrack(
        name=person.name,
        keypoints=np.full((*count, 2), np.nan, np.float32),
        confidence=np.zeros(count, np.float32),
        frames=person.frames,
        times=_times(person, wanted.fps),
        layout=layout,
        image_size=size,
    )


def _points(joints):
    return joints[..., :2]


def _confidence(joints):
    return joints[..., 2]


def _world(joints):
    return joints[..., 3:]


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
        self._counts: collections.Counter[str] = collections.Counter()

    def add(self, text: str, count: int = 1) -> None:
        self._counts[text] += int(count)

    def texts(self) -> list[str]:
        # Names of people and files may have braces of their own.
        return [text.replace("{}", str(n)) for text, n in self._counts.items() if n]


@dataclasses.dataclass
class _Survey:
    """What is known of all joints of a person.

    Args:
        wild: joints far outside of any image.
        doubted: joints of too low a confidence, but of some.
        unsure: joints that have a place, and no confidence.
        empty: frames without a joint.
        extent: of the joints that are seen.
    """

    wild: int = 0
    doubted: int = 0
    unsure: int = 0
    empty: int = 0
    extent: units.Extent = dataclasses.field(default_factory=units.Extent)


def _survey(person, min_confidence):
    survey = _Survey()
    for joints in pieces(person.joints):
        seen = _seen(joints, min_confidence)
        survey.wild += int(nowhere(joints).sum())
        doubted = (joints[..., 2] > 0) & (joints[..., 2] < min_confidence)
        survey.doubted += int(doubted.sum())
        survey.unsure += int(((joints[..., 2] <= 0) & ~marked_missed(joints)).sum())
        survey.empty += int((~seen.any(-1)).sum())
        survey.extent.add(joints, seen)
    return survey


def _seen(joints, min_confidence):
    confidence = joints[..., 2]
    sure = (confidence > 0) & (confidence >= min_confidence)  # NaN is neither.
    return sure & ~marked_missed(joints) & ~nowhere(joints)


def _without_missing(person, min_confidence):
    """NaN and confidence 0 where the detector missed a joint; confidence in [0, 1]."""
    clean = functools.partial(_believed, min_confidence=min_confidence)
    return dataclasses.replace(person, joints=derived(clean, person.joints))


def _believed(joints, min_confidence):
    joints = np.array(joints, np.float32)
    forget(joints, ~_seen(joints, min_confidence))
    joints[..., 2] = np.minimum(joints[..., 2], 1.0)
    return joints


def _without_points(person, notes):
    """A person whose poses are large enough to be one, or None; see `plausibility`."""
    small, seen = 0, 0
    for joints in pieces(person.joints):
        there = np.isfinite(joints[..., :2]).all(-1).any(-1)
        bad = _no_person(joints)
        small, seen = small + int(bad.sum()), seen + int((there & ~bad).sum())
    notes.add("{} poses are too small or too flat to be a person; they are left out", small)
    if not seen:
        return None
    return dataclasses.replace(person, joints=derived(_large, person.joints)) if small else person


def _no_person(joints):
    """Poses (F,) of some joints that are no person's."""
    seen = np.isfinite(joints[..., :2]).all(-1)
    return (seen.sum(-1) >= MIN_JOINTS) & ~is_person(joints[..., :2], seen)


def _large(joints):
    joints = joints.copy()
    forget(joints, np.broadcast_to(_no_person(joints)[:, None], joints.shape[:2]))
    return joints


def _in_order(person, notes):
    """Frames increasing, each once; the first of those that come twice."""
    frames, rows = np.unique(person.frames, return_index=True)
    if np.array_equal(rows, np.arange(len(person.frames))):
        return person
    times = None if person.times is None else person.times[rows]
    joints = chosen(person.joints, rows)
    if len(rows) < len(person.frames):
        notes.add(twice_note(len(person.frames) - len(rows)))
    return dataclasses.replace(person, frames=frames, joints=joints, times=times)


def _in_pixels(people, surveys, wanted, notes):
    """Of one unit are all people of a file."""
    extents: dict[str, units.Extent] = collections.defaultdict(units.Extent)
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


def _rotated(person, wanted):
    """The image turned clockwise by `wanted.rotate`, and the size that the user may have given."""
    size = wanted.image_size or person.image_size
    matrix, shift, size = quarter_turns(wanted.rotate, size)
    if wanted.rotate:
        turn = functools.partial(_turned, matrix=matrix.T, shift=shift)
        person = dataclasses.replace(person, joints=derived(turn, person.joints))
    return dataclasses.replace(person, image_size=size)


def _turned(joints, matrix, shift):
    matrix = matrix.astype(np.float32)
    points = joints[..., :2] @ matrix + shift.astype(np.float32)
    world = joints[..., 3:5] @ matrix if joints.shape[-1] > 3 else joints[..., 3:5]
    return np.concatenate([points, joints[..., 2:3], world, joints[..., 5:]], axis=-1)


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
        _check_unit(person)
        return person.times.astype(np.float64)
    return person.frames / (fps or person.fps or DEFAULT_FPS)


def _check_unit(person):
    """Times in milliseconds are no seconds: no film has a frame every few seconds."""
    steps = np.diff(person.times) / np.diff(person.frames)
    if len(steps) and not _SHORTEST_STEP <= (step := float(np.median(steps))) <= _LONGEST_STEP:
        raise SynposeError(
            f"{person.where}: the times of {person.name!r} go up by {step:.4g} a frame, which are "
            "no seconds of a film; milliseconds? Give seconds, or --fps to go by the frame "
            "numbers."
        )


def _unique(names):
    counts: collections.Counter[str] = collections.Counter()
    taken = set(names)
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
