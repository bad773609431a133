"""A world for people to stand in: z up, the floor at z = 0, millimetres.

Up is told by people who stand stretched, and by the feet, which stand on one plane; both as in
`synpose_tf.output.stage`. x points to the first camera's right, y away from it; the origin lies
below the middle of the people.
"""

import numpy as np

from synpose_tf.reconstruction.rig import Rig
from synpose_tf.structures.skeleton import H36M_17

ANKLE_MM = 80.0  # Above the floor, of a person who stands.
_ANKLES = [H36M_17.index("LAnkle"), H36M_17.index("RAnkle")]
_SHOULDERS = [H36M_17.index("LShoulder"), H36M_17.index("RShoulder")]
_STRETCHED = 0.94
_LEAN = np.tan(np.radians(4.0))  # Of a person who stands.
_CAMERA_TILT = np.tan(np.radians(15.0))
_FOOT_NOISE, _LOOKS = 60.0, 20.0
_LARGEST_TILT = np.radians(35.0)


def level_world(rig: Rig, joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The world of a floor: its points are rotation · (X - origin).

    Args:
        rig: the cameras.
        joints: (N, 17, 3), millimetres.

    Returns:
        rotation (3, 3) and origin (3,).
    """
    upright = _about_up(-rig.rotation[:, 1].mean(0), rig)
    for _ in range(3):
        placed = joints @ upright.T
        slope = _slope(placed)
        up = np.array([-slope[0], -slope[1], 1.0])
        upright = _about_up(upright.T @ (up / np.linalg.norm(up)), rig)
    placed = joints @ upright.T
    middle = np.median(placed[:, H36M_17.root], axis=0)
    feet = placed[:, _ANKLES, 2].min(1)
    middle[2] = np.percentile(feet, 5) - ANKLE_MM
    return upright, upright.T @ middle


def _about_up(up, rig):
    """Rotation to z up, y along the first camera's view."""
    up = up / np.linalg.norm(up)
    forward = rig.rotation[0, 2] - (rig.rotation[0, 2] @ up) * up
    forward /= np.linalg.norm(forward)
    return np.stack([np.cross(forward, up), forward, up])


def _slope(joints):
    """Of the floor, z = a x + b y, by bodies that stand and feet, from joints with z nearly up."""
    slope, spread = _lean(joints)
    prior = np.eye(2) / spread**2
    target, found = prior @ slope, slope
    feet = joints[:, _ANKLES]
    for _ in range(5):  # Which foot is lower depends on the floor.
        height = feet[..., 2] - feet[..., :2] @ found
        lower = feet[np.arange(len(feet)), height.argmin(1)]
        lower = lower - np.median(lower, axis=0)
        off = lower[:, 2] - lower[:, :2] @ found
        weight = _LOOKS / _FOOT_NOISE**2 / len(feet) / (1.0 + (off / _FOOT_NOISE) ** 2)
        ground = lower[:, :2]
        information = prior + (weight[:, None] * ground).T @ ground
        found = np.linalg.solve(information, target + (weight * lower[:, 2]) @ ground)
    return found


def _lean(joints):
    """Slope (2,) and standard deviation from bodies that stand stretched, if any do."""
    body = joints[:, _SHOULDERS].mean(1) - joints[:, _ANKLES].mean(1)
    height = np.linalg.norm(body, axis=-1)
    chain = [H36M_17.index(name) for name in ("LShoulder", "LHip", "LKnee", "LAnkle")]
    full = np.linalg.norm(np.diff(joints[:, chain], axis=1), axis=-1).sum(-1)
    angle = np.arccos(np.clip(body[:, 2] / np.maximum(height, 1e-9), -1, 1))
    standing = body[(height > _STRETCHED * full) & (angle < _LARGEST_TILT)]
    if not len(standing):
        return np.zeros(2), _CAMERA_TILT
    up = standing.mean(0)
    return -up[:2] / up[2], _LEAN
