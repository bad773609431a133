"""Names of files where one recording becomes several."""

import pathlib


def numbered(path: pathlib.Path, count: int) -> list[pathlib.Path]:
    """The path alone, or `NAME_1.SUFFIX`, `NAME_2.SUFFIX`, … where there are several."""
    if count == 1:
        return [path]
    return [path.with_stem(f"{path.stem}_{number}") for number in range(1, count + 1)]
