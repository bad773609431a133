"""A figure of octahedra, one for each bone, whose corners go with the nodes of a skeleton.

At rest the figure is the T of `synpose_tf.output.rig`, its feet at y = 0.
"""

import dataclasses

import numpy as np

from synpose_tf.output import rig
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.visualization import colours

NODES = rig.NODES + rig.TIPS
_SHORTEST = 1.0  # mm: bones without length have no sides that light could fall on
_WAIST, _THICKNESS, _THINNEST, _THICKEST = 0.2, 0.1, 8.0, 30.0  # of the length, and in mm


@dataclasses.dataclass(frozen=True)
class Part:
    """The bones of one colour: V corners, every three of which make a triangle.

    Args:
        colour: as `#rrggbb`.
        positions: (V, 3) at rest, millimetres.
        normals: (V, 3), unit vectors out of the bone.
        nodes: (V,), the index in `NODES` of the node that each corner goes with.
    """

    colour: str
    positions: np.ndarray
    normals: np.ndarray
    nodes: np.ndarray


def rest_lengths(points: np.ndarray) -> np.ndarray:
    """(17,) lengths for a figure at rest, from poses (F, 17, 3), millimetres."""
    return np.maximum(rig.bone_lengths(points), _SHORTEST)


def rest_places(lengths: np.ndarray) -> np.ndarray:
    """(nodes, 3): where each of `NODES` lies at rest, millimetres."""
    places: dict[str | None, np.ndarray] = {}
    for node in NODES:
        above = places.get(node.parent)
        places[node.name] = np.zeros(3) if above is None else above + rig.offset(node, lengths)
    whole = np.stack([*places.values()])
    return whole - [0.0, whole[:, 1].min(), 0.0]


def build(lengths: np.ndarray) -> list[Part]:
    """The figure with bones of these lengths (17,), millimetres."""
    places = rest_places(lengths)
    at = {node.at: index for index, node in reversed([*enumerate(NODES)])}
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for index, node in enumerate(NODES):
        if node.turns is not None:
            joint = H36M_17.index(node.turns)
            corners = _octahedron(places[index], node.direction, lengths[joint])
            # The base and the waist turn with the bone, the tip lies at the next joint.
            owners = np.array([index] * 5 + [at[node.turns]])
            parts.setdefault(colours.OF_JOINTS[joint], []).append((corners, owners))
    return [_part(colour, *zip(*bones, strict=True)) for colour, bones in parts.items()]


# Corners of an octahedron: the base, the waist's four, the tip; triangles counterclockwise
# as seen from outside.
_WAISTS = [(1, 2), (2, 3), (3, 4), (4, 1)]
_TRIANGLES = np.array([(0, b, a) for a, b in _WAISTS] + [(5, a, b) for a, b in _WAISTS])


def _octahedron(base, direction, length):
    """(6, 3) corners of a bone."""
    side = np.cross(direction, [0.0, 0.0, 1.0] if abs(direction[2]) < 0.9 else [0.0, 1.0, 0.0])
    side *= np.clip(_THICKNESS * length, _THINNEST, _THICKEST) / np.linalg.norm(side)
    other = np.cross(direction, side)
    waist = base + _WAIST * length * direction + np.stack([side, other, -side, -other])
    return np.concatenate([base[None], waist, (base + length * direction)[None]])


def _part(colour, corners, owners):
    triangles = np.stack(corners)[:, _TRIANGLES].reshape(-1, 3, 3)
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    nodes = np.stack(owners)[:, _TRIANGLES].ravel()
    return Part(colour, triangles.reshape(-1, 3), np.repeat(normals, 3, axis=0), nodes)
