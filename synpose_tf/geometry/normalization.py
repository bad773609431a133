"""Normalisation (section 3.6): pixels and millimetres to what the networks see, and back.

The root (hip) goes to the origin and the mean distance of the other joints from it, *in the
image*, becomes 1, for 2D and 3D alike. (Dividing 3D by its mean distance in space, as the
text can be read, leaves x and y of real and generated poses at different scales.
docs/experiments.md has the measurement.)

A lifted pose is (u (1 + s z), v (1 + s z), z), where s, the *perspective*, is 1 over the
root's distance from the camera in mean radii. Two modes:

- `paper`: pixels only. The distance is unknown: s is 0 (a camera infinitely far away, as
  the paper has it) or a constant for a usual distance.
- `camera`: the intrinsics are known. The lens is undistorted and the camera turned so that
  its axis passes through the root. Then s is the mean image radius of the pose in rays, and
  lifting by the true z is exact.

Frame: camera, x right, y down, z forward, root-relative. Functions take `xp`: NumPy, or
`keras.ops`.
"""

import dataclasses
from types import ModuleType
from typing import Any

import numpy as np

from synpose_tf.geometry import camera
from synpose_tf.structures.arrays import Array
from synpose_tf.structures.skeleton import H36M_17

MODES = ("paper", "camera")
ROOT = H36M_17.root

# Keeps a degenerate pose (all joints on the root) finite; 1e-9 of a mean radius.
_EPSILON = 1e-9


@dataclasses.dataclass(frozen=True)
class ImageFrame:
    """What normalising a 2D pose took away; `restore_2d` and `to_camera_frame` put it back.

    Args:
        root: (batch, 1, 2), the root in pixels (`paper`) or as a ray (`camera`).
        scale: (batch, 1, 1), mean image radius in pixels (`paper`) or rays (`camera`).
        perspective: (batch, 1), the constant in `paper` mode, `scale` in `camera` mode.
        rotation: (batch, 3, 3), camera to virtual camera; None in `paper` mode.
        intrinsics: (batch, 9); None in `paper` mode.
    """

    root: Any
    scale: Any
    perspective: Any
    rotation: Any = None
    intrinsics: Any = None


def check_mode(mode: str) -> str:
    """Returns the mode.

    Raises:
        ValueError: it is neither `paper` nor `camera`.
    """
    if mode not in MODES:
        raise ValueError(f"normalisation must be one of {MODES}, found {mode!r}")
    return mode


def planar_radius(points: Array, xp: ModuleType = np) -> Array:
    """Mean distance of the joints from the root in the image plane, root excluded.

    Args:
        points: (..., 17, d) root-relative, d ≥ 2.

    Returns:
        (..., 1, 1).
    """
    squared = points[..., 0:1] ** 2 + points[..., 1:2] ** 2
    distances = xp.sqrt(squared + _EPSILON**2)
    joints = len(H36M_17) - 1
    return (xp.sum(distances, axis=-2, keepdims=True) - distances[..., ROOT : ROOT + 1, :]) / joints


def normalize_2d(
    pixels: Array,
    mode: str,
    intrinsics: Array | None = None,
    distance: float = 0.0,
    xp: ModuleType = np,
) -> tuple[Array, ImageFrame]:
    """Normalises 2D poses.

    Args:
        pixels: (batch, 17, 2).
        mode: `paper` or `camera`.
        intrinsics: (batch, 9), needed in `camera` mode.
        distance: the camera's that `paper` mode assumes, in mean radii; 0 for infinitely far.

    Returns:
        (batch, 17, 2) poses with mean radius 1, and the `ImageFrame` to undo it.

    Raises:
        ValueError: an unknown mode, or `camera` without intrinsics.
    """
    if check_mode(mode) == "paper":
        root = pixels[..., ROOT : ROOT + 1, :]
        centred = pixels - root
        scale = planar_radius(centred, xp)
        perspective = xp.full_like(scale[..., 0], 1.0 / distance if distance else 0.0)
        return centred / scale, ImageFrame(root, scale, perspective)
    if intrinsics is None:
        raise ValueError("camera mode needs the intrinsics of each view")
    rays = camera.pixels_to_rays(pixels, intrinsics, xp)
    root = rays[..., ROOT : ROOT + 1, :]
    rotation = camera.virtual_rotation(root[..., 0, :], xp)
    centred = camera.rotate_rays(rays, rotation, xp)
    scale = planar_radius(centred, xp)
    return centred / scale, ImageFrame(root, scale, scale[..., 0], rotation, intrinsics)


