"""RepNet: its camera, reprojection, alignment, critic and a step of training."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial.transform import Rotation

from synpose_tf.geometry import normalization
from synpose_tf.models.methods import repnet
from synpose_tf.models.methods.repnet import PoseAndCamera, PoseCritic, RepNet
from synpose_tf.structures.skeleton import H36M_17


@pytest.fixture(scope="module")
def rotations():
    return Rotation.random(96, random_state=0).as_matrix().astype(np.float32)


@pytest.fixture(scope="module")
def unit_poses(poses):
    return (poses / 500).astype(np.float32)


def test_reprojection_is_the_camera_times_the_pose(unit_poses):
    cameras = np.random.default_rng(0).normal(size=(96, 2, 3)).astype(np.float32)
    found = repnet.reproject(unit_poses, cameras).numpy()
    assert found.shape == (96, 17, 2)
    for i in (0, 40, 95):
        for joint in range(17):
            u, v = (sum(row * unit_poses[i, joint]) for row in cameras[i])
            np.testing.assert_allclose(found[i, joint], [u, v], rtol=1e-4, atol=1e-5)


def test_camera_loss_is_zero_for_a_scaled_rotation_and_for_nothing_else(rotations):
    scales = np.linspace(0.1, 7.0, 96, dtype=np.float32)[:, None, None]
    np.testing.assert_allclose(repnet.camera_loss(scales * rotations[:, :2]), 0, atol=1e-5)
    stretched = rotations[:, :2] * np.array([[1.0], [1.5]], np.float32)
    assert np.min(repnet.camera_loss(stretched)) > 0.5
    # By hand: K Kᵀ = [[1, 1], [1, 2]], trace 3, 2/3 K Kᵀ - 1 = [[-1/3, 2/3], [2/3, 1/3]].
    camera = np.array([[[1, 0, 0], [1, 1, 0]]], np.float32)
    np.testing.assert_allclose(repnet.camera_loss(camera), [2.0], rtol=1e-5)


def test_nearest_frame_is_the_polar_factor_by_singular_values():
    matrices = np.random.default_rng(0).normal(size=(50, 3, 2)).astype(np.float32)
    frames, scales = (np.array(x) for x in repnet.nearest_frame(matrices))
    u, s, vt = np.linalg.svd(matrices, full_matrices=False)
    np.testing.assert_allclose(frames[..., :2], u @ vt, atol=1e-3)
    np.testing.assert_allclose(scales[:, 0, 0], s.mean(-1), rtol=1e-4)
    np.testing.assert_allclose(np.linalg.det(frames), 1, atol=1e-3)


def test_alignment_is_scipy_s_and_forgets_heading_and_size(unit_poses, rotations):
    aligned = repnet.align(unit_poses).numpy()
    joints = [H36M_17.index(name) for name in repnet.TEMPLATE]
    template = np.pad(np.array(list(repnet.TEMPLATE.values())), ((0, 0), (0, 1)))
    for pose, found in list(zip(unit_poses, aligned, strict=True))[::9]:
        rotation, _ = Rotation.align_vectors(template, pose[joints])
        turned = rotation.apply(pose)
        scale = (turned[joints] * template).sum() / (pose[joints] ** 2).sum()
        np.testing.assert_allclose(found, scale * turned, atol=1e-3)
    turned = 3.0 * unit_poses @ rotations
    np.testing.assert_allclose(repnet.align(turned), aligned, atol=1e-3)
    mirrored = repnet.align(unit_poses * np.array([1, 1, -1], np.float32))
    assert np.abs(mirrored - aligned).max(axis=(1, 2)).min() > 0.02


def test_lifter_gives_the_depth_that_its_camera_sees(unit_poses, rotations, monkeypatch):
    """A perfect pose in a frame of its own, and the camera that goes with it."""
    network = PoseAndCamera(width=8)
    scales = np.linspace(0.5, 2.0, 96, dtype=np.float32)[:, None, None]
    perfect = unit_poses @ rotations / scales, scales * rotations[:, :2]
    np.testing.assert_allclose(repnet.reproject(*perfect), unit_poses[..., :2], atol=1e-4)
    monkeypatch.setattr(network, "pose_and_camera", lambda poses_2d: perfect)
    depths = network(unit_poses[..., :2])
    np.testing.assert_allclose(depths, unit_poses[..., 2], atol=1e-3)


def test_critic_has_the_published_branches(unit_poses):
    critic = PoseCritic()
    critic.build()
    shapes = [w.shape for w in critic.trainable_variables if len(w.shape) == 2]
    assert shapes == [
        (51, 100), (100, 100), (100, 100), (100, 100),
        (256, 1000), (1000, 1000), (1000, 1000), (1100, 100), (100, 1),
    ]  # fmt: skip
    assert critic(unit_poses).shape == (96, 1)


def small_model(**arguments):
    keras.utils.set_random_seed(0)
    model = RepNet(generator_width=64, pose_width=16, kcs_width=32, **arguments)
    model.compile(learning_rate=1e-3, jit_compile=False)
    return model


def test_a_step_has_the_losses_of_the_publication(batch):
    model = small_model(mode="camera")
    views = {key: value.numpy() for key, value in batch.items()}
    poses_2d, _ = normalization.normalize_2d(
        views["keypoints_2d"][:6], "camera", views["intrinsics"][:6]
    )
    real, _ = normalization.normalize_3d(views["keypoints_3d"][6:], "camera")
    real = repnet.align(real.astype(np.float32))
    fake, cameras = model.generator.pose_and_camera(poses_2d)
    score = tf.reduce_mean(model.critic(fake)) - tf.reduce_mean(model.critic(real))
    before = [w.copy() for w in model.generator.get_weights()]

    losses = {name: float(value) for name, value in model.train_step(batch).items()}
    np.testing.assert_allclose(
        losses["critic_loss"], score + 10 * losses["penalty"], rtol=1e-3, atol=1e-4
    )
    error = np.abs(np.array(repnet.reproject(fake, cameras)) - poses_2d).mean()
    np.testing.assert_allclose(losses["reprojection_loss"], error, rtol=1e-3)
    np.testing.assert_allclose(
        losses["camera_loss"], np.mean(repnet.camera_loss(cameras)), rtol=1e-3
    )
    score = float(tf.reduce_mean(model.critic(fake)))  # the critic steps first
    expected = losses["reprojection_loss"] + losses["camera_loss"] - score
    np.testing.assert_allclose(losses["generator_loss"], expected, rtol=1e-3, atol=1e-4)
    assert all((a != b).any() for a, b in zip(before, model.generator.get_weights(), strict=True))


def test_camera_loss_counts_from_its_start_on(batch):
    model = small_model(camera_start=2)
    for step in range(3):
        before = [tf.identity(w) for w in model.generator.weights]
        losses = {name: float(value) for name, value in model.update(batch).items()}
        after = model.generator.get_weights()
        model.generator.set_weights(before)
        poses_2d, _ = model._normalize_2d({k: v[:6] for k, v in batch.items()})
        score = tf.reduce_mean(model.critic(model.generator.pose_and_camera(poses_2d)[0]))
        model.generator.set_weights(after)
        expected = losses["reprojection_loss"] - score
        expected += losses["camera_loss"] if step == 2 else 0.0
        np.testing.assert_allclose(losses["generator_loss"], expected, rtol=1e-3, atol=1e-4)


def test_true_poses_are_never_those_of_the_inputs(batch):
    model, other = small_model(), small_model()
    changed = tf.concat([batch["keypoints_3d"][:6] * 1.3, batch["keypoints_3d"][6:]], axis=0)
    first = model.train_step(batch)
    second = other.train_step({**batch, "keypoints_3d": changed})
    for name, value in first.items():
        np.testing.assert_array_equal(second[name], value)


def test_training_brings_reprojection_and_camera_loss_down(synthetic_views):
    views = {k: tf.constant(a[::60], tf.float32) for k, a in synthetic_views.items()}
    model = small_model(mode="camera")
    model.make_train_function()
    data = iter(tf.data.Dataset.from_tensors(views).repeat())
    losses = []
    for _ in range(150):
        model.reset_metrics()
        losses.append({k: float(v) for k, v in model.train_function(data).items()})
    assert losses[-1]["reprojection_loss"] < 0.6 * losses[0]["reprojection_loss"]
    assert losses[-1]["camera_loss"] < 0.5 * losses[0]["camera_loss"]
