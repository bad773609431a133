"""Tests of the body's kinematics."""

import numpy as np
import pytest

from synpose_tf.datasets.synthetic_pose import kinematics
from synpose_tf.datasets.synthetic_pose.kinematics import Angles
from synpose_tf.structures.skeleton import H36M_17

J = H36M_17.index


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def at_rest(frames=1):
    return Angles(
        trunk=np.zeros((frames, 5, 3)),
        girdle=np.zeros((frames, 2, 2)),
        shoulder=np.zeros((frames, 2, 3)),
        elbow=np.zeros((frames, 2)),
        hip=np.zeros((frames, 2, 3)),
        knee=np.zeros((frames, 2)),
    )


def random_angles(rng, frames):
    """Anything that the limits allow."""
    fields = {}
    for name, value in vars(at_rest(frames)).items():
        low, high = np.moveaxis(np.array(kinematics.LIMITS[name], float), -1, 0)
        fields[name] = rng.uniform(np.broadcast_to(low, value.shape), high)
    return Angles(**fields)


def distance(joints, a, b):
    return np.linalg.norm(joints[:, J(a)] - joints[:, J(b)], axis=-1)


def test_body_at_rest_stands_upright_facing_forward(rng):
    body = kinematics.sample_body(rng)
    joints = kinematics.joint_positions(body, at_rest())[0]
    np.testing.assert_array_equal(joints[J("Hip")], 0)
    np.testing.assert_allclose(joints[J("LHip")], [0, body.hip, 0], atol=1e-9)
    np.testing.assert_allclose(joints[J("RAnkle")], [0, -body.hip, -body.leg], atol=1e-9)
    hanging = joints[J("LWrist")] - joints[J("LShoulder")]
    np.testing.assert_allclose(hanging, [0, 0, -body.arm], atol=1e-9)
    assert joints[J("Nose"), 0] - joints[J("Thorax"), 0] > body.nose
    assert joints[J("Head"), 2] == joints[:, 2].max()
    mirrored = joints[list(H36M_17.mirror)] * (1, -1, 1)
    np.testing.assert_allclose(mirrored, joints, atol=1e-9)


def test_bones_keep_the_lengths_of_the_body(rng):
    body = kinematics.sample_body(rng)
    joints = kinematics.joint_positions(body, random_angles(rng, 200))
    lengths = {
        ("Hip", "Spine"): body.lumbar,
        ("Spine", "Thorax"): body.thorax,
        ("Nose", "Head"): np.hypot(body.nose, body.head / 2),
    }
    for side in "LR":
        lengths |= {
            ("Hip", side + "Hip"): body.hip,
            (side + "Hip", side + "Knee"): body.thigh,
            (side + "Knee", side + "Ankle"): body.shank,
            ("Thorax", side + "Shoulder"): np.hypot(body.shoulder, body.girdle),
            (side + "Shoulder", side + "Elbow"): body.upper_arm,
            (side + "Elbow", side + "Wrist"): body.forearm,
        }
    for (a, b), length in lengths.items():
        np.testing.assert_allclose(distance(joints, a, b), length, rtol=1e-9, err_msg=f"{a}-{b}")


def test_mirrored_angles_give_the_mirrored_pose(rng):
    body, angles = kinematics.sample_body(rng), random_angles(rng, 50)
    mirrored = Angles(
        angles.trunk * (1, -1, -1),
        *(
            getattr(angles, name)[:, ::-1]
            for name in ("girdle", "shoulder", "elbow", "hip", "knee")
        ),
    )
    joints = kinematics.joint_positions(body, angles)
    np.testing.assert_allclose(
        kinematics.joint_positions(body, mirrored),
        joints[:, list(H36M_17.mirror)] * (1, -1, 1),
        atol=1e-9,
    )


@pytest.mark.parametrize(
    ("changes", "joint", "moves"),
    [
        ({"shoulder": (90, 0, 0)}, "Wrist", (1, 0, 0)),  # forward
        ({"shoulder": (0, 90, 0)}, "Wrist", (0, 1, 0)),  # out
        ({"shoulder": (180, 0, 0)}, "Wrist", (0, 0, 1)),  # overhead
        ({"hip": (90, 0, 0)}, "Ankle", (1, 0, 0)),
        ({"hip": (0, 90, 0)}, "Ankle", (0, 1, 0)),
    ],
)
def test_limbs_point_where_their_angles_say(rng, changes, joint, moves):
    body, angles = kinematics.sample_body(rng), at_rest()
    for name, value in changes.items():
        getattr(angles, name)[:] = value
    joints = kinematics.joint_positions(body, angles)[0]
    start = "Shoulder" if joint == "Wrist" else "Hip"
    for side, sign in (("L", 1), ("R", -1)):
        limb = joints[J(side + joint)] - joints[J(side + start)]
        expected = np.array(moves) * (1, sign, 1)
        np.testing.assert_allclose(limb / np.linalg.norm(limb), expected, atol=1e-9)


