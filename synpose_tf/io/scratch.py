"""Arrays on disk, for recordings that need not fit into memory.

A `Scratch` is one temporary file without a name, which goes when nobody holds it any more. `Rows`
are arrays in it: appended to, then read in pieces, by slices and indices as NumPy's arrays. They
are read and not mapped: the memory of a process stays that of a piece.

`derived` is what functions of rows give, computed when it is read.
"""

import abc
import bisect
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from synpose_tf.errors import SynposeError

PIECE = 2048  # Rows read at once; a multiple of the lifter's batch.
_TAIL = 2**14  # Bytes that wait in memory to be written.
_SKIP = 16  # Rows that are sooner read than skipped.


class Scratch:
    """A temporary file without a name, in the folder that TMPDIR names."""

    def __init__(self):
        self._file: Any = None
        self._end = 0
        # Reading and writing at a place in one call, `os.pread`, is not everywhere.
        self._guard = threading.Lock()

    def append(self, content: bytes | bytearray) -> int:
        """Writes bytes at the end; gives their place.

        Raises:
            SynposeError: the disk is full.
        """
        place, left = self._end, memoryview(content)
        try:
            if self._file is None:
                # Open as long as this object is.
                self._file = tempfile.TemporaryFile(prefix="synpose_tf-", buffering=0)  # noqa: SIM115
            with self._guard:
                self._file.seek(self._end)
                while left:
                    written = self._file.write(left)
                    self._end += written
                    left = left[written:]
        except OSError as error:
            raise SynposeError(
                f"{tempfile.tempdir or 'TMPDIR'}: a temporary file of {self._end:,} bytes can't "
                f"grow ({error.strerror or error}). Set TMPDIR to a folder on a larger disk."
            ) from error
        return place

    def read(self, place: int, size: int) -> bytes:
        """Bytes that `append` wrote."""
        with self._guard:
            self._file.seek(place)
            return self._file.read(size)

    def keep(self, array: "Column") -> "Rows":
        """An array as `Rows` of this file.

        Raises:
            SynposeError: the disk is full.
        """
        rows = Rows(self)
        for part in pieces(array):
            rows.append(part)
        return rows


class _OnDisk(abc.ABC):
    """What arrays on disk have in common; `_read` gives rows of a slice or of indices (n,)."""

    dtype: np.dtype

    @property
    @abc.abstractmethod
    def shape(self) -> tuple[int, ...]: ...

    @abc.abstractmethod
    def _read(self, key: slice | np.ndarray) -> np.ndarray: ...

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> np.ndarray:
        if isinstance(key, slice):
            return self._read(key)
        indices = np.asarray(key)
        if indices.ndim == 0:
            return self._read(indices[None])[0]
        return self._read(indices)

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("rows on disk are no array without a copy")
        whole = np.empty(self.shape, self.dtype if dtype is None else dtype)
        for chosen in slices(len(self)):
            whole[chosen] = self[chosen]
        return whole


# Rows in memory or on disk: both are read by slices and indices.
Column = np.ndarray | _OnDisk


class Rows(_OnDisk):
    """An array (n, …) of which rows are appended.

    Args:
        scratch: the file that it shares with others.
    """

    def __init__(self, scratch: Scratch):
        self._scratch = scratch
        # Of each run of rows: its first, and where it lies.
        self._starts: list[int] = []
        self._places: list[int] = []
        self._written = 0  # Rows in the file; the others wait in `_tail`.
        self._tail = bytearray()
        # Of a row: its shape, bytes, numbers.
        self._row: tuple[int, ...] = ()
        self._size = 1
        self.dtype: Any = None  # Until there is one.

    @property
    def shape(self) -> tuple[int, ...]:
        return (self._written + len(self._tail) // self._size, *self._row)

    def append(self, rows: npt.ArrayLike) -> None:
        """Adds rows (n, …); the first ones decide about shape and dtype.

        Raises:
            SynposeError: the disk is full.
        """
        rows = np.asarray(rows)
        if self.dtype is None:
            self._row, self.dtype = rows.shape[1:], rows.dtype
            self._size = int(np.prod(self._row, dtype=int)) * rows.itemsize
        if rows.shape[1:] != self._row:
            raise ValueError(f"rows must be {self._row}, found {rows.shape[1:]}")
        self._tail += np.ascontiguousarray(rows, self.dtype).tobytes()
        if len(self._tail) > _TAIL:
            self._write()

    def _write(self):
        place = self._scratch.append(self._tail)
        behind = self._written - self._starts[-1] if self._starts else None
        if behind is None or place != self._places[-1] + behind * self._size:
            self._starts.append(self._written)
            self._places.append(place)
        self._written += len(self._tail) // self._size
        self._tail = bytearray()

    def _read(self, key):
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step == 1:
                return self._block(start, max(start, stop))
            key = np.arange(start, stop, step)
        if not len(key):
            return self._block(0, 0)
        wanted, place = np.unique(np.where(key < 0, key + len(self), key), return_inverse=True)
        runs = np.split(wanted, np.flatnonzero(np.diff(wanted) > _SKIP) + 1)
        blocks = [self._block(run[0], run[-1] + 1)[run - run[0]] for run in runs]
        return np.concatenate(blocks)[place]

    def _block(self, start, stop):
        size, content = self._size, bytearray()
        first = bisect.bisect(self._starts, start) - 1
        for run in range(max(first, 0), len(self._starts)):
            end = self._starts[run + 1] if run + 1 < len(self._starts) else self._written
            low, high = max(start, self._starts[run]), min(stop, end)
            if low >= high:
                break
            place = self._places[run] + (low - self._starts[run]) * size
            content += self._scratch.read(place, (high - low) * size)
        low, high = (max(0, row - self._written) * size for row in (start, stop))
        content += self._tail[low:high]
        return np.frombuffer(content, self.dtype).reshape(stop - start, *self._row)


class _Derived(_OnDisk):
    """See `derived`."""

    def __init__(self, function, columns):
        self._function, self._columns = function, columns
        example = self._read(slice(0, 0))
        self._row, self.dtype = example.shape[1:], example.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self._columns[0]), *self._row)

    def _read(self, key):
        return self._function(*(column[key] for column in self._columns))


def derived(function: Callable, *columns: Column) -> Column:
    """`function(*columns)`, of arrays at once, and of rows on disk for those that are read.

    Args:
        function: gives (n, …) of columns (n, …), each row of it from the row of theirs.
        columns: arrays, `Rows`, or what was derived from them, all of one length.
    """
    if all(isinstance(column, np.ndarray) for column in columns):
        return function(*columns)
    return _Derived(function, columns)


def chosen(rows: Column, indices: np.ndarray) -> Column:
    """`rows[indices]`, of rows on disk when they are read."""
    return rows[indices] if isinstance(rows, np.ndarray) else _Derived(rows.__getitem__, [indices])


def slices(count: int) -> Iterator[slice]:
    """Slices of `PIECE` that make up a count, one empty one of 0."""
    for start in range(0, max(count, 1), PIECE):
        yield slice(start, min(start + PIECE, count))


def pieces(rows: Column) -> Iterator[np.ndarray]:
    """An array, or one on disk, `PIECE` rows at a time."""
    for part in slices(len(rows)):
        yield rows[part]
