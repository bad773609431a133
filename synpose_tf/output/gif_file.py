"""Poses as an animated GIF."""

import itertools
import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from synpose_tf.io import files
from synpose_tf.output import animation
from synpose_tf.structures.tracks import PoseTrack

_FASTEST, _LONGEST = 20.0, 300
_COLOURS = 64


def write(tracks: Sequence[PoseTrack], path: pathlib.Path) -> list[pathlib.Path]:
    """See `Format.write`. At most 20 pictures a second and 300 in all, at the true speed."""
    film = animation.Animation(tracks, _FASTEST, _LONGEST)
    pictures = film.pictures(path.name)
    first = next(pictures)
    # One palette for all: every picture has the same colours.
    palette = first.quantize(_COLOURS, dither=Image.Dither.NONE)
    reduced = (
        picture.quantize(palette=palette, dither=Image.Dither.NONE)
        for picture in itertools.chain([first], pictures)
    )
    # GIF counts hundredths of a second; so rounded they add up to the true length.
    ends = np.rint(np.arange(len(film) + 1) * 100 / film.rate)
    with files.replacing(path) as temporary:
        next(reduced).save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=reduced,
            duration=[10 * int(hundredths) for hundredths in np.diff(ends)],
            loop=0,
        )
    return [path]
