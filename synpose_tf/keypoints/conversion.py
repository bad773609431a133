"""From a detector's layout to Human3.6M's 17 joints.

1. A joint is carried over by name. The thorax is the point halfway between the shoulders, as
   MPII annotates it, OpenPose computes its "neck" and motion capture has it within 2 cm
   (`datasets/cmu_mocap`). Halpe's neck lies higher and is left out.
2. A hip (root) that is not there is the midpoint of left and right hip, as Human3.6M
   defines it.
3. Every other joint that is not there stays NaN: spine, thorax and head top of a layout that
   ends at the ears follow from no two joints. `synpose_tf.completion` infers them.
"""

import numpy as np

from synpose_tf.structures.skeleton import H36M_17, Skeleton, joint_map
from synpose_tf.structures.tracks import KeypointTrack

_HIP, _LEFT, _RIGHT = (H36M_17.index(name) for name in ("Hip", "LHip", "RHip"))


def carried(layout: Skeleton) -> tuple[int | None, ...]:
    """For each of Human3.6M's 17 joints, its index in the layout, or None (rule 1)."""
    return joint_map(layout, H36M_17)


def to_h36m(track: KeypointTrack) -> tuple[np.ndarray, np.ndarray]:
    """Human3.6M's 17 joints of a detector's, by the rules of the module's text.

    Args:
        track: F frames of any layout.

    Returns:
        keypoints: (F, 17, 2), pixels, NaN where neither seen nor derived.
        missing: (F, 17), True there.
    """
    keypoints = _carry(np.asarray(track.keypoints), track.layout)
    return keypoints, ~np.isfinite(keypoints).all(axis=-1)


def world_to_h36m(track: KeypointTrack) -> np.ndarray | None:
    """The detector's own 3D of the same joints, from their root.

    Args:
        track: F frames of any layout.

    Returns:
        (F, 17, 3), metres, NaN where unknown; None where the detector gives none.
    """
    if track.world is None:
        return None
    joints = _carry(np.asarray(track.world), track.layout)
    return joints - joints[:, _HIP, None]


def h36m_confidence(track: KeypointTrack) -> np.ndarray:
    """The detector's confidence (F, 17) in the joints of `to_h36m`.

    Of a joint that is made of several, the lowest; 0 where neither seen nor derived.
    """
    order = carried(track.layout)
    seen = np.isfinite(track.keypoints).all(axis=-1)
    given = np.where(seen, np.asarray(track.confidence), 0.0).astype(np.float32)
    confidence = given[:, [index or 0 for index in order]]
    confidence[:, [index is None for index in order]] = 0.0
    hips = np.minimum(confidence[:, _LEFT], confidence[:, _RIGHT])
    confidence[:, _HIP] = np.where(confidence[:, _HIP] > 0, confidence[:, _HIP], hips)
    return confidence


def _carry(points, layout):
    """Joints (F, J, d) by the rules of the module's text: (F, 17, d)."""
    order = carried(layout)
    joints = points[:, [index or 0 for index in order]]
    joints[:, [index is None for index in order]] = np.nan
    middle = (joints[:, _LEFT] + joints[:, _RIGHT]) / 2.0
    joints[:, _HIP] = np.where(np.isfinite(joints[:, _HIP]), joints[:, _HIP], middle)
    joints[~np.isfinite(joints).all(axis=-1)] = np.nan
    return joints
