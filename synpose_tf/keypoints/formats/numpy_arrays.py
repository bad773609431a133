"""NumPy files: keypoints as one array, in pixels.

- `.npy`: (frames, joints, 2), or 3 with the confidence; (people, frames, joints, 2 or 3) or
  (frames, people, joints, 2 or 3); or (joints, 2 or 3) for one pose.
- `.npz`: the same as `keypoints`, and where known `confidence` or `scores` (…, joints), `frames`
  (frames,) integers, `times` (frames,) seconds, `fps`, and `image_size` (width, height). An
  archive with one array may call it anything.

Of people and frames the axis is that of the frames that `frames` or `times` fit, or along which
the joints hardly move. People who come by frames, as rtmlib gives them, are followed; one person,
up to a jump that no person makes.
"""

import dataclasses
import io
import pathlib
import warnings
import zipfile

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io.files import reading
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import following, tracking, whole_tracks
from synpose_tf.keypoints.detections import (
    MAX_NUMBERS,
    Person,
    Sightings,
    marked_missed,
    scored,
)

NAME = "NumPy arrays"
_MOST_NEGATIVE = 0.1  # Of all scores; some detectors write logits.
_LARGEST_SCORE = 100.0  # Per cent.
_METRES = 20.0  # Below, x and y are no pixels.
SHAPES = "(frames, joints, 2), (people, frames, joints, 2) or (joints, 2), or 3 with confidence"
CONFIDENCE = ("confidence", "scores", "keypoint_scores")
_FRAMES, _PEOPLE = 100, 50  # Enough to tell how people move.
MARGIN = 2.0  # By which joints move less along the axis of the frames than along the other.


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The people of a `.npy` or `.npz` file.

    Raises:
        SynposeError: the file is damaged, an array has another shape, or people and frames can't
            be told apart.
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
    joints = np.concatenate([points[..., :2], confidence[..., None]], axis=-1)
    by_frame = keypoints.ndim == 4 and _frames_first(joints, arrays, path)
    count = joints.shape[0 if by_frame else 1]
    frames, times = (_along(arrays, key, count, path) for key in ("frames", "times"))
    frames = np.arange(count) if frames is None else _whole(frames, f"{path}: frames")
    known = {
        "fps": _one(arrays, "fps", path),
        "image_size": _image_size(arrays, path),
        "notes": (f"{path}: {', '.join(sorted(arrays))} not used",) if arrays else (),
    }
    if by_frame:
        return _followed(joints, frames, times, path, scratch, known)
    people = [
        Person(
            name=f"person {index + 1}",
            joints=person,
            frames=frames,
            times=times,
            where=str(path),
            **known,
        )
        for index, person in enumerate(joints)
    ]
    if len(people) == 1:
        return whole_tracks.alone(dataclasses.replace(people[0], name=""), scratch)
    return [dataclasses.replace(p, joints=scratch.keep(p.joints)) for p in people]


def _followed(joints, frames, times, path, scratch, known):
    """People of (frames, people, joints, 3), in any order in each frame."""
    recording = Sightings(path, scratch)
    for index, people in enumerate(joints):
        time = np.nan if times is None else times[index]
        recording.look(frames[index], time)
        for number, person in enumerate(people):
            if not marked_missed(person).all():  # Rows that fill up a frame with fewer people.
                recording.add(f"frame {index}, person {number}", frames[index], person, None, time)
    return tracking.separate(recording, **known)


def _frames_first(joints, arrays, path):
    """Whether (a, b, joints, 3) are frames of people, and not people of frames."""
    first, second = joints.shape[:2]
    counts = [arrays[key].size for key in ("frames", "times") if key in arrays]
    if counts and (counts[0] == first) != (counts[0] == second):
        return counts[0] == first
    if first == 1 or second == 1:  # One of the two: it is frames if it moves as a person does.
        along = _step(joints, 0) if second == 1 else _step(joints, 1)
        moves = not along > following.MAX_STEP
        return moves if second == 1 else not moves
    along = _step(joints, 0, nearest=True), _step(joints, 1)
    if not (along[0] * MARGIN < along[1] or along[1] * MARGIN < along[0]):
        raise SynposeError(
            f"{path}: keypoints have shape {joints.shape[:-1]}, and the joints do not tell people "
            "from frames. Write an .npz, keypoints with `frames`, the frames' numbers."
        )
    return along[0] < along[1]


