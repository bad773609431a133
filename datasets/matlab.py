"""MATLAB files of either kind as NumPy arrays: v5 (also called v6 and v7) and v7.3 (HDF5).

Both come back in MATLAB's own order of dimensions. HDF5 stores them reversed, so an array
that MATLAB prints as 3 x 17 x n lies in the file as (n, 17, 3).
"""

import io
import math
import pathlib
import struct
import zlib
from collections.abc import Sequence

import h5py
import numpy as np
import scipy.io

from synpose_tf.errors import SynposeError

# A damaged header can claim any size; no variable of a pose data set comes near this one.
MAX_BYTES = 2**31

# The numbers of v5's element types and array classes that are met here.
_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED = 1, 5, 6, 14, 15
_UNICODE = (16, 17, 18)
_ITEM_BYTES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8}
_CELL, _STRUCT, _CHAR, _NUMERIC = 1, 2, 4, range(6, 16)


def load(path: pathlib.Path, keys: Sequence[str]) -> dict[str, np.ndarray]:
    """Reads variables: numeric arrays, cell arrays of them and, from v5 only, structs.

    Args:
        path: a .mat file of either kind; the content decides, not the name.
        keys: the variables wanted.

    Returns:
        The variables by name. A cell array has dtype object; a struct is a structured
        array of dtype object.

    Raises:
        SynposeError: the file is no MATLAB file, is damaged or lacks a variable.
    """
    try:
        is_hdf5 = h5py.is_hdf5(path)
        found, values = (_load_hdf5 if is_hdf5 else _load_v5)(path, keys)
    except SynposeError:
        raise
    # Damaged bytes reach every branch of both readers: the kinds of error have no end.
    except Exception as error:
        raise SynposeError(
            f"{path}: cannot be read as a MATLAB file ({type(error).__name__}: {error}). "
            "It is probably truncated or damaged; fetch it again."
        ) from error
    missing = [key for key in keys if key not in values]
    if missing:
        raise SynposeError(
            f"{path}: has no variable {missing}; it holds {sorted(found)}. "
            "Is this the original file?"
        )
    return values


def _load_v5(path, keys):
    file = _inflate(path.read_bytes())
    found = [name for name, *_ in scipy.io.whosmat(file)]
    return found, scipy.io.loadmat(file, variable_names=list(keys))


def _inflate(data):
    """A v5 file with its variables decompressed.

    scipy trusts what it reads: a damaged header makes it allocate at will or crash. So what
    is compressed must pass its checksum, and what is not is checked here element by element.
    """
    if data[124:128] != b"\0\1IM":
        raise ValueError("not a MATLAB file of version 5 or 7.3")
    content, at = io.BytesIO(data[:128]), 128
    content.seek(at)
    while at < len(data):
        kind, body, size, after = _element(data, at, len(data))
        if kind == _COMPRESSED:
            stream = zlib.decompressobj()
            content.write(stream.decompress(data[body : body + size], MAX_BYTES))
            if not stream.eof:
                raise ValueError("a compressed variable has no end")
            after = body + size  # the only kind that is not padded
        else:
            _check_array(data, kind, body, body + size)
            content.write(data[at:after])
        at = after
    content.seek(0)
    return content


def _element(data, at, end):
    """(type, start of its content, size, start of what follows) of the element at `at`."""
    if at + 8 > end:
        raise ValueError("an element has no room for its tag")
    kind, size = struct.unpack_from("<II", data, at)
    if kind >> 16:  # a small element: content up to 4 bytes, inside the tag
        kind, size, body, after = kind & 0xFFFF, kind >> 16, at + 4, at + 8
    else:
        body, after = at + 8, at + 8 + -(-size // 8) * 8
    if body + size > min(after, end):
        raise ValueError(f"an element claims {size} bytes, of which {end - body} are left")
    return kind, body, size, after


def _check_array(data, kind, at, end):
    """Refuses an array whose parts contradict each other.

    Its parts are flags (with the class), dimensions, name, and then the values or, of cells
    and structs, the arrays in it.
    """
    if kind != _MATRIX:
        raise ValueError(f"an element of type {kind} stands in place of an array")
    if at == end:  # an empty field
        return
    kinds, bodies, sizes = [], [], []
    for _ in range(3):
        kind, body, size, at = _element(data, at, end)
        kinds.append(kind)
        bodies.append(body)
        sizes.append(size)
    if kinds != [_UINT32, _INT32, _INT8] or sizes[0] != 8 or sizes[1] % 4 or sizes[1] < 8:
        raise ValueError(f"an array begins with elements of types {kinds} and sizes {sizes}")
    flags = struct.unpack_from("<I", data, bodies[0])[0]
    dimensions = struct.unpack_from(f"<{sizes[1] // 4}i", data, bodies[1])
    if min(dimensions) < 0:
        raise ValueError(f"an array has dimensions {dimensions}")
    count, array_class = math.prod(dimensions), flags & 0xFF
    if array_class in (_CELL, _STRUCT):
        if array_class == _STRUCT:
            fields, at = _count_fields(data, at, end)
            count *= fields
        for _ in range(count):
            kind, body, size, at = _element(data, at, end)
            _check_array(data, kind, body, body + size)
    elif array_class == _CHAR or array_class in _NUMERIC:
        for _ in range(2 if flags & 0x800 else 1):  # complex arrays have a second part
            kind, _, size, at = _element(data, at, end)
            text = array_class == _CHAR and kind in _UNICODE
            if not text and size != count * _ITEM_BYTES.get(kind, -1):
                raise ValueError(f"{count} values fill {size} bytes of type {kind}")
    else:
        raise ValueError(f"an array is of class {array_class}, which is not read")


def _count_fields(data, at, end):
    kind, body, size, at = _element(data, at, end)
    length = struct.unpack_from("<i", data, body)[0] if (kind, size) == (_INT32, 4) else 0
    kind, _, size, at = _element(data, at, end)
    if kind != _INT8 or length < 1 or size % length:
        raise ValueError(f"the fields of a struct fill {size} bytes, {length} each")
    return size // length, at


def _load_hdf5(path, keys):
    with h5py.File(path, "r") as file:
        found = [name for name in file if not name.startswith("#")]
        return found, {key: _value(path, file, file[key]) for key in keys if key in file}


def _value(path, file, item):
    if not isinstance(item, h5py.Dataset):
        raise SynposeError(
            f"{path}: {item.name} is a struct in a v7.3 file, which is not read. Fetch the "
            "original file, or save it again in MATLAB with save(..., '-v7')."
        )
    if item.nbytes > MAX_BYTES:
        raise SynposeError(
            f"{path}: {item.name} claims {item.nbytes} bytes in shape {item.shape}. "
            "The file is damaged; fetch it again."
        )
    array = np.asarray(item[()]).T
    if array.dtype != object:
        return array
    cells = np.empty(array.shape, object)
    for index, reference in np.ndenumerate(array):
        cells[index] = _value(path, file, file[reference])
    return cells
