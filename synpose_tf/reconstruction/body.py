"""The bones that hold joints together, and how long they are in lifted poses."""

import numpy as np

from synpose_tf.reconstruction.unknowns import Prior
from synpose_tf.structures.skeleton import H36M_17

# Ends, for the left side, and how far a bone's length wanders between the points that detectors
# call its ends, millimetres.
_BONES = {
    ("LHip", "LKnee"): 30.0,
    ("LKnee", "LAnkle"): 30.0,
    ("LShoulder", "LElbow"): 25.0,
    ("LElbow", "LWrist"): 25.0,
    ("LHip", "RHip"): 30.0,
    ("LShoulder", "RShoulder"): 40.0,
    ("LShoulder", "LHip"): 60.0,
}


def _bones():
    found = {}
    for kind, ((one, two), spread) in enumerate(_BONES.items()):
        for ends in ((one, two), (one.replace("L", "R", 1), two.replace("L", "R", 1))):
            first, second = sorted(H36M_17.index(end) for end in ends)
            if two[0] != one[0] and (second, first) in found:
                continue
            if one[0] != two[0]:  # Across the body: left and right are its ends.
                first, second = sorted(H36M_17.index(end) for end in (one, two))
            found[first, second] = (kind, spread)
    return tuple((one, two, kind, spread) for (one, two), (kind, spread) in found.items())


BONES = _bones()
KINDS = tuple("-".join(ends).replace("L", "", 1) for ends in _BONES)
PRIOR = Prior(bones=BONES)


def bone_lengths(poses: np.ndarray) -> np.ndarray:
    """(kinds,), medians over poses (..., 17, 3) and both sides, NaN where never known."""
    poses = np.asarray(poses).reshape(-1, len(H36M_17), 3)
    lengths: list[list[np.ndarray]] = [[] for _ in _BONES]
    for one, two, kind, _ in BONES:
        length = np.linalg.norm(poses[:, one] - poses[:, two], axis=-1)
        lengths[kind].append(length[np.isfinite(length)])
    joined = [np.concatenate(parts) for parts in lengths]
    return np.array([np.median(part) if len(part) else np.nan for part in joined])