def restore_2d(poses: Array, frame: ImageFrame, xp: ModuleType = np) -> Array:
    """Inverse of `normalize_2d`: (batch, 17, 2) normalised to (batch, 17, 2) pixels."""
    if frame.rotation is None:
        return poses * frame.scale + frame.root
    rays = camera.rotate_rays(poses * frame.scale, xp.swapaxes(frame.rotation, -1, -2), xp)
    distorted = camera.distort(rays, frame.intrinsics, xp)
    return distorted * frame.intrinsics[..., None, 0:2] + frame.intrinsics[..., None, 2:4]


def normalize_3d(points: Array, mode: str, xp: ModuleType = np) -> tuple[Array, Array]:
    """Normalises true 3D poses to what `lift` gives for their own projection.

    Args:
        points: (batch, 17, 3), camera frame, millimetres.
        mode: `paper` or `camera`; in `camera` mode the pose is turned into the virtual
            camera, whose axis passes through the root.

    Returns:
        (batch, 17, 3) root-relative poses, and (batch, 1, 1), the millimetres of one unit.
    """
    root = points[..., ROOT : ROOT + 1, :]
    if check_mode(mode) == "camera":
        rotation = camera.virtual_rotation(root[..., 0, :2] / root[..., 0, 2:], xp)
        points = camera.rotate(points, rotation, xp)
        root = points[..., ROOT : ROOT + 1, :]
    rays = points[..., :2] / points[..., 2:] - root[..., :2] / root[..., 2:]
    scale = planar_radius(rays, xp) * root[..., 2:]
    return (points - root) / scale, scale


def restore_3d(poses: Array, scale: Array, root: Array, mode: str, xp: ModuleType = np) -> Array:
    """Inverse of `normalize_3d`.

    Args:
        poses: (batch, 17, 3) normalised.
        scale: (batch, 1, 1), millimetres of one unit.
        root: (batch, 1, 3), the root in the camera frame, millimetres.

    Returns:
        (batch, 17, 3), camera frame, millimetres.
    """
    points = poses * scale
    if check_mode(mode) == "camera":
        rotation = camera.virtual_rotation(root[..., 0, :2] / root[..., 0, 2:], xp)
        points = camera.unrotate(points, rotation, xp)
    return points + root


def lift(poses_2d: Array, depths: Array, perspective: Array, xp: ModuleType = np) -> Array:
    """3D poses from normalised 2D poses and depths.

    Args:
        poses_2d: (batch, 17, 2) normalised.
        depths: (batch, 17), z of each joint; the root's is 0.
        perspective: (batch, 1), from `ImageFrame`.

    Returns:
        (batch, 17, 3).
    """
    planar = poses_2d * (1.0 + perspective * depths)[..., None]
    return xp.concatenate([planar, depths[..., None]], axis=-1)


def reproject(poses_3d: Array, perspective: Array, xp: ModuleType = np) -> Array:
    """The normalised 2D pose (batch, 17, 2) that a normalised 3D pose (batch, 17, 3) shows."""
    # A turned pose never comes nearer than a quarter of the camera's distance.
    depth = xp.maximum(1.0 + perspective * poses_3d[..., 2], 0.25)
    planar = poses_3d[..., :2] / depth[..., None]
    return planar / planar_radius(planar, xp)


def to_camera_frame(poses: Array, frame: ImageFrame, xp: ModuleType = np) -> Array:
    """Lifted poses (batch, 17, 3) in the real camera's frame, still root-relative, unscaled."""
    return poses if frame.rotation is None else camera.unrotate(poses, frame.rotation, xp)
