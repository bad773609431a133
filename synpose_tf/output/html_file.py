"""Poses as a web page of one file: a viewer that works without a network.

The page holds its style, its scripts and the poses, and its content security policy lets
nothing else run or load. A coordinate is a 16-bit integer times a unit, so that a frame of a
person costs about 250 bytes; millimetres and pixels keep a precision of 1/65,534 of the range
that all coordinates take together.
"""

import base64
import hashlib
import html
import importlib.resources
import json
import re

import numpy as np

from synpose_tf import files
from synpose_tf.output import stage, timeline
from synpose_tf.skeleton import H36M_17

_MISSING, _LARGEST = -32768, 32767


def write(tracks, path):
    """See `Format.write`."""
    parts = {name: _text(name) for name in ("viewer.css", "viewer_drawing.js", "viewer.js")}
    style, drawing, script = parts.values()
    page = _fill(
        _text("viewer.html"),
        policy=_policy(style=[style], script=[drawing, script]),
        title=html.escape(path.stem),
        style=style,
        drawing=drawing,
        script=script,
        data=_inside_script(_data(tracks)),
    )
    with files.replacing(path) as temporary:
        # A file's name may hold bytes that are no text.
        temporary.write_bytes(page.encode("utf-8", "replace"))
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


def _inside_script(value):
    """JSON that no HTML parser takes for the end of the script, whatever the names hold."""
    return json.dumps(value).replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


# === Data ===
def _data(tracks):
    moments = timeline.moments(tracks)
    staged = stage.set_on_stage(tracks)
    people = [
        _person(track, points, row)
        for track, points, row in zip(tracks, staged, moments.rows, strict=True)
        if (row >= 0).any()
    ]
    size = next((track.image_size for track in tracks if track.image_size), None)
    return {
        "joints": H36M_17.joints,
        "parents": H36M_17.parents,
        "start": float(moments.times[0]),
        "times": _base64(moments.times - moments.times[0], np.float32),
        "summary": _summary(tracks, moments),
        "image_size": size and [int(length) for length in size],
        "people": people,
    }


def _summary(tracks, moments):
    count, people = len(moments.times), len(tracks)
    parts = [f"{count:,} frame{'s' if count > 1 else ''}"]
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
    posed = np.isfinite(points).all(axis=(1, 2), keepdims=True)
    point_unit, points = _integers(np.where(posed, points, np.nan), row)
    pixel_unit, pixels = _integers(track.keypoints, row)
    marks = (track.inferred[row] << np.arange(len(H36M_17), dtype=np.uint32)).sum(axis=1)
    return {
        "name": track.name,
        "start": int(first),
        "points": points,
        "point_unit": point_unit,
        "pixels": pixels,
        "pixel_unit": pixel_unit,
        "inferred": _base64(marks, np.uint32),
    }


def _integers(points, row):
    """Points (F, 17, d) of the moments in `row` as (unit, 16-bit integers in base64)."""
    points = np.asarray(points, np.float64)[row]
    known = np.isfinite(points).all(axis=-1) & (row >= 0)[:, None]
    unit = float(np.abs(points[known]).max(initial=0.0)) / _LARGEST or 1.0
    return unit, _base64(np.where(known[..., None], np.rint(points / unit), _MISSING), np.int16)


def _base64(array, dtype):
    little_endian = np.dtype(dtype).newbyteorder("<")
    return base64.b64encode(np.asarray(array).astype(little_endian).tobytes()).decode("ascii")
