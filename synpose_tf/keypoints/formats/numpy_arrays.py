"""NumPy files: keypoints as one array, in pixels.

- `.npy`: (frames, joints, 2), or 3 with the confidence; (people, frames, joints, 2 or 3); or
  (joints, 2 or 3) for one pose.
- `.npz`: the same as `keypoints`, and where known `confidence` (…, joints), `frames` (frames,)
  integers, `times` (frames,) seconds, `fps`, and `image_size` (width, height). An archive with
  one array may call it anything.
"""

import io
import pathlib
import zipfile

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io.files import reading
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints.detections import MAX_NUMBERS, Person

NAME = "NumPy arrays"
_MOST_NEGATIVE = 0.1  # Of all scores; some detectors write logits.
_LARGEST_SCORE = 100.0  # Per cent.
_METRES = 20.0  # Below, x and y are no pixels.
SHAPES = "(frames, joints, 2), (people, frames, joints, 2) or (joints, 2), or 3 with confidence"


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The people of a `.npy` or `.npz` file.

    Raises:
        SynposeError: the file is damaged, or an array has another shape.
    """
    arrays = _arrays(path)
    keypoints = arrays.pop("keypoints", None)
    if keypoints is None and len(arrays) == 1:
        keypoints = arrays.popitem()[1]
    if keypoints is None:
        raise SynposeError(f"{path}: has no array 'keypoints'; it holds {sorted(arrays)}.")
    points = _numbers(keypoints, f"{path}: keypoints")
    if not 2 <= points.ndim <= 4 or points.shape[-1] not in (2, 3) or not points.size:
        raise SynposeError(f"{path}: keypoints have shape {points.shape}. Expected {SHAPES}.")
    points = points.reshape((1,) * (4 - points.ndim) + points.shape)
    confidence = _confidence(arrays, points, path)
    count = points.shape[1]
    frames, times = (_along(arrays, key, count, path) for key in ("frames", "times"))
    known = {
        "frames": np.arange(count) if frames is None else _whole(frames, f"{path}: frames"),
        "times": times,
        "fps": _one(arrays, "fps", path),
        "image_size": _image_size(arrays, path),
        "where": str(path),
    }
    return [
        Person(
            name=f"person {index + 1}",
            joints=scratch.keep(
                np.concatenate([points[index, ..., :2], confidence[index, ..., None]], axis=-1)
            ),
            **known,
        )
        for index in range(len(points))
    ]


def _arrays(path):
    with reading(path):
        if not zipfile.is_zipfile(path):
            with path.open("rb") as handle:
                return {"keypoints": _load(handle, path.stat().st_size, path)}
        with zipfile.ZipFile(path) as archive:
            arrays = {}
            for entry in archive.infolist():
                _check_size(entry.file_size, path)
                content = io.BytesIO(archive.read(entry))
                name = entry.filename.removesuffix(".npy")
                arrays[name] = _load(content, entry.file_size, f"{path}: {name}")
            return arrays


def _load(handle, size, where):
    """One array; its header can't claim more than there is."""
    version = np.lib.format.read_magic(handle)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(handle)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(handle)
    if dtype.hasobject:
        raise SynposeError(f"{where}: holds Python objects. Expected numbers.")
    claimed = int(np.prod([int(side) for side in shape], dtype=object)) * dtype.itemsize
    if not 0 <= claimed <= size:
        raise SynposeError(f"{where}: shape {shape} is larger than the file, which is damaged.")
    _check_size(claimed, where)
    handle.seek(0)
    return np.lib.format.read_array(handle, allow_pickle=False)


def _check_size(size, where):
    if size > 8 * MAX_NUMBERS:
        raise SynposeError(f"{where}: {size:,} bytes are more than is held at once. Split it.")


def _numbers(array, where):
    if array.dtype.kind not in "iuf":
        raise SynposeError(f"{where}: dtype {array.dtype}. Expected numbers.")
    with np.errstate(over="ignore", invalid="ignore"):
        return array.astype(np.float32)


def _confidence(arrays, points, path):
    if points.shape[-1] == 3:
        _check_confidence(points, path)
        return points[..., 2]
    if "confidence" not in arrays:
        return np.ones(points.shape[:-1], np.float32)
    confidence = _numbers(arrays["confidence"], f"{path}: confidence")
    if confidence.size != points[..., 0].size or confidence.shape[-1:] != points.shape[-2:-1]:
        raise SynposeError(
            f"{path}: confidence has shape {confidence.shape}. Expected one number a joint."
        )
    return confidence.reshape(points.shape[:-1])


def _check_confidence(points, path):
    """The third number of a joint is no coordinate.

    A coordinate goes below zero where joints lie before or left of the root, or beyond what any
    detector's score is, or beside x and y that are no pixels.
    """
    x, y, third = np.moveaxis(np.where(np.isfinite(points), points, 0.0), -1, 0)
    planar = np.percentile(np.abs([x, y]), 99)
    if (
        (third < 0).mean() > _MOST_NEGATIVE
        or np.percentile(third, 99) > _LARGEST_SCORE
        or (planar < _METRES and np.percentile(third, 99) > 1.5)
    ):
        raise SynposeError(
            f"{path}: the third number of a joint runs from {third.min():.4g} to "
            f"{third.max():.4g}, which is no confidence. Are these 3D poses? What is lifted is 2D: "
            "save x and y in pixels, (…, 2), and a detector's scores as `confidence`, in an .npz."
        )


def _along(arrays, key, count, path):
    if key not in arrays:
        return None
    array = arrays[key]
    if array.dtype.kind not in "iuf" or array.shape != (count,):
        raise SynposeError(
            f"{path}: {key} is {array.dtype} of shape {array.shape}. Expected ({count},) numbers."
        )
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _whole(array, where):
    if not (np.isfinite(array).all() and (np.abs(array) < 2**62).all()):
        raise SynposeError(f"{where}: expected whole numbers.")
    return array.astype(np.int64)


def _one(arrays, key, path):
    if key not in arrays:
        return None
    array = arrays[key]
    if array.size != 1 or array.dtype.kind not in "iuf" or not 0 < array.item() < 1e6:
        raise SynposeError(f"{path}: {key} is {array.ravel()[:3]}. Expected one positive number.")
    return float(array.item())


def _image_size(arrays, path):
    if "image_size" not in arrays:
        return None
    size = arrays["image_size"]
    if size.shape != (2,) or size.dtype.kind not in "iuf" or not ((size > 0) & (size < 1e6)).all():
        raise SynposeError(f"{path}: image_size is {size.ravel()[:3]}. Expected (width, height).")
    return tuple(int(side) for side in size)
