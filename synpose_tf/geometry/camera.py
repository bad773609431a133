"""Cameras: world to camera, projection with lens distortion, and the virtual camera.

Frames: the camera looks along +z, x is right and y is down (Human3.6M's and OpenCV's).
World frames are z-up. Lengths are millimetres, image points pixels; a *ray* is the image
point (X/Z, Y/Z) after the lens distortion is taken away.

Intrinsics are one vector, so that they batch and travel as a tensor:
`[fx, fy, cx, cy, k1, k2, p1, p2, k3]`, pixels first, then OpenCV's distortion coefficients.

The functions on rays and virtual cameras take `xp`, NumPy by default; pass `keras.ops` to
use them inside a graph.
"""

import dataclasses
import functools
import importlib.resources
import json
from collections.abc import Iterable, Sequence
from types import ModuleType

import numpy as np
import numpy.typing as npt

from synpose_tf.errors import SynposeError
from synpose_tf.structures.arrays import Array

INTRINSICS = ("fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2", "k3")


@dataclasses.dataclass(frozen=True)
class Camera:
    """A calibrated camera.

    Args:
        name: what the data set calls it.
        rotation: (3, 3), world to camera.
        position: (3,), the camera's centre in the world, millimetres.
        intrinsics: (9,), see the module's text.
        image_size: (width, height), pixels.
    """

    name: str
    rotation: np.ndarray
    position: np.ndarray
    intrinsics: np.ndarray
    image_size: tuple[int, int]

    @property
    def up(self) -> np.ndarray:
        """(3,), the world's up (+z) as a unit vector in the camera frame."""
        return self.rotation[:, 2]

    def to_camera(self, world: npt.ArrayLike) -> np.ndarray:
        """World points (..., 3) in the camera frame: R (X - position)."""
        return (np.asarray(world) - self.position) @ self.rotation.T

    def to_world(self, points: npt.ArrayLike) -> np.ndarray:
        """Camera-frame points (..., 3) back in the world."""
        return np.asarray(points) @ self.rotation + self.position

    def project(self, points: np.ndarray) -> np.ndarray:
        """Camera-frame points (..., 3) to pixels (..., 2)."""
        return project(points, self.intrinsics)


@functools.cache
def h36m_cameras() -> dict[str, dict[str, Camera]]:
    """Human3.6M's cameras as `cameras[subject][camera name]`: seven subjects, four each."""
    path = importlib.resources.files("synpose_tf.geometry") / "h36m_cameras.json"
    return {
        subject: {name: _h36m_camera(name, entry) for name, entry in views.items()}
        for subject, views in json.loads(path.read_text(encoding="utf-8")).items()
    }


def _h36m_camera(name, entry):
    k1, k2, k3 = entry["radial_distortion"]
    return Camera(
        name=name,
        rotation=np.array(entry["rotation_world_to_camera"]),
        position=np.array(entry["position_world_mm"]),
        intrinsics=np.array(
            [*entry["focal_length_px"], *entry["principal_point_px"]]
            + [k1, k2, *entry["tangential_distortion"], k3]
        ),
        image_size=tuple(entry["image_size_px"]),
    )


def parse_intrinsics(texts: Sequence[str], flag: str = "--intrinsics") -> np.ndarray:
    """Intrinsics (9,) from the texts of a flag: four numbers, or nine.

    Raises:
        SynposeError: another count, a text that is no finite number, a focal length that is not
            positive.
    """
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        numbers = []
    if len(numbers) not in (4, 9) or not np.isfinite(numbers).all() or min(numbers[:2]) <= 0:
        raise SynposeError(
            f"{flag}={','.join(texts)}: expected fx,fy,cx,cy in pixels, with positive focal "
            "lengths, or these and k1,k2,p1,p2,k3."
        )
    return np.array(numbers + [0.0] * (9 - len(numbers)))


def parse_image_size(texts: Sequence[str], flag: str = "--image_size") -> tuple[int, int]:
    """(width, height) in pixels from the texts of a flag.

    Raises:
        SynposeError: another count, or a text that is no finite number from 1 on.
    """
    try:
        size = [float(text) for text in texts]
    except ValueError:
        size = []
    if len(size) != 2 or not np.isfinite(size).all() or min(size) < 1:
        raise SynposeError(f"{flag}={','.join(texts)}: expected WIDTH,HEIGHT in pixels.")
    width, height = size
    return int(width), int(height)


def parse_focal(text: str, flag: str = "--focal") -> float:
    """A focal length in pixels from the text of a flag.

    Raises:
        SynposeError: it is none.
    """
    try:
        pixels = float(text)
    except ValueError:
        pixels = np.nan
    if not (np.isfinite(pixels) and pixels > 0):
        raise SynposeError(f"{flag}={text}: expected auto, or the focal length in pixels.")
    return pixels


def pinhole(focal: Iterable[float], centre: Iterable[float]) -> np.ndarray:
    """(9,) intrinsics of a camera without distortion, from (fx, fy) and (cx, cy) in pixels."""
    return np.array([*focal, *centre, 0.0, 0.0, 0.0, 0.0, 0.0])


def distort(rays: Array, intrinsics: Array, xp: ModuleType = np) -> Array:
    """Applies the lens to rays (..., J, 2); `intrinsics` (..., 9). OpenCV's model.

    x' = x (1 + k1 r² + k2 r⁴ + k3 r⁶) + 2 p1 x y + p2 (r² + 2 x²), y' likewise.
    """
    x, y = rays[..., 0], rays[..., 1]
    k1, k2, p1, p2, k3 = (intrinsics[..., i : i + 1] for i in range(4, 9))
    r2 = x * x + y * y
    radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return xp.stack(
        [
            x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x),
            y * radial + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y,
        ],
        axis=-1,
    )


