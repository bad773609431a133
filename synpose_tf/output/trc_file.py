"""Poses as TRC, the marker file of OpenSim: a table of text with tabs between.

Stage frame (`synpose_tf.output.stage`) in millimetres, y up as in OpenSim. Markers have the
joints' names. A joint without a pose is NaN, which OpenSim takes for a marker that was not seen.
"""

import pathlib
from collections.abc import Sequence

import numpy as np

from synpose_tf.io import files
from synpose_tf.io.scratch import slices
from synpose_tf.output import naming, stage, timeline
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import PoseTrack

_COLUMNS = ["%d", "%.6f", *["%.3f"] * 3 * len(H36M_17)]


def write(tracks: Sequence[PoseTrack], path: pathlib.Path) -> list[pathlib.Path]:
    """See `Format.write`. One file a person, `NAME_1.trc`, … where there are several.

    All have one clock; each begins with the person's first pose and ends with the last.
    """
    clock = timeline.constant_rate(tracks)
    people = []
    for points, row in zip(stage.set_on_stage(tracks), clock.rows, strict=True):
        posed = stage.posed(points)
        if posed.any():
            present = np.flatnonzero((row >= 0) & posed[row])
            part = slice(present[0], present[-1] + 1)
            people.append((points, row[part], clock.times[part]))
    paths = naming.numbered(path, len(people))
    for person, target in zip(people, paths, strict=True):
        _write_person(*person, clock.rate, target)
    return paths


def _write_person(points, row, times, rate, path):
    with files.replacing(path) as temporary, temporary.open("w", encoding="utf-8") as handle:
        handle.write(_header(" ".join(path.name.split()), len(row), rate))
        for part in slices(len(row)):
            places = np.array(points[row[part]], np.float64)
            places[row[part] < 0] = np.nan
            numbers = np.arange(part.start, part.stop) + 1
            coordinates = np.round(places.reshape(len(places), -1), 3) + 0.0  # no -0.000
            table = np.column_stack([numbers, times[part], coordinates])
            np.savetxt(handle, table, _COLUMNS, delimiter="\t")


def _header(name, frames, rate):
    count = len(H36M_17)
    about = {
        "DataRate": f"{rate:.6f}",
        "CameraRate": f"{rate:.6f}",
        "NumFrames": frames,
        "NumMarkers": count,
        "Units": "mm",
        "OrigDataRate": f"{rate:.6f}",
        "OrigDataStartFrame": 1,
        "OrigNumFrames": frames,
    }
    lines = [
        ["PathFileType", "4", "(X/Y/Z)", name],
        about.keys(),
        map(str, about.values()),
        ["Frame#", "Time", *(cell for joint in H36M_17.joints for cell in (joint, "", ""))],
        ["", "", *(f"{axis}{number}" for number in range(1, count + 1) for axis in "XYZ")],
        [],
    ]
    return "".join("\t".join(line) + "\n" for line in lines)
