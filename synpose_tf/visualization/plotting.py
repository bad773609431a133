"""Pictures of poses, in the camera frame (x right, y down, z forward)."""

import pathlib
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from mpl_toolkits.mplot3d import Axes3D
from mpl_toolkits.mplot3d.art3d import Line3D

from synpose_tf.io import files
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.visualization.colours import OF_JOINTS


def draw_2d(axes: Axes, keypoints: np.ndarray) -> None:
    """Draws one 2D pose (17, 2), pixels, y down."""
    for child, parent in H36M_17.bones:
        axes.plot(*keypoints[[child, parent]].T, color=OF_JOINTS[child], linewidth=1.8)
    axes.set_aspect("equal", adjustable="datalim")
    axes.invert_yaxis()
    axes.set(xticks=[], yticks=[])


def draw_3d(axes: Axes3D, pose: np.ndarray, azimuth: float = -60.0) -> None:
    """Draws one 3D pose (17, 3), camera frame, with depth running into the picture."""
    right, depth, up = pose[:, 0], pose[:, 2], -pose[:, 1]
    points = np.stack([right, depth, up], axis=-1)
    for child, parent in H36M_17.bones:  # `plot` would fit the limits anew for each.
        axes.add_line(Line3D(*points[[child, parent]].T, color=OF_JOINTS[child], linewidth=1.8))
    centre = (points.max(0) + points.min(0)) / 2
    half = np.ptp(points, axis=0).max() / 2
    limits = [(middle - half, middle + half) for middle in centre]
    axes.set(xlim=limits[0], ylim=limits[1], zlim=limits[2])
    axes.set_box_aspect((1, 1, 1))
    axes.view_init(elev=12.0, azim=azimuth)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_major_formatter(NullFormatter())


def lifting_grid(
    keypoints_2d: np.ndarray,
    lifted: np.ndarray,
    truth: np.ndarray | None = None,
    titles: Sequence[str] = (),
    columns: int = 10,
) -> Figure:
    """A column a pose: the 2D input, the true 3D pose if there is one, the lifted pose.

    Args:
        keypoints_2d: (n, 17, 2), pixels.
        lifted: (n, 17, 3), camera frame, any scale.
        truth: (n, 17, 3), camera frame, or None.
        titles: n texts, above the columns.
        columns: poses side by side; more go below.
    """
    kinds = [("2D input", keypoints_2d), ("lifted 3D", lifted)]
    if truth is not None:
        kinds.insert(1, ("true 3D", truth))
    count = len(keypoints_2d)
    columns = min(columns, count)
    rows = len(kinds) * -(-count // columns)
    width, height = 1.9 * columns + 0.4, 2.1 * rows + 0.3  # inches
    figure = Figure(figsize=(width, height))
    # Known in advance: a layout engine draws everything once more to find them.
    figure.subplots_adjust(
        left=0.3 / width, right=1 - 0.1 / width, bottom=0.05 / height, top=1 - 0.25 / height,
        wspace=0.06, hspace=0.06 + 0.1 * (rows > len(kinds)),
    )  # fmt: skip
    for k, (name, poses) in enumerate(kinds):
        for i, pose in enumerate(poses):
            flat = pose.shape[-1] == 2
            row = len(kinds) * (i // columns) + k
            place = row * columns + i % columns + 1
            axes = figure.add_subplot(rows, columns, place, projection=None if flat else "3d")
            if isinstance(axes, Axes3D):
                draw_3d(axes, pose)
            else:
                draw_2d(axes, pose)
            if k == 0 and i < len(titles):
                axes.set_title(titles[i], fontsize=8)
            if i % columns == 0:
                text = axes.text2D if isinstance(axes, Axes3D) else axes.text
                text(-0.08, 0.5, name, transform=axes.transAxes, rotation=90, va="center")
    return figure


def save_figure(figure: Figure, path: pathlib.Path) -> None:
    """Writes a figure as PNG, whole or not at all."""
    with files.replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110)
