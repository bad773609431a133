"""JSON read as a stream: a file of any size takes the memory of one of its parts.

Python's `json` writes NaN and Infinity, which JSON does not have and the parser refuses;
they are read as null. Windows' PowerShell writes UTF-16, which becomes UTF-8.
"""

import codecs
import json
import pathlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import ijson
import numpy as np

from synpose_tf.errors import SynposeError

MAX_PART = 2**25  # Bytes of one frame or person; the largest met has 10**4.
MAX_DEPTH = 100  # The parser's memory grows with its square.
_TOP = 8  # Names of what a file holds, in a message.
_HEAD = 2**21  # Bytes in which a file must show what it is.

_NOT_JSON = re.compile(rb"(?<=[\[,:\s])-?(?:NaN|Infinity)\b")
_BREAKS = b"[]{}, \t\r\n"


def items(path: pathlib.Path, prefix: str) -> Iterator[Any]:
    """The values at a prefix of ijson's (`item.keypoints`), one after the other.

    Raises:
        SynposeError: the file is no whole JSON, or one value is larger than `MAX_PART` or nested
            deeper than `MAX_DEPTH`.
    """
    yield from _parts(path, lambda source: ijson.items(source, prefix, use_float=True))


def entries(path: pathlib.Path) -> Iterator[tuple[str, Any]]:
    """The keys and values of a file that is one object, one after the other.

    Raises:
        SynposeError: as `items`.
    """
    yield from _parts(path, lambda source: ijson.kvitems(source, "", use_float=True))


def _parts(path, parse):
    with path.open("rb") as handle:
        source = _Source(handle, path)
        values = parse(source)
        while True:
            try:
                value = next(values)
            except StopIteration:
                return
            except (ijson.JSONError, UnicodeError) as error:
                raise SynposeError(_broken(path, error)) from error
            source.part = 0
            yield value


def first(path: pathlib.Path, prefix: str) -> Any:
    """The first value at a prefix, or None where the file's head holds none."""
    with path.open("rb") as handle:
        source = _Source(handle, path, end=_HEAD)
        try:
            return next(ijson.items(source, prefix, use_float=True), None)
        except (ijson.JSONError, UnicodeError):
            return None  # The head is cut off where it ends; a damaged file fails in `items`.


def find(path: pathlib.Path, prefix: str) -> Any:
    """The first value at a prefix, wherever in the file it stands, or None.

    Raises:
        SynposeError: as `items`.
    """

    def search(source):
        for event in ijson.parse(source, use_float=True):
            if not event[0].startswith(prefix):
                source.part = 0  # Nothing is kept of what is passed by.
            yield event

    return next(_parts(path, lambda source: ijson.items(search(source), prefix)), None)


def find_prefix(path: pathlib.Path, wanted: Iterable[str]) -> tuple[str | None, list[str]]:
    """Looks in a file's head for the first of some prefixes; `*` begins one below any key.

    Returns:
        The prefix or None, and what was met at the top, for a message.

    Raises:
        SynposeError: it is nested deeper than `MAX_DEPTH`.
    """
    wanted = set(wanted)
    top: dict[str, Any] = {}
    key: Any = None
    with path.open("rb") as handle:
        source = _Source(handle, path, end=_HEAD)
        try:
            for prefix, event, value in ijson.parse(source):
                if not prefix and event == "map_key":
                    key = value
                below = key is not None and prefix.startswith(f"{key}.")
                for found in (prefix, "*" + prefix[len(key) :]) if below else (prefix,):
                    if found in wanted:
                        return found, []
                if prefix.count(".") < 2 and len(top) < (_TOP if "." in prefix else 10 * _TOP):
                    top[prefix] = None
        except (ijson.JSONError, UnicodeError) as error:
            if source.size < _HEAD:
                raise SynposeError(_broken(path, error)) from error
    return None, [prefix for prefix in top if prefix]


class _Source:
    """A file as the parser reads it: NaN replaced, depth and the size of parts bounded."""

    def __init__(self, handle: BinaryIO, path: pathlib.Path, end: int | None = None):
        self._handle, self._path, self._end = handle, path, end
        self._kept = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._depth = self._lowest = 0
        self.part = self.size = 0

    def read(self, size: int) -> bytes:
        if size == 0:  # ijson asks, to see whether bytes come.
            return b""
        if self._end is not None and self.size >= self._end:
            return b""
        chunk = self._handle.read(size)
        self.part += len(chunk)
        if self.part > MAX_PART + len(chunk):
            raise SynposeError(
                f"{self._path}: more than {MAX_PART >> 20} MiB without one frame or person. "
                "Expected what a detector writes; is this another kind of file?"
            )
        at_end = len(chunk) < size
        if self.size == 0:
            encoding = json.detect_encoding(chunk)  # utf-8-sig, if the mark stands before it.
            if encoding != "utf-8":
                self._decoder = codecs.getincrementaldecoder(encoding)()
        self.size += len(chunk)
        if self._decoder is not None:
            chunk = self._decoder.decode(chunk, at_end).encode()
        text = self._whole_words(chunk, at_end)
        self._check_depth(text)
        if b"N" in text or b"I" in text:
            text = _NOT_JSON.sub(b"null", text)
        return text

    def _whole_words(self, chunk, at_end):
        """Holds back what follows the last break, so that no word is cut in two."""
        text = self._kept + chunk
        self._kept = b""
        if not at_end:
            cut = max(text.rfind(bytes([byte]), -64) for byte in _BREAKS)
            if cut > 0:
                # The break itself stays with the word that follows: the pattern looks at it.
                text, self._kept = text[:cut], text[cut:]
        return text

    def _check_depth(self, text):
        # Brackets inside of strings count too; no name holds that many.
        codes = np.frombuffer(text, np.uint8) | 0x20  # [ and { are 0x7B, ] and } are 0x7D.
        brackets = codes[(codes == 0x7B) | (codes == 0x7D)]
        if not len(brackets):
            return
        depth = self._depth + np.cumsum(0x7C - brackets.astype(np.int64))
        lowest = np.minimum(self._lowest, np.minimum.accumulate(depth))
        if (depth - lowest).max() > MAX_DEPTH:
            raise SynposeError(
                f"{self._path}: nested deeper than {MAX_DEPTH} brackets. Expected what a detector "
                "writes; is this another kind of file?"
            )
        self._depth, self._lowest = int(depth[-1]), int(lowest[-1])


def by_lines(path: pathlib.Path) -> bool:
    """Whether a file's first line is whole JSON and another follows."""
    with path.open("rb") as handle:
        first, more = handle.readline(_HEAD), handle.readline(_HEAD)
    if not more.lstrip().startswith((b"{", b"[")):
        return False
    try:
        json.loads(first)
    except ValueError:
        return False
    return True


def starts(head: bytes) -> bool:
    """Whether a file that begins so may be JSON: an object or a list."""
    decoder = codecs.getincrementaldecoder(json.detect_encoding(head))
    text = decoder("replace").decode(head[:4096])
    return text.removeprefix("\ufeff").lstrip()[:1] in ("[", "{")


def _broken(path, error):
    text = error.args[0] if error.args else ""
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    reason = text.split("\n")[0].strip().rstrip(".")
    reason = "it ends too early" if "premature EOF" in reason else reason
    return (
        f"{path}: not whole, valid JSON ({reason}). The file is damaged or incomplete; copy it, "
        "or write it again by a JSON library."
    )
