"""`split.json`, which says what trains and what tests: {"train": [clip, ...], "test": [clip, ...]}.

A clip that it does not name is left out. Without the file a fifth of the clips test.
"""

import json
import pathlib
import zlib
from collections.abc import Collection

from synpose_tf.errors import SynposeError

NAME = "split.json"
_SPLITS = ("train", "test")
_TEST_SHARE = 5  # One clip in so many tests.


def choose(folder: pathlib.Path, clips: Collection[str]) -> dict[str, list[str]]:
    """The clips of each split: what the folder's file says, or else by their keys.

    Without a file a fifth of the clips test, at least one: those whose keys have the smallest
    checksums.

    Raises:
        SynposeError: as `read`.
    """
    path = folder / NAME
    if path.is_file():
        return read(path, clips)
    order = sorted(clips, key=lambda key: (zlib.crc32(key.encode()), key))
    count = max(1, round(len(order) / _TEST_SHARE))
    return {"train": order[count:], "test": order[:count]}


def read(path: pathlib.Path, clips: Collection[str]) -> dict[str, list[str]]:
    """The clips of each split.

    Args:
        path: of the file.
        clips: the keys of all clips that there are.

    Raises:
        SynposeError: it can't be read, has another form, names a clip that is not there, or
            one twice.
    """
    try:
        split = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SynposeError(f"{path}: is no readable JSON ({error}).") from error
    if (
        not isinstance(split, dict)
        or set(split) != set(_SPLITS)
        or not all(isinstance(keys, list) for keys in split.values())
        or not all(isinstance(key, str) for keys in split.values() for key in keys)
    ):
        raise SynposeError(f'{path}: expected {{"train": [clip, ...], "test": [clip, ...]}}.')
    seen: dict[str, str] = {}
    for name in _SPLITS:
        for key in split[name]:
            if key not in clips:
                raise SynposeError(
                    f"{path}: clip {key!r} of {name!r} is in none of the files beside it; there "
                    f"are {len(clips)}, such as {min(clips)!r}."
                )
            if key in seen:
                raise SynposeError(
                    f"{path}: clip {key!r} is in {seen[key]!r} and again in {name!r}. Name it once."
                )
            seen[key] = name
    return split
