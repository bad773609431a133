"""Writes keypoint files that are arrays or tables: NumPy, HDF5, CSV."""

import pickle

import h5py
import numpy as np

from synpose_tf import output
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import PoseTrack

IMAGE = (1000, 1002)
_PARTS = ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
COCO_NAMES = ["nose", *(f"{side}_{part}" for part in _PARTS for side in ("left", "right"))]


def _rtmlib(folder, people, frames):
    joints = np.stack(people, axis=1)  # (frames, people, …)
    np.savez(folder / "walk.npz", keypoints=joints[..., :2], scores=joints[..., 2])
    return folder / "walk.npz"


def _detectron(folder, people, frames):
    found = np.empty((len(frames), 2), object)
    for i in range(len(frames)):
        rows = [[p[i, :, 0], p[i, :, 1], 0 * p[i, :, 0], 0.2 * p[i, :, 2]] for p in people]
        found[i] = [], np.array(rows, np.float32)
    boxes = np.ones((len(frames), 2), object)
    np.savez_compressed(
        folder / "walk.mp4.npz",
        boxes=boxes,
        segments=np.array([None] * len(frames), object),
        keypoints=found,
        metadata={"w": IMAGE[0], "h": IMAGE[1]},
    )
    return folder / "walk.mp4.npz"


def _poses(folder, people, frames):
    tracks = [
        PoseTrack(
            name=f"person {number + 1}",
            poses=np.zeros((len(frames), 17, 3)),
            root=None,
            keypoints=person[..., :2],
            inferred=np.zeros((len(frames), 17), bool),
            frames=np.array(frames),
            times=np.array(frames) / 25.0,
            body_height=1700.0,
            image_size=IMAGE,
            confidence=person[..., 2],
        )
        for number, person in enumerate(people)
    ]
    (path,) = output.FORMATS["npz"].write(tracks, folder / "walk.npz")
    return path


def _npy(folder, people, frames):
    np.save(folder / "keypoints.npy", np.stack(people)[..., :2])
    return folder / "keypoints.npy"


def _npz(folder, people, frames):
    joints = np.stack(people)
    np.savez(
        folder / "keypoints.npz",
        keypoints=joints[..., :2],
        confidence=joints[..., 2],
        frames=np.array(frames),
        fps=25.0,
        image_size=IMAGE,
    )
    return folder / "keypoints.npz"


def _videopose3d(folder, people, frames):
    left, right = zip(*H36M_17.left_right, strict=True)
    metadata = {"layout_name": "h36m", "keypoints_symmetry": [list(left), list(right)]}
    tree = {"S1": {"Walking": [person[..., :2].astype(np.float32) for person in people]}}
    np.savez_compressed(folder / "data_2d_h36m_gt.npz", positions_2d=tree, metadata=metadata)
    return folder / "data_2d_h36m_gt.npz"


def _hourglass(folder, people, frames):
    with h5py.File(folder / "Walking.54138969.h5", "w") as file:
        file["poses"] = people[0][..., :2]
    return folder / "Walking.54138969.h5"


def deeplabcut_table(people, names=COCO_NAMES):
    """(columns' names, (F, columns)): several individuals, or without their row a single one."""
    individuals = [("DLC_resnet50",), *[("DLC_resnet50", f"person{n}") for n in range(len(people))]]
    individuals = individuals[:1] if len(people) == 1 else individuals[1:]
    parts = [(name, coordinate) for name in names for coordinate in ("x", "y", "likelihood")]
    columns = [(*individual, *part) for individual in individuals for part in parts]
    return columns, np.concatenate([person.reshape(len(person), -1) for person in people], axis=1)


def _deeplabcut(folder, people, frames):
    columns, values = deeplabcut_table(people)
    several = ["individuals"] if len(people) > 1 else []
    heads = ["scorer", *several, "bodyparts", "coords"]
    rows = [[head, *texts] for head, texts in zip(heads, zip(*columns, strict=True), strict=True)]
    rows += [[f, *values[i]] for i, f in enumerate(frames)]
    text = "".join(",".join(map(str, row)) + "\n" for row in rows)
    path = folder / "walkDLC_resnet50.csv"
    path.write_text(text)
    return path


def _deeplabcut_hdf5(folder, people, frames):
    """As pandas' `to_hdf(…, format="table")` writes it."""
    columns, values = deeplabcut_table(people)
    kinds = [("index", "<i8"), ("values_block_0", "<f8", (len(columns),))]
    table = np.zeros(len(frames), kinds)
    table["index"], table["values_block_0"] = frames, values
    path = folder / "walkDLC_resnet50.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("df_with_missing")
        group.attrs["pandas_type"] = np.bytes_(b"frame_table")
        group["table"] = table
        group["table"].attrs["values_block_0_kind"] = np.bytes_(pickle.dumps(columns, 0))
    return path


def _sleap(folder, people, frames):
    joints = np.stack(people)  # (tracks, frames, nodes, 3)
    with h5py.File(folder / "walk.analysis.h5", "w") as file:
        file["tracks"] = joints[..., :2].transpose(0, 3, 2, 1)
        file["point_scores"] = joints[..., 2].transpose(0, 2, 1)
        file["node_names"] = np.array(COCO_NAMES, "S")
        file["track_names"] = np.array([f"track_{n}" for n in range(len(people))], "S")
    return folder / "walk.analysis.h5"


WRITERS = {
    "npy": _npy,
    "npz": _npz,
    "rtmlib": _rtmlib,
    "videopose3d": _videopose3d,
    "detectron": _detectron,
    "hourglass": _hourglass,
    "poses": _poses,
    "deeplabcut": _deeplabcut,
    "deeplabcut_hdf5": _deeplabcut_hdf5,
    "sleap": _sleap,
}