def _step(joints, axis, nearest=False):
    """How far joints move along an axis, in sizes of the pose, as a median.

    Args:
        joints: (a, b, joints, 3).
        axis: 0 or 1.
        nearest: of the people, who may change places, the nearest.
    """
    points = np.where(marked_missed(joints)[..., None], np.nan, joints[..., :2])
    points = np.moveaxis(points, axis, 0)[:_FRAMES, :_PEOPLE].astype(np.float64)
    before, after = points[:-1, :, None], points[1:, None if nearest else slice(None)]
    after = after if nearest else after[:, :, None]
    with warnings.catch_warnings():
        # Of people who are not there, and of numbers that are no places.
        warnings.simplefilter("ignore", RuntimeWarning)
        steps = np.nanmean(np.linalg.norm(after - before, axis=-1), axis=-1)
        size = np.nanmean(np.linalg.norm(np.nanmax(points, 2) - np.nanmin(points, 2), axis=-1))
        return np.nanmedian(np.nanmin(steps, axis=2)) / size


def _arrays(path):
    with reading(path):
        if not zipfile.is_zipfile(path):
            with path.open("rb") as handle:
                return {"keypoints": _load(handle, path.stat().st_size, path)}
        with zipfile.ZipFile(path) as archive:
            arrays = {}
            for entry in archive.infolist():
                if not entry.filename.endswith(".npy"):
                    raise SynposeError(
                        f"{path}: an archive of other files, such as {entry.filename[:80]!r}. "
                        "Unpack it first."
                    )
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
    """(…, joints), of an array that is taken from the others."""
    if points.shape[-1] == 3:
        _check_confidence(points, path)
        return scored(points)[..., 2]
    key = next((key for key in CONFIDENCE if key in arrays), None)
    if key is None:
        return np.ones(points.shape[:-1], np.float32)
    confidence = arrays.pop(key)
    if confidence.dtype.kind == "b":  # Seen, or not.
        confidence = confidence.astype(np.float32)
    confidence = _numbers(confidence, f"{path}: {key}")
    if confidence.size != points[..., 0].size or confidence.shape[-1:] != points.shape[-2:-1]:
        raise SynposeError(
            f"{path}: {key} has shape {confidence.shape}. Expected one number a joint."
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
    array = arrays.pop(key)
    if array.dtype.kind not in "iuf" or array.shape != (count,):
        raise SynposeError(
            f"{path}: {key} is {array.dtype} of shape {array.shape}. Expected ({count},) numbers."
        )
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _whole(array, where):
    if not ((np.abs(array) < 2**62).all() and (array == np.round(array)).all()):
        odd = array[~((np.abs(array) < 2**62) & (array == np.round(array)))][0]
        raise SynposeError(f"{where}: expected whole numbers, found {odd}. Seconds are `times`.")
    return array.astype(np.int64)


def _one(arrays, key, path):
    if key not in arrays:
        return None
    array = arrays.pop(key)
    if array.size != 1 or array.dtype.kind not in "iuf" or not 0 < array.item() < 1e6:
        raise SynposeError(f"{path}: {key} is {array.ravel()[:3]}. Expected one positive number.")
    return float(array.item())


def _image_size(arrays, path):
    if "image_size" not in arrays:
        return None
    size = arrays.pop("image_size")
    if size.shape != (2,) or size.dtype.kind not in "iuf" or not ((size > 0) & (size < 1e6)).all():
        raise SynposeError(f"{path}: image_size is {size.ravel()[:3]}. Expected (width, height).")
    return tuple(int(side) for side in size)
