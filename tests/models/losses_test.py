"""The angle loss on real poses and their mirror images in depth, and the gradient penalty."""

import numpy as np
import pytest
import tensorflow as tf

from synpose_tf.datasets import motion_views
from synpose_tf.datasets.cmu_mocap import sources
from synpose_tf.geometry import normalization
from synpose_tf.models import losses
from synpose_tf.structures.skeleton import H36M_17

every_mode = pytest.mark.parametrize("mode", normalization.MODES)
DEPTH_MIRROR = np.float32([1, 1, -1])


def paper_angle_loss(poses):
    """Equations 11 and 12 in the paper's frame, where z points to the camera."""
    joints = dict(zip(H36M_17.joints, np.moveaxis(poses * [1, 1, -1], 1, 0), strict=True))
    v = joints["Nose"] - (joints["Thorax"] + 2 * joints["Head"]) / 3
    w = joints["LShoulder"] - joints["RShoulder"]
    norms = np.hypot(v[:, 2], v[:, 0]) * np.hypot(w[:, 2], w[:, 0])
    sine = (v[:, 2] * w[:, 0] - v[:, 0] * w[:, 2]) / norms
    return np.maximum(0, -sine)


def normalized(views, mode):
    poses, _ = normalization.normalize_3d(views["keypoints_3d"], mode)
    return poses.astype(np.float32)


def share_at_zero(poses):
    return (np.array(losses.angle_loss(poses)) == 0).mean()


# === Angle loss ===


@every_mode
def test_angle_loss_tells_synthetic_poses_from_their_mirror_images(synthetic_views, mode):
    poses = normalized(synthetic_views, mode)
    assert share_at_zero(poses) >= 0.999
    assert 1 - share_at_zero(poses * DEPTH_MIRROR) >= 0.999


DANCERS = "subject_05"


def real_poses(folder, split, mode, dancers=False):
    """Every fifth pose of CMU's people, of the ballet dancers alone or of all others."""
    clips = sources.read_clips(folder / "cmu_positions")[split]
    clips = [clip for clip in clips if (clip.subject == DANCERS) == dancers]
    points = [view.keypoints_3d[::5] for view in motion_views.views(split, clips)]
    return normalized({"keypoints_3d": np.concatenate(points)}, mode)


@every_mode
@pytest.mark.parametrize("split", ["train", "test"])
def test_angle_loss_tells_real_poses_from_their_mirror_images(shared_data, split, mode):
    poses = real_poses(shared_data, split, mode)
    assert share_at_zero(poses) >= 0.999
    assert 1 - share_at_zero(poses * DEPTH_MIRROR) >= 0.999


def test_dancers_who_look_over_their_shoulder_are_the_exception(shared_data):
    poses = real_poses(shared_data, "train", "camera", dancers=True)
    assert 0.97 < share_at_zero(poses) < 0.999


def test_angle_loss_is_equation_12_s(synthetic_views):
    poses = normalized(synthetic_views, "paper")
    poses = np.concatenate([poses, poses * DEPTH_MIRROR])
    np.testing.assert_allclose(losses.angle_loss(poses), paper_angle_loss(poses), atol=1e-4)


@pytest.mark.parametrize(("heading", "sine"), [(0, 1), (60, 1), (150, 1), (-90, 1)])
def test_sine_does_not_depend_on_the_heading(heading, sine):
    """A face at right angles to the shoulders, turned about the vertical."""
    turn = np.radians(heading)
    forward, left = [-np.sin(turn), -np.cos(turn)], [np.cos(turn), -np.sin(turn)]
    pose = np.zeros((1, 17, 3), np.float32)
    pose[0, H36M_17.index("Nose")] = [forward[0], -0.3, forward[1]]
    pose[0, H36M_17.index("LShoulder")] = [left[0], 0, left[1]]
    pose[0, H36M_17.index("RShoulder")] = [-left[0], 0, -left[1]]
    np.testing.assert_allclose(losses.sin_beta(pose), sine, rtol=1e-5)
    np.testing.assert_allclose(losses.sin_beta(pose * DEPTH_MIRROR), -sine, rtol=1e-5)


