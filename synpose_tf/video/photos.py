"""Photos, read by Pillow, turned as their EXIF says."""

import pathlib
import re
from collections.abc import Iterator, Sequence

import numpy as np
import PIL
from PIL import Image, ImageOps

from synpose_tf.errors import SynposeError

_UNREADABLE = (".heic", ".heif", ".avif")  # What Pillow reads in some installations only.


class Photos:
    """Photos of one size, as a film without a clock.

    Args:
        paths: at least one.

    Attributes:
        size: (width, height), pixels.
        fps, count, notes: as `pictures.Pictures` has them.

    Raises:
        SynposeError: the first can't be read.
    """

    def __init__(self, paths: Sequence[pathlib.Path]):
        self._paths = paths
        self.size = read(paths[0]).shape[1::-1]
        self.fps = None
        self.count = len(paths)
        self.notes: list[str] = []

    def images(self, first: int = 0) -> Iterator[tuple[None, np.ndarray]]:
        """Yields (None, (height, width, 3) uint8 RGB), None for no time; from a number on.

        Raises:
            SynposeError: a photo can't be read, or has another size.
        """
        for path in self._paths[first:]:
            image = read(path)
            if image.shape[1::-1] != self.size:
                raise SynposeError(
                    f"{path}: {_sides(image.shape[1::-1])} pixels, but {self._paths[0].name} has "
                    f"{_sides(self.size)}. A folder of photos is taken for a film. Name photos of "
                    "different sizes one by one."
                )
            yield None, image


def read(path: pathlib.Path) -> np.ndarray:
    """A photo, upright: (height, width, 3), uint8, RGB.

    Raises:
        SynposeError: it can't be read.
    """
    try:
        with Image.open(path) as photo:
            return np.asarray(ImageOps.exif_transpose(photo).convert("RGB"))
    except Image.DecompressionBombError as error:
        raise SynposeError(f"{path}: the photo is too large ({error}). Shrink it.") from error
    # A damaged photo reaches every branch of Pillow's plugins: the kinds of error have no end.
    except Exception as error:
        if isinstance(error, PIL.UnidentifiedImageError) and path.suffix.lower() in _UNREADABLE:
            reason = "Pillow reads no such photos here. Convert it to JPEG"
        else:
            reason = f"no photo that Pillow reads, damaged or incomplete ({error})"
        raise SynposeError(f"{path}: {reason}.") from error


def natural_order(path: pathlib.Path) -> tuple:
    """A key that sorts names as people count: `a2.jpg` before `a10.jpg`."""
    parts = re.split(r"(\d+)", path.name.casefold())
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts), path.name


def _sides(size):
    return " × ".join(map(str, size))
