"""Reading archives into memory: no path that stands in one is ever written to."""

import gzip
import io
import pathlib
import re
import tarfile
import zipfile
from collections.abc import Iterator

from synpose_tf.io.files import reading


def names(path: pathlib.Path) -> list[str]:
    """The paths of the files in a .zip, .tgz or .tar.gz.

    Raises:
        SynposeError: the archive is damaged or incomplete.
    """
    with reading(path):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                return archive.namelist()
        with _open_tar(path) as archive:
            return archive.getnames()


def members(path: pathlib.Path, pattern: re.Pattern) -> Iterator[tuple[re.Match, bytes]]:
    """The files in a .zip, .tgz or .tar.gz whose path the pattern finds, and their content.

    Checksums are verified before the first byte of a member is given out.

    Raises:
        SynposeError: the archive is damaged or incomplete.
    """
    with reading(path):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if match := pattern.search(name):
                        yield match, archive.read(name)
            return
        with _open_tar(path) as archive:
            for member in archive:
                if member.isfile() and (match := pattern.search(member.name)):
                    yield match, archive.extractfile(member).read()


def _open_tar(path):
    # gzip's checksum stands at the end of the stream, after the end of the archive.
    return tarfile.open(fileobj=io.BytesIO(gzip.decompress(path.read_bytes())))
