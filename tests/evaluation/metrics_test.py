"""Metrics against scipy, and what each of them must not see."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.spatial import procrustes
from scipy.spatial.transform import Rotation

from synpose_tf.evaluation import metrics
from synpose_tf.structures.skeleton import H36M_17, MPI_INF_3DHP_17, select_joints


@pytest.fixture(scope="module")
def truth(synthetic_views):
    return synthetic_views["keypoints_3d"][::40]


@pytest.fixture(scope="module")
def predicted(truth):
    """Poses as a fair lifter gives them: 60 mm of noise, its own scale and place."""
    noise = np.random.default_rng(0).normal(0, 60, truth.shape)
    return (truth + noise) / 400 - 3


def kabsch_error(predicted, truth):
    """P-MPJPE of one pose by scipy's best rotation, which is never a reflection."""
    p, t = predicted - predicted.mean(0), truth - truth.mean(0)
    turned = Rotation.align_vectors(t, p)[0].apply(p)
    scale = (turned * t).sum() / (turned**2).sum()
    return np.linalg.norm(scale * turned - t, axis=-1).mean()


def similar(poses, seed=1):
    """Each pose turned, scaled and moved at random."""
    rng = np.random.default_rng(seed)
    turns = Rotation.random(len(poses), rng=rng).as_matrix()
    scale = rng.uniform(0.2, 5, (len(poses), 1, 1))
    return scale * np.einsum("nij,nkj->nki", turns, poses) + rng.normal(0, 900, (len(poses), 1, 3))


def moved_joints(truth, distances):
    """The truth with joint j moved by distances[j] millimetres along an axis."""
    predicted = np.round(truth)
    predicted[..., 2] += distances
    return predicted, np.round(truth)


# === Errors ===


def test_mpjpe_is_the_mean_distance_after_root_alignment(predicted, truth):
    for p, t, error in zip(predicted, truth, metrics.mpjpe(predicted, truth), strict=True):
        distances = [np.sqrt(sum((p[j] - p[0] - t[j] + t[0]) ** 2)) for j in range(17)]
        assert error == pytest.approx(np.mean(distances))


def test_scale_to_truth_gives_the_true_mean_root_distance(predicted, truth):
    scaled = metrics.scale_to_truth(predicted, truth)
    sizes = [
        np.linalg.norm(poses - poses[:, :1], axis=-1).mean(-1)
        for poses in (scaled, truth, predicted)
    ]
    np.testing.assert_allclose(sizes[0], sizes[1])
    np.testing.assert_allclose(
        scaled, (predicted - predicted[:, :1]) * (sizes[1] / sizes[2])[:, None, None]
    )


def test_p_mpjpe_is_scipy_s_procrustes(predicted, truth):
    for p, t, error in zip(predicted, truth, metrics.p_mpjpe(predicted, truth), strict=True):
        a, b, _ = procrustes(t, p)
        expected = np.linalg.norm(t - t.mean(0)) * np.linalg.norm(a - b, axis=-1).mean()
        assert error == pytest.approx(expected)
        assert error == pytest.approx(kabsch_error(p, t))


def test_p_mpjpe_does_not_reflect(truth):
    mirrored = truth * [1, 1, -1]
    errors = metrics.p_mpjpe(mirrored, truth)
    assert errors.min() > 10
    np.testing.assert_allclose(
        errors, [kabsch_error(p, t) for p, t in zip(mirrored, truth, strict=True)]
    )


def test_p_depth_error_is_the_z_of_protocol_2(predicted, truth):
    errors = metrics.p_depth_error(predicted, truth)
    for p, t, error in zip(predicted, truth, errors, strict=True):
        a, b, _ = procrustes(t, p)
        # scipy turns both into a frame and scale of its own: back to the truth's.
        size, mean = np.linalg.norm(t - t.mean(0)), t.mean(0)
        np.testing.assert_allclose(a * size + mean, t)
        assert error == pytest.approx(np.abs(b * size + mean - t)[:, 2].mean())
    assert (errors < metrics.p_mpjpe(predicted, truth)).all()


def test_p_depth_error_forgives_what_noise_does_to_x_and_y(truth):
    noise = np.random.default_rng(0).normal(0, 60, truth.shape) * [1, 1, 0]
    assert metrics.p_depth_error(truth + noise, truth).mean() < 0.35 * (
        metrics.p_mpjpe(truth + noise, truth).mean()
    )


def test_n_mpjpe_is_at_the_best_scale(predicted, truth):
    for p, t, error in zip(predicted, truth, metrics.n_mpjpe(predicted, truth), strict=True):
        p, t = p - p[0], t - t[0]
        best = minimize_scalar(lambda s, p=p, t=t: ((s * p - t) ** 2).sum(), tol=1e-12).x
        assert error == pytest.approx(np.linalg.norm(best * p - t, axis=-1).mean(), rel=1e-6)


# === PCK and AUC ===


def test_pck_counts_fourteen_joints():
    assert len(metrics.PCK_JOINTS) == 14
    assert [H36M_17.joints[i] for i in range(17) if i not in metrics.PCK_JOINTS] == [
        "Hip", "Spine", "Nose",
    ]  # fmt: skip
    assert list(metrics.AUC_THRESHOLDS_MM) == list(range(0, 151, 5))
    assert len(metrics.AUC_THRESHOLDS_MM) == 31


