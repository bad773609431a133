"""A lifter in a .tflite file, run by LiteRT: pixels in, 3D poses out.

Needs NumPy and ai-edge-litert and imports nothing of synpose_tf: copy this file into a program
of your own, or read it to write the same in another language.

  lifter = Lifter("lifter.tflite")
  poses = lifter(keypoints)              # (n, 17, 2) pixels -> (n, 17, 3)
  poses = lifter(keypoints, intrinsics)  # where lifter.mode is "camera"

  stream = Stream("lifter.tflite")       # a file of --formats=tflite_stream_int8, one person
  pose = stream(keypoints)               # (17, 2) pixels of the next frame -> (17, 3)
"""

import json
import pathlib
import zipfile
from collections.abc import Callable

import numpy as np
from ai_edge_litert.interpreter import Interpreter

FILE = "lifter.tflite"
JOINTS = 17
ROOT = 0  # The hip.


def load(folder: pathlib.Path | str) -> Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]:
    """A function from named input arrays to `poses`, by the lifter in a folder."""
    path = pathlib.Path(folder) / FILE
    if "state" not in read_metadata(path).get("inputs", {}):
        lifter = Lifter(path)
        return lambda inputs: {"poses": lifter(**inputs)}
    stream = Stream(path)
    return lambda inputs: {"poses": stream.lift_recordings(**inputs)}


def read_metadata(path: pathlib.Path | str) -> dict:
    """What a file says of itself: `lifter.json` in the archive that ends it."""
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("lifter.json"))


class Lifter:
    """A .tflite lifter.

    Args:
        path: of the file.
        threads: that LiteRT may use.

    Attributes:
        metadata: see `read_metadata`.
        mode: `paper`, pixels are enough, or `camera`, the intrinsics are needed.
    """

    def __init__(self, path: pathlib.Path | str, threads: int = 1):
        self.metadata = read_metadata(path)
        self.mode = self.metadata["normalization"]["mode"]
        self._interpreter = Interpreter(model_path=str(path), num_threads=threads)
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        self._batch: int | None = None

    def __call__(self, keypoints: np.ndarray, intrinsics: np.ndarray | None = None) -> np.ndarray:
        """Lifts poses.

        Args:
            keypoints: (n, 17, 2), pixels; the joints are those of `metadata["joints"]`.
            intrinsics: (n, 9), fx, fy, cx, cy in pixels, then OpenCV's k1, k2, p1, p2, k3;
                needed in `camera` mode, and not used in `paper` mode.

        Returns:
            (n, 17, 3), camera frame (x right, y down, z forward), relative to the hip, in mean
            image radii of the pose. A row with a keypoint that is not finite is NaN.

        Raises:
            ValueError: another shape, or no intrinsics in `camera` mode.
        """
        keypoints = np.asarray(keypoints, np.float32)
        if keypoints.ndim != 3 or keypoints.shape[1:] != (JOINTS, 2):
            raise ValueError(f"keypoints must be (n, {JOINTS}, 2), found {keypoints.shape}")
        finite = np.isfinite(keypoints).all(axis=(1, 2))
        if self.mode == "camera":
            intrinsics = _check_intrinsics(intrinsics, len(keypoints))
            finite &= np.isfinite(intrinsics).all(axis=1)
            intrinsics = intrinsics[finite]
        poses = np.full((len(keypoints), JOINTS, 3), np.nan, np.float32)
        if finite.any():
            poses[finite] = self._lift(keypoints[finite], intrinsics)
        return poses

    def depths(self, poses: np.ndarray) -> np.ndarray:
        """Depths (n, 17) of normalised 2D poses (n, 17, 2), which must be finite."""
        if len(poses) != self._batch:
            self._batch = len(poses)
            self._interpreter.resize_tensor_input(self._input["index"], poses.shape)
            self._interpreter.allocate_tensors()
        self._interpreter.set_tensor(self._input["index"], _quantize(poses, self._input))
        self._interpreter.invoke()
        return _dequantize(self._interpreter.get_tensor(self._output["index"]), self._output)

    def _lift(self, keypoints, intrinsics):
        poses, perspective, rotation = self._normalize(keypoints, intrinsics)
        lifted = lift(poses, self.depths(poses), perspective)
        return lifted if rotation is None else lifted @ rotation

    def _normalize(self, keypoints, intrinsics):
        """Normalised poses, perspective, and in `camera` mode the camera that looks at the hip."""
        if self.mode == "paper":
            poses, _ = normalize(keypoints)
            distance = self.metadata["normalization"]["distance"]
            return poses, 1.0 / distance if distance else 0.0, None
        rays = pixels_to_rays(keypoints, intrinsics)
        rotation = virtual_rotation(rays[:, ROOT])
        poses, scale = normalize(rotate_rays(rays, rotation))
        return poses, scale[:, 0], rotation


