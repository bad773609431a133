"""Poses as an MP4 video (H.264), through PyAV."""

from synpose_tf.io import files
from synpose_tf.output import animation
from synpose_tf.video import h264

_FASTEST = 30.0


def write(tracks, path, background=None):
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
