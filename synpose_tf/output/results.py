"""Where the results of an input lie, so that no input's overwrite another's.

Beside the results lies `NAME.source.txt`, which names the input. Results of the same input are
written anew; where another's lie, they go elsewhere: `lifted/walk`, `lifted/cam2-walk`, by the
input's folder, `lifted/walk-2`.
"""

import itertools
import os
import pathlib
from collections.abc import Iterator, Sequence

from synpose_tf.errors import SynposeError
from synpose_tf.io import files

FOLDER = "lifted"
_SUFFIX = ".source.txt"


def place(paths: Sequence, output: str | None = None) -> tuple[pathlib.Path, str]:
    """The folder of an input's results, and what they are called.

    Args:
        paths: the input.
        output: the folder that the user names.

    Raises:
        SynposeError: the user's folder holds another input's results of this name.
    """
    if output is None:
        return next(
            (pathlib.Path(FOLDER) / name, name)
            for name in _names(paths)
            if _owner(pathlib.Path(FOLDER) / name, name) in (None, _text(paths))
        )
    name, folder = next(_names(paths)), pathlib.Path(output)
    owner = _owner(folder, name)
    if owner not in (None, _text(paths)):
        raise SynposeError(
            f"--output={output}: {name}.* there are results of {owner.strip()}, not of "
            f"{_text(paths).strip()}. Name another folder, or remove them."
        )
    return folder, name


def claim(folder: pathlib.Path, name: str, paths: Sequence) -> None:
    """Writes down whose results these are.

    Raises:
        SynposeError: it can't be written.
    """
    files.write_text(folder / f"{name}{_SUFFIX}", _text(paths))


def _names(paths: Sequence) -> Iterator[str]:
    """What results may be called: after the one input, or `poses`."""
    path = pathlib.Path(paths[0]).resolve() if paths else pathlib.Path()
    one = len(paths) == 1
    # A folder's name has no suffix: S1.54138969 and S1.55011271 are two.
    name = ((path.name if path.is_dir() else path.stem) if one else "") or "poses"
    yield name
    if path.parent.name:
        yield f"{path.parent.name}-{name}"
    yield from (f"{name}-{number}" for number in itertools.count(2))


def _owner(folder, name):
    try:
        return (folder / f"{name}{_SUFFIX}").read_text("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None


def _text(paths):
    lines = (os.path.realpath(path) for path in paths)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace").decode("utf-8")
