"""Poses as a web page of one file: a viewer that works without a network.

The page holds its style, its scripts and the poses, and its content security policy lets
nothing else run or load. A coordinate is a 16-bit integer times a unit, so that a frame of a
person costs about 250 bytes; millimetres and pixels keep a precision of 1/65,534 of the range
that all coordinates take together. They are written piece by piece. A browser holds them all: of
recordings of more than `_MOST` poses every second moment is shown, or third, ….
"""

import base64
import dataclasses
import hashlib
import html
import importlib.resources
import json
import pathlib
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from synpose_tf.io import files
from synpose_tf.io.scratch import derived, pieces
from synpose_tf.output import stage, timeline
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import PoseTrack

_MISSING, _LARGEST = -32768, 32767
_MOST = 500_000  # Poses in a page: of three people an hour at 30 Hz are 324,000, and 90 MB.


def write(tracks: Sequence[PoseTrack], path: pathlib.Path) -> list[pathlib.Path]:
    """See `Format.write`."""
    parts = {name: _text(name) for name in ("viewer.css", "viewer_drawing.js", "viewer.js")}
    style, drawing, script = parts.values()
    values = {
        "policy": _policy(style=[style], script=[drawing, script]),
        "title": html.escape(path.stem),
        "style": style,
        "drawing": drawing,
        "script": script,
    }
    # A file's name may hold bytes that are no text.
    head, foot = (
        _fill(part, **values).encode("utf-8", "replace")
        for part in _text("viewer.html").split("{{data}}")
    )
    with files.replacing(path) as temporary, temporary.open("wb") as handle:
        handle.write(head)
        _write_json(handle, _data(tracks))
        handle.write(foot)
    return [path]


def _text(name):
    return importlib.resources.files("synpose_tf.output").joinpath(name).read_text("utf-8")


def _fill(template, **parts):
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)


def _policy(**inline):
    """Allows what is in the page, by its hash, and nothing else."""
    sources = {
        kind: " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
            for text in texts
        )
        for kind, texts in inline.items()
    }
    return (
        f"default-src 'none'; style-src {sources['style']}; script-src {sources['script']}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


@dataclasses.dataclass(frozen=True)
class _Packed:
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


def _write_json(handle, value):
    """JSON that no HTML parser takes for the end of the script, whatever the names hold."""
    if isinstance(value, _Packed):
        handle.write(b'"')
        handle.writelines(value.texts())
        handle.write(b'"')
    elif isinstance(value, dict | list):
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        for number, entry in enumerate(value):
            handle.write(b", " if number else opening.encode())
            if isinstance(value, dict):
                handle.write(f"{json.dumps(entry)}: ".encode())
            _write_json(handle, value[entry] if isinstance(value, dict) else entry)
        handle.write(closing.encode() if value else f"{opening}{closing}".encode())
    else:
        text = json.dumps(value).replace("<", r"\u003c").replace(">", r"\u003e")
        handle.write(text.replace("&", r"\u0026").encode())


# === Data ===
def _data(tracks):
    moments, step = _shown(timeline.moments(tracks))
    staged = stage.set_on_stage(tracks)
    people = [
        _person(track, points, row)
        for track, points, row in zip(tracks, staged, moments.rows, strict=True)
        if (row >= 0).any()
    ]
    size = next((track.image_size for track in tracks if track.image_size), None)
    return {
        "joints": list(H36M_17.joints),
        "parents": list(H36M_17.parents),
        "start": float(moments.times[0]),
        "times": _Packed([moments.times - moments.times[0]], np.float32),
        "summary": _summary(tracks, moments, step),
        "image_size": size and [int(length) for length in size],
        "people": people,
    }


def _shown(moments):
    """The moments that the page holds, and of how many each is one."""
    poses = sum(int((row >= 0).sum()) for row in moments.rows)
    step = -(-poses // _MOST)
    times, rows = moments.times[::step], [row[::step] for row in moments.rows]
    return dataclasses.replace(moments, times=times, rows=rows), step


def _summary(tracks, moments, step):
    count, people = len(moments.times), len(tracks)
    parts = [f"{count:,} frame{'s' if count > 1 else ''}"]
    if step > 1:
        parts.append(f"1 of {step} shown")
    if count > 1:
        parts.append(f"{moments.times[-1] - moments.times[0]:.1f} s")
    parts.append(f"{people} {'person' if people == 1 else 'people'}")
    heights = {round(track.body_height / 10) for track in tracks}
    if len(heights) == 1:
        parts.append(f"sized to {heights.pop()} cm")
    if any(track.root is None for track in tracks):
        parts.append("position in the room unknown")
    return " · ".join(parts)


def _person(track, points, row):
    """A track between its first and last moment."""
    first, last = np.flatnonzero(row >= 0)[[0, -1]]
    row = row[first : last + 1]
    posed = derived(_where_posed, points)
    point_unit, pixel_unit = (_unit(column, row) for column in (posed, track.keypoints))
    return {
        "name": track.name,
        "start": int(first),
        "points": _integers(posed, row, point_unit),
        "point_unit": point_unit,
        "pixels": _integers(track.keypoints, row, pixel_unit),
        "pixel_unit": pixel_unit,
        "inferred": _Packed(map(_marks, _moments(track.inferred, row)), np.uint32),
    }


def _where_posed(points):
    return np.where(np.isfinite(points).all(axis=(1, 2), keepdims=True), points, np.nan)


def _marks(inferred):
    """Which joints are inferred (n, 17), as bits of (n,)."""
    return (inferred << np.arange(len(H36M_17), dtype=np.uint32)).sum(axis=1)


def _moments(column, row):
    """What a column has at the moments in `row`, piece by piece."""
    return (column[part] for part in pieces(row))


def _known(column, row):
    """Points (n, 17, d) of the moments in `row`, NaN where one is not known, piece by piece."""
    for part in pieces(row):
        points = np.asarray(column[part], np.float64)
        known = np.isfinite(points).all(axis=-1) & (part >= 0)[:, None]
        yield np.where(known[..., None], points, np.nan)


def _unit(column, row):
    largest = [np.nanmax(np.abs(points), initial=0.0) for points in _known(column, row)]
    return float(max(largest)) / _LARGEST or 1.0


def _integers(column, row, unit):
    """Points (n, 17, d) of the moments in `row`, in units."""
    numbers = (np.rint(points / unit) for points in _known(column, row))
    return _Packed((np.where(np.isnan(n), _MISSING, n) for n in numbers), np.int16)