class Stream(Lifter):
    """A .tflite lifter of live video: one person, frame by frame, about 30 frames a second.

    Call it with each frame. After a quarter of a second without the person, call `begin`.

    Args:
        path: of the file.
        threads: that LiteRT may use.
    """

    def __init__(self, path: pathlib.Path | str, threads: int = 1):
        super().__init__(path, threads)
        self._step = self._interpreter.get_signature_runner()
        self.begin()

    def begin(self) -> None:
        """Forgets the frames before."""
        self._state: np.ndarray | None = None

    def __call__(
        self,
        keypoints: np.ndarray,
        intrinsics: np.ndarray | None = None,
        seen: np.ndarray | None = None,
    ) -> np.ndarray:
        """Lifts the next frame.

        Args:
            keypoints: (17, 2), pixels.
            intrinsics: (9,), see `Lifter`.
            seen: (17,), 0 for joints that were filled in; None for none.

        Returns:
            (17, 3), as `Lifter`. NaN, and nothing is remembered, where a keypoint is not finite.
        """
        given = None if intrinsics is None else np.asarray(intrinsics, np.float32)[None]
        keypoints = np.asarray(keypoints, np.float32)[None]
        if keypoints.shape != (1, JOINTS, 2):
            raise ValueError(f"keypoints must be ({JOINTS}, 2), found {keypoints.shape[1:]}")
        if self.mode == "camera":
            given = _check_intrinsics(given, 1)
        if not np.isfinite(keypoints).all():
            return np.full((JOINTS, 3), np.nan, np.float32)
        poses, perspective, rotation = self._normalize(keypoints, given)
        marks = np.ones(JOINTS) if seen is None else np.asarray(seen)
        corrected = self.step(poses, marks[None].astype(np.float32))
        lifted = lift(corrected[..., :2], corrected[..., 2], perspective)
        return (lifted if rotation is None else lifted @ rotation)[0]

    def step(self, poses: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Corrected x, y and depth (1, 17, 3) of the next normalised pose (1, 17, 2)."""
        times = 1
        if self._state is None:  # As if the person had stood like this for long.
            shape = self.metadata["inputs"]["state"]["shape"]
            self._state, times = np.zeros(shape, np.float32), self.metadata["begin"]
        for _ in range(times):
            found = self._step(keypoints=poses, seen=seen, state=self._state)
            self._state = found["state"]
        return found["corrected"]

    def lift_recordings(
        self, keypoints: np.ndarray, intrinsics: np.ndarray | None = None
    ) -> np.ndarray:
        """Poses (n, T, 17, 3) of recordings (n, T, 17, 2), each from its beginning on."""
        poses = np.empty((*keypoints.shape[:-1], 3), np.float32)
        for number, frames in enumerate(keypoints):
            self.begin()
            camera = None if intrinsics is None else intrinsics[number]
            poses[number] = [self(frame, camera) for frame in frames]
        return poses


# === Normalisation ===


def normalize(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Moves the hip to the origin and makes the mean distance of the other joints 1.

    Returns:
        (n, 17, 2) poses, and (n, 1, 1), the distance before.
    """
    centred = points - points[:, ROOT : ROOT + 1]
    radius = np.linalg.norm(centred, axis=-1).sum(-1) / (JOINTS - 1)
    scale = np.maximum(radius, 1e-9)[:, None, None]
    return centred / scale, scale


def lift(poses: np.ndarray, depths: np.ndarray, perspective: float | np.ndarray) -> np.ndarray:
    """3D poses from normalised 2D poses and depths; `perspective` is a number or (n, 1)."""
    planar = poses * (1.0 + perspective * depths)[..., None]
    return np.concatenate([planar, depths[..., None]], axis=-1)


# === Known intrinsics ===


def pixels_to_rays(pixels: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Undistorted image points (X/Z, Y/Z) of pixels: the inverse of OpenCV's lens model."""
    k1, k2, p1, p2, k3 = (intrinsics[:, i : i + 1] for i in range(4, 9))
    distorted = (pixels - intrinsics[:, None, 2:4]) / intrinsics[:, None, 0:2]
    rays = distorted
    for _ in range(10):
        x, y = rays[..., 0], rays[..., 1]
        r2 = x * x + y * y
        radial = r2 * (k1 + r2 * (k2 + r2 * k3))
        dx = x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x)
        dy = y * radial + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y
        rays = distorted - np.stack([dx, dy], axis=-1)
    return rays


def virtual_rotation(ray: np.ndarray) -> np.ndarray:
    """(n, 3, 3), from the camera's frame to that of one that looks along a ray (n, 2)."""
    x, y = ray[:, 0], ray[:, 1]
    horizontal = np.sqrt(1.0 + x * x)
    length = np.sqrt(1.0 + x * x + y * y)
    cos_yaw, sin_yaw, cos_pitch, sin_pitch = (
        1 / horizontal,
        x / horizontal,
        horizontal / length,
        y / length,
    )
    rows = (
        (cos_yaw, np.zeros_like(x), -sin_yaw),
        (-sin_pitch * sin_yaw, cos_pitch, -sin_pitch * cos_yaw),
        (cos_pitch * sin_yaw, sin_pitch, cos_pitch * cos_yaw),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def rotate_rays(rays: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Image points (n, 17, 2) as the turned camera sees them."""
    points = np.concatenate([rays, np.ones_like(rays[..., :1])], axis=-1)
    turned = points @ np.swapaxes(rotation, -1, -2)
    return turned[..., :2] / turned[..., 2:]


# === Integer input and output ===


def _quantize(values, details):
    if details["dtype"] is not np.int8:
        return values.astype(np.float32)
    scale, zero = details["quantization"]
    return np.clip(np.rint(values / scale) + zero, -128, 127).astype(np.int8)


def _dequantize(values, details):
    if details["dtype"] is not np.int8:
        return values
    scale, zero = details["quantization"]
    return (values.astype(np.float32) - zero) * np.float32(scale)


def _check_intrinsics(intrinsics, count):
    if intrinsics is None:
        raise ValueError("this lifter needs the intrinsics of each view, (n, 9)")
    intrinsics = np.asarray(intrinsics, np.float32)
    if intrinsics.shape != (count, 9):
        raise ValueError(f"intrinsics must be ({count}, 9), found {intrinsics.shape}")
    return intrinsics
