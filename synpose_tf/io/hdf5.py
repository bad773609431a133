"""Reading one array of an HDF5 file that may be damaged."""

import math
import pathlib
from typing import BinaryIO

import h5py
import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io.files import reading

MAX_NUMBERS = 2**27  # A damaged header can claim any size; Human3.6M's longest take has 2**20.


def read(where: pathlib.Path | str, file: pathlib.Path | str | BinaryIO, key: str) -> np.ndarray:
    """One dataset of an HDF5 file.

    Args:
        where: what errors call the file.
        file: its path, or a file object.
        key: the dataset's name.

    Raises:
        SynposeError: the file is damaged, or has no such dataset.
    """
    with reading(where), h5py.File(file, "r") as h5:
        if key not in h5:
            raise SynposeError(f"{where}: has no dataset {key!r}; it holds {list(h5)}.")
        data = h5[key]
        size = math.prod(data.shape)
        # Unless it is in chunks, the file says twice how large the array is.
        # Texts of any length lie elsewhere.
        told = data.chunks is None and data.dtype.kind != "O"
        stored = data.id.get_storage_size() if told else size * data.dtype.itemsize
        if size > MAX_NUMBERS or stored != size * data.dtype.itemsize:
            raise SynposeError(
                f"{where}: {key} claims shape {data.shape} in {stored} bytes. The file is damaged; "
                "copy or download it again."
            )
        return np.asarray(data)
