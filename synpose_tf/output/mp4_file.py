"""Poses as an MP4 video (H.264), through the ffmpeg that imageio-ffmpeg brings."""

import pathlib
from collections.abc import Sequence

from synpose_tf.errors import SynposeError
from synpose_tf.io import files
from synpose_tf.output import animation
from synpose_tf.structures.tracks import PoseTrack

_FASTEST = 30.0


def write(tracks: Sequence[PoseTrack], path: pathlib.Path) -> list[pathlib.Path]:
    """See `Format.write`. At most 30 pictures a second; the whole video, however long.

    Raises:
        SynposeError: imageio-ffmpeg is not installed, or finds no ffmpeg.
    """
    try:
        import imageio_ffmpeg

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        raise SynposeError(
            f"{path}: MP4 needs ffmpeg: pip install imageio-ffmpeg. GIF needs nothing more."
        ) from error

    film = animation.Animation(tracks, _FASTEST)
    with files.replacing(path) as temporary:
        video = imageio_ffmpeg.write_frames(
            str(temporary),
            animation.SIZE,
            fps=film.rate,
            quality=8,
            macro_block_size=2,
            ffmpeg_log_level="error",
            output_params=["-f", "mp4", "-movflags", "+faststart"],
        )
        try:
            video.send(None)
            for picture in film.pictures(path.name):
                video.send(picture.tobytes())
        finally:
            video.close()
    return [path]
