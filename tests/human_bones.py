"""Bone lengths of a person that nothing here measured: Human3.6M's own skeleton (subject S1)."""

import numpy as np

from synpose_tf.structures.skeleton import H36M_17

# Metres, between the joints' own centres.
H36M_BONES = {
    "Hip": 0.133, "Knee": 0.443, "Ankle": 0.454, "Spine": 0.233, "Thorax": 0.257, "Nose": 0.121,
    "Head": 0.115, "Shoulder": 0.151, "Elbow": 0.279, "Wrist": 0.252,
}  # fmt: skip

# How far a bone's share of the sum may be from Human3.6M's, as a share of it. Limbs and spine end
# at joints that every system means alike, and people's proportions differ by some 5 % (de Leva
# 1996): 15 % lets people pass, and neither a wrist in the middle of the forearm (-19 %) nor a
# thorax at the breastbone (-55 %). The others differ by definition: Human3.6M's hips lie 0.27 m
# apart, where four views of its own people see 0.20 m and CMU's markers gave 0.15 to 0.19 m; its
# shoulders lie 0.30 m apart where four views see 0.37 m; its nose lies above the neck, not before
# the face.
BOUNDS = dict.fromkeys(H36M_BONES, 0.15) | {"Hip": 0.45, "Shoulder": 0.4, "Nose": 0.85}


def check_bone_shares(poses) -> None:
    """Asserts that the bones of poses (n, 17, 3) have a person's proportions, by their medians."""
    child, parent = np.transpose(H36M_17.bones)
    names = [H36M_17.joints[joint] for joint in child]
    names = [name[1:] if name[1:] in H36M_BONES else name for name in names]
    lengths = np.median(np.linalg.norm(poses[:, child] - poses[:, parent], axis=-1), axis=0)
    person = np.array([H36M_BONES[name] for name in names])
    found, expected = lengths / lengths.sum(), person / person.sum()
    off = found / expected - 1.0
    wrong = {
        H36M_17.joints[joint]: f"{100 * value:+.0f} %"
        for joint, name, value in zip(child, names, off, strict=True)
        if abs(value) > BOUNDS[name]
    }
    assert not wrong, f"bones to these joints are not a person's: {wrong}"
