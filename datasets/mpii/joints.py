"""From MPII's 16 or COCO's 17 joints, some of them missing, to Human3.6M's 17.

The joints of one name carry over (MPII's "thorax" lies between the shoulders, "Head" is the
head's top). Others are derived:

- Hip and thorax, which COCO lacks, are the midpoints of the hips and of the shoulders.
- Spine is the midpoint of hip and thorax. On 36,345 poses of real motion capture the spine
  joint lies at 0.49 of that way (median).
- Nose, which MPII lacks, is the midpoint of upper neck and head top: as high as the nose, but
  not forward of the head, which a picture alone does not tell.

A joint that is missing, or cannot be derived, as COCO's head top, takes the place of the nearest
joint along the skeleton that is there, so that every pose is finite and a consumer can tell by
confidence 0.
"""

import functools

import numpy as np

from synpose_tf.structures.skeleton import COCO_17, H36M_17, MPII_16, Skeleton, joint_map

# For each derived joint, those of the layout that it lies in the middle of.
MIDPOINTS: dict[Skeleton, dict[str, tuple[str, ...]]] = {
    MPII_16: {"Spine": ("Hip", "Thorax"), "Nose": ("UpperNeck", "Head")},
    COCO_17: {
        "Hip": ("LHip", "RHip"),
        "Thorax": ("LShoulder", "RShoulder"),
        "Spine": ("LHip", "RHip", "LShoulder", "RShoulder"),
        "Head": (),
    },
}


def to_h36m_17(
    points: np.ndarray, confidence: np.ndarray, layout: Skeleton = MPII_16
) -> tuple[np.ndarray, np.ndarray]:
    """Human3.6M-17 joints of MPII's or COCO's.

    Args:
        points: (..., J, d); anything where the confidence is 0.
        confidence: (..., J), 0 where a joint is missing; at least one is not.
        layout: of the J joints, one of `MIDPOINTS`.

    Returns:
        (..., 17, d) and (..., 17). The confidence of derived and of filled joints is 0.
    """
    points, confidence = np.asarray(points, np.float64), np.asarray(confidence, np.float64)
    source = joint_map(layout, H36M_17)
    lacks = [joint for joint, i in enumerate(source) if i is None]
    order = [i or 0 for i in source]
    out, out_confidence = points[..., order, :], confidence[..., order]
    known = out_confidence > 0
    for joint in lacks:
        ends = [layout.index(name) for name in MIDPOINTS[layout][H36M_17.joints[joint]]]
        known[..., joint] = bool(ends)
        if ends:
            out[..., joint, :] = points[..., ends, :].mean(-2)
            known[..., joint] = (confidence[..., ends] > 0).all(-1)
    out_confidence[..., lacks] = 0.0
    nearest = np.where(known[..., None, :], _hops(), np.inf).argmin(-1)
    return np.take_along_axis(out, nearest[..., None], -2), out_confidence


@functools.cache
def _hops():
    """(17, 17), the number of bones between two joints."""
    hops = np.full((len(H36M_17), len(H36M_17)), np.inf)
    np.fill_diagonal(hops, 0.0)
    for child, parent in H36M_17.bones:
        hops[child, parent] = hops[parent, child] = 1.0
    for via in range(len(H36M_17)):
        hops = np.minimum(hops, hops[:, via : via + 1] + hops[via])
    return hops
