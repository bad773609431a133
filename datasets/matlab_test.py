"""Both kinds of MATLAB file give the same arrays; wrong and damaged ones are refused."""

import h5py
import numpy as np
import pytest
import scipy.io

from synpose_tf.datasets import matlab
from synpose_tf.errors import SynposeError


def variables():
    cells = np.empty((3, 1), object)
    for i in range(3):
        cells[i, 0] = np.arange(6.0).reshape(2, 3) + i
    return {
        "numbers": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        "flags": np.array([[1, 0, 1]], np.uint8),
        "cells": cells,
    }


def write_v73(path):
    with h5py.File(path, "w", userblock_size=512) as file:
        for key, value in variables().items():
            if value.dtype == object:
                references = np.empty(value.shape[::-1], h5py.ref_dtype)
                for (i, j), cell in np.ndenumerate(value):
                    references[j, i] = file.create_dataset(f"#refs#/{i}", data=cell.T).ref
                value = references.T
            file.create_dataset(key, data=value.T)


def write_v5(path, **options):
    scipy.io.savemat(path, variables(), **options)


WRITERS = {
    "v5 compressed": lambda path: write_v5(path, do_compression=True),
    "v5": write_v5,
    "v7.3": write_v73,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_arrays_in_matlabs_order(tmp_path, kind):
    WRITERS[kind](tmp_path / "a.mat")
    found = matlab.load(tmp_path / "a.mat", tuple(variables()))
    for key, value in variables().items():
        assert found[key].shape == value.shape
        if value.dtype == object:
            for index, cell in np.ndenumerate(value):
                np.testing.assert_array_equal(found[key][index], cell)
        else:
            np.testing.assert_array_equal(found[key], value)


def test_every_kind_of_value_passes_the_check(tmp_path):
    """What scipy writes without compression is walked through element by element."""
    values = {
        "text": "Straße",
        "complex": np.array([[1 + 2j, 3]]),
        "empty": np.zeros((0, 0)),
        "struct": {"name": "a", "nested": {"cells": np.array([[1.0], "b"], object)}, "no": []},
        "logical": np.array([[True, False]]),
        "cube": np.zeros((2, 3, 4), np.int16),
    }
    scipy.io.savemat(tmp_path / "a.mat", values)
    found = matlab.load(tmp_path / "a.mat", tuple(values))
    assert found["text"][0] == "Straße"
    assert found["struct"][0, 0]["nested"][0, 0]["cells"][0, 1][0] == "b"
    assert found["cube"].shape == (2, 3, 4)


@pytest.mark.parametrize("kind", WRITERS)
def test_missing_variable(tmp_path, kind):
    WRITERS[kind](tmp_path / "a.mat")
    with pytest.raises(
        SynposeError, match=r"a.mat: has no variable \['joints'\].*'cells', 'flags'"
    ):
        matlab.load(tmp_path / "a.mat", ("numbers", "joints"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"annot",
        bytes(200),
        b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1MI",
        b"\x89HDF\r\n\x1a\n",
    ],
)
def test_other_files(tmp_path, content):
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(SynposeError, match="a.mat: cannot be read as a MATLAB file"):
        matlab.load(tmp_path / "a.mat", ("numbers",))


def test_absent_file(tmp_path):
    with pytest.raises(SynposeError, match="a.mat: cannot be read"):
        matlab.load(tmp_path / "a.mat", ("numbers",))


def test_claimed_size_is_not_believed(tmp_path):
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file.create_dataset("numbers", shape=(2**20, 2**20), dtype="f8", chunks=(1, 2**20))
    with pytest.raises(SynposeError, match="claims 8796093022208 bytes"):
        matlab.load(tmp_path / "a.mat", ("numbers",))


@pytest.mark.parametrize("kind", WRITERS)
def test_damaged_bytes(tmp_path, kind):
    path = tmp_path / "a.mat"
    WRITERS[kind](path)
    intact, rng, refused = path.read_bytes(), np.random.default_rng(0), 0
    for variant in range(150):
        data = bytearray(intact)
        if variant % 3 == 0:
            data = data[: rng.integers(len(data))]
        else:
            for at in rng.integers(len(data), size=variant % 5 + 1):
                data[at] = rng.integers(256)
        path.write_bytes(data)
        try:
            found = matlab.load(path, tuple(variables()))
        except SynposeError as error:
            refused += str(path) in str(error)
            continue
        assert set(variables()) <= set(found)
    assert refused > 40
