"""Files are whole or not there."""

import errno
import os

import pytest

from synpose_tf.errors import SynposeError
from synpose_tf.io import files


def break_off(path, error):
    """Writes half a file and fails."""
    with files.replacing(path) as temporary:
        temporary.write_text("half of the n")
        raise error


def test_a_block_that_ends_well_replaces_the_file(tmp_path):
    path = tmp_path / "new folder" / "table.csv"
    for text in ("old", "new"):
        with files.replacing(path) as temporary:
            assert temporary.parent == path.parent  # one file system, so that renaming is one step
            assert temporary.suffix == path.suffix
            temporary.write_text(text)
        assert path.read_text() == text
    assert os.listdir(path.parent) == ["table.csv"]


def test_the_old_file_stands_until_the_block_ends(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with files.replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_a_block_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(ValueError, match="nonsense"):
        break_off(path, ValueError("nonsense"))
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["table.csv"]


def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(SynposeError, match=r"table.csv: can't be written \(No space") as error:
        break_off(path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert "untouched" in str(error.value)
    assert "disk with space left" in str(error.value)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["table.csv"]


def test_an_interrupted_block_leaves_no_new_file(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        break_off(tmp_path / "new.csv", KeyboardInterrupt())
    assert os.listdir(tmp_path) == []


def test_a_block_that_writes_nothing_is_an_error(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(SynposeError, match="table.csv: can't be written"), files.replacing(path):
        pass
    assert path.read_text() == "old"


def test_a_folder_that_can_not_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SynposeError, match="file/table.csv: can't be written"):
        files.write_text(tmp_path / "file" / "table.csv", "new")
    assert (tmp_path / "file").read_text() == "in the way"


def test_write_text(tmp_path):
    files.write_text(tmp_path / "table.txt", "λ = 1, 17.4 mm\n")
    assert (tmp_path / "table.txt").read_bytes() == "λ = 1, 17.4 mm\n".encode()
    assert os.listdir(tmp_path) == ["table.txt"]


def test_a_folder_appears_whole(tmp_path):
    path = tmp_path / "new" / "1"
    with files.new_folder(path) as temporary:
        assert temporary.parent == path.parent
        (temporary / "inner").mkdir()
        (temporary / "inner" / "file").write_text("text")
        assert not path.exists()
    assert (path / "inner" / "file").read_text() == "text"
    assert os.listdir(path.parent) == ["1"]


def test_a_folder_whose_block_fails_does_not_appear(tmp_path):
    with pytest.raises(KeyError), files.new_folder(tmp_path / "1") as temporary:  # noqa: PT012
        (temporary / "file").write_text("text")
        raise KeyError("reason")
    assert os.listdir(tmp_path) == []


def test_a_folder_that_appears_meanwhile_is_kept(tmp_path):
    path = tmp_path / "1"
    with pytest.raises(SynposeError, match="exists"), files.new_folder(path) as temporary:  # noqa: PT012
        (temporary / "file").write_text("ours")
        path.mkdir()
        (path / "file").write_text("theirs")
    assert (path / "file").read_text() == "theirs"
    assert os.listdir(tmp_path) == ["1"]
