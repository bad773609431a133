"""Skeletons: named joints, their tree, left/right pairs, and maps from one to another.

Joints that mean the same point of the body carry the same name in every skeleton, so a
map between two skeletons is a matter of names. Left and right are the person's own.

Examples:
    >>> H36M_17.joints[H36M_17.parents[H36M_17.index("LKnee")]]
    'LHip'
    >>> joint_map(MPII_16, H36M_17)[6:8]  # the left ankle, and the spine, which MPII lacks
    (5, None)
    >>> select_joints(np.zeros((5, 32, 3)), H36M_32, H36M_17).shape
    (5, 17, 3)
"""

import dataclasses
import functools

import numpy as np


@dataclasses.dataclass(frozen=True)
class Skeleton:
    """A tree of named joints.

    Args:
        name: what users and errors call it.
        joints: joint names in the order of the arrays. A leading `L` or `R` before a
            capital marks the side.
        parents: index of each joint's parent, -1 for the root; one root.

    Raises:
        ValueError: the parents do not form a tree over the joints.
    """

    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]

    def __post_init__(self):
        if len(self.joints) != len(self.parents):
            raise ValueError(f"{self.name}: {len(self.joints)} joints, {len(self.parents)} parents")
        if len(set(self.joints)) != len(self.joints):
            raise ValueError(f"{self.name}: a joint name appears twice in {self.joints}")
        if self.parents.count(-1) != 1:
            raise ValueError(f"{self.name}: exactly one parent must be -1, found {self.parents}")
        for joint in range(len(self.joints)):
            seen = set()
            while joint != -1:
                if joint in seen or not 0 <= joint < len(self.joints):
                    raise ValueError(f"{self.name}: parents {self.parents} are not a tree")
                seen.add(joint)
                joint = self.parents[joint]

    def __len__(self):
        return len(self.joints)

    @property
    def root(self) -> int:
        """Index of the root joint."""
        return self.parents.index(-1)

    @functools.cached_property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """(child, parent) for each joint but the root, in joint order."""
        return tuple((c, p) for c, p in enumerate(self.parents) if p >= 0)

    @functools.cached_property
    def left_right(self) -> tuple[tuple[int, int], ...]:
        """(left, right) index pairs of the joints that exist on both sides."""
        sides = {name: i for i, name in enumerate(self.joints)}
        return tuple(
            (i, sides["R" + name[1:]])
            for name, i in sides.items()
            if name[0] == "L" and name[1].isupper() and "R" + name[1:] in sides
        )

    @functools.cached_property
    def mirror(self) -> tuple[int, ...]:
        """The joint order after left and right change places."""
        order = list(range(len(self)))
        for left, right in self.left_right:
            order[left], order[right] = right, left
        return tuple(order)

    def index(self, joint: str) -> int:
        """Index of a joint by name.

        Raises:
            ValueError: the skeleton has no such joint.
        """
        if joint not in self.joints:
            raise ValueError(f"skeleton {self.name} has no joint {joint!r}; it has {self.joints}")
        return self.joints.index(joint)


def joint_map(source: Skeleton, target: Skeleton) -> tuple[int | None, ...]:
    """For each joint of `target`, its index in `source`, or None where `source` lacks it."""
    where = {name: i for i, name in enumerate(source.joints)}
    return tuple(where.get(name) for name in target.joints)


def select_joints(points: np.ndarray, source: Skeleton, target: Skeleton) -> np.ndarray:
    """Reorders joints by name.

    Args:
        points: (..., len(source), d) array.
        source: the skeleton of `points`.
        target: the skeleton wanted; every joint must exist in `source`.

    Returns:
        (..., len(target), d) array.

    Raises:
        ValueError: the array has another joint count, or `source` lacks a joint.
    """
    points = np.asarray(points)
    if points.ndim < 2 or points.shape[-2] != len(source):
        raise ValueError(
            f"{source.name} has {len(source)} joints, but the array's shape is {points.shape}"
        )
    indices = joint_map(source, target)
    missing = [name for name, i in zip(target.joints, indices, strict=True) if i is None]
    if missing:
        raise ValueError(f"{source.name} lacks {missing}, which {target.name} needs")
    return points[..., [i for i in indices if i is not None], :]


H36M_17 = Skeleton(
    name="Human3.6M-17",
    joints=(
        "Hip", "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "Spine", "Thorax",
        "Nose", "Head", "LShoulder", "LElbow", "LWrist", "RShoulder", "RElbow", "RWrist",
    ),
    parents=(-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15),
)  # fmt: skip

