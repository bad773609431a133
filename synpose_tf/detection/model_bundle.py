"""The model bundle of MediaPipe Pose: downloaded once, into the user's cache folder."""

import hashlib
import pathlib
import urllib.request

from synpose_tf.errors import SynposeError
from synpose_tf.io import files
from synpose_tf.io.cache import cache_folder

URL = (
    "https://storage.googleapis.com/mediapipe-models/pose_landmarker/pose_landmarker_full/"
    "float16/1/pose_landmarker_full.task"
)
SIZE = 9_398_078
SHA256 = "81bfa27c3a6a80c46c84ed7ce2242ef9203eb3a83b62099e07d2ebac2dbd788c"
_TIMEOUT = 30.0  # Seconds without a byte.


def obtain(url: str = URL, size: int = SIZE, sha256: str = SHA256) -> pathlib.Path:
    """The bundle's file, which is fetched where it is not there yet.

    Several processes may do so at once: each writes a file of its own, whose renaming is one step.

    Args:
        url: where from.
        size: bytes that it must have.
        sha256: what it must have, in hexadecimal.

    Raises:
        SynposeError: it can't be fetched, is another file, or can't be written.
    """
    path = cache_folder() / url.rpartition("/")[2]
    if path.is_file() and path.stat().st_size == size and checksum(path) == sha256:
        return path
    print(f"fetching the detector's model, {size / 1e6:.1f} MB, once: {url}", flush=True)
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:
            content = answer.read(size + 1)
    except OSError as error:  # Of urllib, http and sockets; a network that is not there.
        raise SynposeError(_absent(url, path, f"can't be fetched ({error})")) from error
    if len(content) != size or hashlib.sha256(content).hexdigest() != sha256:
        reason = f"what came is another file ({len(content):,} bytes, expected {size:,})"
        raise SynposeError(_absent(url, path, reason))
    with files.replacing(path) as temporary:
        temporary.write_bytes(content)
    return path


def checksum(path: pathlib.Path) -> str:
    """A file's SHA-256, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while part := handle.read(2**20):
            digest.update(part)
    return digest.hexdigest()


def _absent(url, path, reason):
    return (
        f"the detector's model {reason}. Fetch {url} where there is a network, and give "
        f"--detector_model=FILE, or put it at {path}."
    )
