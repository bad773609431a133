"""Tracks made ready to be drawn moment by moment."""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np

from synpose_tf.output import drawing, stage, timeline
from synpose_tf.structures.tracks import PoseTrack

_LONGEST_GAP = 1.0  # seconds that playing waits where the input has no frames


class Scene:
    """People, the moments at which anybody has a frame, and the views of them.

    Args:
        tracks: one or more people, at least one frame with a pose.
    """

    def __init__(self, tracks: Sequence[PoseTrack]):
        moments = timeline.moments(tracks)
        self.times = moments.times
        self._tracks = tracks
        self._rows = moments.rows
        self._staged = stage.set_on_stage(tracks)
        self._frame = drawing.ImageFrame.around(tracks)
        self._view = drawing.View.of(self._staged, self._rows)

    def posed(self) -> np.ndarray:
        """(T,), True where anybody has a pose."""
        posed = np.zeros(len(self.times), bool)
        for points, row in zip(self._staged, self._rows, strict=True):
            posed |= (row >= 0) & stage.posed(points)[row]
        return posed

    @functools.cached_property
    def _close(self):
        """What shows the first person at any moment, at one scale."""
        return dataclasses.replace(self._frame, span=drawing.largest_span(self._tracks[0]))

    def clock(self) -> np.ndarray:
        """(T,), seconds from the start at which playing shows each moment."""
        gaps = np.minimum(np.diff(self.times), _LONGEST_GAP)
        return np.concatenate([[0.0], np.cumsum(gaps)])

    def draw_2d(self, panel: drawing.Panel, moment: int, follow: bool = False) -> None:
        """Draws what the camera saw; `follow` keeps a person who is alone in the middle."""
        frame, row = self._frame, self._rows[0][moment]
        if follow and len(self._tracks) == 1 and row >= 0:
            frame = self._close.moved_to(self._tracks[0].keypoints[row])
        people = [
            (track.keypoints[row[moment]], track.inferred[row[moment]])
            for track, row in zip(self._tracks, self._rows, strict=True)
            if row[moment] >= 0
        ]
        drawing.draw_2d(panel, frame, people)

    def draw_3d(self, panel: drawing.Panel, moment: int, azimuth: float) -> None:
        """Draws the stage, from `azimuth` radians to the right of the camera."""
        people = [
            (points[row[moment]], track.inferred[row[moment]])
            for track, points, row in zip(self._tracks, self._staged, self._rows, strict=True)
            if row[moment] >= 0 and np.isfinite(points[row[moment]]).all()
        ]
        drawing.draw_3d(panel, self._view, moment, azimuth, people)
        if not people:
            x, y = panel.size / 2
            panel.text(x, y, "no pose in this frame", anchor="mm")
