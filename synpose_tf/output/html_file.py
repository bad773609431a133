"""Poses as a web page of one file: a viewer that works without a network.

The page holds its style, its scripts and the poses, and its content security policy lets
nothing else run or load. A coordinate is a 16-bit integer times a unit, so that a frame of a
person costs about 250 bytes; millimetres and pixels keep a precision of 1/65,534 of the range
that all coordinates take together. They are written piece by piece. A browser holds them all: of
recordings of more than `_MOST` poses every second moment is shown, or third, ….
"""

import base64
import hashlib
import html
import importlib.resources
import pathlib
import re
from collections.abc import Sequence

import numpy as np

from synpose_tf.geometry.camera import Camera
from synpose_tf.io import files
from synpose_tf.io.scratch import derived, pieces
from synpose_tf.output import certainty, page_data, page_pictures, stage, timeline
from synpose_tf.output.backdrop import Backdrop
from synpose_tf.output.page_data import Packed
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import PoseTrack
from synpose_tf.visualization import colours

_MISSING, _LARGEST = -32768, 32767
_MOST = 500_000  # Poses in a page: of three people an hour at 30 Hz are 324,000, and 90 MB.
_EDGE_MM = 400.0  # Of a camera's pyramid, from its tip to the corners of its picture, on average.


_SCRIPTS = (
    "viewer_people.js", "viewer_view.js", "viewer_cameras.js", "viewer_drawing.js",
    "viewer_pictures.js", "viewer.js",
)  # fmt: skip


def write(
    tracks: Sequence[PoseTrack],
    path: pathlib.Path,
    background: Backdrop | None = None,
    cameras: Sequence[Camera] = (),
) -> list[pathlib.Path]:
    """See `Format.write`. Beside the page a film of the pictures, where they are too large for it.

    Raises:
        SynposeError: many pictures, and PyAV, which makes a film of them, is not installed; or
            cameras of tracks that are not level.
    """
    standing = [_pyramid(camera) for camera in stage.cameras_on_stage(cameras, tracks)]
    moments, step = _shown(timeline.moments(tracks, background))
    pictures: dict | None = None
    beside: list[pathlib.Path] = []
    if background is not None and moments.pictures is not None:
        pictures, beside = page_pictures.write(background, moments.pictures, path)
    style, scripts = _text("viewer.css"), [_text(name) for name in _SCRIPTS]
    values = {
        "policy": _policy(pictures, style=[style], script=scripts),
        "title": html.escape(path.stem),
        "style": style,
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
    }
    # A file's name may hold bytes that are no text.
    head, foot = (
        _fill(part, **values).encode("utf-8", "replace")
        for part in _text("viewer.html").split("{{data}}")
    )
    with files.replacing(path) as temporary, temporary.open("wb") as handle:
        handle.write(head)
        more = {"pictures": pictures, "cameras": standing}
        page_data.write_json(handle, _data(tracks, moments, step) | more)
        handle.write(foot)
    return [path, *beside]


def _text(name):
    return importlib.resources.files("synpose_tf.output").joinpath(name).read_text("utf-8")


def _fill(template, **parts):
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)


def _policy(pictures, **inline):
    """Allows what is in the page, by its hash, and nothing else but a film beside it."""
    sources = {
        kind: " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
            for text in texts
        )
        for kind, texts in inline.items()
    }
    film = ""
    if pictures and "rate" in pictures:
        film = "media-src 'self'; " if "url" in pictures else "media-src blob:; "
    return (
        f"default-src 'none'; style-src {sources['style']}; script-src {sources['script']}; "
        f"img-src data:; {film}base-uri 'none'; form-action 'none'"
    )


# === Data ===
def _data(tracks, moments, step):
    staged = stage.set_on_stage(tracks)
    usual = certainty.usual(tracks)
    people = [
        _person(track, points, row, usual) | {"colours": paint}
        for track, points, row, paint in zip(
            tracks, staged, moments.rows, _colours(len(tracks)), strict=True
        )
        if (row >= 0).any()
    ]
    size = next((track.image_size for track in tracks if track.image_size), None)
    return {
        "joints": list(H36M_17.joints),
        "parents": list(H36M_17.parents),
        "start": float(moments.times[0]),
        "times": Packed([moments.times - moments.times[0]], np.float32),
        "summary": _summary(tracks, moments, step),
        "image_size": size and [int(length) for length in size],
        "people": people,
    }


def _pyramid(camera):
    """A camera's place and what its picture's corners see, clockwise from the upper left one."""
    width, height = camera.image_size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]])
    rays = np.ones((4, 3))  # Of the lens without its distortion, which may fold beyond the joints.
    rays[:, :2] = (corners - camera.intrinsics[2:4]) / camera.intrinsics[:2]
    size = _EDGE_MM / np.linalg.norm(rays, axis=1).mean()
    points = camera.to_world([[0.0, 0.0, 0.0], *(size * rays)])
    return {"name": camera.name, "points": points.round(1).tolist()}


def _colours(count):
    """For each person those of left, middle and right; of one alone None, the page's."""
    if count == 1:
        return [None]
    joints = {"left": "LHip", "middle": "Hip", "right": "RHip"}
    return [
        {side: of_joints[H36M_17.index(joint)] for side, joint in joints.items()}
        for of_joints in colours.of_people(count)
    ]


def _shown(moments):
    """The moments that the page holds, and of how many each is one."""
    poses = sum(int((row >= 0).sum()) for row in moments.rows)
    step = -(-poses // _MOST)
    times, rows = moments.times[::step], [row[::step] for row in moments.rows]
    pictures = None if moments.pictures is None else moments.pictures[::step]
    return timeline.Timeline(times, rows, pictures), step


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


def _person(track, points, row, usual):
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
        "certainty": Packed(_certainties(track, row, usual), np.uint8),
    }


def _where_posed(points):
    return np.where(np.isfinite(points).all(axis=(1, 2), keepdims=True), points, np.nan)


def _certainties(track, row, usual):
    """Of joints (n, 17) at the moments in `row`, 1 to 255, of inferred ones 0, piece by piece."""
    for part in pieces(row):
        yield np.nan_to_num(np.rint(1 + 254 * certainty.of_joints(track, part, usual)))


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
    return Packed((np.where(np.isnan(n), _MISSING, n) for n in numbers), np.int16)
