"""Writes small copies of Human3.6M in each of its real layouts, for tests.

Poses are `{(subject, take): (F, 32, 3)}`, world, millimetres; detections
`{(subject, take, camera): (F, J, 2)}`, pixels.
"""

import pathlib
import tarfile
import zipfile
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np
from cdflib import cdfwrite
from scipy.spatial.transform import Rotation

from synpose_tf.datasets.h36m import takes
from synpose_tf.structures.skeleton import H36M_17, H36M_32, MPII_16, Skeleton

CDF_FLOAT = 44


def motion(frames: int, seed: int = 0) -> np.ndarray:
    """(F, 32, 3), a standing body whose joints all turn slowly; its bones keep their length."""
    rng = np.random.default_rng(seed)
    offsets = dict.fromkeys(H36M_32.joints, (0.0, 0.0, 0.0))
    offsets |= {"Spine": (0, 0, 240), "Nose": (60, 0, 110), "Head": (-60, 0, 110)}
    offsets |= dict.fromkeys(("Thorax", "LCollar", "RCollar"), (0, 0, 250))
    for side, y in (("R", -1), ("L", 1)):
        for joint, offset in {
            "Hip": (0, 130 * y, 0), "Knee": (20, 0, -450), "Ankle": (-20, 0, -440),
            "ToeBase": (140, 0, -60), "ToeEnd": (70, 0, 0), "Shoulder": (0, 150 * y, 0),
            "Elbow": (0, 30 * y, -280), "Wrist": (30, 0, -250), "Thumb": (60, 0, -60),
            "Hand": (0, 0, -90),
        }.items():  # fmt: skip
            offsets[side + joint] = offset
    time = np.linspace(0, 2 * np.pi * frames / 100, frames)[:, None]
    points = np.zeros((frames, len(H36M_32), 3))
    turns: dict[int, Rotation] = {}
    for index, parent in enumerate(H36M_32.parents):
        angles = rng.uniform(-0.5, 0.5, 3) * np.sin(time + rng.uniform(0, 6))
        turns[index] = turns.get(parent, Rotation.identity()) * Rotation.from_rotvec(angles)
        if parent >= 0:
            step = turns[parent].apply(np.array(offsets[H36M_32.joints[index]], float))
            points[:, index] = points[:, parent] + step
    path = rng.uniform(-700, 700, 3) * np.sin(time + rng.uniform(0, 6)) * [1, 1, 0]
    return points + (path + [0, 0, 950])[:, None]


def from_17(points: np.ndarray) -> np.ndarray:
    """(F, 32, 3) from (F, 17, 3): a joint that the 17 lack repeats its parent's position."""
    points = np.asarray(points)
    full = np.zeros((len(points), len(H36M_32), 3))
    for joint, name in enumerate(H36M_32.joints):
        if name in H36M_17.joints:
            full[:, joint] = points[:, H36M_17.index(name)]
        else:
            full[:, joint] = full[:, H36M_32.parents[joint]]
    return full


def write_cdf(
    path: pathlib.Path,
    pose: np.ndarray,
    variable: str = "Pose",
    compressed: bool = False,
    checksum: bool = False,
) -> None:
    """One official file: a variable of one record, (frames, 96), 32-bit floats."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pose = np.asarray(pose, np.float32).reshape(1, -1, 96)
    spec = {"Majority": "row_major", "Encoding": 6, "Checksum": checksum, "rDim_sizes": []}
    file = cdfwrite.CDF(path, cdf_spec=spec, delete=True)
    file.write_var(
        {
            "Variable": variable,
            "Data_Type": CDF_FLOAT,
            "Num_Elements": 1,
            "Rec_Vary": True,
            "Var_Type": "zVariable",
            "Dim_Sizes": list(pose.shape[1:]),
            "Compress": 6 if compressed else 0,
        },
        var_data=pose,
    )
    file.close()


def write_official(
    folder: pathlib.Path, poses: Mapping, packed: bool = True, **options: Any
) -> None:
    """`Poses_D3_Positions_S*.tgz`, or what unpacking them gives."""
    for (subject, take), points in poses.items():
        path = folder / subject / "MyPoseFeatures" / "D3_Positions" / f"{take}.cdf"
        write_cdf(path, points, **options)
    for subject in {subject for subject, _ in poses} if packed else ():
        with tarfile.open(folder / f"Poses_D3_Positions_{subject}.tgz", "w:gz") as archive:
            archive.add(folder / subject, subject)
        for path in sorted((folder / subject).rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        (folder / subject).rmdir()


def write_videopose3d(
    folder: pathlib.Path,
    poses: Mapping,
    detections: Mapping | None = None,
    kind: str = "cpn_ft_h36m_dbb",
    layout: Skeleton | None = None,
) -> None:
    """`data_3d_h36m.npz` in metres and `data_2d_h36m_<kind>.npz`, in 32-bit floats."""
    tree: Any = {}
    for (subject, take), points in poses.items():
        tree.setdefault(subject, {})[take] = (np.asarray(points) / 1000).astype(np.float32)
    if tree:
        np.savez_compressed(folder / "data_3d_h36m.npz", positions_3d=tree)
    tree = {}
    for (subject, take, camera), points in (detections or {}).items():
        views = tree.setdefault(subject, {}).setdefault(take, [None] * len(takes.CAMERAS))
        views[takes.CAMERAS.index(camera)] = np.asarray(points, np.float32)
        joints = np.shape(points)[1]
    if tree:
        layout = layout or (MPII_16 if joints == len(MPII_16) else H36M_17)
        sides = [list(side) for side in zip(*layout.left_right, strict=True)]
        metadata: Any = {"num_joints": joints, "keypoints_symmetry": sides}
        file = folder / f"data_2d_h36m_{kind}.npz"
        np.savez_compressed(file, positions_2d=tree, metadata=metadata)


def write_martinez(
    folder: pathlib.Path, poses: Mapping, detections: Mapping | None = None, packed: bool = True
) -> None:
    """`h36m.zip`, or what unpacking it gives: the folder `h36m`."""
    files: list[tuple[pathlib.Path, str, np.ndarray]] = []
    for (subject, take), points in poses.items():
        path = folder / "h36m" / subject / "MyPoses" / "3D_positions" / f"{take}.h5"
        files.append((path, "3D_positions", np.asarray(points, np.float64).reshape(-1, 96).T))
    for (subject, take, camera), points in (detections or {}).items():
        name = f"{take.replace(' ', '_')}.{camera}.h5"
        path = folder / "h36m" / subject / "StackedHourglass" / name
        files.append((path, "poses", np.asarray(points, np.float64)))
    for path, key, array in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            file[key] = array
    if packed:
        with zipfile.ZipFile(folder / "h36m.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path, _, _ in files:
                archive.write(path, path.relative_to(folder))
        for path in sorted((folder / "h36m").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        (folder / "h36m").rmdir()
