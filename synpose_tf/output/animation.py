"""Moving pictures: 2D, over what the camera saw, beside the 3D, which turns slowly."""

from collections.abc import Iterator, Sequence

import numpy as np
import tqdm
from PIL import Image

from synpose_tf.output import drawing, scenes
from synpose_tf.output.backdrop import Backdrop
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
        background: what the camera saw, or None.
    """

    def __init__(
        self,
        tracks: Sequence[PoseTrack],
        fastest: float,
        longest: int | None = None,
        background: Backdrop | None = None,
    ):
        self._scene = scenes.Scene(tracks, background)
        self._people, self._over_pictures = len(tracks), background is not None
        self._share_of_2d = 0.44
        if self._over_pictures:  # As wide as the picture wants it.
            wanted = self._scene.aspect * (SIZE[1] - _GAP - _FOOT) / (SIZE[0] - 3 * _GAP)
            self._share_of_2d = min(max(wanted, 0.3), 0.6)
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
        for index in tqdm.trange(len(self), desc=name, unit=" pictures", disable=None):
            yield self.picture(index)

    def picture(self, index: int) -> Image.Image:
        """One of the pictures."""
        moment = self._moments[index]
        turn = 2 * np.pi / (_STILL if self._still else _FULL_TURN) * self._seconds[index]
        azimuth = _START + turn
        sheet = drawing.Panel(*SIZE, drawing.PAGE)
        height = SIZE[1] - _GAP - _FOOT
        wide = round((SIZE[0] - 3 * _GAP) * (1.0 - self._share_of_2d))
        seen = drawing.Panel(SIZE[0] - 3 * _GAP - wide, height)
        lifted = drawing.Panel(wide, height)
        self._scene.draw_2d(seen, moment)
        self._scene.draw_3d(lifted, moment, azimuth)
        seen.text(12, 10, "2D input", plate=self._over_pictures)
        lifted.text(12, 10, "3D")
        sheet.put(seen, _GAP, _GAP)
        sheet.put(lifted, 2 * _GAP + int(seen.size[0]), _GAP)
        middle = SIZE[1] - _FOOT / 2
        sheet.legend(_GAP + 4, middle, self._people)
        time = f"{self._scene.times[moment]:.2f} s"
        sheet.text(SIZE[0] - _GAP - 4, middle, time, colour=drawing.TEXT, anchor="rm")
        return sheet.image()
