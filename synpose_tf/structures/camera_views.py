"""What each of several cameras saw of people, beside where the joints were by all of them.

The multiview command writes them, the data set `multiview` reads them: pairs in 2D and 3D that
needed no motion capture.
"""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io import files, restricted_npz

SUFFIX = ".views.npz"
_VERSION = 1
_KINDS = {"U": "text", "i": "integers", "f": "floats", "b": "booleans"}


@dataclasses.dataclass(frozen=True)
class CameraView:
    """One person in one camera: F frames in which the camera saw the person.

    Args:
        person, camera: names.
        frames: (F,), integers, the camera's own numbers.
        keypoints: (F, 17, 2), pixels: the detector's, missed joints filled in as lifting does.
        seen: (F, 17), True where the detector gave the joint and lifting believed it.
        joints: (F, 17, 3), the camera's frame, millimetres.
        agreed: (F, 17), True where two views or more saw the joint there, and this one did not
            exchange its left and right.
        intrinsics: (9,), see `synpose_tf.geometry.camera`.
        up: (3,), unit vector, the room's up in the camera's frame.
    """

    person: str
    camera: str
    frames: np.ndarray
    keypoints: np.ndarray
    seen: np.ndarray
    joints: np.ndarray
    agreed: np.ndarray
    intrinsics: np.ndarray
    up: np.ndarray


_FIELDS = tuple(field.name for field in dataclasses.fields(CameraView))


def write(path: pathlib.Path, views: Sequence[CameraView]) -> None:
    """Writes views as `read` reads them; nothing in the file is pickled.

    Raises:
        SynposeError: the file can't be written.
    """
    arrays: dict[str, Any] = {"version": _VERSION, "count": len(views)}
    for number, view in enumerate(views):
        arrays |= {f"{number}_{name}": getattr(view, name) for name in _FIELDS}
    with files.replacing(path) as temporary, temporary.open("wb") as handle:
        np.savez_compressed(handle, **arrays)


def read(path: pathlib.Path) -> list[CameraView]:
    """The views of a file.

    Raises:
        SynposeError: it is damaged, or of another version or form.
    """
    version = _integer(path, "version")
    if version != _VERSION:
        raise SynposeError(
            f"{path}: is of version {version}, expected {_VERSION}. Run synpose_tf.multiview again."
        )
    return [_view(path, number) for number in range(_integer(path, "count"))]


def _integer(path, name):
    value = np.asarray(restricted_npz.load(path, name))
    if value.shape or value.dtype.kind not in "iu":
        raise SynposeError(
            f"{path}: {name} is {value.dtype} {value.shape}, expected one integer. Is it a file "
            "that synpose_tf.multiview wrote?"
        )
    return int(value)


def _view(path, number):
    values = {name: restricted_npz.load(path, f"{number}_{name}") for name in _FIELDS}
    frames = np.asarray(values["frames"]).size
    forms = {
        "person": ((), "U"), "camera": ((), "U"), "frames": ((frames,), "i"),
        "keypoints": ((frames, 17, 2), "f"), "seen": ((frames, 17), "b"),
        "joints": ((frames, 17, 3), "f"), "agreed": ((frames, 17), "b"),
        "intrinsics": ((9,), "f"), "up": ((3,), "f"),
    }  # fmt: skip
    for name, (shape, kind) in forms.items():
        value = np.asarray(values[name])
        if value.shape != shape or value.dtype.kind != kind:
            raise SynposeError(
                f"{path}: {number}_{name} is {value.dtype} {value.shape}, expected "
                f"{_KINDS[kind]} {shape}. Run synpose_tf.multiview again."
            )
    return CameraView(**(values | {name: str(values[name]) for name in ("person", "camera")}))
