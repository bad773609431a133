"""Forward kinematics against matrices written out by hand, real clips, and broken files."""

import re
import time

import numpy as np
import pytest

from synpose_tf.datasets.cmu_mocap.asf_amc import (
    forward_kinematics,
    h36m_17,
    read_amc,
    read_asf,
)
from synpose_tf.errors import SynposeError
from synpose_tf.structures.skeleton import CMU_ASF, CMU_BONES, H36M_17

# One unit of length is 0.0254 / 0.0127 = 2 m.
TINY_ASF = """\
:units
  length 0.0127
  angle deg
:root
  order TX TY TZ RX RY RZ
  axis XYZ
  position 0 0 0
  orientation 0 0 0
:bonedata
  begin
    name upper
    direction 1 0 0
    length 0.5
    axis 0 0 90 XYZ
    dof rx
  end
  begin
    name lower
    direction 0 1 0
    length 1.5
    axis 10 20 30 ZYX
    dof rz ry
  end
:hierarchy
  begin
    root upper
    upper lower
  end
"""


def write(path, text):
    path.write_text(text)
    return path


def tiny(tmp_path, *frames):
    skeleton = read_asf(write(tmp_path / "tiny.asf", TINY_ASF))
    text = ":DEGREES\n" + "".join(
        f"{i}\nroot {root}\nupper {upper}\nlower {lower}\n"
        for i, (root, upper, lower) in enumerate(frames, start=1)
    )
    return skeleton, read_amc(write(tmp_path / "tiny.amc", text), skeleton)


def test_rest_pose_is_the_sum_of_the_bones(tmp_path):
    ends, _ = forward_kinematics(*tiny(tmp_path, ("1 2 3 0 0 0", "0", "0 0")))
    np.testing.assert_allclose(ends["root"], [[2, 4, 6]])
    np.testing.assert_allclose(ends["upper"], [[3, 4, 6]])
    np.testing.assert_allclose(ends["lower"], [[3, 7, 6]], atol=1e-12)


def test_bone_turns_about_its_own_axis(tmp_path):
    """The upper bone's x axis is the world's y, which takes +x to -z."""
    ends, _ = forward_kinematics(*tiny(tmp_path, ("0 0 0 0 0 0", "90", "0 0")))
    np.testing.assert_allclose(ends["upper"], [[0, 0, -1]], atol=1e-12)
    np.testing.assert_allclose(ends["lower"], [[0, 3, -1]], atol=1e-12)


