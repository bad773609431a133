"""Small videos for the tests, written by PyAV."""

import fractions
import pathlib

import numpy as np

CLOCK = fractions.Fraction(1, 1000)


def shades(count, width=64, height=48):
    """Pictures that differ: each of one grey, its upper left quarter red."""
    images = []
    for number in range(count):
        image = np.full((height, width, 3), 40 + 8 * number, np.uint8)
        image[: height // 2, : width // 2] = 250, 0, 0
        images.append(image)
    return images


def write(
    path: pathlib.Path,
    images,
    times=None,
    turned=0,
    aspect=None,
    codec="libx264",
    pixels="yuv420p",
    bitrate=None,
    **colours,
) -> pathlib.Path:
    """Writes a video.

    Args:
        path: its suffix tells the container.
        images: (height, width, 3) uint8 RGB.
        times: seconds; None for 25 pictures a second.
        turned: degrees by which a player has to turn the pictures counterclockwise.
        aspect: width of a pixel divided by its height.
        codec, pixels: FFmpeg's names.
        bitrate: bits a second.
        colours: of the codec's context, `color_trc` and such.
    """
    import av

    times = np.arange(len(images)) / 25.0 if times is None else times
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt, stream.time_base = pixels, CLOCK
        stream.codec_context.time_base = CLOCK
        if bitrate:
            stream.bit_rate = bitrate
        for name, value in colours.items():
            setattr(stream.codec_context, name, value)
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if turned:
            stream.set_display_rotation(turned)
        for time, image in zip(times, images, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = round(time / CLOCK), CLOCK
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


_BITS = 8
SIZE = 160, 120


def numbered(count, scenes=(0,), first=0):
    """Pictures (120, 160, 3) that show their number, below the texture of their scene.

    Args:
        count: of pictures.
        scenes: the numbers with which scenes begin.
        first: the first number.
    """
    images = []
    for number in range(first, first + count):
        scene = sum(number >= start for start in scenes)
        coarse = np.random.default_rng(scene).integers(40, 215, (11, 16))
        image = np.repeat(np.kron(coarse, np.ones((10, 10)))[..., None], 3, -1).astype(np.uint8)
        code = [80 + 96 * (number >> bit & 1) for bit in range(_BITS)]
        strip = np.repeat(np.array(code, np.uint8), SIZE[0] // _BITS)
        images.append(np.concatenate([image, np.tile(strip[None, :, None], (10, 1, 3))]))
    return images


def number_of(image):
    """The number that a picture shows, at any size."""
    height, width = image.shape[:2]
    row = image[height - height // 24, :, 1].astype(int)
    bits = row.reshape(_BITS, width // _BITS).mean(axis=1) > 127
    return int(sum(1 << bit for bit in np.flatnonzero(bits)))
