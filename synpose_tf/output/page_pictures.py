"""The pictures of a page: in it one by one, in it as a film, or as a film beside it.

JPEGs are in step with the joints however the page is used, and need no film's codec. Where they
are more than `backdrop.PAGE_BYTES`, a film takes a tenth of that; and where that is too large too,
it lies beside the page.
"""

import os
import pathlib
import shutil
import tempfile
import urllib.parse

import numpy as np
import tqdm

from synpose_tf.io import files
from synpose_tf.output import backdrop
from synpose_tf.output.page_data import Packed
from synpose_tf.video import h264

_RATE = 25  # A film's pictures a second, whatever the recording's: the page moves it by numbers.
_BETWEEN = 10  # From a film's picture that stands for itself to the next: soon found.


def write(
    pictures: backdrop.Backdrop, places: np.ndarray, page: pathlib.Path
) -> tuple[dict, list[pathlib.Path]]:
    """What a page's data say of its pictures, and the files beside it.

    Args:
        pictures: all there are.
        places: (T,), for each moment the picture's index, -1 for none.
        page: where it will lie.

    Raises:
        SynposeError: a film is needed, and PyAV is not installed; or it can't be written.

    Returns:
        data: `size` in full, (width, height), `index` (T,); and `jpegs`, or else `rate`, `count`
            and `film`, or `url` and `name`.
        beside: paths.
    """
    kept = np.unique(places[places >= 0])
    index = np.where(places < 0, -1, np.searchsorted(kept, places))
    data: dict = {"size": pictures.size, "index": Packed([index], np.int32)}
    if _in_base64(pictures.lengths[kept].sum()) <= backdrop.PAGE_BYTES:
        return data | {
            "jpegs": [Packed(_jpeg(pictures, int(place)), np.uint8) for place in kept]
        }, []
    beside = page.with_name(f"{page.stem}.pictures.mp4")
    h264.load(beside)
    data |= {"rate": _RATE, "count": len(kept)}
    with tempfile.TemporaryDirectory(prefix="synpose_tf-") as folder:
        film = pathlib.Path(folder) / "film.mp4"
        _write_film(film, pictures, kept)
        if _in_base64(film.stat().st_size) <= backdrop.PAGE_BYTES:
            return data | {"film": Packed([np.fromfile(film, np.uint8)], np.uint8)}, []
        with files.replacing(beside) as temporary:
            shutil.copyfile(film, temporary)
    name = os.fsencode(beside.name)
    return data | {"url": urllib.parse.quote(name), "name": name.decode("utf-8", "replace")}, [
        beside
    ]


def _in_base64(count):
    return count * 4 / 3


def _jpeg(pictures, place):
    """A picture, read when it is written."""
    yield np.frombuffer(pictures.jpeg(place), np.uint8)


def _write_film(path, pictures, kept):
    bar = tqdm.tqdm(kept, "film of the page", unit=" pictures", disable=None, leave=False)
    with h264.writer(path, pictures.small_size, _RATE, _BETWEEN) as append:
        for place in bar:
            append(pictures.image(int(place)))