# Joints 11, 16, 20, 23, 24, 28 and 31 of the recording repeat another joint's position.
H36M_32 = Skeleton(
    name="Human3.6M-32",
    joints=(
        "Hip", "RHip", "RKnee", "RAnkle", "RToeBase", "RToeEnd",
        "LHip", "LKnee", "LAnkle", "LToeBase", "LToeEnd",
        "HipSpine", "Spine", "Thorax", "Nose", "Head",
        "LCollar", "LShoulder", "LElbow", "LWrist", "LWristCopy", "LThumb", "LHand", "LHandEnd",
        "RCollar", "RShoulder", "RElbow", "RWrist", "RWristCopy", "RThumb", "RHand", "RHandEnd",
    ),
    parents=(
        -1, 0, 1, 2, 3, 4, 0, 6, 7, 8, 9, 0, 11, 12, 13, 14,
        12, 16, 17, 18, 19, 20, 19, 22, 12, 24, 25, 26, 27, 28, 27, 30,
    ),
)  # fmt: skip

# MPII's "thorax" is the midpoint of the shoulders. It has neither a spine nor a nose.
MPII_16 = Skeleton(
    name="MPII-16",
    joints=(
        "RAnkle", "RKnee", "RHip", "LHip", "LKnee", "LAnkle", "Hip", "Thorax",
        "UpperNeck", "Head", "RWrist", "RElbow", "RShoulder", "LShoulder", "LElbow", "LWrist",
    ),
    parents=(1, 2, 6, 6, 3, 4, -1, 6, 7, 8, 11, 12, 7, 7, 13, 14),
)  # fmt: skip

COCO_17 = Skeleton(
    name="COCO-17",
    joints=(
        "Nose", "LEye", "REye", "LEar", "REar", "LShoulder", "RShoulder", "LElbow", "RElbow",
        "LWrist", "RWrist", "LHip", "RHip", "LKnee", "RKnee", "LAnkle", "RAnkle",
    ),
    parents=(-1, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
)  # fmt: skip

MPI_INF_3DHP_28 = Skeleton(
    name="MPI-INF-3DHP-28",
    joints=(
        "Spine3", "Spine4", "Spine2", "Spine", "Hip", "Thorax", "Nose", "Head",
        "LClavicle", "LShoulder", "LElbow", "LWrist", "LHand",
        "RClavicle", "RShoulder", "RElbow", "RWrist", "RHand",
        "LHip", "LKnee", "LAnkle", "LFoot", "LToe",
        "RHip", "RKnee", "RAnkle", "RFoot", "RToe",
    ),
    parents=(
        2, 0, 3, 4, -1, 1, 5, 6, 5, 8, 9, 10, 11, 5, 13, 14, 15, 16,
        4, 18, 19, 20, 21, 4, 23, 24, 25, 26,
    ),
)  # fmt: skip

MPI_INF_3DHP_17 = Skeleton(
    name="MPI-INF-3DHP-17",
    joints=(
        "Head", "Thorax", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist",
        "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "Hip", "Spine", "Nose",
    ),
    parents=(16, 15, 1, 2, 3, 1, 5, 6, 14, 8, 9, 14, 11, 12, -1, 14, 1),
)  # fmt: skip

# CMU's bones; a joint is the far end of the bone it is named after. Hip, thorax, nose and wrists
# lie at no bone's end: `synpose_tf.datasets.cmu_mocap.asf_amc` derives them.
CMU_ASF = Skeleton(
    name="CMU-ASF",
    joints=(
        "root", "LHip", "LKnee", "LAnkle", "LFoot", "LToe",
        "RHip", "RKnee", "RAnkle", "RFoot", "RToe",
        "Spine", "UpperBack", "Chest", "LowerNeck", "UpperNeck", "Head",
        "LShoulder", "LElbow", "LForearm", "LWristEnd", "LHand", "LFingers", "LThumb",
        "RShoulder", "RElbow", "RForearm", "RWristEnd", "RHand", "RFingers", "RThumb",
    ),
    parents=(
        -1, 0, 1, 2, 3, 4, 0, 6, 7, 8, 9, 0, 11, 12, 13, 14, 15,
        13, 17, 18, 19, 20, 21, 20, 13, 24, 25, 26, 27, 28, 27,
    ),
)  # fmt: skip

CMU_BONES = (
    "root", "lhipjoint", "lfemur", "ltibia", "lfoot", "ltoes",
    "rhipjoint", "rfemur", "rtibia", "rfoot", "rtoes",
    "lowerback", "upperback", "thorax", "lowerneck", "upperneck", "head",
    "lclavicle", "lhumerus", "lradius", "lwrist", "lhand", "lfingers", "lthumb",
    "rclavicle", "rhumerus", "rradius", "rwrist", "rhand", "rfingers", "rthumb",
)  # fmt: skip
