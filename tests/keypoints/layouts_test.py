import dataclasses

import numpy as np
import pytest
from keypoint_files import in_layout

from synpose_tf.errors import SynposeError
from synpose_tf.keypoints import conversion, layouts
from synpose_tf.keypoints.layouts import BODY_25, COCO_17, HALPE_26, LAYOUTS, MEDIAPIPE_33
from synpose_tf.structures.skeleton import H36M_17, MPII_16
from synpose_tf.structures.tracks import KeypointTrack

ALL = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


def track(keypoints, layout):
    count = len(keypoints)
    return KeypointTrack(
        name="person 1",
        keypoints=keypoints,
        confidence=np.isfinite(keypoints).all(-1).astype(np.float32),
        frames=np.arange(count),
        times=np.arange(count) / 30.0,
        layout=layout,
    )


@pytest.mark.parametrize(
    ("layout", "at"),
    [
        (COCO_17, {0: "Nose", 1: "LEye", 4: "REar", 9: "LWrist", 12: "RHip", 16: "RAnkle"}),
        (BODY_25, {0: "Nose", 1: "Thorax", 4: "RWrist", 8: "Hip", 12: "LHip", 18: "LEar"}),
        (BODY_25, {19: "LBigToe", 21: "LHeel", 22: "RBigToe", 24: "RHeel"}),
        (MEDIAPIPE_33, {0: "Nose", 7: "LEar", 11: "LShoulder", 16: "RWrist", 28: "RAnkle"}),
        (MEDIAPIPE_33, {10: "RMouth", 22: "RThumb", 29: "LHeel", 32: "RFootIndex"}),
        (HALPE_26, {0: "Nose", 16: "RAnkle", 17: "Head", 18: "Neck", 19: "Hip", 25: "RHeel"}),
    ],
)
def test_the_order_of_the_joints(layout, at):
    for index, joint in at.items():
        assert layout.joints[index] == joint


@ALL
def test_left_and_right_are_pairs(layout):
    sided = [name for name in layout.joints if name[0] in "LR" and name[1].isupper()]
    assert len(layout.left_right) * 2 == len(sided) >= 12


@ALL
def test_limbs_hang_together(layout):
    parents = {layout.joints[c]: layout.joints[p] for c, p in layout.bones}
    for side in "LR":
        for child, parent in [("Wrist", "Elbow"), ("Elbow", "Shoulder"), ("Knee", "Hip")]:
            assert parents[side + child] == side + parent
        assert {parents[side + "Ankle"], parents[side + "Knee"]} & {side + "Knee", side + "Ankle"}


@ALL
def test_real_poses_through_a_layout_and_back(layout, poses):
    found, missing = conversion.to_h36m(track(in_layout(poses[..., :2], layout), layout))
    np.testing.assert_array_equal(missing, ~np.isfinite(found).all(-1))
    limbs = [name for name in H36M_17.joints if name[0] in "LR"]
    for name in [*limbs, "Hip"]:
        joint = H36M_17.index(name)
        np.testing.assert_allclose(found[:, joint], poses[:, joint, :2], atol=0.1)
    carried = [index is not None for index in conversion.carried(layout)]
    np.testing.assert_array_equal(found[:, carried], poses[:, carried, :2])


def test_which_joints_are_left_to_be_inferred(poses):
    expected = {
        "h36m": set(),
        "coco": {"Spine", "Thorax", "Head"},
        "mediapipe": {"Spine", "Thorax", "Head"},
        "body25": {"Spine", "Head"},
        "openpose18": {"Spine", "Head"},
        "halpe26": {"Spine", "Thorax"},
        "mpii": {"Spine", "Nose"},
    }
    for name, layout in LAYOUTS.items():
        _, missing = conversion.to_h36m(track(in_layout(poses[:2, :, :2], layout), layout))
        assert {H36M_17.joints[i] for i in np.flatnonzero(missing[0])} == expected[name]


def test_a_joint_seen_by_half_is_missing_and_a_lost_hip_is_derived():
    keypoints = np.random.default_rng(0).uniform(10, 99, (2, 17, 2))
    keypoints[0, H36M_17.index("Hip")] = np.nan
    keypoints[1, [H36M_17.index("Hip"), H36M_17.index("LHip")]] = np.nan
    keypoints[0, H36M_17.index("LWrist"), 1] = np.nan
    before = keypoints.copy()
    found, missing = conversion.to_h36m(track(keypoints, H36M_17))
    middle = (keypoints[0, H36M_17.index("LHip")] + keypoints[0, H36M_17.index("RHip")]) / 2
    np.testing.assert_array_equal(found[0, 0], middle)
    assert np.flatnonzero(missing[0]).tolist() == [H36M_17.index("LWrist")]
    assert np.isnan(found[0, H36M_17.index("LWrist")]).all()
    assert missing[1, 0]
    np.testing.assert_array_equal(keypoints, before)


def test_names():
    assert layouts.named("coco") is layouts.named("COCO-17") is COCO_17
    assert layouts.named("body_25") is layouts.named("BODY25") is BODY_25
    with pytest.raises(SynposeError, match=r"--layout=dance.*h36m, coco, mpii, body25"):
        layouts.named("dance")


def test_the_thorax_lies_between_the_shoulders(shared_data):
    """MPII's, as detectors find it, and CMU's, as `cmu_mocap` reads it: one point of the body."""
    import h5py

    file = shared_data / "h36m_sh" / "S9" / "Walking.54138969.h5"
    detected = h5py.File(file)["poses"][()].astype(float)
    clips = np.load(shared_data / "cmu_positions" / "cmu_h36m17_30hz.npz")
    captured = np.concatenate([clips[name][::10] for name in clips.files])
    for points, layout in ((detected, MPII_16), (captured, H36M_17)):
        at = {name: points[:, i] for i, name in enumerate(layout.joints)}
        off = at["Thorax"] - (at["LShoulder"] + at["RShoulder"]) / 2
        trunk = np.median(np.linalg.norm(at["Thorax"] - at["Hip"], axis=-1))
        assert np.median(np.linalg.norm(off, axis=-1)) < 0.05 * trunk


def test_a_joint_is_as_sure_as_the_least_sure_that_it_is_made_of(poses):
    seen = track(in_layout(poses[:3, :, :2], COCO_17), COCO_17)
    rng = np.random.default_rng(0)
    seen = dataclasses.replace(seen, confidence=rng.random(seen.confidence.shape, np.float32))
    seen.keypoints[1, COCO_17.index("LHip")] = np.nan
    found = dict(zip(H36M_17.joints, conversion.h36m_confidence(seen).T, strict=True))
    given = dict(zip(COCO_17.joints, seen.confidence.T, strict=True))
    np.testing.assert_array_equal(found["RKnee"], given["RKnee"])
    np.testing.assert_array_equal(found["Spine"], 0.0)
    hips = np.minimum(given["LHip"], given["RHip"])
    np.testing.assert_array_equal(found["Hip"], [hips[0], 0.0, hips[2]])
