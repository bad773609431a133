"""Arrays on disk give what arrays in memory give."""

import os
import resource
import tempfile

import numpy as np
import pytest

from synpose_tf.errors import SynposeError
from synpose_tf.io import scratch
from synpose_tf.io.scratch import Scratch

KEYS = [
    slice(None), slice(0, 0), slice(3, 900), slice(899, 3000), slice(-5, None), slice(2, None, 7),
    slice(9, 4), slice(4990, 9999), 0, -1, 4999, [0, -1, 0, 17, 4000, 16, 17], [],
    np.arange(4999, 0, -13), np.random.default_rng(1).integers(-5000, 5000, 800),
]  # fmt: skip


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return [
        rng.normal(size=(5000, 17, 3)).astype(np.float32),
        rng.integers(0, 9, 5000),
        rng.random((5000, 17)) < 0.5,
    ]


@pytest.fixture
def on_disk(arrays):
    """The arrays in one file, of which they got rows in turn."""
    file = Scratch()
    several = [scratch.Rows(file) for _ in arrays]
    start = 0
    for length in [1, 0, 2, 700, 1, 300, 3996]:
        for rows, array in zip(several, arrays, strict=True):
            rows.append(array[start : start + length])
        start += length
    assert start == 5000
    return several


def same(found, expected):
    assert type(found) is type(expected)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_rows_are_read_as_those_of_an_array(key, arrays, on_disk):
    key = np.array(key, int) if isinstance(key, list) else key
    for rows, array in zip(on_disk, arrays, strict=True):
        same(rows[key], array[key])


def test_a_whole_array(arrays, on_disk):
    for rows, array in zip(on_disk, arrays, strict=True):
        assert (len(rows), rows.shape, rows.dtype) == (5000, array.shape, array.dtype)
        same(np.asarray(rows), array)
        same(np.concatenate(list(scratch.pieces(rows))), array)
        same(np.asarray(Scratch().keep(array)), array)


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_what_is_derived_is_the_function_of_the_rows(key, arrays, on_disk):
    key = np.array(key, int) if isinstance(key, list) else key
    order = np.random.default_rng(2).permutation(5000)

    def weighted(points, weights):
        return (points * weights[:, None, None])[..., :2]

    columns = [scratch.chosen(rows, order) for rows in on_disk[:2]]
    expected = weighted(arrays[0][order], arrays[1][order])
    same(scratch.derived(weighted, *columns)[key], expected[key])
    assert scratch.derived(weighted, *columns).shape == expected.shape
    at_once = scratch.derived(weighted, *(array[order] for array in arrays[:2]))
    same(at_once[key], expected[key])


def test_other_rows_are_refused(on_disk):
    with pytest.raises(ValueError, match=r"rows must be \(17, 3\), found \(16, 3\)"):
        on_disk[0].append(np.zeros((1, 16, 3)))


def test_the_file_has_no_name(tmp_path, monkeypatch, arrays):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rows = Scratch().keep(arrays[0])
    assert os.listdir(tmp_path) == []
    same(rows[:], arrays[0])


def test_a_full_disk_is_said(arrays):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(SynposeError, match=r"a temporary file of [\d,]+ bytes.*Set TMPDIR"):
            Scratch().keep(arrays[0])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
