"""Writes files in MPI-INF-3DHP's layout, for tests: any motion, seen by real cameras."""

import pathlib
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
import scipy.io

from synpose_tf.datasets.mpi_inf_3dhp import annotations
from synpose_tf.geometry.camera import Camera, h36m_cameras, project
from synpose_tf.structures.skeleton import (
    H36M_17,
    MPI_INF_3DHP_17,
    MPI_INF_3DHP_28,
    Skeleton,
    joint_map,
)

# Edits the variables of a file before they are written.
Change = Callable[[dict[str, Any]], None]

SCALE = 0.9  # of the universal skeleton to the person
Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])  # z-up world to y-up


def cameras() -> list[Camera]:
    """14 real cameras, Human3.6M's, without distortion."""
    views = [camera for subject in h36m_cameras().values() for camera in subject.values()][:14]
    return [
        Camera(c.name, c.rotation, c.position, np.r_[c.intrinsics[:4], np.zeros(5)], (2048, 2048))
        for c in views
    ]


def with_all_joints(points: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Human3.6M-17 joints in a larger skeleton's order; the others beside their parents."""
    out = np.zeros((len(points), len(skeleton), 3))
    source = joint_map(H36M_17, skeleton)
    for joint, index in enumerate(source):
        out[:, joint] = points[:, 0 if index is None else index]
        if index is None:
            out[:, joint] += [10 * joint, 5, -5]
    return out


def seen_by(
    camera: Camera, motion: np.ndarray, skeleton: Skeleton
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """annot2, annot3 and univ_annot3 of one camera: (F, J, 2), (F, J, 3), (F, J, 3)."""
    metric = with_all_joints(camera.to_camera(motion), skeleton)
    pelvis = metric[:, [skeleton.root]]
    return project(metric, camera.intrinsics), metric, pelvis + SCALE * (metric - pelvis)


def write_train(
    folder: pathlib.Path, motion: np.ndarray, change: Change | None = None, **options: Any
) -> pathlib.Path:
    """S*/Seq* of one sequence; `change` edits the variables before they are written."""
    folder.mkdir(parents=True, exist_ok=True)
    variables: dict[str, Any] = {key: np.empty((14, 1), object) for key in annotations.KEYS}
    for number, camera in enumerate(cameras()):
        views = seen_by(camera, motion, MPI_INF_3DHP_28)
        for key, joints in zip(annotations.KEYS, views, strict=True):
            variables[key][number, 0] = joints.reshape(len(motion), -1)
    variables["cameras"] = np.arange(14, dtype=np.uint8)[:, None]
    variables["frames"] = np.arange(len(motion), dtype=np.uint16)[:, None]
    if change:
        change(variables)
    scipy.io.savemat(folder / "annot.mat", variables, **{"do_compression": True} | options)
    write_calibration(folder / "camera.calibration")
    return folder / "annot.mat"


def write_calibration(path: pathlib.Path) -> None:
    lines = ["Skeletool Camera Calibration File V1.0"]
    for number, camera in enumerate(cameras()):
        fx, fy, cx, cy = camera.intrinsics[:4]
        # 3DHP's world is y-up.
        rotation = camera.rotation @ Y_UP.T
        extrinsic = np.eye(4)
        extrinsic[:3, :3], extrinsic[:3, 3] = rotation, -camera.rotation @ camera.position
        intrinsic = [fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0, 0, 0, 0, 1]
        lines += [
            f"name          {number}",
            "  sensor      10 10",
            "  size        2048 2048",
            "  animated    0",
            "  intrinsic   " + " ".join(f"{v:.17g}" for v in intrinsic) + " ",
            "  extrinsic   " + " ".join(f"{v:.17g}" for v in extrinsic.reshape(-1)) + " ",
            "  radial      0",
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_v73(path: pathlib.Path, variables: dict[str, Any], **options: Any) -> None:
    """A MATLAB v7.3 file: 512 bytes of header, then HDF5 with reversed dimensions."""
    header = (
        b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan  2 2017 HDF5 schema 1.00 ."
    )
    with h5py.File(path, "w", userblock_size=512) as file:
        for key, value in variables.items():
            if value.dtype == object:
                cells = np.empty(value.shape[::-1], h5py.ref_dtype)
                for (i, j), cell in np.ndenumerate(value):
                    item = file.create_dataset(f"#refs#/{key}{i}", data=cell.T, **options)
                    item.attrs["MATLAB_class"] = np.bytes_("double")
                    cells[j, i] = item.ref
                item = file.create_dataset(key, data=cells, dtype=h5py.ref_dtype)
            else:
                item = file.create_dataset(key, data=value.T, **options)
            name = {"O": "cell", "f": "double", "u": "uint8"}[value.dtype.kind]
            item.attrs["MATLAB_class"] = np.bytes_(name)
    with open(path, "r+b") as file:
        file.write(header.ljust(116) + bytes(8) + b"\x00\x02IM")


def write_test(
    folder: pathlib.Path,
    motion: np.ndarray,
    change: Change | None = None,
    write: Callable[..., None] = write_v73,
    **options: Any,
) -> pathlib.Path:
    """TS* of one sequence; every third frame is invalid, two activities take turns."""
    folder.mkdir(parents=True, exist_ok=True)
    views = seen_by(cameras()[0], motion, MPI_INF_3DHP_17)
    # MATLAB's order: 2 or 3 x joints x 1 x frames.
    variables = {
        key: joints.transpose(2, 1, 0)[:, :, None]
        for key, joints in zip(annotations.KEYS, views, strict=True)
    }
    frames = np.arange(len(motion))
    variables["valid_frame"] = (frames % 3 > 0).astype(np.uint8)[None]
    variables["activity_annotation"] = (1.0 + 5 * (frames >= len(motion) // 2))[None]
    variables["bb_crop"] = np.zeros((34, len(motion)))
    if change:
        change(variables)
    write(folder / "annot_data.mat", variables, **options)
    return folder / "annot_data.mat"


def write_v5(path: pathlib.Path, variables: dict[str, Any], **options: Any) -> None:
    scipy.io.savemat(path, variables, **{"do_compression": True} | options)
