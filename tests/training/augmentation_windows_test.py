"""One draw a window: person, camera, and mistakes that last."""

import numpy as np
import pytest
import tensorflow as tf

from synpose_tf.geometry import camera
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.training.augmentation import Augmentation, detectors, windows

SEED = tf.constant([0, 7], tf.int64)
FRAMES = 32  # Of one of `synthetic_pose`'s motions.


@pytest.fixture
def batch(synthetic_views):
    """120 windows."""
    return {
        key: tf.constant(a.reshape(-1, FRAMES, *a.shape[1:]), tf.float32)
        for key, a in synthetic_views.items()
    }


def bones(points):
    child, parent = np.transpose(H36M_17.bones)
    return np.linalg.norm(points[..., child, :] - points[..., parent, :], axis=-1)


@pytest.mark.parametrize("change", [{"stretch": 0.1}, {"exchange": 0.5}, {"turn": True}])
def test_somebody_has_one_body(change, batch):
    found = bones(Augmentation(**change)(batch, SEED)["keypoints_3d"].numpy())
    # The trunk bends where no joint is, so its bones are left out.
    limbs = [i for i, (child, _) in enumerate(H36M_17.bones) if H36M_17.joints[child][1:] in
             ("Knee", "Ankle", "Elbow", "Wrist")]  # fmt: skip
    spread = np.ptp(found[..., limbs], axis=1) / found[..., limbs].mean(1)
    assert spread.max() < 0.01


def test_turned_motion_moves_as_it_did(batch):
    turned = Augmentation(turn=True)(batch, SEED)["keypoints_3d"].numpy()
    speeds = [
        np.linalg.norm(np.diff(points - points[:, :, :1], axis=1), axis=-1).mean(-1)
        for points in (turned, batch["keypoints_3d"].numpy())
    ]
    np.testing.assert_allclose(*speeds, rtol=1e-3, atol=0.1)


def test_one_camera_sees_a_window(batch):
    changed = Augmentation(cameras=1.0)(batch, SEED)
    for key in ("intrinsics", "up"):
        values = changed[key].numpy()
        np.testing.assert_allclose(values, np.repeat(values[:, :1], FRAMES, axis=1), atol=1e-5)
    points, lens = changed["keypoints_3d"].numpy(), changed["intrinsics"].numpy()
    assert points[..., 2].min() > 0.0
    expected = camera.project(points, lens)
    np.testing.assert_allclose(changed["keypoints_2d"], expected, rtol=1e-3, atol=0.1)
    paths = [np.linalg.norm(p[:, -1, 0] - p[:, 0, 0], axis=-1) for p in
             (points, batch["keypoints_3d"].numpy())]  # fmt: skip
    np.testing.assert_allclose(*paths, rtol=1e-3, atol=1.0)


def test_noise_is_remembered_as_detectors_do(batch):
    noise = Augmentation(detector_noise=0.1)(batch, SEED)["keypoints_2d"] - batch["keypoints_2d"]
    noise = noise.numpy()
    variance = (noise**2).mean()

    def correlation(lag):
        return (noise[:, lag:] * noise[:, :-lag]).mean() / variance

    for lag in (1, 3, 15):
        seconds = lag / windows.FRAME_RATE
        expected = sum(
            share * np.exp(-seconds / memory)
            for memory, share in detectors.MEMORY.items()
            if memory
        )
        # Outliers come and go, so a little less.
        assert expected - 0.25 < correlation(lag) < expected + 0.05


@pytest.mark.parametrize("memory", [0.15, 1.0])
def test_correlated_draws_keep_their_law(memory):
    draws = windows.uniform((64 * 400, 3), SEED, 64, memory).numpy()
    assert 0.0 <= draws.min() < draws.max() <= 1.0
    np.testing.assert_allclose(np.quantile(draws, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.02)


def test_joints_are_missed_for_a_while_and_marked(batch):
    changed = Augmentation(missing=0.2)(batch, SEED)
    seen, moved = changed["seen"].numpy(), changed["keypoints_2d"] != batch["keypoints_2d"]
    moved = moved.numpy().any(-1)
    assert seen.shape == moved.shape
    assert not moved[seen > 0].any()
    assert moved[seen == 0].mean() > 0.99
    wrist = seen[..., H36M_17.index("LWrist")] == 0
    again = wrist[:, 1:][wrist[:, :-1]].mean()
    assert again > 3.0 * wrist.mean()
    layout = seen[..., H36M_17.index("Spine")]
    assert (layout.min(1) == layout.max(1)).mean() > 0.4  # One detector a window.


def test_sides_are_exchanged_for_a_while(batch):
    found = Augmentation(sides=0.2)(batch, SEED)["keypoints_2d"].numpy()
    left, right = (H36M_17.index(name) for name in ("LKnee", "RKnee"))
    before = batch["keypoints_2d"].numpy()
    swapped = (found[:, :, left] == before[:, :, right]).all(-1)
    assert 0.1 < swapped.mean() < 0.5
    assert swapped[:, 1:][swapped[:, :-1]].mean() > 1.5 * swapped.mean()


def test_one_frame_is_an_example_alone(batch):
    alone = {key: tensor[:, 0] for key, tensor in batch.items()}
    windows_of_one = {key: tensor[:, :1] for key, tensor in batch.items()}
    augmentation = Augmentation(
        turn=True, stretch=0.1, exchange=0.3, detector_noise=0.1, missing=0.1
    )
    found = augmentation(windows_of_one, SEED)
    for key, tensor in augmentation(alone, SEED).items():
        np.testing.assert_array_equal(found[key][:, 0], tensor)
