"""Cameras that were not level, or held on their side."""

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.geometry import camera
from synpose_tf.structures.tracks import KeypointTrack


class Roll:
    """A camera's roll, out of the image of its people and back into their poses.

    Args:
        degrees: by which upright people are tilted clockwise; 0 changes nothing at all.
        intrinsics: (9,), and the image is turned about the optical axis, without its distortion;
            None, and it is turned about its origin.
    """

    def __init__(self, degrees: float, intrinsics: np.ndarray | None = None):
        self._degrees, self._given = degrees, intrinsics
        self.intrinsics = intrinsics  # Of the camera without roll.
        if degrees and intrinsics is not None:
            fx, fy, cx, cy = np.asarray(intrinsics, np.float64)[:4]
            self.intrinsics = camera.pinhole([np.sqrt(fx * fy)] * 2, (cx, cy))

    def out_of(self, keypoints: np.ndarray) -> np.ndarray:
        """Pixels (n, 17, 2) of the camera without roll."""
        return self._turned(keypoints, -self._degrees, self._given, self.intrinsics)

    def out_of_space(self, points: np.ndarray | None) -> np.ndarray | None:
        """Points (..., 3) of the camera's frame in that without roll; None stays None."""
        return None if points is None else camera.turn_image(points, -self._degrees)

    def into(self, keypoints: np.ndarray, seen: np.ndarray, inferred: np.ndarray) -> np.ndarray:
        """Pixels (n, 17, 2) of the camera as it is; joints that were seen as they came."""
        if not self._degrees:
            return keypoints
        turned = self._turned(keypoints, self._degrees, self.intrinsics, self._given)
        kept = ~inferred & np.isfinite(keypoints).all(-1)
        return np.where(kept[..., None], seen, turned).astype(np.float32)

    def back(self, points: np.ndarray) -> np.ndarray:
        """Points (..., 3) of the frame without roll in the camera's frame."""
        return camera.turn_image(points, self._degrees) if self._degrees else points

    def _turned(self, pixels, degrees, source, target):
        if not degrees:
            return pixels
        if source is None:
            return camera.turn_image(pixels, degrees).astype(np.float32)
        rays = camera.pixels_to_rays(pixels.astype(np.float64), np.asarray(source, np.float64))
        turned = camera.turn_image(rays, degrees)
        points = np.concatenate([turned, np.ones_like(turned[..., :1])], axis=-1)
        return camera.project(points, np.asarray(target, np.float64)).astype(np.float32)


def turned_intrinsics(
    intrinsics: np.ndarray | None, degrees: int, track: KeypointTrack
) -> np.ndarray | None:
    """The intrinsics (9,) of the camera of a picture that was turned.

    Args:
        intrinsics: (9,), of the picture before; None stays None.
        degrees: 0, 90, 180 or 270, clockwise.
        track: of the turned picture.

    Raises:
        SynposeError: the size of the picture is not known.
    """
    if intrinsics is None or not degrees:
        return intrinsics
    if track.image_size is None:
        raise SynposeError(
            f"--rotate={degrees} with --intrinsics: give --image_size=WIDTH,HEIGHT of the picture "
            "before it is turned."
        )
    width, height = track.image_size if degrees == 180 else track.image_size[::-1]
    return camera.turn_intrinsics(intrinsics, degrees, (width, height))