@pytest.mark.parametrize("joint", range(1, 17))
def test_pck_of_one_joint_far_off(truth, joint):
    predicted, rounded = moved_joints(truth, np.where(np.arange(17) == joint, 1000.0, 0.0))
    expected = 100 if H36M_17.joints[joint] in ("Spine", "Nose") else 100 * 13 / 14
    np.testing.assert_allclose(metrics.pck(predicted, rounded), expected)


@pytest.mark.parametrize(
    ("error", "pck", "passed"),
    [(0, 100, 30), (4, 100, 30), (5, 100, 29), (75, 100, 15), (149, 100, 1), (150, 0, 0)],
)
def test_thresholds_are_strict(truth, error, pck, passed):
    """A joint exactly at a threshold doesn't count."""
    predicted, rounded = moved_joints(truth, np.where(np.arange(17) == 0, 0.0, error))
    np.testing.assert_allclose(metrics.pck(predicted, rounded), pck)
    np.testing.assert_allclose(metrics.auc(predicted, rounded), 100 * passed / 31)


# === Invariances ===


@pytest.mark.parametrize("name", ["mpjpe", "p_mpjpe", "n_mpjpe", "pck", "auc"])
def test_table_sees_neither_scale_nor_place_of_the_prediction(predicted, truth, name):
    expected = metrics.pose_metrics(predicted, truth)[name]
    other = metrics.pose_metrics(7.5 * predicted + [[100.0, -20.0, 3000.0]], truth)[name]
    np.testing.assert_allclose(other, expected)
    assert expected.shape == (len(truth),)


def test_only_p_mpjpe_is_blind_to_rotation(predicted, truth):
    expected = metrics.pose_metrics(predicted, truth)
    turned = metrics.pose_metrics(similar(predicted), truth)
    np.testing.assert_allclose(turned["p_mpjpe"], expected["p_mpjpe"])
    for name in ("mpjpe", "n_mpjpe"):
        assert np.mean(turned[name]) > 2 * np.mean(expected[name])


def test_alignments_only_help(predicted, truth):
    figures = metrics.pose_metrics(predicted, truth)
    assert figures["p_mpjpe"].mean() < figures["n_mpjpe"].mean() < figures["mpjpe"].mean()


def test_a_perfect_prediction(truth):
    figures = metrics.pose_metrics(similar(truth), truth)
    np.testing.assert_allclose(figures["p_mpjpe"], 0, atol=1e-6)
    figures = metrics.pose_metrics(truth / 300, truth)
    for name, perfect in {"mpjpe": 0, "n_mpjpe": 0, "pck": 100}.items():
        np.testing.assert_allclose(figures[name], perfect, atol=1e-6)


def test_a_prediction_in_one_point_stays_finite(truth):
    for name, values in metrics.pose_metrics(np.zeros_like(truth), truth).items():
        assert np.isfinite(values).all(), name


# === MPI-INF-3DHP's own test code ===

# Its 17 joints in its order. It counts the first 14, and leaves out pelvis, spine and head;
# what stays of the head is its top.
OFFICIAL = (
    "head top", "neck", "right shoulder", "right elbow", "right wrist", "left shoulder",
    "left elbow", "left wrist", "right hip", "right knee", "right ankle", "left hip",
    "left knee", "left ankle", "pelvis", "spine", "head",
)  # fmt: skip
# Where the data set's builder puts each of Human3.6M's joints from.
FROM_TEST_FILE = [14, 8, 9, 10, 11, 12, 13, 15, 1, 16, 0, 5, 6, 7, 2, 3, 4]


def official_pck_and_auc(predicted, truth):
    """As the official code goes about it: a curve over 31 thresholds for each joint, then means.

    Args:
        predicted, truth: (poses, 17, 3), in the order of the test files, millimetres.
    """
    pelvis = OFFICIAL.index("pelvis")
    curves = []
    for joint in range(14):
        passed = [0] * 31
        for p, t in zip(predicted, truth, strict=True):
            difference = (p[joint] - p[pelvis]) - (t[joint] - t[pelvis])
            for i in range(31):
                passed[i] += float(difference @ difference) ** 0.5 < 5 * i
        curves.append([100.0 * count / len(predicted) for count in passed])
    curve = np.mean(curves, axis=0)
    return curve[30], curve.mean()


def test_pck_and_auc_are_the_official_code_s():
    rng = np.random.default_rng(4)
    truth = rng.normal(0, 400, (60, 17, 3)).round()
    predicted = truth + rng.normal(0, 70, truth.shape).round()
    # Whole multiples of a threshold: joints exactly on it.
    predicted[:20] = truth[:20]
    predicted[:20, :, 2] += 5 * rng.integers(0, 40, (20, 17))
    predicted[:20, OFFICIAL.index("pelvis")] = truth[:20, OFFICIAL.index("pelvis")]
    # Joints that do not count are far off.
    for name in ("spine", "head"):
        predicted[:, OFFICIAL.index(name)] += 2000
    pck, auc = official_pck_and_auc(predicted, truth)
    assert 20 < auc < pck < 90
    ours = predicted[:, FROM_TEST_FILE], truth[:, FROM_TEST_FILE]
    assert metrics.pck(*ours).mean() == pytest.approx(pck)
    assert metrics.auc(*ours).mean() == pytest.approx(auc)


def test_the_builder_reads_the_test_files_in_that_order():
    points = np.arange(17)[:, None] * np.ones(3)
    ours = select_joints(points, MPI_INF_3DHP_17, H36M_17)[:, 0]
    assert list(ours) == FROM_TEST_FILE
    counted = sorted(FROM_TEST_FILE[joint] for joint in metrics.PCK_JOINTS)
    assert counted == list(range(14))
