"""Poses as JSON, written frame by frame, so that length costs no memory.

  {… the entries of `synpose_tf.output.schema` …,
   "tracks": [{"name": …, "body_height": …, "image_size": [width, height] or null, "roll": 0.0,
     "intrinsics": [fx, fy, cx, cy, k1, k2, p1, p2, k3] or null, "camera_from": "given" or null,
     "frames": [{"frame": 0, "time": 0.0, "pose": [[x, y, z], … 17] or null,
                 "root": [x, y, z] or null, "keypoints": [[x, y] or null, … 17],
                 "inferred": ["Nose", …], "exchanged": ["LHip", …],
                 "confidence": [0.98, … 17] or null, "fused": false}, …]}, …]}

Millimetres have one decimal, pixels two, confidences three. A number that is not finite never
appears: null stands for what is not known.
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
    given = track.intrinsics
    about["intrinsics"] = None if given is None else [round(float(x), 6) for x in given]
    about["camera_from"] = track.camera_from or None
    handle.write(f'{_text(about)[:-1]},"frames":[')
    records = (record for piece in track.pieces() for record in _records(piece))
    for number, record in enumerate(records):
        handle.write(f"{',' if number else ''}\n{_text(record)}")
    handle.write("\n]}")


def _records(piece):
    times = np.round(np.asarray(piece.times, float), 6)
    none = np.zeros((len(times), 0), bool)
    roots = [None] * len(times) if piece.root is None else _points(piece.root, 1)
    sureness = [None] * len(times) if piece.confidence is None else _numbers(piece.confidence)
    columns = zip(
        piece.frames,
        times.tolist(),
        piece.lifted,
        _points(piece.poses, 1),
        roots,
        _points(piece.keypoints, 2),
        piece.inferred,
        none if piece.exchanged is None else piece.exchanged,
        sureness,
        [False] * len(times) if piece.fused is None else piece.fused,
        strict=True,
    )
    for frame, time, lifted, pose, root, pixels, inferred, exchanged, *others in columns:
        confidence, fused = others
        yield {
            "frame": int(frame),
            "time": time,
            "pose": pose if lifted else None,
            "root": root,
            "keypoints": pixels,
            "inferred": _names(inferred),
            "exchanged": _names(exchanged),
            "confidence": confidence,
            "fused": bool(fused),
        }


def _names(marks):
    return [H36M_17.joints[joint] for joint in np.flatnonzero(marks)]


def _numbers(confidence):
    """Nested lists of confidences (n, 17), None for one that is not known."""
    rounded = np.round(np.asarray(confidence, np.float64), 3)
    numbers = rounded.astype(object)
    numbers[~np.isfinite(rounded)] = None
    return numbers.tolist()


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
