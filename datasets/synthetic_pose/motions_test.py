"""Tests of the motions."""

import numpy as np
import pytest

from synpose_tf.datasets.synthetic_pose import kinematics, motions
from synpose_tf.structures.skeleton import H36M_17

J = H36M_17.index
TIME = np.arange(64) / 20.0
CLIPS = 30


def clips(name, count=CLIPS):
    """Joints (F, 17, 3) of many clips in the body frame."""
    joints = []
    for seed in range(count):
        rng = np.random.default_rng([seed, sorted(motions.MOTIONS).index(name)])
        body = kinematics.sample_body(rng)
        joints.append(
            kinematics.joint_positions(body, motions.MOTIONS[name](rng, TIME, body).angles)
        )
    return joints


@pytest.fixture(scope="module")
def all_clips():
    return {name: clips(name) for name in motions.MOTIONS}


def angle(joints, a, b, c):
    """Degrees between the bones a-b and b-c: 0 when straight."""
    first, second = joints[:, J(b)] - joints[:, J(a)], joints[:, J(c)] - joints[:, J(b)]
    cos = (first * second).sum(-1)
    cos /= np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    return np.degrees(np.arccos(np.clip(cos, -1, 1)))


def everything(all_clips):
    return np.concatenate([np.concatenate(joints) for joints in all_clips.values()])


@pytest.mark.parametrize("side", ["L", "R"])
def test_joints_bend_as_people_do(all_clips, side):
    """From positions alone: knees bend backward only, no joint bends too far."""
    joints = everything(all_clips)
    knee = angle(joints, side + "Hip", side + "Knee", side + "Ankle")
    elbow = angle(joints, side + "Shoulder", side + "Elbow", side + "Wrist")
    assert knee.max() <= 150.01
    assert elbow.max() <= 150.01
    thigh = joints[:, J(side + "Knee")] - joints[:, J(side + "Hip")]
    shank = joints[:, J(side + "Ankle")] - joints[:, J(side + "Knee")]
    hinge = np.cross(thigh, shank)
    left = joints[:, J("LHip")] - joints[:, J("RHip")]
    backward = (hinge * left).sum(-1)[knee > 1]
    assert (backward > 0).all()
    head = angle(joints, "Spine", "Thorax", "Head")
    assert head.max() < 100
    back = angle(joints, "Hip", "Spine", "Thorax")
    assert back.max() < 60


def test_nobody_faces_away_from_the_chest(all_clips):
    joints = everything(all_clips)
    face = joints[:, J("Nose")] - joints[:, J("Thorax")]
    shoulders = joints[:, J("LShoulder")] - joints[:, J("RShoulder")]
    # Seen from above, the face lies a quarter turn to the right of the left shoulder.
    facing = shoulders[:, 1] * face[:, 0] - shoulders[:, 0] * face[:, 1]
    assert (facing > 0).mean() >= 0.999


def test_motion_is_smooth(all_clips):
    """Joints move against the pelvis at most as fast as a hand reaches, about 4 m/s."""
    for name, joints in all_clips.items():
        speed = np.linalg.norm(np.diff(joints, axis=1), axis=-1) / (TIME[1] - TIME[0]) / 1000
        assert np.quantile(speed, 0.999) < 4, name
        assert speed.max() > 0.5, name


def test_gait_repeats_and_arms_swing_against_legs():
    period, repeats, opposed, legs = 1.25, [], [], []
    time = np.arange(0, 5.0, period / 25)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        body = kinematics.sample_body(rng)
        clip = motions.gait(rng, time, body, cadence=1 / period, stride=1.0, turn=0.0)
        joints = kinematics.joint_positions(body, clip.angles)

        def swing(joint, joints=joints):
            return joints[:, J(joint), 0] - joints[:, J("Hip"), 0]

        repeats.append(np.corrcoef(swing("LAnkle")[25:], swing("LAnkle")[:-25])[0, 1])
        legs.append(np.corrcoef(swing("LAnkle"), swing("RAnkle"))[0, 1])
        opposed.append(np.corrcoef(swing("RElbow"), swing("LKnee"))[0, 1])
        # Half a stride later the other leg does the same.
        later = np.corrcoef(swing("LAnkle")[12:], swing("RAnkle")[:-12])[0, 1]
        assert later > 0.9
    assert min(repeats) > 0.95
    assert max(legs) < -0.5
    assert np.median(opposed) > 0.8  # a hand that is busy does not swing


def test_walking_goes_where_the_body_heads():
    rng = np.random.default_rng(1)
    body = kinematics.sample_body(rng)
    clip = motions.gait(rng, TIME, body, cadence=0.9, stride=1.0, turn=20.0)
    step = np.diff(clip.path, axis=0)
    course = np.degrees(np.arctan2(step[:, 1], step[:, 0]))
    np.testing.assert_allclose(course, clip.heading[1:], atol=1e-6)
    assert clip.heading[-1] - clip.heading[0] == pytest.approx(20 * TIME[-1], abs=15)
    speed = np.linalg.norm(step, axis=-1) / (TIME[1] - TIME[0]) / 1000
    assert 0.9 < speed.mean() < 1.6  # metres a second, a usual walk


def test_sitting_bends_hips_and_knees_more_than_standing(all_clips):
    def hips(name):
        return np.median(angle(np.concatenate(all_clips[name]), "Thorax", "LHip", "LKnee"))

    def knees(name):
        return np.median(angle(np.concatenate(all_clips[name]), "LHip", "LKnee", "LAnkle"))

    assert hips("sitting") > 60
    assert hips("standing") < 25
    assert knees("sitting") > 60
    assert knees("standing") < 25


def test_hands_reach_from_the_floor_to_overhead(all_clips):
    joints = np.concatenate(all_clips["reaching"])
    ground = joints[..., 2].min(axis=1)
    hands = np.maximum(joints[:, J("LWrist"), 2], joints[:, J("RWrist"), 2]) - ground
    low = np.minimum(joints[:, J("LWrist"), 2], joints[:, J("RWrist"), 2]) - ground
    assert low.min() < 200
    assert hands.max() > 1700


def test_turning_turns():
    turned = []
    for seed in range(CLIPS):
        rng = np.random.default_rng(seed)
        body = kinematics.sample_body(rng)
        clip = motions.turning(rng, TIME, body)
        joints = kinematics.joint_positions(body, clip.angles)
        across = joints[:, J("LShoulder")] - joints[:, J("RShoulder")]
        yaw = np.degrees(np.unwrap(np.arctan2(-across[:, 0], across[:, 1]))) + clip.heading
        turned.append(np.ptp(yaw))
    assert np.median(turned) > 45
