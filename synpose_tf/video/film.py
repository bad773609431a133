"""Videos, decoded by FFmpeg through PyAV.

Pictures come at the times that the file gives them, upright by its display matrix, with square
pixels, 8 bits. What HDR10 holds beyond the white of a screen is compressed. Sound is left.
"""

import functools
import logging
import pathlib
from collections.abc import Iterator

import numpy as np

from synpose_tf.errors import SynposeError

_PQ = 16  # FFmpeg's number of HDR10's transfer function, SMPTE ST 2084.
_WHITE, _BRIGHTEST = 203.0, 1000.0  # Candela per square metre: of paper (ITU-R BT.2408), of HDR10.


class Film:
    """A video.

    Args:
        path: the file.

    Attributes:
        size: (width, height), pixels, upright.
        fps: pictures a second, on average.
        count: how many pictures there are, as the file says; None where it does not.
        intrinsics: None, as no file tells them.
        notes: what the last run through the pictures met.

    Raises:
        SynposeError: PyAV is not installed, or the file is no video that it reads.
    """

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.intrinsics = None
        self.notes: list[str] = []
        with self._open() as container:
            stream = _stream(container, path)
            rate = stream.average_rate or stream.guessed_rate
            self.fps = float(rate) if rate else 30.0
            self._aspect = float(stream.sample_aspect_ratio or 1.0)
            length = container.duration and container.duration / 1e6
            self.count = stream.frames or (round(length * self.fps) if length else None)
        first = next(self.images(), None)
        if first is None:
            raise SynposeError(f"{path}: the video holds no picture that can be read.")
        self.size = first[1].shape[1::-1]

    def images(self, first: int = 0) -> Iterator[tuple[float, np.ndarray]]:
        """Yields (seconds from the first picture, (height, width, 3) uint8 RGB), from a number on.

        Raises:
            SynposeError: the file can't be read any more.
        """
        start, last, upright, count = None, None, None, 0
        self.notes = []
        for frame in self._frames():
            time = frame.time if frame.time is not None else (last or 0.0)
            start = time if start is None else start
            upright = upright or _upright(frame, self._aspect)
            time = time - start
            if last is not None and time <= last:  # A clock that stands.
                time = last + 1.0 / self.fps
            if count >= first:
                yield time, upright(frame)
            last, count = time, count + 1
        if self.count and count < 0.9 * self.count:
            self.notes.append(
                f"the video ends after {count} of {self.count} pictures: damaged or incomplete"
            )

    def _frames(self):
        """Yields what can be decoded."""
        import av

        damaged = 0
        with self._open() as container:
            stream = _stream(container, self.path)
            stream.thread_type = "AUTO"
            packets = container.demux(stream)
            while True:
                try:
                    packet = next(packets, None)
                    if packet is None:
                        break
                    frames = packet.decode()
                except av.error.EOFError:
                    break
                except av.FFmpegError:
                    damaged += 1
                    if damaged > 1000:  # Whatever it is, it is no video any more.
                        break
                    continue
                yield from frames
        if damaged:
            self.notes.append(f"{damaged} parts of the video are damaged and left out")

    def _open(self):
        try:
            import av
        except ImportError as error:
            raise SynposeError(
                f"{self.path}: videos are read by PyAV: pip install 'synpose_tf[video]'."
            ) from error
        logging.getLogger("libav").setLevel(logging.CRITICAL)
        try:
            # A playlist by the name of a video would have FFmpeg open what it names.
            return av.open(f"file:{self.path}", options={"protocol_whitelist": "file"})
        except OSError as error:
            raise SynposeError(f"{self.path}: {error.strerror or error}.") from error
        except av.FFmpegError as error:
            raise SynposeError(
                f"{self.path}: no video that FFmpeg reads, or damaged or incomplete "
                f"({error.strerror}). Copy it again, or convert it to MP4."
            ) from error


def _stream(container, path):
    if not container.streams.video:
        raise SynposeError(f"{path}: holds no pictures, only sound.")
    return container.streams.best("video")


def _upright(frame, aspect):
    """What brings frames like this one to RGB arrays as the camera was held.

    Args:
        aspect: width of a pixel divided by its height.
    """
    turn = _turning(frame)
    width, height = round(frame.width * max(aspect, 1.0)), round(frame.height / min(aspect, 1.0))
    curve = _screen_curve() if frame.color_trc == _PQ else None

    def upright(frame):
        image = frame.to_ndarray(format="rgb24", width=width, height=height)
        return np.ascontiguousarray(turn(image if curve is None else curve[image]))

    return upright


def _turning(frame):
    """The turns and mirrors of a display matrix, rounded to right angles."""
    side_data = frame.side_data.get("DISPLAYMATRIX")
    if side_data is None:
        return lambda image: image
    # Pixel (x, y) goes to (a x + c y, b x + d y); fixed point, by rows (a, b, u), (c, d, v), ….
    a, b, _, c, d = np.frombuffer(bytes(side_data), np.int32)[:5]
    across = abs(b) > abs(a)  # What was a row becomes a column.
    flip_x, flip_y = (c < 0, b < 0) if across else (a < 0, d < 0)

    def turn(image):
        image = image.swapaxes(0, 1) if across else image
        return image[:: -1 if flip_y else 1, :: -1 if flip_x else 1]

    return turn


@functools.cache
def _screen_curve():
    """(256,), uint8: HDR10's values as a screen's. Reinhard's curve, by each colour for itself."""
    power = (np.arange(256) / 255.0) ** (1.0 / 78.84375)
    light = np.maximum(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)
    light = light ** (1.0 / 0.1593017578125) * 10_000.0 / _WHITE
    mapped = light * (1.0 + light / (_BRIGHTEST / _WHITE) ** 2) / (1.0 + light)
    return np.round(255.0 * np.minimum(mapped, 1.0) ** (1.0 / 2.2)).astype(np.uint8)
