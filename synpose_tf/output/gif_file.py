"""Poses as an animated GIF."""

import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from synpose_tf.io import files
from synpose_tf.output import animation
from synpose_tf.output.backdrop import Backdrop
from synpose_tf.structures.tracks import PoseTrack

_FASTEST, _LONGEST = 20.0, 300
_COLOURS, _SAMPLES = 64, 6


def write(
    tracks: Sequence[PoseTrack], path: pathlib.Path, background: Backdrop | None = None
) -> list[pathlib.Path]:
    """See `Format.write`. At most 20 pictures a second and 300 in all, at the true speed."""
    film = animation.Animation(tracks, _FASTEST, _LONGEST, background)
    palette = _palette(film) if background else film.picture(0).quantize(_COLOURS)
    reduced = (
        picture.quantize(palette=palette, dither=Image.Dither.NONE)
        for picture in film.pictures(path.name)
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


def _palette(film):
    """One palette for all pictures, from some of them: the colours do not flicker."""
    chosen = np.unique(np.linspace(0, len(film) - 1, _SAMPLES).round().astype(int))
    samples = [np.asarray(film.picture(index)) for index in chosen]
    return Image.fromarray(np.concatenate(samples)).quantize(256)
