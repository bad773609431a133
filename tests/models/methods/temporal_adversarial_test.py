"""Synchronized adversarial training over time."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from synpose_tf.evaluation import protocols
from synpose_tf.inference.lifter import Lifter
from synpose_tf.models import methods
from synpose_tf.models.folded_temporal import TemporalForward
from synpose_tf.models.methods.temporal_adversarial import TemporalAdversarialModel
from synpose_tf.training.augmentation import Augmentation

SMALL = {
    "temporal_width": 16, "blocks": 2, "frames": 4, "reprojection_width": 16, "critic_width": 24,
}  # fmt: skip


@pytest.fixture
def windows(windows):
    """As detectors see them."""
    return Augmentation(detector_noise=0.1)(windows, tf.constant([0, 1], tf.int64))


def new_model(mode="paper", **arguments):
    keras.utils.set_random_seed(0)
    distance = 13.0 if mode == "paper" else 0.0
    model = TemporalAdversarialModel(mode, distance, **SMALL | arguments)
    model.compile(jit_compile=False)
    return model


def lift(model, windows):
    return model._lift(windows, model.generator, training=False).poses


def test_untrained_it_is_the_lifter_of_single_frames(windows):
    model = new_model(mode="camera")
    views = {
        "windows_2d": windows["keypoints_2d"][:, :9].numpy(),
        "intrinsics": windows["intrinsics"][:, 4].numpy(),
    }
    views["keypoints_2d"] = views["windows_2d"][:, 4]
    alone = Lifter.from_pretrained("camera").lift(views["keypoints_2d"], views["intrinsics"])
    np.testing.assert_allclose(protocols.lift(model, views), alone.poses, atol=1e-4)


@pytest.mark.parametrize("pose_weight", [0.0, 1.0])
def test_a_step_trains_all_three_networks(pose_weight, windows):
    model = new_model(pose_weight=pose_weight)
    before = {n: [w.numpy() for w in m.trainable_weights] for n, m in model.networks.items()}
    reported = model.update(windows)
    assert reported.keys() == model.trackers.keys()
    assert all(np.isfinite(float(loss)) for loss in reported.values())
    model.update(windows)
    for name, network in model.networks.items():
        moved = [
            (weight.numpy() != old).any()
            for weight, old in zip(network.trainable_weights, before[name], strict=True)
        ]
        # The score's bias is in no gradient.
        assert np.mean(moved) > 0.9, name


def test_the_critic_sees_the_generator_by_its_own_gradient(windows):
    """What the one pass hands to the generator is what differentiation of the score gives."""
    model = new_model()
    model.generator.last.kernel.assign(0.01 * tf.ones_like(model.generator.last.kernel))
    from synpose_tf.models.critic_pass import critic_pass

    poses = lift(model, windows)
    fake = model._critic_inputs(poses, poses[..., :2])
    real = model._critic_inputs(model._true_poses(windows), poses[..., :2])
    found = critic_pass(model.critic, real, fake, tf.fill((16, 1), 0.5), 10.0).fake_gradients
    with tf.GradientTape() as tape:
        tape.watch(fake)
        score = tf.reduce_mean(model.critic(fake))
    for own, expected in zip(found, tape.gradient(score, fake), strict=True):
        np.testing.assert_allclose(own, expected, atol=1e-6)


def test_a_window_is_turned_as_one(windows):
    model = new_model()
    lifted = model._lift(windows, model.generator, training=False)
    axis = model._axis(windows, lifted.rotation)
    turned = model._turn(lifted.poses, axis, tf.fill((16, 1), 0.7))
    lengths = [np.linalg.norm(np.diff(p, axis=1), axis=-1) for p in (lifted.poses, turned)]
    np.testing.assert_allclose(*lengths, atol=1e-4)
    heights = [(p.numpy() * axis.numpy()[:, :, None]).sum(-1) for p in (lifted.poses, turned)]
    np.testing.assert_allclose(*heights, atol=1e-4)


def test_the_critic_sees_how_the_matrices_change(windows):
    poses = lift(new_model(), windows)
    *_, kcs = new_model()._critic_inputs(poses, poses[..., :2])
    assert kcs.shape == (16, 7, 256)
    np.testing.assert_allclose(kcs[:, 4:], kcs[:, 1:4] - kcs[:, :3], atol=1e-6)
    *_, without = new_model(motion=False)._critic_inputs(poses, poses[..., :2])
    np.testing.assert_array_equal(without, kcs[:, :4])


def test_x_and_y_move_no_farther_than_the_bound(windows):
    model = new_model(bound=0.05)
    poses = [lift(model, windows).numpy()]
    model.generator.last.bias.assign(10.0 * tf.ones_like(model.generator.last.bias))
    poses.append(lift(model, windows).numpy())
    before, after = (p[..., :2] / (1.0 + p[..., 2:] / model.distance) for p in poses)
    assert (poses[1] - poses[0])[:, :, 1:, 2].min() > 9.0
    np.testing.assert_allclose((after - before)[:, :, 1:], 0.05, atol=1e-3)


def test_it_comes_back_from_a_file(windows, tmp_path):
    model = new_model(pose_weight=0.5)
    model.update(windows)
    model.save(tmp_path / "model.keras")
    methods.register()
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for weight, old in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(weight, old)
    first, second = (m.update(windows) for m in (model, loaded))
    for name, loss in first.items():
        np.testing.assert_allclose(loss, second[name], rtol=1e-5)


def test_numpy_lifts_as_the_model_within_the_bound(windows):
    model = new_model(bound=0.05)
    last = model.averaged_generator.last
    last.bias.assign(0.1 * tf.ones_like(last.bias))
    network = TemporalForward.from_weights(
        model.averaged_generator.get_weights(), causal=False, bound=model.bound
    )
    lifter = Lifter(model.single.get_weights(), "paper", 13.0, temporal=network)
    given = windows["keypoints_2d"][:, :9].numpy()
    poses = protocols.lift(model, {"windows_2d": given, "keypoints_2d": given[:, 4]})
    for window, pose in zip(given, poses, strict=True):
        found = lifter.lift(window, times=np.arange(9) / 30.0).poses
        np.testing.assert_allclose(found[4], pose, atol=1e-4)
