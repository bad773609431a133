"""Where people stand: poses set on a level floor, for the eye and for animation tools.

Stage frame: x right, y up, z towards the camera that saw the people, millimetres; y = 0 is
the floor. Cameras look down or up; how far is estimated from what people do, see `_upright`.
"""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import Camera
from synpose_tf.io.scratch import Column, derived, pieces
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import PoseTrack

_SPACING = 1200.0  # mm between people whose places are not known
_TO_STAGE = np.array([1.0, -1.0, -1.0])  # the camera frame, half a turn about x
_WORLD_TO_STAGE = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])  # z up to y up
_ANKLES = [H36M_17.index("LAnkle"), H36M_17.index("RAnkle")]
_THORAX = H36M_17.index("Thorax")
_HEIGHT = ("RKnee", "RAnkle", "LKnee", "LAnkle", "Spine", "Thorax")  # bones that end there

# Slopes, standard deviations: of a camera, of a person who stands; and of a foot on the floor
# how far it seems off, with how many independent looks a video gives.
_CAMERA_TILT, _LEAN = np.tan(np.radians([15.0, 4.0]))
_FOOT_NOISE, _LOOKS = 100.0, 10.0
_STRETCHED = 0.95  # of full length, from when on a body counts as standing
_LARGEST_TILT = np.radians(30.0)  # a body at a larger angle lies, or stands on its hands


def set_on_stage(tracks: Sequence[PoseTrack]) -> list[Column]:
    """Joint positions in the stage frame.

    Where everybody's path is known, people move along it, the middle of their ground at
    x = z = 0. Otherwise they stand side by side in place, each frame with its lowest joint on
    the floor: a jump stays on the ground. Tracks that are `level` are where they are.

    Returns:
        For each track (F, 17, 3), NaN where it has no pose; of a track on disk, what is derived
        from it when it is read.
    """
    paths = [track.root for track in tracks if track.root is not None]
    along_paths = len(paths) == len(tracks)
    if along_paths:
        people = [
            derived(_along_path, t.poses, root) for t, root in zip(tracks, paths, strict=True)
        ]
    else:
        people = [derived(_turned_over, track.poses) for track in tracks]
    if not any(len(points) for points in _posed(people)) or all(t.level for t in tracks):
        return people
    turn = functools.partial(_turned, matrix=_upright(people, along_paths).as_matrix().T)
    people = [derived(turn, points) for points in people]
    if not along_paths:
        places = (np.arange(len(people)) - (len(people) - 1) / 2) * _SPACING
        return [
            derived(functools.partial(_in_place, place=place), points)
            for points, place in zip(people, places, strict=True)
        ]
    roots = _gathered(people, lambda points: points[:, 0])
    lowest = _gathered(people, lambda points: points[..., 1].min(axis=1))
    origin = (roots.min(axis=0) + roots.max(axis=0)) / 2
    origin[1] = np.percentile(lowest, 5)  # noise goes below the floor
    return [derived(functools.partial(_moved, origin=origin), points) for points in people]


def cameras_on_stage(cameras: Sequence[Camera], tracks: Sequence[PoseTrack]) -> list[Camera]:
    """Cameras around `level` tracks in the stage frame, where `set_on_stage` has the tracks.

    Args:
        cameras: in the world, z up, that the tracks came from: x, y, z are their x, z, -y.
        tracks: the people.

    Raises:
        SynposeError: a track is not level: how cameras stand to it is not known.
    """
    if cameras and not all(track.level for track in tracks):
        raise SynposeError(
            "cameras can be shown around tracks of a room (PoseTrack.level) only; these are in "
            "their own camera's frame. Leave `cameras` out."
        )
    return [
        dataclasses.replace(
            camera,
            rotation=camera.rotation @ _WORLD_TO_STAGE.T,
            position=_WORLD_TO_STAGE @ camera.position,
        )
        for camera in cameras
    ]


def posed(points: Column) -> np.ndarray:
    """(F,), True where a person (F, 17, 3) has a pose."""
    return np.concatenate([np.isfinite(part).all(axis=(1, 2)) for part in pieces(points)])


def _posed(people):
    """The poses of all people, piece by piece, (n, 17, 3)."""
    for points in people:
        for part in pieces(points):
            yield part[posed(part)]


def _gathered(people, function):
    """What a function gives of all poses; they themselves need not fit into memory."""
    return np.concatenate([function(points) for points in _posed(people)])


def _turned_over(poses):
    return np.asarray(poses, np.float64) * _TO_STAGE


def _along_path(poses, root):
    return _turned_over(poses) + (root * _TO_STAGE)[:, None]


def _turned(points, matrix):
    return points @ matrix


def _moved(points, origin):
    return points - origin


def _in_place(points, place):
    """`points` with each frame on the floor, the root at a place in the row."""
    shift = np.zeros((len(points), 1, 3))
    shift[:, 0, 0] = place
    shift[:, 0, 1] = -points[..., 1].min(axis=1)
    return points + shift


def _upright(people: Sequence[Column], along_paths: bool) -> Rotation:
    """The turn that makes the floor below people (F, 17, 3) level.

    Least squares for its slope (a, b), y = a x + b z, from three sources: the lower foot of
    each frame stands on it, where paths are known; people who stand stretched are upright on
    average; the camera is level, within its tilt.
    """
    slope, spread = _lean(_gathered(people, _standing))
    prior = np.eye(2) / spread**2
    information, target = prior, prior @ slope
    feet = _gathered(people, lambda points: points[:, _ANKLES]) if along_paths else np.zeros(0)
    for _ in range(5 if along_paths else 0):  # which foot is lower depends on the floor
        height = feet[..., 1] - feet[..., [0, 2]] @ slope
        lower = feet[np.arange(len(feet)), height.argmin(axis=1)]
        lower = lower - lower.mean(axis=0)
        ground, weight = lower[:, [0, 2]], _LOOKS / _FOOT_NOISE**2 / len(feet)
        information = prior + weight * ground.T @ ground
        slope = np.linalg.solve(information, target + weight * ground.T @ lower[:, 1])
    return Rotation.align_vectors([[0.0, 1.0, 0.0]], [[-slope[0], 1.0, -slope[1]]])[0]


def _lean(standing):
    """Slope (2,) and standard deviation from bodies (n, 3) that stand stretched, if any do."""
    if not len(standing):
        return np.zeros(2), _CAMERA_TILT
    up = standing.mean(axis=0)
    return -up[[0, 2]] / up[1], _LEAN


def _standing(points):
    """From the ankles to the thorax (n, 3), of those poses that stand stretched."""
    parent = dict(H36M_17.bones)
    bones = [(joint, parent[joint]) for joint in map(H36M_17.index, _HEIGHT)]
    lengths = np.linalg.norm([points[:, c] - points[:, p] for c, p in bones], axis=-1)
    full = lengths[:4].sum(axis=0) / 2 + lengths[4:].sum(axis=0)
    body = points[:, _THORAX] - points[:, _ANKLES].mean(axis=1)
    height = np.linalg.norm(body, axis=-1)
    angle = np.arccos(np.clip(body[:, 1] / np.maximum(height, 1e-9), -1, 1))
    return body[(height > _STRETCHED * full) & (angle < _LARGEST_TILT)]
