"""Poses as an MP4 video (H.264), through PyAV."""

import pathlib
from collections.abc import Sequence

from synpose_tf.io import files
from synpose_tf.output import animation
from synpose_tf.output.backdrop import Backdrop
from synpose_tf.structures.tracks import PoseTrack
from synpose_tf.video import h264

_FASTEST = 30.0


def write(
    tracks: Sequence[PoseTrack], path: pathlib.Path, background: Backdrop | None = None
) -> list[pathlib.Path]:
    """See `Format.write`. At most 30 pictures a second; the whole video, however long.

    Raises:
        SynposeError: PyAV is not installed.
    """
    h264.load(path)
    film = animation.Animation(tracks, _FASTEST, background=background)
    with (
        files.replacing(path) as temporary,
        h264.writer(temporary, animation.SIZE, film.rate) as append,
    ):
        for picture in film.pictures(path.name):
            append(picture)
    return [path]
