"""Poses as GLB: glTF 2.0 in one file, a stick figure for each person that moves.

Stage frame (`synpose_tf.output.stage`) in metres, y up as glTF has it. Nodes are those of
`synpose_tf.output.rig`, the figure that of `synpose_tf.output.stick_figure`, skinned to them.
Rotations turn the bones and translations give them each frame's length, so the nodes lie where
the poses have the joints. Keys stand at the frames' own times, from 0 at the first moment, and
are interpolated linearly. A person without a pose is scaled to nothing, glTF's way to hide one.
"""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io import files
from synpose_tf.io.scratch import Column, slices
from synpose_tf.output import gltf, rig, stage, stick_figure, timeline
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import PoseTrack

_METRE = 1000.0  # millimetres
_MEASURED = 2_048  # At most so many poses, evenly spread, tell the lengths of the bones at rest.
_NODES = stick_figure.NODES
_ROOT = _NODES[0]
# The nodes that have another place than their parent: one for each joint.
_PLACED = [node for node in _NODES if node.parent is None or rig.BY_NAME[node.parent].at != node.at]


@dataclasses.dataclass(frozen=True)
class _Person:
    """A track on stage: `keys` (n,) are its frames with a pose, `times` (n,) theirs in seconds.

    `changes` are the moments, in seconds, at which it comes or goes, and whether it is there.
    """

    name: str
    points: Column
    keys: np.ndarray
    times: np.ndarray
    changes: list[tuple[float, bool]]


def write(tracks: Sequence[PoseTrack], path: pathlib.Path) -> list[pathlib.Path]:
    """See `Format.write`.

    Raises:
        SynposeError: the file would be larger than GLB may be, or times lie closer together
            than its 32-bit numbers can tell.
    """
    document = gltf.Document()
    document.add("animations", {"name": "poses", "samplers": [], "channels": []})
    document.tree |= {"scene": 0, "scenes": [{"nodes": []}]}
    people = [(person, _add(document, person)) for person in _people(tracks, path)]
    pieces = (piece for person, curves in people for piece in _pieces(person, curves))
    with files.replacing(path) as temporary, temporary.open("wb") as handle:
        document.write(handle, pieces, path)
    return [path]


def _people(tracks, path):
    clock = timeline.moments(tracks)
    times = (clock.times - clock.times[0]).astype(np.float32)
    if (np.diff(times) <= 0).any():
        raise SynposeError(
            f"{path}: times from {clock.times[0]:.3f} to {clock.times[-1]:.3f} s lie closer "
            "together than GLB's 32-bit numbers can tell. Separate pictures go into json, npz, "
            "csv, html or png."
        )
    for track, points, row in zip(tracks, stage.set_on_stage(tracks), clock.rows, strict=True):
        posed = stage.posed(points)
        if posed.any():
            present = (row >= 0) & posed[row]
            flips = np.flatnonzero(np.diff(present, prepend=not present[0]))
            changes = [(float(times[flip]), bool(present[flip])) for flip in flips]
            yield _Person(track.name, points, row[present], times[present], changes)


# === The document ===


def _add(document, person):
    """Adds a person; gives the accessors to be filled, by node and property."""
    count = min(len(person.keys), _MEASURED)
    some = person.keys[np.linspace(0, len(person.keys) - 1, count).astype(int)]
    lengths = stick_figure.rest_lengths(np.asarray(person.points[np.unique(some)]))
    nodes = _add_nodes(document, person)
    skin = _add_skin(document, nodes, lengths)
    figure = {"name": person.name, "mesh": _add_mesh(document, person, lengths), "skin": skin}
    document.tree["scenes"][0]["nodes"] += [nodes[_ROOT.name], document.add("nodes", figure)]
    return _add_animation(document, person, nodes)


def _add_nodes(document, person):
    """Index in the document by name; the nodes stand as in the first pose."""
    first = np.asarray(person.points[person.keys[:1]])
    curves = {key: rows[0].astype(float).tolist() for key, rows in _curves(first).items()}
    nodes = {node.name: document.add("nodes", {"name": node.name}) for node in _NODES}
    entries = document.tree["nodes"]
    for (name, key), values in curves.items():
        entries[nodes[name]][key] = values
    for node in _NODES:
        if node.parent is not None:
            entries[nodes[node.parent]].setdefault("children", []).append(nodes[node.name])
    return nodes