def test_trunk_bends_forward_sideways_and_turns(rng):
    body = kinematics.sample_body(rng)
    angles = at_rest(3)
    angles.trunk[0, kinematics.LUMBAR] = (40, 0, 0)
    angles.trunk[1, kinematics.LUMBAR] = (0, 20, 0)
    angles.trunk[2, kinematics.CHEST] = (0, 0, 30)
    joints = kinematics.joint_positions(body, angles)
    assert joints[0, J("Thorax"), 0] > 100  # forward
    assert joints[1, J("Thorax"), 1] < -50  # to the right
    shoulders = joints[2, J("LShoulder")] - joints[2, J("RShoulder")]
    turn = np.degrees(np.arctan2(-shoulders[0], shoulders[1]))  # to the left
    assert turn == pytest.approx(30)


@pytest.mark.parametrize("joint", ["shoulder", "hip"])
def test_reach_finds_angles_that_arrive(rng, joint):
    body = kinematics.sample_body(rng)
    upper, lower = {
        "shoulder": (body.upper_arm, body.forearm),
        "hip": (body.thigh, body.shank),
    }[joint]
    count = 500
    forward = rng.uniform(0.3, 0.8, (count, 2))
    outward = rng.uniform(0.0, 0.3, (count, 2))
    down = rng.uniform(0.3, 0.7, (count, 2))
    target = np.stack([forward, kinematics.SIDES * outward, -down], -1) * (upper + lower)
    length = np.linalg.norm(target, axis=-1, keepdims=True)
    target *= np.minimum(1, 0.99 * (upper + lower) / length)
    outward = kinematics.both_sides([-0.3, 0.3, -0.5] if joint == "shoulder" else [1, 0.2, 0])
    pole = np.broadcast_to(outward, target.shape)
    angles = at_rest(count)
    found, bend = kinematics.reach(target, pole, upper, lower, joint)
    getattr(angles, joint)[:] = found
    getattr(angles, {"shoulder": "elbow", "hip": "knee"}[joint])[:] = bend

    joints = kinematics.joint_positions(body, angles)
    names = ("Shoulder", "Elbow", "Wrist") if joint == "shoulder" else ("Hip", "Knee", "Ankle")
    start, middle, end = (joints[:, [J("L" + n), J("R" + n)]] for n in names)
    np.testing.assert_allclose(end - start, target, atol=1e-6)
    along = target / np.linalg.norm(target, axis=-1, keepdims=True)
    elbow = (middle - start) - ((middle - start) * along).sum(-1, keepdims=True) * along
    assert ((elbow * pole).sum(-1) > 0).all()


def test_reach_stays_within_limits_wherever_the_target_is(rng):
    target, pole = rng.normal(size=(2, 2000, 2, 3)) * 400
    for joint, middle in (("shoulder", "elbow"), ("hip", "knee")):
        for name, found in zip(
            (joint, middle), kinematics.reach(target, pole, 300, 250, joint), strict=True
        ):
            assert np.isfinite(found).all()
            low, high = np.moveaxis(np.array(kinematics.LIMITS[name]), -1, 0)
            assert (found >= low).all()
            assert (found <= high).all()


def test_place_turns_moves_and_grounds(rng):
    body = kinematics.sample_body(rng)
    joints = kinematics.joint_positions(body, at_rest(2))
    world = kinematics.place(body, joints, np.array([0.0, 90.0]), np.array([[0, 0], [300, -200]]))
    ankle = kinematics.CLEARANCE["Ankle"] * body.stature
    np.testing.assert_allclose(world[:, J("LAnkle"), 2], ankle)
    np.testing.assert_allclose(world[1, J("Hip")], [300, -200, ankle + body.leg])
    nose = world[:, J("Nose")] - world[:, J("Thorax")]
    assert nose[0, 0] > 50  # faces +x
    assert nose[1, 1] > 50  # a quarter turn to the left: +y


def test_people_differ_as_the_statistics_say():
    rng = np.random.default_rng(0)
    people = [kinematics.sample_body(rng) for _ in range(2000)]
    stature = np.array([p.stature for p in people])
    expected = np.mean([mean for mean, _ in kinematics.STATURE])
    assert stature.mean() == pytest.approx(expected, abs=10)
    assert 1400 < stature.min() < stature.max() < 1960
    thigh = np.array([p.thigh for p in people]) / stature
    assert thigh.mean() == pytest.approx(0.2425, rel=0.01)
    assert thigh.std() == pytest.approx(0.010, rel=0.1)


def test_real_skeletons_lie_within_the_bodies(shared_data):
    """Every bone of CMU's people, in legs' lengths, is one that this body can have."""
    clips = np.load(shared_data / "cmu_positions" / "cmu_h36m17_30hz.npz")
    real = np.concatenate([clips[name][:1] for name in clips.files])
    rng = np.random.default_rng(0)
    made = np.concatenate(
        [kinematics.joint_positions(kinematics.sample_body(rng), at_rest()) for _ in range(1000)]
    )

    def proportions(joints):
        lengths = {
            c: distance(joints, H36M_17.joints[c], H36M_17.joints[p]) for c, p in H36M_17.bones
        }
        legs = lengths[J("LKnee")] + lengths[J("LAnkle")]
        return {H36M_17.joints[c]: length / legs for c, length in lengths.items()}

    made, real = proportions(made), proportions(real)
    for name, values in real.items():
        if name not in ("Nose",):  # that distance changes with the head's pose
            inside = (values > made[name].min()) & (values < made[name].max())
            assert inside.mean() > 0.9, f"{name}: {values.min():.3f} to {values.max():.3f}"
