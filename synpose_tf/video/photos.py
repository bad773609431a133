"""Photos, read by Pillow, turned as their EXIF says."""

import contextlib
import math
import pathlib
import re
from collections.abc import Iterator, Sequence

import numpy as np
import PIL
from PIL import ExifTags, Image, ImageOps

from synpose_tf.errors import SynposeError

_DIAGONAL = math.hypot(36.0, 24.0)  # Millimetres, of 35 mm film.
_FOCAL_LENGTH_35MM, _WIDTH, _HEIGHT = 0xA405, 0xA002, 0xA003  # EXIF's tags.
_SAME_RATIO = 0.02
_UNREADABLE = (".heic", ".heif", ".avif")  # What Pillow reads in some installations only.


class Photos:
    """Photos of one size, as a film without a clock.

    Args:
        paths: at least one.

    Attributes:
        size: (width, height), pixels.
        fps, count, notes, intrinsics: as `pictures.Pictures` has them.

    Raises:
        SynposeError: the first can't be read.
    """

    def __init__(self, paths: Sequence[pathlib.Path]):
        self._paths = paths
        self.size = read(paths[0]).shape[1::-1]
        self.intrinsics = intrinsics(paths[0])
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
    with _opened(path) as photo:
        return np.asarray(ImageOps.exif_transpose(photo).convert("RGB"))


@contextlib.contextmanager
def _opened(path):
    try:
        with Image.open(path) as photo:
            yield photo
    except Image.DecompressionBombError as error:
        raise SynposeError(f"{path}: the photo is too large ({error}). Shrink it.") from error
    # A damaged photo reaches every branch of Pillow's plugins: the kinds of error have no end.
    except Exception as error:
        if isinstance(error, PIL.UnidentifiedImageError) and path.suffix.lower() in _UNREADABLE:
            reason = "Pillow reads no such photos here. Convert it to JPEG"
        else:
            reason = f"no photo that Pillow reads, damaged or incomplete ({error})"
        raise SynposeError(f"{path}: {reason}.") from error


def intrinsics(path: pathlib.Path) -> tuple[float, float, float, float] | None:
    """The camera's (fx, fy, cx, cy) in pixels of the upright photo, from EXIF; None where unknown.

    EXIF's focal length "in 35 mm film" is one whose picture has the same angle over the diagonal
    (CIPA DC-008). Assumed are square pixels, the axis in the middle, no distortion, and that the
    photo is not cropped; of one whose sides have another ratio than EXIF says, nothing is known.

    Raises:
        SynposeError: it can't be read.
    """
    with _opened(path) as photo:
        width, height = photo.size
        exif = photo.getexif()
        turned = exif.get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
        known = exif.get_ifd(ExifTags.IFD.Exif)
    sides = [known.get(tag) for tag in (_FOCAL_LENGTH_35MM, _WIDTH, _HEIGHT)]
    focal, *full = (float(side) if isinstance(side, int | float) else 0.0 for side in sides)
    if not 1.0 <= focal <= 5000.0:
        return None
    if min(full) > 0 and abs(math.log(full[0] / full[1] * height / width)) > _SAME_RATIO:
        return None
    length = focal * math.hypot(width, height) / _DIAGONAL
    if turned:
        width, height = height, width
    return length, length, width / 2.0, height / 2.0


def natural_order(path: pathlib.Path) -> tuple:
    """A key that sorts names as people count: `a2.jpg` before `a10.jpg`."""
    parts = re.split(r"(\d+)", path.name.casefold())
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts), path.name


def _sides(size):
    return " × ".join(map(str, size))
