"""Joint maps against the index lists that the data sets document, trees, sides, errors."""

import numpy as np
import pytest

from synpose_tf.structures import skeleton
from synpose_tf.structures.skeleton import (
    CMU_ASF,
    CMU_BONES,
    H36M_17,
    H36M_32,
    MPI_INF_3DHP_17,
    MPI_INF_3DHP_28,
    MPII_16,
    Skeleton,
    joint_map,
    select_joints,
)

EVERY = (H36M_17, H36M_32, MPII_16, MPI_INF_3DHP_28, MPI_INF_3DHP_17, CMU_ASF)
every_skeleton = pytest.mark.parametrize("body", EVERY, ids=lambda body: body.name)


# === Maps ===


@pytest.mark.parametrize(
    ("source", "indices"),
    [
        (H36M_32, [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27]),
        (MPI_INF_3DHP_28, [4, 23, 24, 25, 18, 19, 20, 3, 5, 6, 7, 9, 10, 11, 14, 15, 16]),
        (MPI_INF_3DHP_17, [14, 8, 9, 10, 11, 12, 13, 15, 1, 16, 0, 5, 6, 7, 2, 3, 4]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_selection_follows_the_documented_index_list(source, indices):
    assert joint_map(source, H36M_17) == tuple(indices)
    points = np.random.default_rng(0).normal(size=(2, 3, len(source), 3))
    np.testing.assert_array_equal(select_joints(points, source, H36M_17), points[..., indices, :])


def test_mpii_lacks_spine_and_nose():
    indices = joint_map(MPII_16, H36M_17)
    lacking = [joint for joint, i in zip(H36M_17.joints, indices, strict=True) if i is None]
    assert lacking == ["Spine", "Nose"]
    assert [i for i in indices if i is not None] == [
        6,
        2,
        1,
        0,
        3,
        4,
        5,
        7,
        9,
        13,
        14,
        15,
        12,
        11,
        10,
    ]
    with pytest.raises(ValueError, match=r"MPII-16 lacks \['Spine', 'Nose'\], which Human3.6M-17"):
        select_joints(np.zeros((16, 2)), MPII_16, H36M_17)


def test_cmu_joints_are_the_documented_bone_ends():
    ends = {
        joint: CMU_BONES[i]
        for joint, i in zip(H36M_17.joints, joint_map(CMU_ASF, H36M_17), strict=True)
        if i is not None
    }
    assert ends == {
        "RHip": "rhipjoint", "RKnee": "rfemur", "RAnkle": "rtibia",
        "LHip": "lhipjoint", "LKnee": "lfemur", "LAnkle": "ltibia",
        "Spine": "lowerback", "Head": "head",
        "LShoulder": "lclavicle", "LElbow": "lhumerus",
        "RShoulder": "rclavicle", "RElbow": "rhumerus",
    }  # fmt: skip


# === Trees and sides ===


def test_human36m_parents():
    assert H36M_17.parents == (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15)
    assert H36M_17.root == 0
    assert H36M_17.bones[0] == (H36M_17.index("RHip"), H36M_17.index("Hip"))


def test_mpi_inf_3dhp_parents():
    """`joint_parents_o1` of the data set's own mpii_get_joint_set.m counts from 1."""
    official = [3, 1, 4, 5, 5, 2, 6, 7, 6, 9, 10, 11, 12, 6, 14, 15, 16, 17, 5, 19, 20, 21, 22, 5]
    official = [parent - 1 for parent in [*official, 24, 25, 26, 27]]
    official[4] = -1  # the root names itself
    assert list(MPI_INF_3DHP_28.parents) == official


@every_skeleton
def test_bones_join_every_joint_to_one_root(body):
    assert len(body) == len(body.joints)
    assert len(body.bones) == len(body) - 1
    assert {child for child, _ in body.bones} == set(range(len(body))) - {body.root}
    assert all(body.parents[child] == parent for child, parent in body.bones)


@every_skeleton
def test_mirror_swaps_sides_and_keeps_the_tree(body):
    mirror = body.mirror
    for joint, other in enumerate(mirror):
        assert mirror[other] == joint
        parent = body.parents[joint]
        assert body.parents[other] == (mirror[parent] if parent >= 0 else -1)
    assert all(mirror[left] == right for left, right in body.left_right)
    assert [i for i, j in enumerate(mirror) if i == j] == [
        i for i in range(len(body)) if not any(i in pair for pair in body.left_right)
    ]


@pytest.mark.parametrize(
    ("body", "left", "right"),
    [
        (H36M_17, [4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]),
        (H36M_32, [6, 7, 8, 9, 10, *range(16, 24)], [1, 2, 3, 4, 5, *range(24, 32)]),
        (MPII_16, [3, 4, 5, 13, 14, 15], [2, 1, 0, 12, 11, 10]),
        (MPI_INF_3DHP_28, [*range(8, 13), *range(18, 23)], [*range(13, 18), *range(23, 28)]),
        (MPI_INF_3DHP_17, [5, 6, 7, 11, 12, 13], [2, 3, 4, 8, 9, 10]),
        (CMU_ASF, [*range(1, 6), *range(17, 24)], [*range(6, 11), *range(24, 31)]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_left_and_right(body, left, right):
    assert set(body.left_right) == set(zip(left, right, strict=True))


# === Errors ===


@pytest.mark.parametrize(
    ("joints", "parents", "message"),
    [
        (("a", "b"), (-1,), "2 joints, 1 parents"),
        (("a", "a"), (-1, 0), "appears twice"),
        (("a", "b"), (-1, -1), "exactly one parent must be -1"),
        (("a", "b", "c"), (-1, 2, 1), "not a tree"),
        (("a", "b"), (-1, 5), "not a tree"),
        (("a", "b"), (-1, -2), "not a tree"),
    ],
)
def test_refuses_what_is_no_tree(joints, parents, message):
    with pytest.raises(ValueError, match=f"odd: .*{message}"):
        Skeleton("odd", joints, parents)


def test_errors_name_the_skeleton_and_what_was_found():
    with pytest.raises(ValueError, match="Human3.6M-17 has no joint 'Tail'"):
        H36M_17.index("Tail")
    with pytest.raises(ValueError, match=r"Human3.6M-32 has 32 joints, .* \(5, 17, 3\)"):
        skeleton.select_joints(np.zeros((5, 17, 3)), H36M_32, H36M_17)
    with pytest.raises(ValueError, match=r"Human3.6M-17 has 17 joints, .* \(17,\)"):
        skeleton.select_joints(np.zeros(17), H36M_17, H36M_17)
