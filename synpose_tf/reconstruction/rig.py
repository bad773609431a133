"""Cameras that stand around people, and what they see of them.

World and camera frames as in `synpose_tf.geometry.camera`, lengths in millimetres. Image points
here are *ideal pixels*: the lens is undone and the principal point is the origin, so that a point
(X, Y, Z) of the camera frame lies at focal (X/Z, Y/Z).
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from synpose_tf.geometry import camera

NEAREST_MM = 100.0  # In front of a camera; nearer, or behind, nothing is projected sensibly.


@dataclasses.dataclass(frozen=True)
class Rig:
    """V cameras.

    Args:
        rotation: (V, 3, 3), world to camera.
        translation: (V, 3), millimetres: a world point X is at R X + t in the camera frame.
        focal: (V,), pixels.
    """

    rotation: np.ndarray
    translation: np.ndarray
    focal: np.ndarray

    @property
    def centres(self) -> np.ndarray:
        """(V, 3), where the cameras stand in the world."""
        return -np.einsum("vji,vj->vi", self.rotation, self.translation)

    def to_cameras(self, world: np.ndarray) -> np.ndarray:
        """World points (..., 3) in every camera's frame, (V, ..., 3)."""
        world = np.asarray(world)
        turned = np.einsum("vij,...j->v...i", self.rotation, world)
        return turned + self.translation.reshape(-1, *[1] * (world.ndim - 1), 3)

    def project(self, world: np.ndarray) -> np.ndarray:
        """World points (..., 3) as ideal pixels of every camera, (V, ..., 2)."""
        points = self.to_cameras(world)
        focal = self.focal.reshape(-1, *[1] * (points.ndim - 1))
        return focal * points[..., :2] / np.maximum(points[..., 2:], NEAREST_MM)

    def moved(self, rotation: np.ndarray, origin: np.ndarray, scale: float = 1.0) -> "Rig":
        """The cameras in the world whose points are scale · rotation · (X - origin)."""
        turned = self.rotation @ rotation.T
        shift = self.translation + np.einsum("vij,j->vi", self.rotation, origin)
        return Rig(turned, scale * shift, self.focal)

    def chosen(self, views: Sequence[int]) -> "Rig":
        """Some of the cameras."""
        views = list(views)
        return Rig(self.rotation[views], self.translation[views], self.focal[views])


@dataclasses.dataclass(frozen=True)
class Observations:
    """What V cameras see of people's J joints in N moments; of several people one after another.

    Args:
        points: (V, N, J, 2), ideal pixels; NaN where not seen.
        confidence: (V, N, J), in [0, 1]; 0 where not seen.
        velocity: (V, N, J, 2), ideal pixels a second; 0 where not known.
        noise: (V, N, J), pixels: how far off a detector usually is, by the person's size.
        times: (N,), seconds, the first camera's clock; increasing within a person.
        person: (N,), whose the moment is, in order.
    """

    points: np.ndarray
    confidence: np.ndarray
    velocity: np.ndarray
    noise: np.ndarray
    times: np.ndarray
    person: np.ndarray

    @property
    def seen(self) -> np.ndarray:
        """(V, N, J), True where a camera saw a joint."""
        return np.isfinite(self.points).all(-1) & (self.confidence > 0)

    def at(self, moments: np.ndarray) -> "Observations":
        """Some of the moments."""
        return dataclasses.replace(
            self,
            points=self.points[:, moments],
            confidence=self.confidence[:, moments],
            velocity=self.velocity[:, moments],
            noise=self.noise[:, moments],
            times=self.times[moments],
            person=self.person[moments],
        )

    def of(self, views: Sequence[int]) -> "Observations":
        """Some of the views."""
        views = list(views)
        return dataclasses.replace(
            self,
            points=self.points[views],
            confidence=self.confidence[views],
            velocity=self.velocity[views],
            noise=self.noise[views],
        )


def ideal_pixels(pixels: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Pixels (..., 2) of a camera, without its lens and principal point; `intrinsics` (9,)."""
    rays = camera.pixels_to_rays(np.asarray(pixels, np.float64), np.asarray(intrinsics))
    return focal_of(intrinsics) * rays


def focal_of(intrinsics: np.ndarray) -> float:
    """The focal length of ideal pixels, of intrinsics (9,)."""
    return float(np.sqrt(intrinsics[0] * intrinsics[1]))
