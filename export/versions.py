"""Version folders, as TensorFlow Serving looks for them: 1, 2, 3, …"""

import pathlib


def versions(folder: pathlib.Path) -> list[int]:
    """The versions below a folder, ascending; none where the folder is absent."""
    if not folder.is_dir():
        return []
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal())


def next_version(folder: pathlib.Path) -> pathlib.Path:
    """The folder of the version after the last, 1 where there is none."""
    return folder / str(max(versions(folder), default=0) + 1)
