"""The detector's model bundle that goes into the page."""

import pathlib

from synpose_tf.detection import model_bundle
from synpose_tf.errors import SynposeError

_ZIP = b"PK\x03\x04"  # What a .task bundle begins with.


def obtain(path: str | None) -> pathlib.Path:
    """The detector's model bundle that the user names, or the one that `lift` takes.

    Raises:
        SynposeError: it is missing, can't be fetched, or is no bundle.
    """
    if not path:
        return model_bundle.obtain()
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