def _add_skin(document, nodes, lengths):
    inverse = np.tile(np.eye(4, dtype=np.float32), (len(nodes), 1, 1))
    inverse[:, :3, 3] = -stick_figure.rest_places(lengths) / _METRE
    columns = inverse.swapaxes(1, 2).reshape(-1, 16).copy()  # glTF writes them one by one
    joints = [*nodes.values()]
    about = {"joints": joints, "skeleton": joints[0]}
    return document.add("skins", about | {"inverseBindMatrices": document.array(columns)})


def _add_mesh(document, person, lengths):
    primitives = []
    for part in stick_figure.build(lengths):
        joints = np.zeros((len(part.nodes), 4), np.uint8)
        joints[:, 0] = part.nodes
        weights = np.zeros((len(part.nodes), 4), np.float32)
        weights[:, 0] = 1.0
        positions = (part.positions / _METRE).astype(np.float32)
        arrays = {"NORMAL": part.normals.astype(np.float32), "JOINTS_0": joints}
        arrays = {
            key: document.array(values, gltf.ATTRIBUTE)
            for key, values in (arrays | {"WEIGHTS_0": weights}).items()
        }
        arrays["POSITION"] = document.array(positions, gltf.ATTRIBUTE, bounds=True)
        material = _material(document, part.colour)
        primitives.append({"attributes": arrays, "material": material})
    return document.add("meshes", {"name": person.name, "primitives": primitives})


def _material(document, colour):
    known = [material["name"] for material in document.tree.get("materials", [])]
    if colour in known:
        return known.index(colour)
    screen = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(screen <= 0.04045, screen / 12.92, ((screen + 0.055) / 1.055) ** 2.4)
    look = {"baseColorFactor": [*linear.tolist(), 1.0], "metallicFactor": 0.0}
    about = {"name": colour, "pbrMetallicRoughness": look | {"roughnessFactor": 0.8}}
    return document.add("materials", about)


# === The motion ===


def _add_animation(document, person, nodes):
    times = document.array(person.times, bounds=True)
    rows = {"translation": (3,), "rotation": (4,)}
    accessors = {}
    for name, key in _curves(np.zeros((0, len(H36M_17), 3))):
        accessors[name, key] = document.reserve(len(person.keys), rows[key])
        _add_channel(document, nodes[name], key, times, accessors[name, key], "LINEAR")
    if person.changes != [(0.0, True)]:
        moments, present = map(np.array, zip(*person.changes, strict=True))
        scales = np.repeat(present.astype(np.float32)[:, None], 3, axis=1)
        moments = document.array(moments.astype(np.float32), bounds=True)
        _add_channel(document, nodes[_ROOT.name], "scale", moments, document.array(scales), "STEP")
    return accessors


def _add_channel(document, node, key, times, values, interpolation):
    (animation,) = document.tree["animations"]
    animation["channels"].append(
        {"sampler": len(animation["samplers"]), "target": {"node": node, "path": key}}
    )
    animation["samplers"].append({"input": times, "output": values, "interpolation": interpolation})


def _pieces(person, accessors):
    for part in slices(len(person.keys)):
        points = np.asarray(person.points[person.keys[part]])
        for curve, rows in _curves(points).items():
            yield accessors[curve], part.start, rows


def _curves(points):
    """Of poses (F, 17, 3) each node's values, by (name, "translation" or "rotation")."""
    lengths = np.zeros(points.shape[:2])
    for child, parent in H36M_17.bones:
        lengths[:, child] = np.linalg.norm(points[:, child] - points[:, parent], axis=-1)
    curves = {(_ROOT.name, "translation"): points[:, H36M_17.root]}
    for node in _PLACED[1:]:
        curves[node.name, "translation"] = rig.offset(node, lengths)
    curves = {key: values / _METRE for key, values in curves.items()}
    for name, turn in rig.rotations(points).items():
        curves[name, "rotation"] = turn.as_quat()
    # Rounded, because the last bits depend on how many poses are computed at once.
    return {key: np.round(values, 7).astype(np.float32) + 0.0 for key, values in curves.items()}
