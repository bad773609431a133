"""Joins poses and detections by subject, take, camera and frame."""

import collections
import functools
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from synpose_tf.datasets.h36m import clips, takes
from synpose_tf.datasets.h36m.config import H36mConfig
from synpose_tf.datasets.pose_dataset import Shard, View
from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import h36m_cameras

# Videos are a few frames longer than the recorded poses; a second and more is another take.
MAX_DIFFERENCE = 50
# One camera's video of this take is broken. Published code leaves the take out for all four.
DROPPED = ("S11", "Directions")
# In a few of these takes the recorded poses are shifted against the video.
SHIFTED = ("Greeting", "SittingDown", "Waiting")

Poses = Mapping[tuple[str, str], clips.Poses]
Detections = Mapping[tuple[str, str, str], clips.Detections]


def shards(
    poses: Poses, detections: Detections | None, config: H36mConfig
) -> tuple[dict[str, list[Shard]], list[str]]:
    """One shard for each take, by split, and notes on what was left out or kept.

    Args:
        poses: by (subject, take).
        detections: by (subject, take, camera); None to project the poses.
        config: the part that is wanted.

    Raises:
        SynposeError: poses and detections differ in length by more than `MAX_DIFFERENCE`
            frames, or nothing remains.
    """
    splits: dict[str, list[Shard]] = collections.defaultdict(list)
    without: collections.Counter[str] = collections.Counter()
    cut = []
    for subject, take in sorted(poses, key=_order):
        recorded = poses[subject, take]
        split = "train" if subject in config.train_subjects else "test"
        if takes.action_of(take) not in config.actions or (subject, take) == DROPPED:
            continue
        seen = {
            camera: detections[subject, take, camera]
            for camera in config.cameras
            if detections is not None and (subject, take, camera) in detections
        }
        cameras = config.cameras if detections is None else tuple(seen)
        if len(cameras) < len(config.cameras):
            without[subject] += 1
        cut += [_difference(recorded, found) for found in seen.values()]
        if cameras:
            splits[split].append(
                functools.partial(views, subject, take, recorded, cameras, seen, config.every)
            )
    notes = _notes(poses, config, without, cut)
    if not splits:
        raise SynposeError(
            f"h36m/{config.name}: nothing remains of {len(poses)} takes. Choose other subjects, "
            f"actions or detections, or add files.\n{chr(10).join(notes)}"
        )
    return {split: splits[split] for split in ("train", "test") if split in splits}, notes


def views(
    subject: str,
    take: str,
    poses: clips.Poses,
    cameras: Sequence[str],
    detections: Mapping[str, clips.Detections],
    every: int,
) -> Iterator[View]:
    """One take through its cameras.

    Args:
        subject, take: their names.
        poses: `clips.Poses` of the take.
        cameras: names of the cameras wanted.
        detections: `clips.Detections` by camera; empty to project the poses.
        every: keeps frames 0, every, 2 every, ...

    Raises:
        SynposeError: a joint lies behind a camera.
    """
    for name in cameras:
        camera = h36m_cameras()[subject][name]
        found = detections.get(name)
        count = len(poses.points) if found is None else min(len(poses.points), len(found.points))
        frames = np.arange(0, count, every)
        points = camera.to_camera(poses.points[frames])
        if points[..., 2].min() <= 0:
            raise SynposeError(
                f"{poses.where}: a joint lies behind camera {name}. Are the positions in "
                "millimetres of Human3.6M's world, z up?"
            )
        yield View(
            subject=subject,
            action=take,
            camera=name,
            keypoints_2d=camera.project(points) if found is None else found.points[frames],
            keypoints_3d=points,
            intrinsics=camera.intrinsics,
            up=camera.up,
            frames=frames,
            confidence=None if found is None else np.tile(found.confidence, (len(frames), 1)),
        )


def _order(key):
    """The data set's own order, in which tables list the actions."""
    subject, take = key
    return takes.SUBJECTS.index(subject), takes.ACTIONS.index(takes.action_of(take)), take


def _difference(poses, detections):
    """How many frames the longer one loses."""
    difference = abs(len(poses.points) - len(detections.points))
    if difference > MAX_DIFFERENCE:
        raise SynposeError(
            f"{detections.where}: {len(detections.points)} frames, but {len(poses.points)} in "
            f"{poses.where}. At most {MAX_DIFFERENCE} may be cut. Are they of the same take, at "
            "the same rate?"
        )
    return difference


def known_faults(subjects: Collection[str], actions: Collection[str]) -> list[str]:
    """What is done about the data set's known faults in these subjects and actions."""
    notes = []
    if "S11" in subjects and "Directions" in actions:
        notes.append(
            "S11 Directions (the take without a number) is left out: one camera's video is "
            "broken, and published code drops the take."
        )
    if "S9" in subjects and set(SHIFTED) & set(actions):
        notes.append(
            f"S9's {', '.join(SHIFTED)} are kept, though a few of these takes have a shifted "
            "ground truth: most published tables keep them."
        )
    return notes


def _notes(poses, config, without, cut):
    subjects = config.train_subjects + config.test_subjects
    notes = []
    if absent := [subject for subject in subjects if subject not in {key[0] for key in poses}]:
        notes.append(f"No poses of {', '.join(absent)} were found: the set is without them.")
    notes += known_faults(subjects, config.actions)
    if without:
        counts = ", ".join(f"{count} of {subject}" for subject, count in without.items())
        notes.append(f"Takes without detections for all or some cameras: {counts}.")
    if any(cut):
        notes.append(
            f"{np.count_nonzero(cut)} of {len(cut)} views were cut to the shorter of poses and "
            f"detections, by at most {max(cut)} frames."
        )
    return notes
