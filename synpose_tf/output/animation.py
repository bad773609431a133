"""Moving pictures: 2D beside the 3D, which turns slowly."""

from collections.abc import Iterator, Sequence

import numpy as np
import tqdm
from PIL import Image

from synpose_tf.output import drawing, scenes
from synpose_tf.structures.tracks import PoseTrack

SIZE = (800, 440)
_GAP, _FOOT = 10, 30
_FULL_TURN = 12.0  # seconds
_START = np.radians(30.0)
_STILL = 6.0  # seconds that a single moment is shown, turning twice as fast


class Animation:
    """The pictures of tracks at a constant rate.

    A single moment is turned once around. Where the input has no frames for longer than a
    second, one second passes.

    Args:
        tracks: one or more people, at least one frame with a pose.
        fastest: pictures a second at most.
        longest: pictures at most; a longer video is shown at fewer a second.
    """

    def __init__(self, tracks: Sequence[PoseTrack], fastest: float, longest: int | None = None):
        self._scene = scenes.Scene(tracks)
        clock = self._scene.clock()
        self._still = len(clock) == 1
        step = np.median(np.diff(clock)) if not self._still else 0.0
        duration = _STILL if self._still else clock[-1] + step
        self.rate = min(fastest, 15.0 if self._still else 1.0 / step)
        count = max(1, round(duration * self.rate))
        if longest and count > longest:
            self.rate, count = longest / duration, longest
        self._seconds = np.arange(count) / self.rate
        self._moments = np.searchsorted(clock, self._seconds + 0.5 / self.rate, side="right") - 1

    def __len__(self):
        return len(self._moments)

    def pictures(self, name: str) -> Iterator[Image.Image]:
        """The pictures in order, with a progress bar that says `name`."""
        turns = 2 * np.pi / (_STILL if self._still else _FULL_TURN) * self._seconds
        moments = tqdm.tqdm(self._moments, name, unit=" pictures", disable=None)
        for moment, turned in zip(moments, turns, strict=True):
            yield self._picture(moment, _START + turned)

    def _picture(self, moment, azimuth):
        sheet = drawing.Panel(*SIZE, drawing.PAGE)
        height = SIZE[1] - _GAP - _FOOT
        wide = round((SIZE[0] - 3 * _GAP) * 0.56)
        seen = drawing.Panel(SIZE[0] - 3 * _GAP - wide, height)
        lifted = drawing.Panel(wide, height)
        self._scene.draw_2d(seen, moment)
        self._scene.draw_3d(lifted, moment, azimuth)
        seen.text(12, 10, "2D input")
        lifted.text(12, 10, "3D")
        sheet.put(seen, _GAP, _GAP)
        sheet.put(lifted, 2 * _GAP + int(seen.size[0]), _GAP)
        middle = SIZE[1] - _FOOT / 2
        sheet.legend(_GAP + 4, middle)
        time = f"{self._scene.times[moment]:.2f} s"
        sheet.text(SIZE[0] - _GAP - 4, middle, time, colour=drawing.TEXT, anchor="rm")
        return sheet.image()