def undistort(
    distorted: Array, intrinsics: Array, xp: ModuleType = np, iterations: int = 10
) -> Array:
    """Inverse of `distort` by fixed-point iteration: (..., J, 2) to (..., J, 2).

    Converges to below 1e-3 px over the whole image of Human3.6M's lenses.
    """
    rays = distorted
    for _ in range(iterations):
        rays = rays + (distorted - distort(rays, intrinsics, xp))
    return rays


def project(points: Array, intrinsics: Array, xp: ModuleType = np) -> Array:
    """Projects camera-frame points (..., J, 3) to pixels (..., J, 2).

    `intrinsics` is (9,) or (..., 9) with the batch shape of the points.
    """
    rays = distort(points[..., :2] / points[..., 2:], intrinsics, xp)
    return rays * intrinsics[..., None, 0:2] + intrinsics[..., None, 2:4]


def pixels_to_rays(pixels: Array, intrinsics: Array, xp: ModuleType = np) -> Array:
    """Pixels (..., J, 2) to undistorted rays (..., J, 2); `intrinsics` as in `project`."""
    distorted = (pixels - intrinsics[..., None, 2:4]) / intrinsics[..., None, 0:2]
    return undistort(distorted, intrinsics, xp)


def virtual_rotation(root_ray: Array, xp: ModuleType = np) -> Array:
    """Rotation that turns the camera's axis onto a ray: yaw about y, then pitch about x.

    No roll, so the image's horizon stays level.

    Args:
        root_ray: (..., 2), the ray that shall become the optical axis.

    Returns:
        (..., 3, 3), camera frame to virtual camera frame.
    """
    x, y = root_ray[..., 0], root_ray[..., 1]
    horizontal = xp.sqrt(1.0 + x * x)
    length = xp.sqrt(1.0 + x * x + y * y)
    cos_yaw, sin_yaw = 1.0 / horizontal, x / horizontal
    cos_pitch, sin_pitch = horizontal / length, y / length
    rows = (
        (cos_yaw, xp.zeros_like(x), -sin_yaw),
        (-sin_pitch * sin_yaw, cos_pitch, -sin_pitch * cos_yaw),
        (cos_pitch * sin_yaw, sin_pitch, cos_pitch * cos_yaw),
    )
    return xp.stack([xp.stack(row, axis=-1) for row in rows], axis=-2)


def rotate(points: Array, rotation: Array, xp: ModuleType = np) -> Array:
    """Applies rotations (..., 3, 3) to points (..., J, 3)."""
    return xp.matmul(points, xp.swapaxes(rotation, -1, -2))


def unrotate(points: Array, rotation: Array, xp: ModuleType = np) -> Array:
    """Inverse of `rotate`: the way back from the virtual camera."""
    return xp.matmul(points, rotation)


def rotate_rays(rays: Array, rotation: Array, xp: ModuleType = np) -> Array:
    """Rays (..., J, 2) as a camera turned by `rotation` (..., 3, 3) sees them."""
    turned = rotate(xp.concatenate([rays, xp.ones_like(rays[..., :1])], axis=-1), rotation, xp)
    return turned[..., :2] / turned[..., 2:]


def turn(points: Array, axis: Array, angles: Array, xp: ModuleType = np) -> Array:
    """Turns points about axes through the origin by Rodrigues' formula.

    p cos θ + (a × p) sin θ + a (a · p)(1 - cos θ).

    Args:
        points: (batch, J, 3).
        axis: (batch, 3), unit vectors.
        angles: (batch, 1), radians.
    """
    axis = axis[:, None] + xp.zeros_like(points)
    cos, sin = xp.cos(angles)[..., None], xp.sin(angles)[..., None]
    along = xp.sum(axis * points, axis=-1, keepdims=True)
    return points * cos + xp.cross(axis, points) * sin + axis * along * (1.0 - cos)


def turn_image(points: Array, degrees: float, xp: ModuleType = np) -> Array:
    """Turns points of an image (..., d), x right, y down, about the origin, clockwise."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    x, y = points[..., 0], points[..., 1]
    others: list[Array] = [points[..., i] for i in range(2, points.shape[-1])]
    return xp.stack([x * cos - y * sin, x * sin + y * cos, *others], axis=-1)


def quarter_turns(
    degrees: int, image_size: tuple[int, int] | None
) -> tuple[np.ndarray, np.ndarray, tuple[int, int] | None]:
    """What turns an image clockwise by 90, 180 or 270 degrees.

    Args:
        degrees: 0 turns nothing.
        image_size: (width, height) before, pixels; None is about the origin.

    Returns:
        matrix (2, 2) and shift (2,), pixels of the turned image are matrix · p + shift; and its
        size.
    """
    matrix: np.ndarray = np.eye(2)
    shift: np.ndarray = np.zeros(2)
    size = image_size
    for _ in range(degrees // 90 % 4):
        quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
        height = size[1] if size else 0
        matrix, shift = quarter @ matrix, quarter @ shift + (height, 0.0)
        size = size and (size[1], size[0])
    return matrix, shift, size


def turn_intrinsics(
    intrinsics: np.ndarray, degrees: int, image_size: tuple[int, int]
) -> np.ndarray:
    """The intrinsics (9,) of a camera whose image is turned clockwise, see `quarter_turns`."""
    fx, fy, cx, cy, k1, k2, p1, p2, k3 = intrinsics
    width, height = image_size
    for _ in range(degrees // 90 % 4):
        fx, fy, cx, cy, p1, p2 = fy, fx, height - cy, cx, p2, -p1
        width, height = height, width
    return np.array([fx, fy, cx, cy, k1, k2, p1, p2, k3])
