"""A glTF 2.0 document with its arrays, written as one GLB file piece by piece.

Libraries for glTF hold a file's arrays in memory; here they may be longer than that.
"""

import json
import pathlib
import struct
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from synpose_tf.errors import SynposeError

LARGEST = 2**32 - 1  # bytes: GLB counts them in 32 bits
ATTRIBUTE = 34962  # glTF's number for an array of a mesh's corners
_COMPONENTS = {np.dtype(np.float32): 5126, np.dtype(np.uint8): 5121}
_KINDS = {(): "SCALAR", (3,): "VEC3", (4,): "VEC4", (16,): "MAT4"}


class Document:
    """What a GLB file holds.

    `tree` is glTF's JSON. Add to its lists with `add`, to its arrays with `array` and `reserve`.
    """

    def __init__(self):
        self.tree: dict[str, Any] = {"asset": {"version": "2.0", "generator": "synpose_tf"}}
        self._known = []  # (accessor, values) of arrays that need no second look
        self._size = 0

    def add(self, key: str, entry: dict) -> int:
        """Appends to one of glTF's lists, such as `nodes`; gives the index there."""
        entries = self.tree.setdefault(key, [])
        entries.append(entry)
        return len(entries) - 1

    def array(self, values: np.ndarray, target: int | None = None, bounds: bool = False) -> int:
        """Adds an array of float32 or uint8, (n,) or (n, 3, 4 or 16); gives its accessor.

        Args:
            target: glTF's number for what it is for, where it asks for one.
            bounds: whether to state the smallest and largest values.
        """
        accessor = self.reserve(len(values), values.shape[1:], values.dtype, target)
        if bounds:
            low, high = values.min(axis=0), values.max(axis=0)
            about = {"min": np.atleast_1d(low).tolist(), "max": np.atleast_1d(high).tolist()}
            self.tree["accessors"][accessor] |= about
        self._known.append((accessor, values))
        return accessor

    def reserve(
        self,
        count: int,
        row: tuple[int, ...] = (),
        dtype: npt.DTypeLike = np.float32,
        target: int | None = None,
    ) -> int:
        """Makes room for an array whose rows `write` gets later; gives its accessor."""
        size = count * int(np.prod(row, dtype=int)) * np.dtype(dtype).itemsize
        view = {"buffer": 0, "byteOffset": self._size, "byteLength": size}
        self._size += size + -size % 4
        index = self.add("bufferViews", view | ({} if target is None else {"target": target}))
        component = _COMPONENTS[np.dtype(dtype)]
        about = {"componentType": component, "count": count, "type": _KINDS[row]}
        return self.add("accessors", {"bufferView": index} | about)

    def write(
        self,
        handle: BinaryIO,
        pieces: Iterable[tuple[int, int, np.ndarray]],
        path: pathlib.Path | str,
    ) -> None:
        """Writes the file.

        Args:
            handle: a file to write bytes into, at its start.
            pieces: for reserved arrays an accessor, the first row, and rows from there on.
            path: what to call the file.

        Raises:
            SynposeError: it would be larger than a GLB file can be.
        """
        tree = self.tree | {"buffers": [{"byteLength": self._size}]}
        text = json.dumps(tree, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        start = 12 + 8 + len(text) + 8
        total = start + self._size
        if total > LARGEST:
            raise SynposeError(
                f"{path}: a GLB file holds at most {LARGEST:,} bytes, these poses need {total:,}. "
                "Lift a part of the recording, or write npz or json."
            )
        handle.write(struct.pack("<4sIII4s", b"glTF", 2, total, len(text), b"JSON"))
        handle.write(text + struct.pack("<I4s", self._size, b"BIN\0"))
        handle.truncate(total)
        for accessor, values in self._known:
            self._put(handle, start, accessor, 0, values)
        for piece in pieces:
            self._put(handle, start, *piece)

    def _put(self, handle, start, accessor, first, rows):
        view = self.tree["bufferViews"][self.tree["accessors"][accessor]["bufferView"]]
        content = rows.astype(rows.dtype.newbyteorder("<"), copy=False).tobytes()
        handle.seek(start + view["byteOffset"] + first * (len(content) // max(len(rows), 1)))
        handle.write(content)
