"""Frames cut out of NumPy files of any size, on any file system that Beam knows.

A file can be cut where its keypoints are one person's, (frames, joints, 2 or 3), row by row, with
whatever else `synpose_tf.keypoints.formats.numpy_arrays` takes of an archive. Such a file is never
held as a whole: its other rows are skipped, or in a compressed archive read past.
"""

import contextlib
import dataclasses
import functools
import os
import pathlib
import zipfile
from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from synpose_tf.errors import SynposeError
from synpose_tf.io.files import reading
from synpose_tf.keypoints.formats import lifted_poses
from synpose_tf.keypoints.formats.numpy_arrays import CONFIDENCE

_ROWS = ("keypoints", "frames", "times", *CONFIDENCE)
_SINGLE = {"fps": ((), (1,)), "image_size": ((2,),)}  # Of these shapes.
_AT_ONCE = 1 << 16  # Rows of a check.


def open_file(path: str) -> BinaryIO:
    """A file of any file system, as its bytes are."""
    return FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)


def frame_count(path: str) -> int | None:
    """The frames of a file that can be cut.

    None for any other, and for a damaged one: whoever reads it as a whole says what is wrong.
    """
    if not path.lower().endswith((".npy", ".npz")):
        return None
    try:
        if path.lower().endswith(".npz") and not _intact(path):
            return None
        with _arrays(path) as arrays:
            return arrays["keypoints"].shape[0] or None if _can_be_cut(arrays) else None
    except SynposeError:
        return None


def cut(path: str, start: int, stop: int, target: pathlib.Path | str) -> None:
    """Writes frames of a file into an .npz file of this machine, with their numbers.

    Args:
        path: a file for which `frame_count` gave a number.
        start, stop: rows; those beyond the end are none.
        target: the new file.

    Raises:
        SynposeError: the file is damaged.
    """
    with _arrays(path) as arrays:
        stop = min(stop, arrays["keypoints"].shape[0])
        found = {key: arrays[key].rows(start, stop) for key in _ROWS if key in arrays}
        found |= {key: arrays[key].all() for key in _SINGLE if key in arrays}
    np.savez(target, **{"frames": np.arange(start, stop)} | found)


@dataclasses.dataclass(frozen=True)
class _Array:
    """One array of a file, of which nothing but the header has been read.

    Args:
        where: for messages.
        open: gives a stream of the array's bytes, header first.
        size: bytes after the header.
        offset: of the first row in the stream.
    """

    where: str
    open: Callable
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype
    size: int
    offset: int

    @classmethod
    def at(cls, where: str, size: int, stream: Callable) -> "_Array":
        with stream() as handle:
            if np.lib.format.read_magic(handle) == (1, 0):
                shape, fortran, dtype = np.lib.format.read_array_header_1_0(handle)
            else:
                shape, fortran, dtype = np.lib.format.read_array_header_2_0(handle)
            offset = handle.tell()
            return cls(where, stream, shape, fortran, dtype, size - offset, offset)

    def of_numbers(self, *shape: int) -> bool:
        return self.dtype.kind in "iuf" and self.shape == shape and not self.fortran

    def rows(self, start: int, stop: int) -> np.ndarray:
        with self.open() as handle:
            handle.seek(self.offset + start * self._row())
            return self._read(handle, stop - start)

    def all(self) -> np.ndarray:
        with self.open() as handle:
            return np.lib.format.read_array(handle, allow_pickle=False)

    def increases(self) -> bool:
        """Whether each row, a number, is more than the one before."""
        with self.open() as handle:
            handle.seek(self.offset)
            last = np.zeros(0, self.dtype)
            for start in range(0, self.shape[0], _AT_ONCE):
                rows = self._read(handle, min(_AT_ONCE, self.shape[0] - start))
                rows = np.concatenate([last, rows])
                if not (rows[1:] > rows[:-1]).all():
                    return False
                last = rows[-1:]
        return True

    def _read(self, handle, count):
        content = handle.read(count * self._row())
        if len(content) != count * self._row():
            raise SynposeError(f"{self.where}: ends before its last row; the file is damaged.")
        return np.frombuffer(content, self.dtype).reshape(count, *self.shape[1:])

    def _row(self):
        return int(np.prod(self.shape[1:], dtype=object)) * self.dtype.itemsize


@contextlib.contextmanager
def _arrays(path: str) -> Iterator[dict[str, _Array]]:
    """The arrays of a file by their names; an archive's only one is its keypoints."""
    with reading(path), open_file(path) as handle:
        if path.lower().endswith(".npy"):
            size = handle.seek(0, os.SEEK_END)
            yield {"keypoints": _Array.at(path, size, lambda: open_file(path))}
            return
        with zipfile.ZipFile(handle) as archive:
            arrays = {}
            for entry in archive.infolist():
                name = entry.filename.removesuffix(".npy")
                stream = functools.partial(archive.open, entry)
                arrays[name] = _Array.at(f"{path}: {name}", entry.file_size, stream)
            if len(arrays) == 1:
                arrays = {"keypoints": arrays.popitem()[1]}
            yield arrays


def _intact(path):
    """Whether an archive's checksums hold."""
    with reading(path), open_file(path) as handle, zipfile.ZipFile(handle) as archive:
        return archive.testzip() is None


def _can_be_cut(arrays):
    keypoints = arrays.get("keypoints")
    if set(lifted_poses.ARRAYS) <= arrays.keys():  # Rows of several people.
        return False
    if keypoints is None or len(keypoints.shape) != 3 or keypoints.shape[2] not in (2, 3):
        return False
    if not keypoints.of_numbers(*keypoints.shape):
        return False
    claimed = int(np.prod(keypoints.shape, dtype=object)) * keypoints.dtype.itemsize
    if claimed > keypoints.size:
        return False
    count, joints, _ = keypoints.shape
    frames, times, *confidence = (arrays.get(key) for key in _ROWS[1:])
    if not all(array is None or array.of_numbers(count, joints) for array in confidence):
        return False
    if frames is not None and frames.dtype.kind not in "iu":
        return False
    for array in (frames, times):
        if array is not None and not (array.of_numbers(count) and array.increases()):
            return False
    return all(arrays[key].shape in shapes for key, shapes in _SINGLE.items() if key in arrays)
