"""Pictures, one after the other, out of a photo, a video or a folder of photos.

>>> from synpose_tf.video.pictures import open_pictures
>>> for picture in open_pictures("walk.mp4"):
...     print(picture.number, picture.time, picture.image.shape)

They stand upright, as the camera was held: phones write down how that was, as a video's display
matrix or a photo's EXIF orientation. Pixels are square.
"""

import dataclasses
import pathlib
from collections.abc import Iterator

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io.files import visible
from synpose_tf.video.film import Film
from synpose_tf.video.photos import Photos, natural_order

PHOTOS = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".heic", ".heif", ".avif")
VIDEOS = (
    ".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".mts", ".m2ts", ".ts",
    ".wmv", ".flv", ".3gp", ".ogv", ".mxf", ".gif",
)  # fmt: skip
_OTHERS = (".json", ".npy", ".npz", ".h5", ".hdf5", ".csv")  # Of keypoints beside pictures.
_PHOTO_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"BM", b"II*\0", b"MM\0*")
_VIDEO_STARTS = (b"\x1a\x45\xdf\xa3", b"GIF8", b"\0\0\1\xba", b"FLV\1", b"OggS")
_USUAL_FPS = 30.0


@dataclasses.dataclass(frozen=True)
class Picture:
    """One picture.

    Args:
        number: from 0 on, in order.
        time: seconds from the first picture, by the file's own clock; number / 30 where it has
            none.
        image: (height, width, 3), uint8, RGB, upright.
    """

    number: int
    time: float
    image: np.ndarray


class Pictures:
    """Pictures of one size, read again from the start by each iteration, one at a time.

    Args:
        path: the photo, the video or the folder.
        rotate: degrees, 0, 90, 180 or 270, by which the upright pictures are turned clockwise.

    Attributes:
        size: (width, height) of the pictures as they come, pixels.
        rotate: as given.
        fps: pictures a second, on average; None for photos.
        intrinsics: (fx, fy, cx, cy), pixels, of the picture before it is turned by `rotate`, where
            a photo's EXIF tells; or None. See `photos.intrinsics`.
        count: how many there are, as far as the file tells; None where it does not.
        photo: whether it is a single photo.
        notes: what the last iteration met that a user should know, as sentences.

    Raises:
        SynposeError: there is no such file, or it can't be read.
    """

    def __init__(self, path: pathlib.Path, rotate: int = 0):
        self.path = pathlib.Path(path)
        if rotate not in (0, 90, 180, 270):
            raise SynposeError(f"rotate={rotate}: expected 0, 90, 180 or 270 degrees.")
        self.rotate = rotate
        self.photo = self.path.is_file() and _kind(self.path) == "photo"
        self._source: Photos | Film
        if self.path.is_dir():
            self._source = Photos(_inside(self.path))
        elif not self.path.is_file():
            raise SynposeError(f"{path}: no such file or folder.")
        else:
            self._source = Photos([self.path]) if self.photo else Film(self.path)
        width, height = self._source.size
        self.size = (height, width) if rotate in (90, 270) else (width, height)
        self.fps: float | None = self._source.fps
        self.count: int | None = self._source.count
        self.intrinsics: tuple[float, ...] | None = self._source.intrinsics

    @property
    def notes(self) -> list[str]:
        return self._source.notes

    def __iter__(self) -> Iterator[Picture]:
        return self.since(0)

    def since(self, first: int) -> Iterator[Picture]:
        """Yields the pictures from a number on."""
        for number, (time, image) in enumerate(self._source.images(first), first):
            if self.rotate:
                image = np.ascontiguousarray(np.rot90(image, -self.rotate // 90))
            yield Picture(number, number / _USUAL_FPS if time is None else time, image)


def open_pictures(path: pathlib.Path | str, rotate: int = 0) -> Pictures:
    """Opens a photo, a video or a folder of photos; see `Pictures`.

    Raises:
        SynposeError: it is none, can't be read, or a package for it is missing.
    """
    return Pictures(pathlib.Path(path), rotate)


def is_pictures(path: pathlib.Path | str) -> bool:
    """Whether a path is a photo, a video or a folder of photos, by its name or its first bytes.

    A folder with files of keypoints beside the photos is none.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        suffixes = {entry.suffix.lower() for entry in visible(path.iterdir())}
        return bool(suffixes & {*PHOTOS, *VIDEOS}) and not suffixes & {*_OTHERS}
    return _kind(path) is not None


def _kind(path):
    """`photo`, `video`, or None for neither; of a path that is no folder."""
    suffix = path.suffix.lower()
    if suffix in PHOTOS:
        return "photo"
    if suffix in VIDEOS:
        return "video"
    if suffix in _OTHERS or not path.is_file():
        return None
    with path.open("rb") as handle:
        head = handle.read(16)
    if head.startswith(_PHOTO_STARTS) or head[:4] + head[8:12] == b"RIFFWEBP":
        return "photo"
    boxed = head[4:8] == b"ftyp" or head[:4] + head[8:12] == b"RIFFAVI "
    return "video" if boxed or head.startswith(_VIDEO_STARTS) else None


def _inside(folder):
    """The photos of a folder, in natural order."""
    entries = [entry for entry in visible(folder.iterdir()) if entry.is_file()]
    photos = sorted((e for e in entries if e.suffix.lower() in PHOTOS), key=natural_order)
    videos = sorted(e.name for e in entries if e.suffix.lower() in VIDEOS)
    if videos:
        raise SynposeError(
            f"{folder}: the folder holds videos: {', '.join(videos)[:200]}. Name those one by one."
        )
    if not photos:
        raise SynposeError(f"{folder}: the folder holds no photo. Expected {', '.join(PHOTOS)}.")
    return photos
