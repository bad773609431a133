"""Who is who: from people in frames to one track a person.

Where the detector numbered the people, its numbers hold; but a number that stands twice in a
frame, for two people, is no track's. Where it did not number them,
`synpose_tf.keypoints.following` tells who is who. A frame in which nobody was seen belongs to the
track around it, without a joint.
"""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from synpose_tf.io import scratch
from synpose_tf.keypoints import image_names
from synpose_tf.keypoints.cuts import poses_apart
from synpose_tf.keypoints.detections import (
    NOBODY,
    Person,
    Sightings,
    labelled,
    marked_missed,
    nowhere,
)
from synpose_tf.keypoints.following import each_once, follow, whole_frames
from synpose_tf.keypoints.plausibility import is_person
from synpose_tf.keypoints.units import FRACTIONS, MAX_FRACTION, PIXELS

_SIZE = 1000, 1000  # Of an image, where it is not known.
_FEW = 3  # Recordings of a single frame; more are said.
_APART = (
    "by what stands before the number in the images' names, they are of {} recordings, most of one "
    "image; where they are of one, call them alike: frame_0001, frame_0002"
)
_ALL_DIFFERENT = (
    "the detector's numbers of people are all different, as of detections; who is who is told by "
    "where they are"
)
_ONE_PERSON = 0.2  # Two poses of a frame that are nearer are of one person.
_PASSING = 0.1  # Of the longest track's frames; who is seen longer is no mistake.


def separate(sightings: Sightings, shortest: int = 0, **known: Any) -> list[Person]:
    """One `Person` for each, the longest seen first; frames in order, each once.

    Who stands twice in a frame, number for number, is taken once; where a detector's number
    stands twice for one person, the one of higher confidence is kept.

    Args:
        sightings: of one recording.
        shortest: frames; who is seen in fewer, and in fewer than a tenth of the longest track's,
            is taken for a mistake of the detector's.
        known: what else `Person` takes.
    """
    if not len(sightings):
        return []
    sightings.add_empty_frames()
    seen = functools.partial(_seen, scale=_pixels(sightings.joints, known))
    rows, nobody = _people(sightings, seen)
    frames, tracks = sightings.frames[rows], sightings.tracks[rows]
    joints = scratch.chosen(sightings.joints, rows)
    tracks, kept, notes = _trusted(frames, tracks, joints, seen)
    rows, frames, tracks = rows[kept], frames[kept], tracks[kept]
    unnamed = np.flatnonzero(tracks == NOBODY)
    first = tracks.max(initial=NOBODY) + 1
    points = scratch.derived(seen, scratch.chosen(sightings.joints, rows[unnamed]))
    labels, more = follow(frames[unnamed], points, sightings.cuts)
    labels, passing = _without_passing(labels, shortest)
    nobody = np.concatenate([nobody, _emptied(rows[unnamed[labels == NOBODY]], sightings)])
    tracks[unnamed] = np.where(labels == NOBODY, NOBODY, first + labels)
    members = {track: rows[chosen] for track, chosen in _rows_by(tracks) if track != NOBODY}
    members = _with_empty_frames(members, nobody, sightings)
    times = sightings.times
    notes = (*known.pop("notes", ()), *notes, *more, *passing)
    people = [
        Person(
            name=f"track {track}" if track < first else f"person {track - first + 1}",
            frames=sightings.frames[chosen],
            joints=scratch.chosen(sightings.joints, chosen),
            where=sightings.where,
            times=None if times is None else times[chosen],
            notes=notes,
            **known,
        )
        for track, chosen in members.items()
    ]
    return sorted(people, key=lambda person: -len(person.frames))


