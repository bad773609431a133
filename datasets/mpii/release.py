"""Reads the people of MPII's official file, `mpii_human_pose_v1_u12_1.mat`.

RELEASE.annolist(i).annorect(p).annopoints.point is a struct array with the fields x, y, id
(0 to 15, in any order, absent joints left out) and is_visible. Images and people without
annotation have an empty matrix in place of one of these structs, or lack the field.
"""

import dataclasses
import pathlib

import numpy as np

from synpose_tf.datasets import matlab
from synpose_tf.errors import SynposeError
from synpose_tf.structures.skeleton import MPII_16

VISIBLE, OCCLUDED = 1.0, 0.5
_FARTHEST = 1e4  # pixels; annotators placed some joints a little outside of the picture


@dataclasses.dataclass(frozen=True)
class Image:
    """The P annotated people of one image.

    Args:
        name: the image's file name.
        numbers: (P,), their index in annorect, from 0.
        points: (P, 16, 2), pixels; zeros where a joint is missing.
        confidence: (P, 16): 1 visible or not stated, 0.5 occluded, 0 missing.
    """

    name: str
    numbers: np.ndarray
    points: np.ndarray
    confidence: np.ndarray


def read_images(path: pathlib.Path) -> list[Image]:
    """The images that show at least one annotated person, in the file's order.

    Raises:
        SynposeError: the file is unreadable or not built like the official one, or a joint's
            number or position is none.
    """
    release = matlab.load(path, ("RELEASE",))["RELEASE"]
    try:
        entries = release[0, 0]["annolist"].reshape(-1)
    except (IndexError, ValueError, TypeError) as error:
        raise SynposeError(
            f"{path}: RELEASE has no annolist ({error}). Expected the official "
            "mpii_human_pose_v1_u12_1.mat."
        ) from error
    images = (_image(path, number, entry) for number, entry in enumerate(entries, 1))
    return [image for image in images if len(image.numbers)]


def _image(path, number, entry):
    where = f"RELEASE.annolist({number})"
    try:
        name = _field(_field(entry, "image")[0, 0], "name")[0]
        if not isinstance(name, str):
            raise TypeError(f"image.name is {name!r}")
        people = _field(entry, "annorect")
        people = {} if people is None else dict(enumerate(people.reshape(-1)))
        points = {i: _points(_field(person, "annopoints")) for i, person in people.items()}
        found = {i: _person(point) for i, point in points.items() if point is not None}
    # Damaged bytes put any type in any place.
    except (IndexError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise SynposeError(
            f"{path}: {where} is not as in the official file ({type(error).__name__}: {error}). "
            "Fetch the file again."
        ) from error
    joints = np.array(list(found.values())).reshape(-1, len(MPII_16), 3)
    return Image(name, np.array(list(found), int), joints[..., :2], joints[..., 2])


def _field(struct, name):
    """A struct's field; None where it is absent or an empty matrix."""
    if struct.dtype.names is None or name not in struct.dtype.names or struct[name].size == 0:
        return None
    return struct[name]


def _points(annopoints):
    return None if annopoints is None else _field(annopoints[0, 0], "point")


def _person(point):
    """(16, 3) of a point struct array: x, y, confidence."""
    joints = np.zeros((len(MPII_16), 3))
    columns = [point[key].reshape(-1) for key in ("id", "x", "y")]
    stated = "is_visible" in point.dtype.names
    visible = point["is_visible"].reshape(-1) if stated else [None] * point.size
    for *numbers, state in zip(*columns, visible, strict=True):
        joint, x, y = (float(number.item()) for number in numbers)
        if not (joint.is_integer() and 0 <= joint < len(MPII_16)):
            raise ValueError(f"a joint has id {joint:g}, expected 0 to {len(MPII_16) - 1}")
        # A comparison with NaN is False, so this refuses NaN too.
        if not max(abs(x), abs(y)) <= _FARTHEST:
            raise ValueError(f"joint {joint:g} lies at ({x}, {y}), which is no pixel")
        # As in the official tools, the first of two entries for one joint counts.
        if not joints[int(joint), 2]:
            joints[int(joint)] = x, y, _confidence(state)
    return joints


def _confidence(visible):
    """Of is_visible, which is absent, empty, a number or a character."""
    if visible is None or visible.size == 0:
        return VISIBLE
    state = str(visible.reshape(-1)[0])
    if state not in ("0", "1", "0.0", "1.0"):
        raise ValueError(f"is_visible is {state!r}, expected 0 or 1")
    return VISIBLE if float(state) else OCCLUDED
