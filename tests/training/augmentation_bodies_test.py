"""Stretched bones, exchanged limbs, and cameras of anywhere."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from synpose_tf.geometry import camera
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.training.augmentation import Augmentation, bodies, cameras

SEED = tf.constant([0, 7], tf.int64)
CHILD, PARENT = np.transpose(H36M_17.bones)
JOINT = H36M_17.index


@pytest.fixture
def batch(synthetic_views):
    return {key: tf.constant(a[::8], tf.float32) for key, a in synthetic_views.items()}


def lengths(points):
    return np.linalg.norm(points[:, CHILD] - points[:, PARENT], axis=-1)


def directions(points):
    bones = points[:, CHILD] - points[:, PARENT]
    return bones / np.linalg.norm(bones, axis=-1, keepdims=True)


def angle_at(points, joint):
    """Of each pose, degrees between the bone that ends at a joint and the one that begins there."""
    before = points[:, JOINT(joint)] - points[:, H36M_17.parents[JOINT(joint)]]
    after = points[:, H36M_17.parents.index(JOINT(joint))] - points[:, JOINT(joint)]
    cos = (
        (before * after).sum(-1) / np.linalg.norm(before, axis=-1) / np.linalg.norm(after, axis=-1)
    )
    return np.degrees(np.arccos(np.clip(cos, -1, 1)))


def test_stretched_bones_keep_directions_and_symmetry(batch):
    before = batch["keypoints_3d"].numpy()
    after = bodies.stretch_bones(batch["keypoints_3d"], 0.07, SEED).numpy()
    np.testing.assert_array_equal(after[:, 0], before[:, 0])
    np.testing.assert_allclose(directions(after), directions(before), atol=1e-3)
    factors = lengths(after) / lengths(before)
    assert factors.std(0) == pytest.approx(0.07, abs=0.01)
    assert factors.mean() == pytest.approx(1.0, abs=0.01)
    bone = {H36M_17.joints[child]: i for i, child in enumerate(CHILD)}
    for left, right in H36M_17.left_right:
        pair = factors[:, [bone[H36M_17.joints[left]], bone[H36M_17.joints[right]]]]
        np.testing.assert_allclose(pair[:, 0], pair[:, 1], atol=1e-3)


def test_exchanged_limbs_keep_lengths_trunk_and_bends_of_someone(batch):
    before = batch["keypoints_3d"].numpy()
    after = bodies.exchange_limbs(batch["keypoints_3d"], 0.4, SEED).numpy()
    np.testing.assert_allclose(lengths(after), lengths(before), rtol=1e-3)
    trunk = [JOINT(n) for n in ("Hip", "LHip", "RHip", "Spine", "Thorax", "LShoulder", "Head")]
    np.testing.assert_allclose(after[:, trunk], before[:, trunk], atol=0.1)
    for elbow in ("LElbow", "RElbow", "LKnee"):
        bends, changed = angle_at(before, elbow), angle_at(after, elbow)
        off = np.abs(changed - bends)
        assert (off > 0.5).mean() == pytest.approx(0.4, abs=0.1)
        nearest = np.abs(changed[:, None] - bends).min(1)
        assert nearest.max() < 0.5  # Every bend is one that somebody of the batch had.
    both = np.abs(after - before).max(-1) > 1.0
    np.testing.assert_array_equal(both[:, JOINT("LKnee")], both[:, JOINT("RKnee")])


def test_an_exchanged_arm_keeps_its_angle_to_the_trunk(batch):
    """Where everybody but the receiver has the same pose, the arm is that pose's."""
    pose = batch["keypoints_3d"][:1]
    turned = camera.turn(
        pose - pose[:, :1], tf.constant([[0.0, 1.0, 0.0]]), tf.ones((1, 1)), keras.ops
    )
    given = tf.concat([pose, turned + pose[:, :1]], axis=0)
    for step in range(20):
        after = bodies.exchange_limbs(given, 0.99, tf.constant([0, step])).numpy()
        np.testing.assert_allclose(after, given, atol=0.5)


def test_other_cameras_see_the_same_person(batch):
    points, up, lens = cameras.see_anew(
        batch["keypoints_3d"], batch["up"], batch["intrinsics"], 1.0, SEED
    )
    points, up = points.numpy(), up.numpy()
    before = batch["keypoints_3d"].numpy()
    np.testing.assert_allclose(lengths(points), lengths(before), rtol=1e-3)
    heights = ((before - before[:, :1]) * batch["up"].numpy()[:, None]).sum(-1)
    np.testing.assert_allclose(((points - points[:, :1]) * up[:, None]).sum(-1), heights, atol=1.0)
    relative = [p - p[:, :1] for p in (before, points)]
    left = [
        np.linalg.det(np.stack([p[:, JOINT("LHip")], p[:, JOINT("Head")], p[:, JOINT("Nose")]], 1))
        for p in relative
    ]
    np.testing.assert_allclose(np.sign(left[1]), np.sign(left[0]))  # No mirror image.

    distance = np.linalg.norm(points[:, 0], axis=-1)
    assert 1400.0 < distance.min() < 2500.0 < 9000.0 < distance.max() < 12100.0
    assert points[..., 2].min() > 100.0
    ray = points[:, 0] / distance[:, None]
    pitch = np.degrees(np.arcsin(-(ray * up).sum(-1)))
    assert -31.0 < pitch.min() < -10.0 < 30.0 < pitch.max() < 46.0
    np.testing.assert_array_equal(lens[:, 4:], 0.0)


def test_augmented_joints_are_projections(batch):
    changed = Augmentation(stretch=0.07, exchange=0.35, turn=True, cameras=0.5)(batch, SEED)
    expected = camera.project(changed["keypoints_3d"].numpy(), changed["intrinsics"].numpy())
    np.testing.assert_allclose(changed["keypoints_2d"], expected, rtol=1e-4, atol=0.05)
    own = (changed["intrinsics"].numpy() == batch["intrinsics"].numpy()).all(-1)
    assert own.mean() == pytest.approx(0.5, abs=0.1)


def test_bent_joints_keep_every_bone(batch):
    before = batch["keypoints_3d"].numpy()
    after = bodies.bend(batch["keypoints_3d"], 0.1, SEED).numpy()
    np.testing.assert_allclose(lengths(after), lengths(before), rtol=1e-3)
    bone = {H36M_17.joints[child]: i for i, child in enumerate(CHILD)}
    cos = (directions(before) * directions(after)).sum(-1)
    turned = np.degrees(np.arccos(np.clip(cos, -1, 1))).mean(0)
    assert turned[bone["LHip"]] < 0.1  # The pelvis stays.
    assert 2.0 < turned[bone["Head"]] < turned[bone["LKnee"]] < turned[bone["RAnkle"]] < 15.0
