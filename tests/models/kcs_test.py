"""KCS and wKCS against the paper's figure 5 and equations 1 to 6."""

import keras
import numpy as np
import pytest
from scipy.sparse import csgraph
from scipy.spatial.transform import Rotation

from synpose_tf.models import kcs
from synpose_tf.models.kcs import KinematicChain
from synpose_tf.structures.skeleton import H36M_17, MPI_INF_3DHP_28

BONES = [H36M_17.joints[child] for child, _ in H36M_17.bones]


@pytest.fixture(scope="module")
def unit_poses(poses):
    return (poses / 500).astype(np.float32)


def test_distances_from_the_right_hip_bone_are_figure_5_s():
    distances = dict(zip(BONES, kcs.bone_distances(H36M_17)[BONES.index("RHip")], strict=True))
    assert distances == {
        "RHip": 0, "RKnee": 1, "RAnkle": 2, "LHip": 1, "LKnee": 2, "LAnkle": 3,
        "Spine": 1, "Thorax": 2, "Nose": 3, "Head": 4,
        "LShoulder": 3, "LElbow": 4, "LWrist": 5, "RShoulder": 3, "RElbow": 4, "RWrist": 5,
    }  # fmt: skip
    counts = np.bincount(list(distances.values()))
    assert counts[1] == 3
    assert counts[5] == 2


@pytest.mark.parametrize("skeleton", [H36M_17, MPI_INF_3DHP_28], ids=lambda s: s.name)
def test_distances_are_shortest_paths_over_shared_joints(skeleton):
    touching = [[float(bool(set(a) & set(b))) for b in skeleton.bones] for a in skeleton.bones]
    expected = csgraph.shortest_path(np.array(touching) - np.eye(len(skeleton.bones)))
    np.testing.assert_array_equal(kcs.bone_distances(skeleton), expected)


def test_weights_are_equation_5_s():
    distances = kcs.bone_distances(H36M_17)
    expected = [[1 if d <= 1 else np.tanh(1 / (d - 1)) for d in row] for row in distances]
    np.testing.assert_allclose(kcs.kcs_weights(H36M_17), expected, rtol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_matrix_holds_the_inner_products_of_bones(unit_poses, weighted):
    chain = np.array(KinematicChain(weighted)(unit_poses)).reshape(-1, 16, 16)
    weights = kcs.kcs_weights(H36M_17) if weighted else np.ones((16, 16))
    for i, (child, parent) in enumerate(H36M_17.bones):
        a = unit_poses[:, child] - unit_poses[:, parent]
        for j, (other_child, other_parent) in enumerate(H36M_17.bones):
            b = unit_poses[:, other_child] - unit_poses[:, other_parent]
            expected = weights[i, j] * (a * b).sum(-1)
            np.testing.assert_allclose(chain[:, i, j], expected, atol=1e-5)


def test_diagonal_is_the_squared_bone_length(unit_poses):
    chain = np.array(KinematicChain()(unit_poses)).reshape(-1, 16, 16)
    bones = unit_poses.swapaxes(1, 2) @ kcs.bone_matrix(H36M_17)
    lengths = np.linalg.norm(bones, axis=1)
    np.testing.assert_allclose(np.diagonal(chain, axis1=1, axis2=2), lengths**2, atol=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
def test_turned_and_mirrored_and_moved_poses_have_the_same_chain(unit_poses, weighted):
    layer = KinematicChain(weighted)
    expected = layer(unit_poses)
    turns = Rotation.random(len(unit_poses), rng=np.random.default_rng(0)).as_matrix()
    turned = np.einsum("nij,nkj->nki", turns, unit_poses).astype(np.float32)
    np.testing.assert_allclose(layer(turned), expected, atol=1e-5)
    np.testing.assert_allclose(layer(unit_poses * np.float32([1, 1, -1])), expected, atol=1e-5)
    np.testing.assert_allclose(layer(unit_poses + np.float32([3, -1, 2])), expected, atol=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
def test_layer_survives_saving(unit_poses, reloaded, weighted):
    model = keras.Sequential([keras.Input((17, 3)), KinematicChain(weighted=weighted)])
    assert model.output_shape == (None, 256)
    again = reloaded(model)
    assert again.layers[-1].weighted is weighted
    np.testing.assert_array_equal(again(unit_poses), model(unit_poses))
