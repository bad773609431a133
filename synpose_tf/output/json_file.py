"""Poses as JSON, written frame by frame, so that length costs no memory.

  {… the entries of `synpose_tf.output.schema` …,
   "tracks": [{"name": …, "body_height": …, "image_size": [width, height] or null, "roll": 0.0,
     "frames": [{"frame": 0, "time": 0.0, "pose": [[x, y, z], … 17] or null,
                 "root": [x, y, z] or null, "keypoints": [[x, y] or null, … 17],
                 "inferred": ["Nose", …], "exchanged": ["LHip", …]}, …]}, …]}

Millimetres have one decimal, pixels two. A number that is not finite never appears: null
stands for what is not known.
"""

import json
import pathlib
from collections.abc import Sequence

import numpy as np

from synpose_tf.io import files
from synpose_tf.output import schema
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import PoseTrack


def write(tracks: Sequence[PoseTrack], path: pathlib.Path) -> list[pathlib.Path]:
    """See `Format.write`."""
    with files.replacing(path) as temporary, temporary.open("w", encoding="ascii") as handle:
        handle.write(f'{_text(schema.about(tracks))[:-1]},"tracks":[')
        for number, track in enumerate(tracks):
            handle.write(",\n" if number else "\n")
            _write_track(handle, track)
        handle.write("\n]}\n")
    return [path]


def _write_track(handle, track):
    size = track.image_size and [int(length) for length in track.image_size]
    about = {"name": track.name, "body_height": float(track.body_height), "image_size": size}
    about["roll"] = round(float(track.roll), 3)
    handle.write(f'{_text(about)[:-1]},"frames":[')
    records = (record for piece in track.pieces() for record in _records(piece))
    for number, record in enumerate(records):
        handle.write(f"{',' if number else ''}\n{_text(record)}")
    handle.write("\n]}")


def _records(piece):
    times = np.round(np.asarray(piece.times, float), 6)
    none = np.zeros((len(times), 0), bool)
    roots = [None] * len(times) if piece.root is None else _points(piece.root, 1)
    columns = zip(
        piece.frames,
        times.tolist(),
        piece.lifted,
        _points(piece.poses, 1),
        roots,
        _points(piece.keypoints, 2),
        piece.inferred,
        none if piece.exchanged is None else piece.exchanged,
        strict=True,
    )
    for frame, time, lifted, pose, root, keypoints, inferred, exchanged in columns:
        yield {
            "frame": int(frame),
            "time": time,
            "pose": pose if lifted else None,
            "root": root,
            "keypoints": keypoints,
            "inferred": _names(inferred),
            "exchanged": _names(exchanged),
        }


def _names(marks):
    return [H36M_17.joints[joint] for joint in np.flatnonzero(marks)]


def _points(points, decimals):
    """Nested lists of points (..., d), None for one that is not finite."""
    points = np.round(np.asarray(points, np.float64), decimals) + 0.0  # no -0.0
    known = np.isfinite(points).all(axis=-1)
    if known.all():
        return points.tolist()
    if points.ndim > 2:
        return [_points(row, decimals) for row in points]
    return [point if seen else None for point, seen in zip(points.tolist(), known, strict=True)]


def _text(value):
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
