"""Videos written as H.264 in MP4, which every browser plays, by FFmpeg through PyAV."""

import contextlib
import fractions
import pathlib
import types
from collections.abc import Callable, Iterator

from PIL import Image

from synpose_tf.errors import SynposeError


@contextlib.contextmanager
def writer(
    path: pathlib.Path, size: tuple[int, int], rate: float, between: int | None = None
) -> Iterator[Callable[[Image.Image], None]]:
    """Gives a function that appends a picture.

    Args:
        path: the file.
        size: (width, height) of the pictures, even numbers.
        rate: pictures a second.
        between: pictures at most from one that stands for itself to the next; fewer are found
            sooner. None for what plays best.

    Raises:
        SynposeError: PyAV is not installed.
    """
    av = load(path)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        exact = fractions.Fraction(rate).limit_denominator(10_000)
        stream = container.add_stream("libx264", rate=exact)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "21", "preset": "veryfast"}
        if between is not None:
            stream.options = {"crf": "25", "preset": "veryfast", "tune": "fastdecode", "bf": "0"}
            stream.codec_context.gop_size = between
        count = 0

        def append(picture):
            nonlocal count
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = count, 1 / exact
            container.mux(stream.encode(frame))
            count += 1

        yield append
        container.mux(stream.encode())


def load(path: pathlib.Path) -> types.ModuleType:
    """PyAV.

    Raises:
        SynposeError: it is not installed; says what for.
    """
    try:
        import av
    except ImportError as error:
        raise SynposeError(f"{path}: MP4 is written by PyAV: pip install av.") from error
    return av
