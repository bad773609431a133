"""Reading .npz files that hold pickled dictionaries of arrays, without executing pickles.

`numpy.load(..., allow_pickle=True)` runs whatever a file asks for. Here a pickle may name
NumPy's constructors of arrays and nothing else.
"""

import io
import pathlib
import pickle
import zipfile
from collections.abc import Iterable
from typing import Any

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io.files import reading

MAX_BYTES = 2**33  # Unpacked; a small file can claim any size. Human3.6M's largest has 2**31.

_CONSTRUCTORS: tuple[Any, ...] = (np.zeros(0).__reduce__()[0], np.float64(0).__reduce__()[0])
# NumPy's constructors by the names of NumPy 1 and 2.
_ALLOWED: dict[tuple[str, str], Any] = {
    (f"numpy.{core}.multiarray", function.__name__): function
    for core in ("core", "_core")
    for function in _CONSTRUCTORS
} | {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): lambda text, encoding: text.encode(encoding),
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise SynposeError(
                f"the pickle asks for {module}.{name}, and only arrays and containers are "
                "read. Do not trust this file; download it from its authors."
            )
        return _ALLOWED[module, name]


def holds(path: pathlib.Path, keys: Iterable[str]) -> bool:
    """Whether a file is an .npz archive with arrays of all these names; a damaged one is none."""
    try:
        with reading(path), zipfile.ZipFile(path) as archive:
            return {f"{key}.npy" for key in keys} <= set(archive.namelist())
    except SynposeError:
        return False


def load(path: pathlib.Path, key: str) -> Any:
    """Reads one array of an .npz file, or the object that a pickled 0-d array wraps.

    Args:
        path: the file.
        key: the array's name.

    Raises:
        SynposeError: the file is damaged, has no such array, or its pickle asks for anything
            but arrays and containers.
    """
    where = f"{path}: {key}"
    with reading(where), zipfile.ZipFile(path) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        if key not in names:
            raise SynposeError(f"{path}: has no array {key!r}; it holds {names}.")
        size = archive.getinfo(f"{key}.npy").file_size
        if size > MAX_BYTES:
            raise SynposeError(f"{where}: {size:,} bytes, which is more than is held at once.")
        stream = io.BytesIO(archive.read(f"{key}.npy"))  # The zip's checksum is verified.
        if np.lib.format.read_magic(stream) == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
        if not dtype.hasobject:
            stream.seek(0)
            return np.lib.format.read_array(stream, allow_pickle=False)
        try:
            array = _ArrayUnpickler(stream).load()
        except SynposeError as error:
            raise SynposeError(f"{where}: {error}") from None
        return array.item() if shape == () else array
