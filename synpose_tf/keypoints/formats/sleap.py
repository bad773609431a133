"""SLEAP's analysis HDF5, one or several tracks.

    tracks       (tracks, 2, nodes, frames), x and y in pixels, NaN where not seen;
                 (frames, tracks, nodes, 2) in files of sleap-io's preset "standard"
    node_names   (nodes,)
    track_names  (tracks,), may be empty
    point_scores the confidence, (tracks, nodes, frames) or (frames, tracks, nodes); optional

Nodes have any names: `synpose_tf.keypoints.named_joints`.
"""

import pathlib

import h5py
import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io import hdf5
from synpose_tf.io.files import reading
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import named_joints, whole_tracks
from synpose_tf.keypoints.detections import Person

NAME = "SLEAP analysis HDF5"
_PROJECT = {"metadata", "frames", "instances", "pred_points"}
_EXPORT = (
    "In SLEAP: File, Export Analysis HDF5; or sleap-convert --format analysis FILE; and give the "
    "file that it writes."
)
_REMEDY = "Name the skeleton's nodes so, and export again."


def holds(path: pathlib.Path) -> bool:
    """Whether an HDF5 file is SLEAP's, a project among them; a damaged one is none."""
    try:
        with reading(path), h5py.File(path, "r") as file:
            return {"tracks", "node_names"} <= {*file} or {*file} >= _PROJECT
    except SynposeError:
        return False


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The tracks of a file.

    Raises:
        SynposeError: the file is damaged or a project, or what it tracks is no person.
    """
    with reading(path), h5py.File(path, "r") as file:
        keys, preset = {*file}, file.attrs.get("preset")
    if not {"tracks", "node_names"} <= keys:
        raise SynposeError(f"{path}: a project of SLEAP, and not its analysis. {_EXPORT}")
    names = _texts(path, "node_names")
    points, scores = _points(path, len(names), preset != "standard", "point_scores" in keys)
    tracks = _texts(path, "track_names") if "track_names" in keys else []
    people = []
    for number, (joints, confidence) in enumerate(zip(points, scores, strict=True)):
        joints = np.concatenate([joints, confidence[..., None]], axis=-1)
        where = str(path) if len(points) == 1 else f"{path}: track {number}"
        layout, joints = named_joints.to_layout(names, joints, where, _REMEDY)
        other = f"person {number + 1}" if len(points) > 1 else ""
        name = tracks[number] if number < len(tracks) else other
        frames = np.arange(len(joints))
        people.append(Person(name, frames, joints, where, layout=layout, units="pixels"))
    return whole_tracks.by_name(people, scratch)


def _texts(path, key):
    values = hdf5.read(path, path, key)
    if values.ndim != 1 or values.size and values.dtype.kind not in "SO":
        raise SynposeError(f"{path}: {key} is {values.dtype} of shape {values.shape}, not names.")
    with reading(path):
        if not values.size:  # Of a recording without tracks, whatever type its names have.
            return []
        return [v.decode() if isinstance(v, bytes) else str(v) for v in values.tolist()]


def _points(path, nodes, classic, scored):
    """x and y (tracks, F, nodes, 2), confidence (tracks, F, nodes)."""
    points = hdf5.read(path, path, "tracks")
    shape = points.shape
    flat = len(shape) == 4 and shape[2] == nodes and shape[1 if classic else 3] == 2
    if points.dtype.kind != "f" or not flat:
        raise SynposeError(
            f"{path}: tracks are {points.dtype} of shape {shape}, with {nodes} node_names. "
            f"Expected (tracks, 2, {nodes}, frames). {_EXPORT}"
        )
    points = points.transpose(0, 3, 2, 1) if classic else points.swapaxes(0, 1)
    if not scored:
        return points, np.ones(points.shape[:-1], np.float32)
    scores = hdf5.read(path, path, "point_scores")
    order = (0, 2, 1) if classic else (1, 0, 2)
    if (
        scores.dtype.kind != "f"
        or scores.ndim != 3
        or scores.transpose(order).shape != points.shape[:-1]
    ):
        raise SynposeError(
            f"{path}: point_scores are {scores.dtype} of shape {scores.shape}, where tracks have "
            f"{shape}. {_EXPORT}"
        )
    scores = scores.transpose(order)
    # What people corrected by hand has no score.
    return points, np.where(np.isnan(scores) & np.isfinite(points).all(-1), 1.0, scores)
