"""The pictures behind the joints: what the camera saw, downscaled, on disk."""

import io
import pathlib
from collections.abc import Iterator

import numpy as np
import tqdm
from PIL import Image

from synpose_tf.io.scratch import Scratch
from synpose_tf.video.pictures import Picture, Pictures

LARGEST, SMALLEST = 640, 480  # Pixels of the longer side.
PAGE_BYTES = 20_000_000  # Of a page, what its pictures may take.
_QUALITY, _EXPECTED = 65, 0.135  # Of JPEG, and how many bytes a pixel then takes.
_MANY, _OF_MANY = 20_000, 400  # From so many pictures on, this is the longer side: disks are full.


class Backdrop(Pictures):
    """Pictures of a recording that leave a small copy of each on their way, to be found again.

    Whoever takes all of them first, from the start, makes the copies, a detector for instance;
    else they are made when one is needed. They are JPEGs in a temporary file; in memory stay
    100 bytes of each.

    Args:
        path, rotate: as `Pictures` has them.

    Attributes:
        small_size: (width, height) of the copies, even numbers, as videos must have them.
    """

    def __init__(self, path: pathlib.Path | str, rotate: int = 0):
        super().__init__(pathlib.Path(path), rotate)
        self.small_size = small_size(self.size, self.count or 1)
        self._copies: _Copies | None = None

    def since(self, first: int) -> Iterator[Picture]:
        """Yields the pictures from a number on, in full size."""
        pictures = super().since(first)
        return pictures if first or self._copies else self._copying(pictures)

    @property
    def numbers(self) -> np.ndarray:
        """(N,), the pictures' numbers, increasing."""
        return np.array(self._all.numbers, np.int64)

    @property
    def times(self) -> np.ndarray:
        """(N,), seconds from the first picture."""
        return np.array(self._all.times, np.float64)

    @property
    def lengths(self) -> np.ndarray:
        """(N,), bytes of each copy."""
        return np.diff(self._all.ends, prepend=0)

    def jpeg(self, index: int) -> bytes:
        """The copy of a picture, as a file."""
        copies = self._all
        start = copies.ends[index - 1] if index else 0
        return copies.scratch.read(start, copies.ends[index] - start)

    def image(self, index: int) -> Image.Image:
        """The copy of a picture."""
        return Image.open(io.BytesIO(self.jpeg(index)))

    @property
    def _all(self):
        if self._copies is None:
            for _ in tqdm.tqdm(self, "pictures", self.count, disable=None, leave=False):
                pass
        return self._copies

    def _copying(self, pictures):
        copies = _Copies()
        for picture in pictures:
            small = Image.fromarray(picture.image)
            small = small.resize(self.small_size, Image.Resampling.BILINEAR, reducing_gap=1.0)
            copies.append(picture, small)
            yield picture
        self._copies = copies


class _Copies:
    """Small pictures on disk."""

    def __init__(self):
        self.scratch = Scratch()
        self.numbers, self.times, self.ends = [], [], []

    def append(self, picture, small):
        content = io.BytesIO()
        small.save(content, "JPEG", quality=_QUALITY)
        self.ends.append(self.scratch.append(content.getvalue()) + content.tell())
        self.numbers.append(picture.number)
        self.times.append(picture.time)


def small_size(size: tuple[int, int], count: int) -> tuple[int, int]:
    """(width, height) at which this many pictures fit into a page, if that is possible.

    Args:
        size: (width, height) of the pictures.
        count: how many there are.
    """
    pixels = PAGE_BYTES * 3 / 4 / _EXPECTED / count  # Of each; base64 takes a third more.
    side = min((pixels * max(size) / min(size)) ** 0.5, LARGEST, max(size))
    if side < min(SMALLEST, max(size)):  # They go into a film.
        side = min(LARGEST if count < _MANY else _OF_MANY, max(size))
    width, height = (max(2, 2 * round(length * side / max(size) / 2)) for length in size)
    return width, height