def test_angle_loss_falls_along_its_gradient(poses):
    inverted = tf.constant(poses[:8] / 500 * DEPTH_MIRROR, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(inverted)
        loss = losses.angle_loss(inverted)
    after = losses.angle_loss(inverted - 0.01 * tape.gradient(loss, inverted))
    assert np.min(loss) > 0.5
    assert np.all(after < loss)


def test_angle_loss_of_a_pose_in_one_point_has_a_finite_gradient():
    pose = tf.zeros((2, 17, 3))
    with tf.GradientTape() as tape:
        tape.watch(pose)
        loss = losses.angle_loss(pose)
    np.testing.assert_array_equal(loss, 0)
    assert np.isfinite(tape.gradient(loss, pose)).all()


# === Gradient penalty ===


def test_gradient_penalty_of_a_linear_critic():
    """The gradient of a·x + b·y is (a, b) everywhere: the penalty is (|(a, b)| - 1)²."""
    rng = np.random.default_rng(0)
    inputs = [tf.constant(rng.normal(size=(5, 17, d)), tf.float32) for d in (3, 2)]
    slopes = [rng.normal(size=(17, d)).astype(np.float32) for d in (3, 2)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        scores = sum(tf.einsum("njd,jd->n", x, a) for x, a in zip(inputs, slopes, strict=True))
    penalty = losses.gradient_penalty(tape.gradient(scores, inputs))
    norm = np.sqrt(sum((a**2).sum() for a in slopes))
    np.testing.assert_allclose(penalty, np.full(5, (norm - 1) ** 2), rtol=1e-5)


def test_gradient_penalty_of_a_flat_critic_has_a_finite_gradient():
    gradients = [tf.zeros((4, 17, 3)), tf.zeros((4, 256))]
    with tf.GradientTape() as tape:
        tape.watch(gradients)
        penalty = losses.gradient_penalty(gradients)
    np.testing.assert_allclose(penalty, 1, atol=1e-3)
    assert all(np.isfinite(g).all() for g in tape.gradient(penalty, gradients))


@pytest.mark.parametrize("kind", losses.DEPTH_LOSSES)
def test_depth_loss_counts_only_poses_whose_truth_is_known(kind):
    rng = np.random.default_rng(0)
    depths, poses = (rng.normal(size=size).astype("float32") for size in ((6, 17), (6, 17, 3)))
    errors = (depths - poses[..., 2]) ** 2
    if kind == "absolute":
        radius = np.linalg.norm(poses[:, 1:], axis=-1).mean(1, keepdims=True)
        errors = np.sqrt(errors) / radius
    found = float(losses.depth_loss(depths, poses, kind))
    assert found == pytest.approx(errors.mean(), rel=1e-4)
    paired = np.float32([1, 0, 0, 1, 0, 1])[:, None]
    known = float(losses.depth_loss(depths, poses, kind, paired))
    assert known == pytest.approx(errors[[0, 3, 5]].mean(), rel=1e-4)
    assert float(losses.depth_loss(depths, poses, kind, 0 * paired)) == 0.0


@pytest.mark.parametrize("kind", losses.DEPTH_LOSSES)
def test_depth_loss_leaves_out_joints_that_are_not_known(kind):
    rng = np.random.default_rng(0)
    depths, poses = (rng.normal(size=size).astype("float32") for size in ((6, 17), (6, 17, 3)))
    known = (rng.random((6, 17)) < 0.7).astype("float32")
    each = [  # A pose counts as one, however many of its joints are known.
        float(
            losses.depth_loss(
                np.where(mask, own, pose[:, 2])[None].astype("float32"), pose[None], kind
            )
        )
        * (17 / mask.sum())
        for own, pose, mask in zip(depths, poses, known, strict=True)
    ]
    found = float(losses.depth_loss(depths, poses, kind, known=known))
    assert found == pytest.approx(np.mean(each), rel=1e-3)
    nowhere = depths + 100.0 * (1.0 - known)
    assert float(losses.depth_loss(nowhere, poses, kind, known=known)) == found
    # Replicas' means have one mean, whatever each got.
    halves = [
        losses.depth_loss(depths[h], poses[h], kind, known=known[h])
        for h in (slice(3), slice(3, 6))
    ]
    assert np.mean(halves) == pytest.approx(found, rel=1e-5)
