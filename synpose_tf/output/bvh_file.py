"""Poses as BVH, the motion format of animation tools.

Stage frame (`synpose_tf.output.stage`) in centimetres: y up, the person at rest a T-pose that
looks along +z, left along +x. Bones have their median length, the mean of left and right.
Channels are Z, X, Y: a joint's rotation is Rz Rx Ry.

Joint positions do not say how a bone is turned about itself. Chosen is, from the root out:

  Hips, Spine1: up along the spine, then turned so that the hips, the shoulders lie sideways.
  any other: the shortest turn from rest to the bone's direction, seen from its parent.

So that hips and shoulders may move against the trunk, joints that several bones leave have one
joint without offset for each of them, as CMU's BVH files have.
"""

import dataclasses
import warnings

import numpy as np
from scipy.spatial.transform import Rotation

from synpose_tf.io import files
from synpose_tf.output import stage, timeline
from synpose_tf.structures.skeleton import H36M_17

_MM_PER_UNIT = 10.0


@dataclasses.dataclass(frozen=True)
class _Node:
    """A BVH joint.

    Args:
        parent: the name of the BVH joint above.
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


_UP, _DOWN, _LEFT, _RIGHT = (0, 1, 0), (0, -1, 0), (1, 0, 0), (-1, 0, 0)
_NODES = (
    _Node("Hips", None, "Hip", None, ("LHip", "RHip", "Hip", "Spine")),
    _Node("LHipJoint", "Hips", "Hip", "LHip", _LEFT),
    _Node("LeftUpLeg", "LHipJoint", "LHip", "LKnee", _DOWN),
    _Node("LeftLeg", "LeftUpLeg", "LKnee", "LAnkle", _DOWN),
    _Node("RHipJoint", "Hips", "Hip", "RHip", _RIGHT),
    _Node("RightUpLeg", "RHipJoint", "RHip", "RKnee", _DOWN),
    _Node("RightLeg", "RightUpLeg", "RKnee", "RAnkle", _DOWN),
    _Node("LowerBack", "Hips", "Hip", "Spine", _UP),
    _Node("Spine", "LowerBack", "Spine", "Thorax", _UP),
    _Node("Spine1", "Spine", "Thorax", None, ("LShoulder", "RShoulder", "Spine", "Thorax")),
    # A person who looks straight ahead has the nose before the neck, the crown behind it.
    _Node("Neck", "Spine1", "Thorax", "Nose", (0, 0.85, 0.53)),
    _Node("Head", "Neck", "Nose", "Head", (0, 0.62, -0.78)),
    _Node("LeftShoulder", "Spine1", "Thorax", "LShoulder", _LEFT),
    _Node("LeftArm", "LeftShoulder", "LShoulder", "LElbow", _LEFT),
    _Node("LeftForeArm", "LeftArm", "LElbow", "LWrist", _LEFT),
    _Node("RightShoulder", "Spine1", "Thorax", "RShoulder", _RIGHT),
    _Node("RightArm", "RightShoulder", "RShoulder", "RElbow", _RIGHT),
    _Node("RightForeArm", "RightArm", "RElbow", "RWrist", _RIGHT),
)


def write(tracks, path):
    """See `Format.write`. One file a person, `NAME_1.bvh`, … where there are several.

    Frames without a pose hold the last one, those before the first pose hold the first.
    """
    clock = timeline.constant_rate(tracks)
    people = []
    for points, row in zip(stage.set_on_stage(tracks), clock.rows, strict=True):
        posed = stage.posed(points)
        if posed.any():
            people.append((points, timeline.hold(row, posed)))
    paths = [path]
    if len(people) > 1:
        paths = [path.with_stem(f"{path.stem}_{n}") for n in range(1, len(people) + 1)]
    for (points, row), target in zip(people, paths, strict=True):
        _write_person(points[row] / _MM_PER_UNIT, 1.0 / clock.rate, target)
    return paths


def _write_person(points, frame_time, path):
    lengths = bone_lengths(points)
    motion = np.concatenate([points[:, 0], *_euler_angles(points)], axis=1)
    with files.replacing(path) as temporary, temporary.open("w", encoding="ascii") as handle:
        handle.write("HIERARCHY\n")
        _write_node(handle, _NODES[0], lengths, "")
        handle.write(f"MOTION\nFrames: {len(points)}\nFrame Time: {frame_time:.7f}\n")
        np.savetxt(handle, np.round(motion, 4) + 0.0, fmt="%.4f")  # no -0.0000


def bone_lengths(points) -> np.ndarray:
    """(17,) length of the bone to each joint: median over frames, mean of both sides."""
    lengths = np.zeros(len(H36M_17))
    for child, parent in H36M_17.bones:
        lengths[child] = np.median(np.linalg.norm(points[:, child] - points[:, parent], axis=-1))
    return (lengths + lengths[list(H36M_17.mirror)]) / 2


# === The hierarchy ===
def _write_node(handle, node, lengths, indent):
    kind = "JOINT" if node.parent else "ROOT"
    position = "" if node.parent else "Xposition Yposition Zposition "
    inner = indent + "  "
    handle.write(
        f"{indent}{kind} {node.name}\n{indent}{{\n"
        f"{inner}OFFSET {_offset(node, lengths)}\n"
        f"{inner}CHANNELS {3 + len(position.split())} {position}Zrotation Xrotation Yrotation\n"
    )
    children = [other for other in _NODES if other.parent == node.name]
    for child in children:
        _write_node(handle, child, lengths, inner)
    if not children:
        end = _text(_rest(node) * lengths[H36M_17.index(node.turns)])
        handle.write(f"{inner}End Site\n{inner}{{\n{inner}  OFFSET {end}\n{inner}}}\n")
    handle.write(f"{indent}}}\n")


def _offset(node, lengths):
    above = next((other for other in _NODES if other.name == node.parent), None)
    if above is None or above.at == node.at:
        return _text(np.zeros(3))
    return _text(_rest(above) * lengths[H36M_17.index(node.at)])


def _rest(node):
    return np.array(node.rest) / np.linalg.norm(node.rest)


def _text(vector):
    return " ".join(f"{value:.4f}" for value in vector + 0.0)


# === Inverse kinematics ===
def _euler_angles(points):
    """(F, 3) degrees about z, x and y for each node, without jumps of a full turn."""
    world = {}
    for node in _NODES:
        above = world.get(node.parent, Rotation.identity(len(points)))
        if node.turns is None:
            world[node.name] = _frame(points, *node.rest)
        else:
            bone = points[:, H36M_17.index(node.turns)] - points[:, H36M_17.index(node.at)]
            rest = np.broadcast_to(_rest(node), bone.shape)
            world[node.name] = above * _shortest_turn(rest, above.inv().apply(bone))
        local = above.inv() * world[node.name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # at x = 90° one solution is as good
            angles = local.as_euler("ZXY", degrees=True)
        yield np.unwrap(angles, period=360.0, axis=0)


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
