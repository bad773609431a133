"""People in the world as `PoseTrack`s, which every output format takes."""

import numpy as np

from synpose_tf.geometry import camera as geometry
from synpose_tf.reconstruction.people import Placed
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import PoseTrack


def pose_track(placed: Placed, name: str, camera: geometry.Camera, body_height: float) -> PoseTrack:
    """A person as a track in the level frame (x right, y down, z forward; `PoseTrack.level`).

    Args:
        placed: the person in the world, z up.
        name: what to call the person.
        camera: the first; its pixels of the joints are the track's keypoints.
        body_height: millimetres, what the bones were sized by.
    """
    # World x, y, z are right, forward, up.
    joints = placed.joints[..., [0, 2, 1]] * np.array([1.0, -1.0, 1.0])
    root = joints[:, H36M_17.root]
    inside = camera.to_camera(placed.joints)
    inside[inside[..., 2] <= 0] = np.nan
    step = float(np.median(np.diff(placed.times))) if len(placed.times) > 1 else 1.0
    return PoseTrack(
        name=name,
        poses=(joints - root[:, None]).astype(np.float32),
        root=root.astype(np.float32),
        keypoints=camera.project(inside).astype(np.float32),
        inferred=placed.inferred | ~np.isfinite(placed.joints).all(-1),
        frames=np.rint(placed.times / step).astype(np.int64),
        times=placed.times,
        body_height=body_height,
        image_size=camera.image_size,
        exchanged=np.asarray(placed.exchanged.any(0)),
        level=True,
    )