def separate_all(recordings: Mapping[tuple[str, str], Sightings], **known: Any) -> list[Person]:
    """The people of recordings by name (`image_names`), which is in theirs if there are several.

    Args:
        known: what else `Person` takes of all of them; what one alone knows is its `known`.
    """
    recordings = {name: entry for name, entry in recordings.items() if len(entry)}
    if len(recordings) < 2:
        return [p for entry in recordings.values() for p in separate(entry, **entry.known, **known)]
    single = sum(len(np.unique(entry.frames)) == 1 for entry in recordings.values())
    if single > max(_FEW, len(recordings) // 2):
        known["notes"] = (_APART.format(len(recordings)),)
    found = []
    labels = image_names.labels(list(recordings))
    for label, recording in zip(labels, recordings.values(), strict=True):
        found += labelled(separate(recording, **recording.known, **known), label)
    return found


def _people(sightings, seen):
    """Rows of people, by frame, and of those that may tell of frames in which there is nobody.

    A pose without a number that can't be a person's is none, unless there is no other.
    """
    order = np.argsort(sightings.frames, kind="stable")
    joints = scratch.chosen(sightings.joints, order)
    there = np.concatenate([_are_people(seen(part)) for part in scratch.pieces(joints)])
    looked = sightings.tracks[order] == sightings.LOOKED
    if not (there & ~looked).any():
        there = ~looked
    there |= sightings.tracks[order] > NOBODY
    rows = order[there]
    joints = scratch.chosen(sightings.joints, rows)
    return rows[_distinct(sightings.frames[rows], joints)], order[~there]


def _emptied(rows, sightings):
    """New rows without joints, of the frames of others."""
    times = [sightings.time(row) for row in rows]
    frames = sightings.frames[rows]
    return np.array(list(map(sightings.add_nobody, frames.tolist(), times)), np.int64)


def _with_empty_frames(members, nobody, sightings):
    """Rows of frames without anybody go to the track around them, the longest if several."""
    taken = np.unique(np.concatenate([sightings.frames[rows] for rows in members.values()]))
    frames = sightings.frames[nobody]
    frames, first = np.unique(frames[~np.isin(frames, taken)], return_index=True)
    nobody = nobody[~np.isin(sightings.frames[nobody], taken)][first]
    lengths = sorted(members, key=lambda track: -len(members[track]))
    owner = np.full(len(frames), lengths[0])
    for track in reversed(lengths):
        span = sightings.frames[members[track][[0, -1]]]
        owner[(frames > span[0]) & (frames < span[1])] = track
    whole = {}
    for track, rows in members.items():
        rows = np.concatenate([rows, nobody[owner == track]])
        whole[track] = rows[np.argsort(sightings.frames[rows], kind="stable")]
    return whole


def _without_passing(labels: np.ndarray, shortest: int) -> tuple[np.ndarray, list[str]]:
    """Numbers without those of people who are hardly seen, from 0 on; and notes."""
    numbers, counts = np.unique(labels[labels != NOBODY], return_counts=True)
    few = counts < min(shortest, _PASSING * counts.max(initial=0))
    if not few.any():
        return labels, []
    new = np.full(numbers.max() + 1, NOBODY)
    new[numbers[~few]] = np.arange((~few).sum())
    note = f"tracks of fewer than {shortest} frames are left out: {few.sum()}"
    return np.where(labels == NOBODY, NOBODY, new[labels]), [note]


def _seen(joints, scale):
    """(N, J, 2), scaled; NaN where the confidence is 0 or nothing was found."""
    seen = (joints[..., 2] > 0) & ~marked_missed(joints) & ~nowhere(joints)
    return np.where(seen[..., None], joints[..., :2], np.nan) * scale


def _distinct(frames, joints):
    """Indices without people who stand in one frame twice, number for number."""
    if each_once(frames):
        return np.arange(len(frames))
    return np.concatenate(
        [part.start + _distinct_rows(frames[part], joints[part]) for part in whole_frames(frames)]
    )


def _distinct_rows(*columns):
    flat = [np.ascontiguousarray(array).reshape(len(array), -1) for array in columns]
    rows = np.concatenate([array.view(np.uint8) for array in flat], axis=1)
    _, index = np.unique(rows.view(f"V{rows.shape[1]}").ravel(), return_index=True)
    return np.sort(index)


def _trusted(frames, tracks, joints, seen):
    """The detector's numbers (N,) where they are tracks', which rows to keep, and notes."""
    order = np.lexsort((tracks, frames))
    again = (np.diff(frames[order]) == 0) & (np.diff(tracks[order]) == 0)
    again &= tracks[order[1:]] != NOBODY
    tracks, kept = tracks.copy(), np.ones(len(frames), bool)
    numbers = tracks[tracks != NOBODY]
    if len(np.unique(frames)) > _FEW and len(np.unique(numbers)) == len(numbers) > _FEW:
        tracks[:] = NOBODY
        return tracks, kept, [_ALL_DIFFERENT]
    if not again.any():
        return tracks, kept, []
    one, other = order[:-1][again], order[1:][again]
    apart = np.zeros(len(one), bool)
    for part in scratch.slices(len(one)):
        first, second = joints[one[part]], joints[other[part]]
        apart[part] = poses_apart(seen(second), seen(first)) > _ONE_PERSON
        surer = _score(first) >= _score(second)
        kept[np.where(surer, other[part], one[part])[~apart[part]]] = False
    notes = []
    if not kept.all():
        notes.append(f"{(~kept).sum()} times a person stands twice in a frame; the surer is kept")
    wrong = np.unique(tracks[one[apart]])
    if len(wrong):
        doubtful = np.isin(tracks, wrong)
        tracks[doubtful] = NOBODY
        kept |= doubtful
        numbers = ", ".join(map(str, wrong[:5])) + (", …" if len(wrong) > 5 else "")
        notes = [
            f"the detector's number {numbers} stands for two people in one frame; who is who is "
            "told by where they are"
        ]
    return tracks, kept, notes


def _score(joints):
    return np.nan_to_num(joints[:, :, 2]).mean(-1)


def _rows_by(tracks):
    """Yields (track, its rows), rows in order."""
    order = np.argsort(tracks, kind="stable")
    labels, starts = np.unique(tracks[order], return_index=True)
    yield from zip(labels.tolist(), np.split(order, starts[1:]), strict=True)


def _are_people(points):
    return is_person(points, np.isfinite(points).all(-1))


def _pixels(joints, known):
    """(2,), what makes coordinates about as large as pixels; how people move is told in these."""
    unit = known.get("units")
    if unit is None:
        sample = np.abs(_seen(joints[:: max(1, len(joints) // 500)], 1.0))
        largest = sample.max((1, 2), initial=0.0, where=np.isfinite(sample))
        largest = largest[largest > 0]
        small = len(largest) and np.median(largest) <= MAX_FRACTION
        unit = FRACTIONS if small else PIXELS
    return np.asarray(1.0 if unit == PIXELS else known.get("image_size") or _SIZE, np.float32)
