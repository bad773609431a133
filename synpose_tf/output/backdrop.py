"""The pictures behind the joints: what the camera saw, downscaled, on disk."""

import io
from collections.abc import Iterator

import numpy as np
import tqdm
from PIL import Image

from synpose_tf.io.scratch import Scratch
from synpose_tf.video.pictures import Picture, Pictures

LARGEST, SMALLEST = 640, 400  # Pixels of the longer side.
PAGE_BYTES = 20_000_000  # Of a page, what its pictures may take.
_QUALITY = 65  # Of JPEG; 0.12 bytes a pixel at 640 × 360, and below 0.2 nearly always.
_EXPECTED = 0.13  # Bytes a pixel.
_MANY = 20_000  # Pictures, from where on they are small, for the disk's sake.


class Backdrop:
    """Pictures of a recording, each found by its place.

    They are read once, in order: by whoever takes them from `passing` first, or when they are
    needed. Each lies as a JPEG in a temporary file; in memory stay 40 bytes of it.

    Args:
        pictures: what `synpose_tf.video.pictures.open_pictures` gives.
    """

    def __init__(self, pictures: Pictures):
        self.pictures = pictures
        self.image_size: tuple[int, int] = pictures.size
        side = min(_side(pictures), max(pictures.size))
        scale = side / max(pictures.size)
        # Even, as videos must be.
        width, height = (max(2, 2 * round(length * scale / 2)) for length in pictures.size)
        self.size: tuple[int, int] = width, height  # Of the small ones.
        self._complete = False
        self._forget()

    def passing(self) -> Iterator[Picture]:
        """The pictures as they come from their source, in full size; they are kept on the way."""
        self._forget()
        for picture in self.pictures:
            self._keep(picture)
            yield picture
        self._complete = True

    @property
    def numbers(self) -> np.ndarray:
        """(N,), the pictures' numbers, increasing."""
        self._read()
        return np.array(self._numbers, np.int64)

    @property
    def times(self) -> np.ndarray:
        """(N,), seconds from the first picture."""
        self._read()
        return np.array(self._times, np.float64)

    @property
    def sizes(self) -> np.ndarray:
        """(N,), bytes of each picture's JPEG."""
        self._read()
        return np.diff(self._ends, prepend=0)

    def jpeg(self, index: int) -> bytes:
        """A small picture, as a file."""
        self._read()
        start = self._ends[index - 1] if index else 0
        return self._scratch.read(start, self._ends[index] - start)

    def image(self, index: int) -> Image.Image:
        """A small picture."""
        return Image.open(io.BytesIO(self.jpeg(index)))

    def _forget(self):
        if self._complete:
            return
        self._scratch = Scratch()
        self._numbers, self._times, self._ends = [], [], []

    def _keep(self, picture):
        if self._complete:
            return
        small = Image.fromarray(picture.image)
        small = small.resize(self.size, Image.Resampling.BILINEAR, reducing_gap=1.0)
        content = io.BytesIO()
        small.save(content, "JPEG", quality=_QUALITY)
        self._scratch.append(content.getvalue())
        self._numbers.append(picture.number)
        self._times.append(picture.time)
        self._ends.append((self._ends[-1] if self._ends else 0) + len(content.getvalue()))

    def _read(self):
        if self._complete:
            return
        bar = tqdm.tqdm(self.passing(), "pictures", self.pictures.count, disable=None, leave=False)
        for _ in bar:
            pass


def _side(pictures):
    """The longer side, such that all pictures fit into a page, if that is possible."""
    count = pictures.count or 1
    width, height = pictures.size
    pixels = PAGE_BYTES * 3 / 4 / _EXPECTED / count  # Of each; base64 takes a third more.
    side = np.sqrt(pixels * max(width, height) / min(width, height))
    if side < SMALLEST:
        return LARGEST if count < _MANY else SMALLEST
    return min(side, LARGEST)
