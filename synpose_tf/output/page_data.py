"""A page's data: JSON that holds arrays and files in base64, written piece by piece."""

import base64
import dataclasses
import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import numpy as np


@dataclasses.dataclass(frozen=True)
class Packed:
    """Numbers, piece by piece, which JSON has in base64."""

    parts: Iterable[np.ndarray]
    dtype: type

    def texts(self) -> Iterator[bytes]:
        rest, little_endian = b"", np.dtype(self.dtype).newbyteorder("<")
        for part in self.parts:
            content = rest + np.asarray(part).astype(little_endian).tobytes()
            whole = len(content) // 3 * 3  # Base64 takes three bytes at a time.
            yield base64.b64encode(content[:whole])
            rest = content[whole:]
        yield base64.b64encode(rest)


def write_json(handle: BinaryIO, value: Any) -> None:
    """JSON that no HTML parser takes for the end of the script, whatever the names hold."""
    if isinstance(value, Packed):
        handle.write(b'"')
        handle.writelines(value.texts())
        handle.write(b'"')
    elif isinstance(value, dict | list | tuple):
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        for number, entry in enumerate(value):
            handle.write(b", " if number else opening.encode())
            if isinstance(value, dict):
                handle.write(f"{json.dumps(entry)}: ".encode())
            write_json(handle, value[entry] if isinstance(value, dict) else entry)
        handle.write(closing.encode() if value else f"{opening}{closing}".encode())
    else:
        text = json.dumps(value).replace("<", r"\u003c").replace(">", r"\u003e")
        handle.write(text.replace("&", r"\u0026").encode())
