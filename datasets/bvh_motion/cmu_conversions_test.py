"""CMU's motion in its conversions to BVH: the joints of the official files."""

import numpy as np
from scipy.spatial.transform import Rotation

from synpose_tf.datasets.bvh_motion import conventions, sources
from synpose_tf.datasets.cmu_mocap import asf_amc
from synpose_tf.structures.skeleton import H36M_17


def test_joints_of_cmus_conversions_are_those_of_cmu_mocap():
    """The hand's joint lies in the middle of the forearm, the neck's below the thorax."""
    table = conventions.CONVENTIONS[0].table
    assert table["LWrist"] == ("lefthand", "leftfingerbase", 0.6)
    names = [
        "Hips", "LHipJoint", "LeftUpLeg", "LeftLeg", "LeftFoot", "RHipJoint", "RightUpLeg",
        "RightLeg", "RightFoot", "LowerBack", "Spine", "Spine1", "Neck", "Neck1", "Head",
        "Head_End", "LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand", "LeftFingerBase",
        "RightShoulder", "RightArm", "RightForeArm", "RightHand", "RightFingerBase",
    ]  # fmt: skip
    found = conventions.recognise(None, names, conventions.Own())
    assert found.name == "CMU"
    assert found.table["Thorax"] == ("Neck", "Neck1", 0.5)
    assert found.table["RWrist"] == ("RightHand", "RightFingerBase", 0.6)
    assert (found.table["Spine"], found.table["Head"]) == ("Spine", "Head_End")
    fewer = [name for name in names if "Finger" not in name]
    assert conventions.recognise(None, fewer, conventions.Own()).name.startswith("MotionBuilder")


# Joints of CMU's conversions stand where a bone of the ASF file starts.
CMU_JOINTS = {
    "root": "Hips", "lhipjoint": "LHipJoint", "lfemur": "LeftUpLeg", "ltibia": "LeftLeg",
    "lfoot": "LeftFoot", "ltoes": "LeftToeBase", "rhipjoint": "RHipJoint",
    "rfemur": "RightUpLeg", "rtibia": "RightLeg", "rfoot": "RightFoot", "rtoes": "RightToeBase",
    "lowerback": "LowerBack", "upperback": "Spine", "thorax": "Spine1", "lowerneck": "Neck",
    "upperneck": "Neck1", "head": "Head", "lclavicle": "LeftShoulder", "lhumerus": "LeftArm",
    "lradius": "LeftForeArm", "lwrist": "LeftHand", "lhand": "LeftFingerBase",
    "lfingers": "LeftHandIndex1", "lthumb": "LThumb", "rclavicle": "RightShoulder",
    "rhumerus": "RightArm", "rradius": "RightForeArm", "rwrist": "RightHand",
    "rhand": "RightFingerBase", "rfingers": "RightHandIndex1", "rthumb": "RThumb",
}  # fmt: skip


def cmu_bvh(skeleton, motion):
    """An official clip as its BVH conversion has it, in CMU's unit."""
    ends, turns = asf_amc.forward_kinematics(skeleton, motion)
    unit, columns = 0.0254 / 0.45, []

    def joint(bone):
        above = skeleton.parents[bone]
        offset = np.zeros(3)
        if above and skeleton.parents[above]:
            offset = skeleton.bones[above].offset / unit
        if not above:
            columns.append(ends[bone] / unit)
        turn = np.linalg.inv(turns[above]) @ turns[bone] if above else turns[bone]
        columns.append(Rotation.from_matrix(turn).as_euler("ZYX", degrees=True))
        inner = "".join(
            joint(child) for child, parent in skeleton.parents.items() if parent == bone
        )
        end = " ".join(map(str, skeleton.bones[bone].offset / unit))
        positions = "" if above else "Xposition Yposition Zposition "
        return (
            f"{'JOINT' if above else 'ROOT'} {CMU_JOINTS[bone]}\n{{\n"
            f"OFFSET {' '.join(map(str, offset))}\n"
            f"CHANNELS {3 if above else 6} {positions}Zrotation Yrotation Xrotation\n"
            + (inner or f"End Site\n{{\nOFFSET {end}\n}}\n")
            + "}\n"
        )

    head = joint("root")
    rows = "\n".join(" ".join(map(str, row)) for row in np.concatenate(columns, axis=1))
    return f"HIERARCHY\n{head}MOTION\nFrames: {len(motion)}\nFrame Time: 0.0083333\n{rows}\n"


def test_cmus_conversions_give_the_joints_of_the_official_files(shared_data, tmp_path):
    folder = shared_data / "cmu_asfamc" / "subjects" / "02"
    skeleton = asf_amc.read_asf(folder / "02.asf")
    motion = asf_amc.read_amc(min(folder.glob("*.amc")), skeleton)[:200]
    (tmp_path / "one.bvh").write_text(cmu_bvh(skeleton, motion))
    clip = sources.read_clip(tmp_path, "clips/one", tmp_path / "one.bvh")
    expected = asf_amc.h36m_17(skeleton, motion)[clip.frames]
    difference = np.linalg.norm(clip.positions - clip.positions[:, :1], axis=-1) - np.linalg.norm(
        expected - expected[:, :1], axis=-1
    )
    nose = H36M_17.index("Nose")
    assert np.abs(np.delete(difference, nose, axis=1)).max() < 1e-4
    assert np.abs(difference[:, nose]).max() < 0.01  # the trunk leans a little at rest
