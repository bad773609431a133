"""What training changes in its examples."""

import numpy as np
import pytest
import tensorflow as tf

from synpose_tf.errors import SynposeError
from synpose_tf.geometry import camera
from synpose_tf.geometry.normalization import planar_radius
from synpose_tf.models import losses
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.training import input_pipeline
from synpose_tf.training.augmentation import Augmentation, detectors

SEED = tf.constant([0, 7], tf.int64)


@pytest.fixture
def batch(synthetic_views):
    return {key: tf.constant(a[::8], tf.float32) for key, a in synthetic_views.items()}


def relative(points):
    return points - points[:, :1]


def test_turned_people_are_seen_by_their_camera(batch):
    turned = Augmentation(turn=True)(batch, SEED)
    points = turned["keypoints_3d"].numpy()
    expected = camera.project(points, batch["intrinsics"].numpy())
    np.testing.assert_allclose(turned["keypoints_2d"], expected, atol=1e-2)
    np.testing.assert_allclose(points[:, 0], batch["keypoints_3d"][:, 0], atol=1e-2)


def test_turned_people_keep_their_heights_bones_and_handedness(batch):
    turned = relative(Augmentation(turn=True)(batch, SEED)["keypoints_3d"].numpy())
    before, up = relative(batch["keypoints_3d"].numpy()), batch["up"].numpy()[:, None]
    heights, lengths = [], []
    for poses in (before, before[:, list(H36M_17.mirror)], turned):
        heights.append((poses * up).sum(-1))
        child, parent = np.transpose(H36M_17.bones)
        lengths.append(np.linalg.norm(poses[:, child] - poses[:, parent], axis=-1))
    for as_is, mirrored, now in (heights, lengths):
        nearest = np.minimum(abs(now - as_is).max(1), abs(now - mirrored).max(1))
        assert nearest.max() < 1e-2
    assert (losses.sin_beta(turned).numpy() >= 0).mean() > 0.999


def test_turned_people_face_everywhere(batch):
    turned = relative(Augmentation(turn=True)(batch, SEED)["keypoints_3d"].numpy())
    hips = turned[:, H36M_17.index("LHip")] - turned[:, H36M_17.index("RHip")]
    headings = np.arctan2(hips[:, 2], hips[:, 0])
    counts, _ = np.histogram(headings, 8, (-np.pi, np.pi))
    assert counts.min() > 0.5 * len(turned) / 8


def test_noise_has_its_standard_deviation(batch):
    noisy = Augmentation(noise=10.0)(batch, SEED)["keypoints_2d"]
    assert np.std(noisy - batch["keypoints_2d"]) == pytest.approx(10.0, rel=0.03)


def test_detector_noise_grows_with_the_person(batch):
    noise = Augmentation(detector_noise=0.1)(batch, SEED)["keypoints_2d"] - batch["keypoints_2d"]
    radius = planar_radius(relative(batch["keypoints_2d"].numpy()))
    assert 0.04 < np.std(noise / radius) < 0.12


def test_missed_joints_are_filled_in_plausibly(batch):
    seeds = [tf.constant([0, step], tf.int64) for step in range(4)]
    changed = [Augmentation(missing=0.2)(batch, seed)["keypoints_2d"] for seed in seeds]
    found, before = np.concatenate(changed), np.tile(batch["keypoints_2d"], (4, 1, 1))
    errors = np.linalg.norm((found - before) / planar_radius(relative(before)), axis=-1)
    filled = errors > 0.0
    assert (~filled).all(axis=1).mean() == pytest.approx(0.25, abs=0.06)
    limbs = filled[:, [H36M_17.index(name) for name in ("RKnee", "LElbow", "RWrist")]]
    assert limbs.mean() == pytest.approx(0.1, abs=0.03)
    assert filled[:, H36M_17.index("Spine")].mean() == pytest.approx(0.55, abs=0.06)
    assert errors.max() < 3.0


def test_draws_follow_from_seed_and_step(synthetic_views):
    augmentation = Augmentation(turn=True, detector_noise=0.05, missing=0.1)
    arrays = {key: a.astype(np.float32) for key, a in synthetic_views.items()}

    def batches(first_step, seed=0):
        stream = input_pipeline.training_batches(arrays, 32, seed, first_step, augmentation)
        return [b["keypoints_2d"] for b in stream.take(4 - first_step).as_numpy_iterator()]

    whole, resumed, other = batches(0), batches(2), batches(0, seed=1)
    assert np.array_equal(whole[2:], resumed)
    assert not np.array_equal(whole[0], whole[1])
    assert not np.array_equal(whole[0], other[0])


@pytest.mark.parametrize("values", [{"noise": -1.0}, {"missing": 1.0}, {"detector_noise": -0.1}])
def test_values_out_of_range_are_refused(values):
    with pytest.raises(SynposeError, match=next(iter(values))):
        Augmentation(**values)


def test_joints_slide_along_their_limb(batch):
    pixels = batch["keypoints_2d"].numpy()
    moved = detectors.slide_along_limbs(batch["keypoints_2d"], 0.1, SEED).numpy() - pixels
    wrist, elbow = H36M_17.index("LWrist"), H36M_17.index("LElbow")
    bone = pixels[:, wrist] - pixels[:, elbow]
    across = moved[:, wrist, 0] * bone[:, 1] - moved[:, wrist, 1] * bone[:, 0]
    np.testing.assert_allclose(across, 0.0, atol=2.0)
    along = (moved[:, wrist] * bone).sum(-1) / (bone * bone).sum(-1)
    assert along.std() == pytest.approx(0.1, rel=0.15)
    still = [H36M_17.index(name) for name in ("Hip", "LHip", "Spine", "Head", "RShoulder")]
    np.testing.assert_array_equal(moved[:, still], 0.0)


def test_detectors_take_left_for_right(batch):
    pixels = batch["keypoints_2d"].numpy()
    seeds = [tf.constant([0, step], tf.int64) for step in range(8)]
    found = [detectors.exchange_sides(batch["keypoints_2d"], 0.1, seed) for seed in seeds]
    found, pixels = np.concatenate(found), np.tile(pixels, (8, 1, 1))
    swapped = (found == pixels[:, list(H36M_17.mirror)]).all(-1) & (found != pixels).any(-1)
    assert ((found == pixels).all(-1) | swapped).all()
    left, right = (swapped[:, H36M_17.index(name)] for name in ("LWrist", "RWrist"))
    assert (left & right).mean() == pytest.approx(0.1, abs=0.02)
    assert (left ^ right).mean() == pytest.approx(0.09, abs=0.02)


def test_whole_limbs_are_missed(batch):
    found = Augmentation(missing_limbs=0.3)(batch, SEED)["keypoints_2d"].numpy()
    moved = (found != batch["keypoints_2d"].numpy()).any(-1)
    elbow, wrist = (moved[:, H36M_17.index(name)] for name in ("RElbow", "RWrist"))
    assert (elbow == wrist).mean() > 0.99
    assert wrist.mean() == pytest.approx(0.15, abs=0.05)
