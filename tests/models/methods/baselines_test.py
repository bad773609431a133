"""The supervised lifter, the mean depths and the flat pose."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from synpose_tf.evaluation import metrics, protocols
from synpose_tf.geometry import normalization
from synpose_tf.models.methods.constant import FlatModel, MeanDepthModel
from synpose_tf.models.methods.supervised import SupervisedModel


def batches(views, size, seed=0):
    """Endless batches of views, at random."""
    rng = np.random.default_rng(seed)
    while True:
        index = rng.permutation(len(views["keypoints_2d"]))[:size]
        yield {key: tf.constant(a[index], tf.float32) for key, a in views.items()}


def train(model, views, steps, size=64):
    model.make_train_function()
    source = batches(views, size)
    shapes = tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape, t.dtype), next(source))
    data = iter(tf.data.Dataset.from_generator(lambda: source, output_signature=shapes))
    losses = []
    for _ in range(steps):
        model.reset_metrics()
        losses.append(float(model.train_function(data)["depth_loss"]))
    return losses


def mpjpe(model, views):
    return metrics.pose_metrics(protocols.lift(model, views), views["keypoints_3d"])["mpjpe"].mean()


@pytest.fixture(scope="module")
def views(synthetic_views):
    return {key: array.astype(np.float32) for key, array in synthetic_views.items()}


def test_supervised_training_brings_the_error_down(views):
    keras.utils.set_random_seed(0)
    model = SupervisedModel(mode="camera", generator_width=64, average=0.9)
    model.compile(jit_compile=False)
    before = mpjpe(model, views)
    losses = train(model, views, 60)
    assert np.mean(losses[-5:]) < 0.3 * np.mean(losses[:5])
    assert mpjpe(model, views) < 0.5 * before


def test_supervised_loss_is_the_squared_error_of_the_normalised_depths(batch):
    model = SupervisedModel(mode="camera", generator_width=16)
    model.compile(jit_compile=False)
    truth, _ = normalization.normalize_3d(batch["keypoints_3d"].numpy(), "camera")
    poses_2d, _ = normalization.normalize_2d(
        batch["keypoints_2d"].numpy(), "camera", batch["intrinsics"].numpy()
    )
    depths = model.generator(poses_2d, training=True).numpy()
    expected = np.mean((depths - truth[..., 2]) ** 2)
    np.testing.assert_allclose(model.train_step(batch)["depth_loss"], expected, rtol=1e-4)


@pytest.mark.parametrize("mode", normalization.MODES)
def test_flat_is_the_flat_pose_before_and_after_training(views, mode):
    model = FlatModel(mode=mode)
    model.compile(jit_compile=False)
    expected = protocols.flat_poses(views, mode)
    np.testing.assert_allclose(protocols.lift(model, views), expected, atol=1e-5)
    for data in itertools.islice(batches(views, 64), 2):
        assert float(model.train_step(data)["depth_loss"]) > 0
    np.testing.assert_allclose(protocols.lift(model, views), expected, atol=1e-5)
    assert int(model.iterations) == 2


def test_mean_is_the_mean_depth_of_all_that_was_seen(views):
    model = MeanDepthModel(mode="camera")
    model.compile(jit_compile=False)
    source = batches(views, 100)
    seen = [next(source) for _ in range(7)]
    for data in seen:
        model.train_step(data)
    points = np.concatenate([data["keypoints_3d"] for data in seen])
    truth, _ = normalization.normalize_3d(points, "camera")
    depths = model.averaged_generator(np.zeros((3, 17, 2), np.float32)).numpy()
    expected = truth[..., 2].mean(axis=0)
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(depths, np.tile(expected, (3, 1)), atol=1e-5)
    poses_2d, frame = normalization.normalize_2d(
        views["keypoints_2d"], "camera", views["intrinsics"]
    )
    depths = np.broadcast_to(expected, poses_2d.shape[:2]).astype(np.float32)
    lifted = normalization.to_camera_frame(
        normalization.lift(poses_2d, depths, frame.perspective), frame
    )
    np.testing.assert_allclose(protocols.lift(model, views), lifted, atol=1e-4)
