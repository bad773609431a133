"""Tracks made ready to be drawn moment by moment."""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np

from synpose_tf.output import certainty, drawing, stage, timeline
from synpose_tf.output.backdrop import Backdrop
from synpose_tf.structures.tracks import PoseTrack
from synpose_tf.visualization import colours

_LONGEST_GAP = 1.0  # seconds that playing waits where the input has no frames


class Scene:
    """People, the moments at which anybody has a frame, and the views of them.

    Args:
        tracks: one or more people, at least one frame with a pose.
        backdrop: what the camera saw, or None.
    """

    def __init__(self, tracks: Sequence[PoseTrack], backdrop: Backdrop | None = None):
        moments = timeline.moments(tracks, backdrop)
        self.times = moments.times
        self._tracks = tracks
        self._rows = moments.rows
        self._pictures, self._backdrop = moments.pictures, backdrop
        self._colours = colours.of_people(len(tracks))
        self._usual = certainty.usual(tracks)
        self._staged = stage.set_on_stage(tracks)
        self._around = drawing.ImageFrame.around(tracks)
        if backdrop is not None and self._around.image_size is None:
            self._around = dataclasses.replace(self._around, image_size=backdrop.size)
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
        return dataclasses.replace(self._around, span=drawing.largest_span(self._tracks[0]))

    def clock(self) -> np.ndarray:
        """(T,), seconds from the start at which playing shows each moment."""
        gaps = np.minimum(np.diff(self.times), _LONGEST_GAP)
        return np.concatenate([[0.0], np.cumsum(gaps)])

    @property
    def aspect(self) -> float:
        """Width over height of what `draw_2d` shows."""
        width, height = self._frame.span
        return float(max(width, 1.0) / max(height, 1.0))

    @functools.cached_property
    def _frame(self):
        """All that the camera saw, or without pictures where people are."""
        if self._backdrop is None:
            return self._around
        return drawing.ImageFrame.whole(self._around.image_size or self._backdrop.size)

    def draw_2d(self, panel: drawing.Panel, moment: int, follow: bool = False) -> None:
        """Draws what the camera saw; `follow` keeps a person who is alone in the middle."""
        frame, row = self._frame, self._rows[0][moment]
        if follow and len(self._tracks) == 1 and row >= 0:
            frame = self._close.moved_to(self._tracks[0].keypoints[row])
        people = self._people(moment, self._points_2d)
        drawing.draw_2d(panel, frame, people, self._image(moment))
        if not any(np.isfinite(person.points).any() for person in people):
            x, y = panel.size * [0.5, 1.0] - [0, 18]
            panel.text(x, y, "nobody seen in this frame", anchor="mm", plate=True)

    def draw_3d(self, panel: drawing.Panel, moment: int, azimuth: float) -> None:
        """Draws the stage, from `azimuth` radians to the right of the camera."""
        people = self._people(moment, self._staged)
        people = [person for person in people if np.isfinite(person.points).all()]
        drawing.draw_3d(panel, self._view, moment, azimuth, people)
        if not people:
            x, y = panel.size / 2
            panel.text(x, y, "no pose in this frame", anchor="mm")

    @functools.cached_property
    def _points_2d(self):
        return [track.keypoints for track in self._tracks]

    def _people(self, moment, points):
        """The people of a moment, with their `points`."""
        return [
            drawing.Figure(
                points[person][row[moment]],
                certainty.of_joints(track, row[moment], self._usual),
                self._colours[person],
            )
            for person, (track, row) in enumerate(zip(self._tracks, self._rows, strict=True))
            if row[moment] >= 0
        ]

    def _image(self, moment):
        if self._backdrop is None or self._pictures is None or self._pictures[moment] < 0:
            return None
        return self._backdrop.image(int(self._pictures[moment]))
