"""Files that are written whole or not at all, and damage that is met in reading."""

import contextlib
import errno
import os
import pathlib
import shutil
from collections.abc import Iterable, Iterator

from synpose_tf.errors import SynposeError

# The files that `replacing` is writing, and those that a killed process has left.
TEMPORARIES = ".*.[0-9]*.*"


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a temporary path; when the block ends well, it becomes `path` in one step.

    When the block fails, the temporary file goes and whatever stood at `path` stays.

    Raises:
        SynposeError: the file can't be written.
    """
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with temporary.open("rb+") as handle:
                os.fsync(handle.fileno())
            temporary.replace(path)
            _sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error


def _sync_folder(folder):
    """Makes a new name last through a loss of power."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows opens no folders, and keeps names by itself.
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path, error):
    return SynposeError(
        f"{path}: can't be written ({error.strerror or error}). What was there before is "
        "untouched. Name a folder that you may write to, on a disk with space left."
    )


def make_folder(path: pathlib.Path) -> None:
    """Makes a folder and those above it.

    Raises:
        SynposeError: it can't be made, or written into.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error


def write_text(path: pathlib.Path, text: str) -> None:
    """Writes a text file, whole or not at all.

    Raises:
        SynposeError: the file can't be written.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def new_folder(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives an empty temporary folder; when the block ends well, it becomes `path` in one step.

    When the block fails, the temporary folder goes and there is no `path`.

    Raises:
        SynposeError: something stands at `path`, or the folder can't be written.
    """
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        try:
            yield temporary
            if path.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
            _sync(temporary)
            temporary.rename(path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise SynposeError(
            f"{path}: can't be written ({error.strerror or error}). Name a folder that you may "
            "write to, on a disk with space left."
        ) from error


def _sync(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as handle:
                os.fsync(handle.fileno())


def visible(paths: Iterable) -> Iterator:
    """Of the paths in a folder or archive those that are not hidden.

    macOS writes a hidden `._name` beside every file, on disks of other systems and in archives.
    """
    return (path for path in paths if not path.name.startswith("."))


@contextlib.contextmanager
def reading(where: pathlib.Path | str) -> Iterator[None]:
    """Turns whatever damaged bytes make a library raise into one clear error.

    Raises:
        SynposeError: anything was raised inside; names `where`.
    """
    try:
        yield
    except SynposeError:
        raise
    # Damaged bytes reach every branch of a reader: the kinds of error have no end.
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:300]  # Some quote what they met.
        raise SynposeError(
            f"{where}: cannot be read ({reason}). The file is damaged or "
            "incomplete; copy or download it again."
        ) from error