def turn(axis, degrees):
    """Rotation about a coordinate axis, written out."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = [(1, 2), (2, 0), (0, 1)]["xyz".index(axis)]
    matrix = np.eye(3)
    matrix[[i, i, j, j], [i, j, i, j]] = c, -s, s, c
    return matrix


def test_agrees_with_matrices_in_each_order_of_rotation(tmp_path):
    rng = np.random.default_rng(0)
    angles = rng.uniform(-180, 180, size=(5, 6)).round(3)
    frames = [(f"0 0 0 {a} {b} {c}", str(d), f"{e} {f}") for a, b, c, d, e, f in angles]
    ends, _ = forward_kinematics(*tiny(tmp_path, *frames))
    for frame, (a, b, c, d, e, f) in enumerate(angles):
        root = turn("z", c) @ turn("y", b) @ turn("x", a)
        upper_axis = turn("z", 90)
        upper = root @ upper_axis @ turn("x", d) @ upper_axis.T
        # Order ZYX: about z first; the axis line still lists its angles in that order.
        lower_axis = turn("x", 30) @ turn("y", 20) @ turn("z", 10)
        lower = upper @ lower_axis @ turn("y", f) @ turn("z", e) @ lower_axis.T
        expected = upper @ [1, 0, 0]
        np.testing.assert_allclose(ends["upper"][frame], expected, atol=1e-12)
        np.testing.assert_allclose(ends["lower"][frame], expected + lower @ [0, 3, 0], atol=1e-12)


def test_every_bone_keeps_its_length(asf, amc):
    skeleton = read_asf(asf)
    ends, _ = forward_kinematics(skeleton, read_amc(amc, skeleton))
    for child, parent in CMU_ASF.bones:
        bone = ends[CMU_BONES[child]] - ends[CMU_BONES[parent]]
        np.testing.assert_allclose(np.linalg.norm(bone, axis=-1), 5 / 0.45 * 0.0254, atol=1e-12)


def test_rest_pose_stands_upright_symmetric_and_looks_forward(asf):
    skeleton = read_asf(asf)
    channels = sum(len(bone.channels) for bone in skeleton.bones.values())
    pose = dict(zip(H36M_17.joints, h36m_17(skeleton, np.zeros((1, channels)))[0], strict=True))
    assert pose["Head"][2] > pose["Thorax"][2] > pose["Hip"][2] > pose["LAnkle"][2]
    for joint in H36M_17.joints:
        mirrored = pose["R" + joint[1:]] if joint[0] == "L" else None
        if mirrored is not None:
            np.testing.assert_allclose(pose[joint], mirrored * [-1, 1, 1], atol=1e-12)
    assert pose["LHip"][0] > 0  # ASF's +x stays x, its forward +z becomes -y
    np.testing.assert_allclose(pose["Nose"][1], -0.10, atol=1e-12)
    np.testing.assert_allclose(pose["Head"][2] - pose["Nose"][2], 5 / 0.45 * 0.0254 / 2)


def test_real_clip_agrees_with_positions_made_elsewhere(shared_data):
    subject = shared_data / "cmu_asfamc" / "subjects" / "02"
    skeleton = read_asf(subject / "02.asf")
    motion = read_amc(subject / "02_01.amc", skeleton)
    assert len(motion) == 343
    positions = np.load(shared_data / "cmu_positions" / "cmu_h36m17_30hz.npz")
    np.testing.assert_allclose(
        h36m_17(skeleton, motion)[::4], positions["subject_02/02_01"], atol=1e-6
    )


def test_reads_a_long_clip_in_about_a_second(shared_data):
    subject = shared_data / "cmu_asfamc" / "subjects" / "01"
    skeleton = read_asf(subject / "01.asf")
    start = time.process_time()
    joints = h36m_17(skeleton, read_amc(subject / "01_12.amc", skeleton))
    assert len(joints) == 4109
    assert time.process_time() - start < 4.0  # measured: 0.4 s; the rest is for slow machines


def drop_last_lines(text):
    return "\r\n".join(text.split("\r\n")[:-4]) + "\r\n"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (drop_last_lines, r"line 108: frame 9 ends without the bones \['rtibia', 'rhumerus'"),
        (lambda text: text[: text.rindex("rfemur") + 9], r"line 108: found 1 values, expected 3"),
        (lambda text: text.replace("\r\n4\r\n", "\r\n5\r\n"), "frame 5 follows frame 3"),
        (lambda text: text.replace("\r\nhead", "\r\ntail", 1), "line 7: bone 'tail' has no degree"),
        (lambda text: text.replace("\r\nlradius ", "\r\nlradius x"), "line 11: expected numbers"),
        (lambda text: text.replace("\r\nlradius ", "\r\nlradius 1 "), "line 11: found 2 values"),
        (lambda text: re.sub(r"lradius \S+", "lradius nan", text), "line 11: .* finite numbers"),
        (lambda text: text.replace(":DEGREES", ":RADIANS"), "line 3: angles must be in degrees"),
        (lambda text: text.replace("\r\n1\r\n", "\r\n", 1), "line 4: 'root' stands before any"),
        (lambda text: text[: text.index("\r\n1\r\n")], "holds no frame"),
    ],
)
def test_broken_motion_names_file_and_line(asf, amc, damage, message):
    text = amc.read_bytes().decode()
    assert damage(text) != text
    amc.write_bytes(damage(text).encode())
    with pytest.raises(SynposeError, match=message) as error:
        read_amc(amc, read_asf(asf))
    assert str(amc) in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (":bonedata", ":somedata", "lacks the section :bonedata"),
        ("angle deg", "angle rad", "line 3: angles must be in deg"),
        ("length 0.0127", "length 0", "line 2: the unit of length must be positive"),
        ("axis XYZ", "", "the :root section lacks 'axis'"),
        ("direction 0 1 0", "direction 0 1", "line 19: found 2 values, expected 3"),
        ("length 1.5", "length long", "line 20: expected numbers"),
        ("30 ZYX", "30 ZYY", "line 21: expected an order such as XYZ"),
        ("dof rz ry", "dof rz tx", r"line 22: expected channels of \('rx', 'ry', 'rz'\)"),
        ("upper lower\n", "upper hand\n", "line 27: bone 'hand' is not in :bonedata"),
        ("root upper\n", "lower upper\n", "line 26: 'lower' is no child of a bone above"),
        ("upper lower\n", "upper root\n", "line 27: 'root' is the child of two bones"),
    ],
)
def test_broken_skeleton_names_file_and_line(tmp_path, old, new, message):
    assert old in TINY_ASF
    path = write(tmp_path / "broken.asf", TINY_ASF.replace(old, new))
    with pytest.raises(SynposeError, match=message) as error:
        read_asf(path)
    assert str(path) in str(error.value)


def test_skeleton_without_the_joints_bones_is_refused(tmp_path):
    skeleton, motion = tiny(tmp_path, ("0 0 0 0 0 0", "0", "0 0"))
    with pytest.raises(SynposeError, match=r"tiny.asf: lacks the bones \['head'"):
        h36m_17(skeleton, motion)


def test_missing_file(tmp_path):
    with pytest.raises(SynposeError, match="none.asf: cannot be read"):
        read_asf(tmp_path / "none.asf")
