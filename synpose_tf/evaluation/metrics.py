"""Errors of lifted poses: MPJPE, P-MPJPE, N-MPJPE, PCK and AUC, in NumPy.

Poses are (poses, 17, 3) in millimetres, camera frame; each function returns one figure a
pose, (poses,), so that callers average over what their table asks for.

Examples:
    >>> truth = 100.0 * np.random.default_rng(0).normal(size=(2, 17, 3))
    >>> aside = truth + [0.0, 0.0, 1000.0]
    >>> mpjpe(aside, truth).round(3)  # the root's place does not count
    array([0., 0.])
    >>> p_mpjpe(3.0 * aside, truth).round(3)  # nor, in protocol 2, turn and size
    array([0., 0.])
"""

import numpy as np

from synpose_tf.structures.skeleton import H36M_17

PCK_THRESHOLD_MM = 150.0
# MPI-INF-3DHP's AUC: 31 thresholds from 0 to 150 mm.
AUC_THRESHOLDS_MM = np.arange(0.0, 151.0, 5.0)
# MPI-INF-3DHP counts 14 joints: no pelvis, spine or head ("Nose" is its head).
PCK_JOINTS = tuple(
    i for i, name in enumerate(H36M_17.joints) if name not in ("Hip", "Spine", "Nose")
)


def root_relative(poses: np.ndarray) -> np.ndarray:
    """Poses (..., 17, 3) with the root at the origin."""
    return poses - poses[..., H36M_17.root : H36M_17.root + 1, :]


def scale_to_truth(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Gives root-relative predictions the true mean root distance.

    A lifter's output has no metric scale; the weakly supervised literature reports
    protocol 1 after this scaling.
    """
    predicted, truth = root_relative(predicted), root_relative(truth)
    size = [np.linalg.norm(p, axis=-1).mean(-1)[..., None, None] for p in (predicted, truth)]
    return predicted * (size[1] / np.maximum(size[0], 1e-12))


def joint_errors(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Distances (poses, 17) of the joints, both root-relative, millimetres."""
    return np.linalg.norm(root_relative(predicted) - root_relative(truth), axis=-1)


def mpjpe(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Protocol 1: mean per joint position error, millimetres."""
    return joint_errors(predicted, truth).mean(-1)


def n_mpjpe(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """MPJPE after the scale that minimises the squared error (Rhodin et al.)."""
    predicted, truth = root_relative(predicted), root_relative(truth)
    scale = (predicted * truth).sum((-1, -2)) / np.maximum((predicted**2).sum((-1, -2)), 1e-12)
    return mpjpe(predicted * scale[..., None, None], truth)


def procrustes(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Predictions after the best similarity (rotation, scale, translation; no reflection).

    Closed form by singular value decomposition (Kabsch, Umeyama).

    Returns:
        (poses, 17, 3) in the frame of `truth`.
    """
    mean_p, mean_t = predicted.mean(-2, keepdims=True), truth.mean(-2, keepdims=True)
    p, t = predicted - mean_p, truth - mean_t
    u, singular, vt = np.linalg.svd(np.swapaxes(p, -1, -2) @ t)
    sign = np.sign(np.linalg.det(u @ vt))
    u[..., :, -1] *= sign[..., None]
    singular[..., -1] *= sign
    scale = singular.sum(-1) / np.maximum((p**2).sum((-1, -2)), 1e-12)
    return scale[..., None, None] * (p @ (u @ vt)) + mean_t


def p_mpjpe(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Protocol 2: MPJPE after Procrustes alignment, millimetres (no root alignment)."""
    return np.linalg.norm(procrustes(predicted, truth) - truth, axis=-1).mean(-1)


def p_depth_error(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean distance in z after Procrustes alignment, millimetres: table 3's "only z".

    It is what is left of protocol 2 where noise on the 2D input, which x and y carry on
    unchanged, is not held against the depths.
    """
    return np.abs(procrustes(predicted, truth) - truth)[..., 2].mean(-1)


def pck(
    predicted: np.ndarray, truth: np.ndarray, threshold: float = PCK_THRESHOLD_MM
) -> np.ndarray:
    """3DPCK in percent: joints strictly nearer than `threshold`, over the 14 joints."""
    return 100.0 * (joint_errors(predicted, truth)[..., PCK_JOINTS] < threshold).mean(-1)


def auc(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean 3DPCK over the 31 thresholds from 0 to 150 mm, percent."""
    errors = joint_errors(predicted, truth)[..., PCK_JOINTS]
    return 100.0 * (errors[..., None] < AUC_THRESHOLDS_MM).mean((-1, -2))


def pose_metrics(predicted: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray]:
    """Every metric of lifted poses without metric scale.

    Args:
        predicted: (poses, 17, 3), camera frame, any scale.
        truth: (poses, 17, 3), camera frame, millimetres.

    Returns:
        name to (poses,): `mpjpe`, `pck` and `auc` after `scale_to_truth`.
    """
    scaled, truth = scale_to_truth(predicted, truth), root_relative(truth)
    return {
        "mpjpe": mpjpe(scaled, truth),
        "p_mpjpe": p_mpjpe(predicted, truth),
        "n_mpjpe": n_mpjpe(predicted, truth),
        "pck": pck(scaled, truth),
        "auc": auc(scaled, truth),
    }
