"""Pickles of arrays and containers are read; any other is refused and not executed."""

import builtins
import collections
import io
import pickle
import zipfile

import numpy as np
import pytest

from synpose_tf.errors import SynposeError
from synpose_tf.io import restricted_npz

TREE = {
    "S1": {"Walking": np.arange(6, dtype=np.float32).reshape(1, 2, 3)},
    "list": [np.ones((2, 2), ">f8"), None, (1, 2.5, "text", True)],
    "scalar": np.float64(0.5),
    "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
}


def write_pickle(path, content: bytes):
    """An .npz whose `positions_3d.npy` is a 0-d object array with this pickle."""
    header = io.BytesIO()
    description = {"descr": "|O", "fortran_order": False, "shape": ()}
    np.lib.format.write_array_header_1_0(header, description)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("positions_3d.npy", header.getvalue() + content)


def check(found):
    assert found.keys() == TREE.keys()
    np.testing.assert_array_equal(found["S1"]["Walking"], TREE["S1"]["Walking"])
    np.testing.assert_array_equal(found["list"][0], TREE["list"][0])
    assert found["list"][1:] == TREE["list"][1:]
    assert found["scalar"] == 0.5
    np.testing.assert_array_equal(found["fortran"], TREE["fortran"])


def test_savez_of_a_dictionary(tmp_path):
    np.savez_compressed(tmp_path / "file.npz", positions_3d=TREE, plain=np.arange(3))
    check(restricted_npz.load(tmp_path / "file.npz", "positions_3d"))
    plain = restricted_npz.load(tmp_path / "file.npz", "plain")
    np.testing.assert_array_equal(plain, np.arange(3))


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("core", [b"core", b"_core"])
def test_pickles_of_both_numpys(tmp_path, protocol, core):
    content = pickle.dumps(np.array(TREE, dtype=object), protocol=protocol)
    name = b"numpy.%s.multiarray"
    ours = name % (b"_core" if b"numpy._core" in content else b"core")
    if protocol == 4:  # Here the length stands before the name.
        old, new = (b"\x8c%c%s" % (len(n), n) for n in (ours, name % core))
        content = content.replace(old, new)
        content = content[:2] + content[content.index(b"\x8c") :]  # Without the frame's length.
    else:
        content = content.replace(ours, name % core)
    write_pickle(tmp_path / "file.npz", content)
    check(restricted_npz.load(tmp_path / "file.npz", "positions_3d"))


class Evil:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "value",
    [
        Evil(print, "executed"),
        Evil(builtins.eval, "print('executed')"),
        Evil(np.load, "other.npy"),
        Evil(getattr, np.ndarray, "tofile"),
        {"S1": {"Walking": [np.zeros(3), Evil(builtins.exec, "print('executed')")]}},
        collections.OrderedDict(S1=1),
    ],
)
def test_anything_but_arrays_is_refused_and_not_executed(tmp_path, value, capsys):
    write_pickle(tmp_path / "evil.npz", pickle.dumps(value))
    match = r"evil.npz: positions_3d: the pickle asks for \w+.*Do not trust this file"
    with pytest.raises(SynposeError, match=match):
        restricted_npz.load(tmp_path / "evil.npz", "positions_3d")
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"garbage", pickle.dumps(TREE)[:-40]])
def test_garbage_names_the_file(tmp_path, content):
    write_pickle(tmp_path / "bad.npz", content)
    with pytest.raises(SynposeError, match=r"bad.npz: positions_3d: cannot be read"):
        restricted_npz.load(tmp_path / "bad.npz", "positions_3d")


def test_missing_key_lists_what_is_there(tmp_path):
    np.savez(tmp_path / "file.npz", poses=np.zeros(3))
    with pytest.raises(SynposeError, match=r"has no array 'positions_3d'; it holds \['poses'\]"):
        restricted_npz.load(tmp_path / "file.npz", "positions_3d")


def test_no_zip_at_all(tmp_path):
    (tmp_path / "file.npz").write_bytes(pickle.dumps(TREE))
    with pytest.raises(SynposeError, match=r"file.npz: positions_3d: cannot be read .*BadZipFile"):
        restricted_npz.load(tmp_path / "file.npz", "positions_3d")
