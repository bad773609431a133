"""Poses as C3D, the format of biomechanics, through ezc3d.

World: X to the camera's right, Y away from it, Z up (the camera's upright is taken for the
room's), millimetres; the origin is the camera's centre where the root's path is known, and
else each person's root joint, at every moment. Points are named by joint, with several people
`PERSON:JOINT`. A point without a pose is not a number, residual -1.
"""

import pathlib
import re
from collections.abc import Sequence

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io import files
from synpose_tf.output import naming, timeline
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import PoseTrack

_LONGEST = 65_535  # frames: C3D counts them in 16 bits


def write(tracks: Sequence[PoseTrack], path: pathlib.Path) -> list[pathlib.Path]:
    """See `Format.write`. A video of more than 65,535 frames becomes `NAME_1.c3d`, ….

    Raises:
        SynposeError: ezc3d is not installed.
    """
    try:
        import ezc3d
    except ImportError as error:
        raise SynposeError(f"{path}: C3D needs the library ezc3d: pip install ezc3d") from error

    clock = timeline.constant_rate(tracks)
    count = len(clock.times)
    starts = range(0, count, _LONGEST)
    paths = naming.numbered(path, len(starts))
    for start, part in zip(starts, paths, strict=True):
        rows = [row[start : start + _LONGEST] for row in clock.rows]
        _write_part(ezc3d.c3d(), tracks, rows, clock.rate, part)
    return paths


def _write_part(file, tracks, rows, rate, path):
    people = [_world(track, row) for track, row in zip(tracks, rows, strict=True)]
    points = np.concatenate(people, axis=1)  # (T, points, 3)
    missing = ~np.isfinite(points).all(axis=-1)
    parameters = file["parameters"]
    parameters["POINT"]["UNITS"]["value"] = ["mm"]
    parameters["POINT"]["RATE"]["value"] = [rate]
    parameters["POINT"]["LABELS"]["value"] = _labels(tracks)
    file.add_parameter("POINT", "X_SCREEN", ["+X"])
    file.add_parameter("POINT", "Y_SCREEN", ["+Z"])
    file["data"]["points"] = np.ones((4, *points.shape[1::-1]))
    file["data"]["points"][:3] = np.moveaxis(points, -1, 0).swapaxes(1, 2)
    file["data"]["meta_points"]["residuals"] = np.where(missing, -1.0, 0.0).T[None]
    with files.replacing(path) as temporary:
        file.write(str(temporary))


def _world(track, row):
    """(T, 17, 3) in C3D's world, NaN where there is no pose."""
    points = track.poses[row]
    if track.root is not None:
        points = points + track.root[row][:, None]
    x, y, z = np.moveaxis(np.asarray(points, np.float64), -1, 0)
    world = np.stack([x, z, -y], axis=-1)
    world[row < 0] = np.nan
    return world


def _labels(tracks):
    if len(tracks) == 1:
        return list(H36M_17.joints)
    people = [
        f"{re.sub(r'[^A-Za-z0-9]+', '_', track.name).strip('_') or 'person'}_{number}"
        for number, track in enumerate(tracks, 1)
    ]
    return [f"{person}:{joint}" for person in people for joint in H36M_17.joints]
