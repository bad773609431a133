"""Finds the people of pictures: decoding, detection and writing, each in a thread of its own."""

import itertools
import pathlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from synpose_tf.detection import shots
from synpose_tf.detection.landmarks_file import LandmarksFile, head
from synpose_tf.detection.people import DetectedPerson, Detector, FollowingDetector
from synpose_tf.errors import SynposeError
from synpose_tf.video.ahead import Ahead
from synpose_tf.video.pictures import Picture, Pictures

STRETCH = 900  # Pictures after which a detector that follows people begins anew.
_DECODED, _DETECTED = 4, 64  # How many are held ready: 6 MB each of 1080p, and next to nothing.


class Detection:
    """The people of pictures, found from now on.

    A detector that follows people begins anew at each cut and each `STRETCH` pictures, so that a
    run that goes on finds what one without a break would have.

    Args:
        pictures: what to look at.
        detector: who looks.
        identity: what tells the detector from others, see `detectors.make`.
        path: the landmarks file to be written, or gone on with.
        people: how many people a picture has at most; the surest are kept. None for all.

    Attributes:
        skipped: how many pictures the file had already.
        seconds: what the detector took, by the clock.

    Raises:
        SynposeError: another process writes the file, or it can't be written.
    """

    def __init__(
        self,
        pictures: Pictures,
        detector: Detector,
        identity: dict,
        path: pathlib.Path,
        people: int | None = None,
    ):
        self.pictures = pictures
        self._detector: Any = detector
        self._people = people
        self._follows = isinstance(detector, FollowingDetector)
        self.file = LandmarksFile(
            path, head(pictures, detector.layout, identity), STRETCH if self._follows else 1
        )
        self.skipped = self.file.frames
        self.seconds = 0.0
        self._threads: list[Ahead] = []
        if not self.file.complete:
            decoded = Ahead(self._shots(), _DECODED)
            self._threads = [Ahead(self._detect(decoded), _DETECTED), decoded]

    def finish(self, progress: Callable = iter) -> None:
        """Waits for the last picture; the landmarks file is then whole.

        Args:
            progress: wraps the iterable of pictures, as `tqdm` does.

        Raises:
            SynposeError: a picture can't be read, or the landmarks can't be written.
        """
        try:
            for picture_time, people, cut in progress(self._threads[0] if self._threads else ()):
                self.file.add(picture_time, people, cut)
            self.file.finish()
        finally:
            self.close()

    def close(self) -> None:
        """Ends the threads; what was found stays in the file."""
        for thread in self._threads:
            thread.stop()
        self.file.close()

    def _shots(self) -> Iterator[tuple[Picture, bool]]:
        start = self.skipped
        first = max(0, start - shots.WINDOW)
        marked = shots.cuts(self.pictures.since(first))
        return itertools.islice(marked, start - first, None)

    def _detect(self, decoded):
        """Yields (time, people, cut)."""
        for picture, cut in decoded:
            before = time.perf_counter()
            found = [_checked(person) for person in self._look(picture, cut)]
            self.seconds += time.perf_counter() - before
            found = sorted(found, key=_sureness, reverse=True)[: self._people]
            clock = None if self.pictures.fps is None else picture.time
            yield clock, [_in_fractions(person, picture.image) for person in found], cut

    def _look(self, picture, cut):
        if not self._follows:
            return self._detector.detect(picture.image)
        if cut or picture.number % STRETCH == 0:
            self._detector.begin()
        return self._detector.detect_next(picture.image, picture.time)


def _checked(person):
    if not isinstance(person, DetectedPerson):
        person = DetectedPerson(np.asarray(person))
    shape = np.shape(person.joints)
    if len(shape) != 2 or shape[1] != 3:
        raise SynposeError(
            f"the detector gave joints of shape {shape} for a person. Expected (joints, 3): x, y, "
            "confidence."
        )
    return person


def _sureness(person):
    return float(np.nan_to_num(person.joints[:, 2], nan=1.0).mean())


def _in_fractions(person, image):
    height, width = image.shape[:2]
    return DetectedPerson(np.asarray(person.joints) / (width, height, 1.0), person.world)
