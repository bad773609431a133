"""Joints filled in where a detector missed them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from synpose_tf.completion.gaussian import PoseDistribution
from synpose_tf.geometry.normalization import planar_radius
from synpose_tf.structures.skeleton import H36M_17


@pytest.fixture
def pixels(synthetic_views):
    return synthetic_views["keypoints_2d"][::10].astype(np.float64)


def missing(pixels, *joints):
    seen = np.ones(pixels.shape[:2])
    seen[:, [H36M_17.index(name) for name in joints]] = 0.0
    return np.where(seen[..., None] == 1.0, pixels, -1e4), seen


def errors(filled, pixels):
    """Distances (n, 17) in mean radii."""
    return np.linalg.norm((filled - pixels) / planar_radius(pixels - pixels[:, :1]), axis=-1)


def test_seen_joints_stay_and_what_stands_at_missed_ones_does_not_matter(pixels):
    holes, seen = missing(pixels, "LKnee", "Head")
    filled = PoseDistribution.pretrained().complete(holes, seen)
    others = seen[0] == 1.0
    assert np.array_equal(filled[:, others], pixels[:, others])
    again = PoseDistribution.pretrained().complete(np.where(seen[..., None], pixels, 7.0), seen)
    np.testing.assert_allclose(filled, again, atol=1e-6)


@pytest.mark.parametrize(
    ("joint", "bound"), [("Hip", 0.05), ("Thorax", 0.08), ("Nose", 0.15), ("RWrist", 0.45)]
)
def test_a_missed_joint_is_found_nearly_where_it_is(pixels, joint, bound):
    filled = PoseDistribution.pretrained().complete(*missing(pixels, joint))
    assert errors(filled, pixels)[:, H36M_17.index(joint)].mean() < bound


def test_place_and_size_of_the_person_do_not_matter(pixels):
    distribution = PoseDistribution.pretrained()
    filled = distribution.complete(*missing(pixels, "LElbow", "RAnkle"))
    moved = distribution.complete(*missing(0.3 * pixels + [500.0, -40.0], "LElbow", "RAnkle"))
    np.testing.assert_allclose(moved, 0.3 * filled + [500.0, -40.0], atol=1e-2)


def test_it_is_the_conditional_mean_of_the_gaussian():
    """Against the textbook's formula, with the missed block cut out."""
    rng = np.random.default_rng(0)
    mean = rng.normal(size=(17, 2))
    factor = rng.normal(size=(34, 34)) * 0.1
    distribution = PoseDistribution(mean, factor @ factor.T + 0.05 * np.eye(34))
    poses = mean + rng.multivariate_normal(np.zeros(34), distribution.covariance, 4).reshape(
        -1, 17, 2
    )
    holes, seen = missing(poses, "RKnee", "Thorax")
    found = distribution._conditional_mean(holes, seen[..., None], np)
    covariance = distribution._free_covariance
    a, b = (np.flatnonzero(np.repeat(seen[0] == value, 2)) for value in (0.0, 1.0))
    noisy = covariance[np.ix_(b, b)] + 1e-3 * np.eye(len(b))
    offset = (poses - mean).reshape(4, 34)[:, b]
    expected = mean.ravel()[a] + offset @ np.linalg.inv(noisy) @ covariance[np.ix_(b, a)]
    np.testing.assert_allclose(found.reshape(4, 34)[:, a], expected, atol=1e-5)


def test_inside_a_graph_it_gives_the_same(pixels):
    holes, seen = missing(pixels[:64], "LWrist", "Spine", "Nose")
    distribution = PoseDistribution.pretrained()
    graph = tf.function(lambda x, s: distribution.complete(x, s, keras.ops))
    filled = graph(tf.constant(holes, tf.float32), tf.constant(seen, tf.float32))
    np.testing.assert_allclose(filled, distribution.complete(holes, seen), atol=0.5)


def test_fit_is_symmetric_under_mirroring(pixels):
    distribution = PoseDistribution.fit(pixels)
    mirrored = distribution.mean[list(H36M_17.mirror)] * [-1.0, 1.0]
    np.testing.assert_allclose(mirrored, distribution.mean, atol=1e-5)
    assert np.linalg.eigvalsh(distribution.covariance).min() > -1e-5


def test_a_joint_in_the_wrong_place_is_found_and_others_are_believed(pixels):
    distribution = PoseDistribution.pretrained()
    seen = np.ones(pixels.shape[:2])
    assert distribution.outliers(pixels, seen).any(1).mean() < 0.03
    head, foot = (H36M_17.index(name) for name in ("Head", "RAnkle"))
    wrong = pixels.copy()
    wrong[:, head] = wrong[:, foot]
    found = distribution.outliers(wrong, seen)
    assert found[:, head].mean() > 0.8
    others = np.delete(found, [head, foot], axis=1)
    assert others.mean() < 0.05


def test_surprise_is_the_distance_from_the_mean_given_the_other_joints(pixels):
    """Against the definition: each joint left out in turn, and the block of its covariance."""
    distribution = PoseDistribution.pretrained()
    poses, seen = pixels[:3], np.ones((3, 17))
    surprise = distribution._surprise(poses, seen)
    normalized, *_ = distribution._normalize(poses, seen[..., None], np)
    covariance = distribution._free_covariance + 1e-3 * np.eye(34)
    for joint in (0, 6, 10):
        own = [2 * joint, 2 * joint + 1]
        rest = np.delete(np.arange(34), own)
        gain = covariance[np.ix_(own, rest)] @ np.linalg.inv(covariance[np.ix_(rest, rest)])
        spread = covariance[np.ix_(own, own)] - gain @ covariance[np.ix_(rest, own)]
        offset = (normalized - distribution.mean).reshape(3, 34)
        residual = offset[:, own] - offset[:, rest] @ gain.T
        squared = np.einsum("ni,ij,nj->n", residual, np.linalg.inv(spread), residual)
        np.testing.assert_allclose(surprise[:, joint], np.sqrt(squared), rtol=1e-2)
