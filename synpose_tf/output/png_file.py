"""Poses as a picture: a column a moment, 2D above 3D from the camera's side and from beside."""

import pathlib
from collections.abc import Sequence

import numpy as np

from synpose_tf.io import files
from synpose_tf.output import drawing, scenes
from synpose_tf.output.backdrop import Backdrop
from synpose_tf.structures.tracks import PoseTrack

_COLUMNS = 8
_WIDTH, _HEIGHT, _GAP, _HEAD, _FOOT = 170, 210, 8, 34, 34
_ROWS = ("2D input", "3D, as the camera saw it", "3D, from the side")


def write(
    tracks: Sequence[PoseTrack], path: pathlib.Path, background: Backdrop | None = None
) -> list[pathlib.Path]:
    """See `Format.write`. Up to eight moments with a pose, evenly spread."""
    scene = scenes.Scene(tracks, background)
    posed = np.flatnonzero(scene.posed())
    count = min(_COLUMNS, len(posed))
    chosen = posed[np.linspace(0, len(posed) - 1, count).round().astype(int)]
    sheet = drawing.Panel(
        _GAP + max(count, 2) * (_WIDTH + _GAP),
        _HEAD + len(_ROWS) * (_HEIGHT + _GAP) + _FOOT,
        drawing.PAGE,
    )
    for column, moment in enumerate(chosen):
        x = _GAP + column * (_WIDTH + _GAP)
        time = f"{scene.times[moment]:.2f} s"
        sheet.text(x + _WIDTH / 2, _HEAD / 2, time, 13, drawing.TEXT, anchor="mm")
        panels = [drawing.Panel(_WIDTH, _HEIGHT) for _ in _ROWS]
        scene.draw_2d(panels[0], moment, follow=True)
        scene.draw_3d(panels[1], moment, 0.0)
        scene.draw_3d(panels[2], moment, np.pi / 2)
        for row, panel in enumerate(panels):
            if column == 0:
                panel.text(10, 8, _ROWS[row], 11, plate=row == 0 and background is not None)
            sheet.put(panel, x, _HEAD + row * (_HEIGHT + _GAP))
    sheet.legend(_GAP + 4, sheet.size[1] - _FOOT / 2 - 3, len(tracks))
    with files.replacing(path) as temporary:
        sheet.image().save(temporary, format="PNG", optimize=True)
    return [path]
