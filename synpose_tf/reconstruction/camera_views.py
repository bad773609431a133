"""People in the room as each camera saw them: its own joints in 2D beside all cameras' in 3D."""

from collections.abc import Sequence

import numpy as np

from synpose_tf.reconstruction import report
from synpose_tf.reconstruction.people import Placed
from synpose_tf.reconstruction.pipeline import Scene
from synpose_tf.structures.camera_views import CameraView

_NEAR = 1.5  # Steps between moments that a frame may lie between.
_AT = 0.01  # Steps from a moment at which a frame is of that moment alone.


def camera_views(scene: Scene, placed: Sequence[Placed]) -> list[CameraView]:
    """Every frame of every camera in which the scene's people were lifted and placed.

    Args:
        scene: cameras, clocks, and whose tracks are whose.
        placed: the scene's people.
    """
    return [
        _view(scene, placed, person, view)
        for person in range(len(placed))
        for view, numbers in enumerate(scene.people[person])
        if numbers
    ]


def _view(scene, placed, person, view):
    camera = scene.cameras[view]
    tracks = [camera.lifted[number] for number in scene.people[person][view]]
    frames = np.concatenate([track.frames for track in tracks])
    keypoints = np.concatenate([np.asarray(track.keypoints) for track in tracks])
    inferred = np.concatenate([np.asarray(track.inferred) for track in tracks])
    own = np.concatenate([track.times for track in tracks])
    joints, agreed = _at(placed[person], view, scene.clocks[view].common(own))
    rotation = scene.rig.rotation[view]
    inside = joints @ rotation.T + scene.rig.translation[view]
    both = np.flatnonzero(np.isfinite(keypoints).all((1, 2)) & np.isfinite(inside).all((1, 2)))
    both = both[np.argsort(frames[both], kind="stable")]  # Tracks come the longest first.
    return CameraView(
        person=f"person {person + 1}",
        camera=camera.name,
        frames=frames[both].astype(np.int64),
        keypoints=keypoints[both].astype(np.float32),
        seen=~inferred[both],
        joints=inside[both].astype(np.float32),
        agreed=agreed[both],
        intrinsics=np.asarray(report.calibrated(scene)[view].intrinsics, np.float64),
        up=np.asarray(rotation[:, 2], np.float64),  # The world's z.
    )


def _at(person, view, times):
    """Joints (n, 17, 3) at moments between those of a person, by lines; NaN beyond.

    And (n, 17), whether two views agree on them and `view` has not exchanged them.
    """
    after = np.searchsorted(person.times, times).clip(1, len(person.times) - 1)
    before = after - 1
    step = person.times[after] - person.times[before]
    share = (times - person.times[before]) / step
    usual = np.median(np.diff(person.times))
    # A frame at the first or the last moment may lie a little beyond it.
    known = (step < _NEAR * usual) & (share > -0.5) & (share < 1.5)
    share = share.clip(0.0, 1.0)[:, None]
    joints = (1.0 - share[..., None]) * person.joints[before]
    joints += share[..., None] * person.joints[after]
    joints[~known] = np.nan
    bad = person.inferred | person.exchanged[view]
    # A frame at a moment has nothing of the one beside it.
    return joints, ~(bad[before] & (share < 1.0 - _AT) | bad[after] & (share > _AT))
