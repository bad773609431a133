"""A skeleton of nodes for animation tools, and how its nodes turn in given poses.

Stage frame (`synpose_tf.output.stage`), y up: at rest the person is a T that looks along +z,
left along +x. Joint positions do not say how a bone is turned about itself. Chosen is, from the
root out:

  Hips, Spine1: up along the spine, then turned so that the hips, the shoulders lie sideways.
  any other: the shortest turn from rest to the bone's direction, seen from its parent.

So that hips and shoulders may move against the trunk, joints that several bones leave have one
node without offset for each of them, as CMU's BVH files have.
"""

import dataclasses

import numpy as np
from scipy.spatial.transform import Rotation

from synpose_tf.io.scratch import Column
from synpose_tf.structures.skeleton import H36M_17


@dataclasses.dataclass(frozen=True)
class Node:
    """A point that bones turn about.

    Args:
        parent: the name of the node above.
        at: the Human3.6M joint where it lies.
        turns: the Human3.6M joint at the end of the bone that it turns; None for a frame.
        rest: that bone's direction at rest, or for a frame the pair of joints that lie
            sideways (left, right) and the joints that its up runs between.
    """

    name: str
    parent: str | None
    at: str
    turns: str | None
    rest: tuple

    @property
    def direction(self) -> np.ndarray:
        """(3,), unit vector: where the bone points at rest; of a frame, nothing."""
        return np.array(self.rest) / np.linalg.norm(self.rest)


_UP, _DOWN, _LEFT, _RIGHT = (0, 1, 0), (0, -1, 0), (1, 0, 0), (-1, 0, 0)
NODES = (
    Node("Hips", None, "Hip", None, ("LHip", "RHip", "Hip", "Spine")),
    Node("LHipJoint", "Hips", "Hip", "LHip", _LEFT),
    Node("LeftUpLeg", "LHipJoint", "LHip", "LKnee", _DOWN),
    Node("LeftLeg", "LeftUpLeg", "LKnee", "LAnkle", _DOWN),
    Node("RHipJoint", "Hips", "Hip", "RHip", _RIGHT),
    Node("RightUpLeg", "RHipJoint", "RHip", "RKnee", _DOWN),
    Node("RightLeg", "RightUpLeg", "RKnee", "RAnkle", _DOWN),
    Node("LowerBack", "Hips", "Hip", "Spine", _UP),
    Node("Spine", "LowerBack", "Spine", "Thorax", _UP),
    Node("Spine1", "Spine", "Thorax", None, ("LShoulder", "RShoulder", "Spine", "Thorax")),
    # A person who looks straight ahead has the nose before the neck, the crown behind it.
    Node("Neck", "Spine1", "Thorax", "Nose", (0, 0.85, 0.53)),
    Node("Head", "Neck", "Nose", "Head", (0, 0.62, -0.78)),
    Node("LeftShoulder", "Spine1", "Thorax", "LShoulder", _LEFT),
    Node("LeftArm", "LeftShoulder", "LShoulder", "LElbow", _LEFT),
    Node("LeftForeArm", "LeftArm", "LElbow", "LWrist", _LEFT),
    Node("RightShoulder", "Spine1", "Thorax", "RShoulder", _RIGHT),
    Node("RightArm", "RightShoulder", "RShoulder", "RElbow", _RIGHT),
    Node("RightForeArm", "RightArm", "RElbow", "RWrist", _RIGHT),
)

# Where the outermost bones end.
TIPS = (
    Node("LeftFoot", "LeftLeg", "LAnkle", None, ()),
    Node("RightFoot", "RightLeg", "RAnkle", None, ()),
    Node("HeadTop", "Head", "Head", None, ()),
    Node("LeftHand", "LeftForeArm", "LWrist", None, ()),
    Node("RightHand", "RightForeArm", "RWrist", None, ()),
)
BY_NAME = {node.name: node for node in NODES + TIPS}


def bone_lengths(points: Column) -> np.ndarray:
    """(17,) length of the bone to each joint: median over frames, mean of both sides."""
    lengths = np.zeros(len(H36M_17))
    for child, parent in H36M_17.bones:
        lengths[child] = np.median(np.linalg.norm(points[:, child] - points[:, parent], axis=-1))
    return (lengths + lengths[list(H36M_17.mirror)]) / 2


def offset(node: Node, lengths: np.ndarray) -> np.ndarray:
    """Where a node lies, seen from its parent.

    Args:
        node: not the root.
        lengths: (..., 17) of the bone to each joint.

    Returns:
        (..., 3), in the unit of `lengths`.
    """
    assert node.parent is not None
    above = BY_NAME[node.parent]
    if above.at == node.at:
        return np.zeros((*lengths.shape[:-1], 3))
    return lengths[..., H36M_17.index(node.at), None] * above.direction


def rotations(points: np.ndarray) -> dict[str, Rotation]:
    """How the nodes are turned in poses (F, 17, 3), each seen from its parent, by name."""
    local: dict[str, Rotation] = {}
    world: dict[str | None, Rotation] = {}
    for node in NODES:
        above = world.get(node.parent, Rotation.identity(len(points))).inv()
        if node.turns is None:
            local[node.name] = above * _frame(points, *node.rest)
        else:
            bone = points[:, H36M_17.index(node.turns)] - points[:, H36M_17.index(node.at)]
            rest = np.broadcast_to(node.direction, bone.shape)
            local[node.name] = _shortest_turn(rest, above.apply(bone))
        world[node.name] = above.inv() * local[node.name]
    return local


def _frame(points, left, right, lower, upper):
    """Rotation that takes y to `upper` - `lower` and x towards `left` - `right`."""
    up = points[:, H36M_17.index(upper)] - points[:, H36M_17.index(lower)]
    sideways = points[:, H36M_17.index(left)] - points[:, H36M_17.index(right)]
    lean = _shortest_turn(np.broadcast_to(np.array(_UP, float), up.shape), up)
    x, _, z = lean.inv().apply(sideways).T
    return lean * Rotation.from_euler("y", np.arctan2(-z, x)[:, None])


def _shortest_turn(start, end):
    """Rotation of unit vectors (F, 3) to the directions of others; none for a zero vector."""
    axis = np.cross(start, end)
    sine = np.linalg.norm(axis, axis=-1)
    angle = np.arctan2(sine, (start * end).sum(axis=-1))
    # Opposite vectors: any axis across will do.
    across = np.cross(start, np.where(np.abs(start[:, :1]) < 0.9, _LEFT, _UP))
    axis = np.where((sine > 1e-12)[:, None], axis, across)
    axis = axis / np.linalg.norm(axis, axis=-1, keepdims=True)
    return Rotation.from_rotvec(axis * angle[:, None])
