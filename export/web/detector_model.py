"""The detector's model bundle that goes into the page."""

import pathlib

from synpose_tf.errors import SynposeError

_ZIP = b"PK\x03\x04"  # What a .task bundle begins with.


def check(path: str | None) -> pathlib.Path:
    """The detector's model bundle that the user names.

    Raises:
        SynposeError: none is named, it is missing, or it is no bundle.
    """
    if not path:
        raise SynposeError(
            "--formats=web needs --detector_model=FILE, MediaPipe's pose landmarker "
            "(pose_landmarker_lite.task, _full or _heavy; docs/web.md says where it is)."
        )
    found = pathlib.Path(path).expanduser()
    try:
        with found.open("rb") as handle:
            start = handle.read(len(_ZIP))
    except OSError as error:
        raise SynposeError(
            f"--detector_model={path}: can't be read ({error.strerror}). Name a file."
        ) from error
    if start != _ZIP:
        raise SynposeError(
            f"--detector_model={path}: is no MediaPipe bundle. Expected a .task file of the pose "
            "landmarker; download it again."
        )
    return found
