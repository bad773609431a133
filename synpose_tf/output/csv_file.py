"""Poses as a table in long form: a row for each joint of each frame of each person.

The columns, in this order; what is not known is an empty cell:

  track          whose the row is, counted from 0
  name           what the person is called
  frame, time    the source's frame number; seconds
  joint          the joint's name
  x, y, z        millimetres, camera frame, relative to the root joint
  root_x, root_y, root_z   millimetres, camera frame: the root joint, the same in all 17 rows
  image_x, image_y         pixels, y down
  inferred       1 where the detector gave no joint and one was filled in, else 0
  exchanged      1 where the detector had left and right exchanged, put back, else 0
  confidence     the detector's own, on its scale; 0 where inferred
"""

import csv
import pathlib
from collections.abc import Sequence

import numpy as np

from synpose_tf.io import files
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import PoseTrack

COLUMNS = (
    "track", "name", "frame", "time", "joint", "x", "y", "z", "root_x", "root_y", "root_z",
    "image_x", "image_y", "inferred", "exchanged", "confidence",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # A cell that begins so is run by spreadsheets.


def write(tracks: Sequence[PoseTrack], path: pathlib.Path) -> list[pathlib.Path]:
    """See `Format.write`."""
    with (
        files.replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as handle,
    ):
        table = csv.writer(handle, lineterminator="\n")
        table.writerow(COLUMNS)
        for number, track in enumerate(tracks):
            name = f"'{track.name}" if track.name.startswith(_FORMULA) else track.name
            for piece in track.pieces():
                table.writerows(_rows(piece, number, name))
    return [path]


def _rows(piece, number, name):
    times = _cells(piece.times, 6)
    inferred = np.asarray(piece.inferred, int)
    exchanged = 0 * inferred if piece.exchanged is None else np.asarray(piece.exchanged, int)
    unknown = np.full(inferred.shape, np.nan)
    confidence = unknown if piece.confidence is None else piece.confidence
    roots = [("", "", "")] * len(times) if piece.root is None else _cells(piece.root, 1)
    frames = zip(
        np.asarray(piece.frames).tolist(),
        times,
        _cells(piece.poses, 1),
        roots,
        _cells(piece.keypoints, 2),
        inferred.tolist(),
        exchanged.tolist(),
        _cells(confidence, 3),
        strict=True,
    )
    for frame, time, pose, root, *of_joints in frames:
        for joint, *cells in zip(H36M_17.joints, pose, *of_joints, strict=True):
            place, pixel, *marks = cells
            yield (number, name, frame, time, joint, *place, *root, *pixel, *marks)


def _cells(points, decimals):
    """Nested lists of points (..., d), empty text for a number that is not finite."""
    rounded = np.round(np.asarray(points, np.float64), decimals) + 0.0  # no -0.0
    cells = rounded.astype(object)
    cells[~np.isfinite(rounded)] = ""
    return cells.tolist()
