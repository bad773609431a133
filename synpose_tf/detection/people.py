"""What a detector is: a class with `detect`. Your own one needs no more than

    class MyDetector:
        layout = "coco"

        def detect(self, image):
            return [joints of each person]

and is named on the command line as `--detector=my_module:MyDetector`.
"""

import dataclasses
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np


@dataclasses.dataclass(frozen=True)
class DetectedPerson:
    """A person in a picture.

    Args:
        joints: (J, 3): x, y in pixels, y down, and the confidence from 0 to 1; NaN for unknown.
        world: (J, 3), metres, x right, y down, z forward, from the middle of the hips, where the
            detector tells depth; or None.
    """

    joints: np.ndarray
    world: np.ndarray | None = None


@runtime_checkable
class Detector(Protocol):
    """Finds people in a picture, each picture for itself.

    Where it has a method `close`, that is called in the end.

    Attributes:
        layout: of the joints, as `--layout` calls it: `coco`, `mediapipe`, `halpe26`, ….
    """

    layout: str

    def detect(self, image: np.ndarray) -> Sequence[DetectedPerson | np.ndarray]:
        """The people of a picture.

        Args:
            image: (height, width, 3), uint8, RGB, upright.

        Returns:
            One a person, in any order: `DetectedPerson`, or its joints (J, 3) alone.
        """
        ...


@runtime_checkable
class FollowingDetector(Detector, Protocol):
    """A detector that takes what it found in the picture before for a start."""

    def begin(self) -> None:
        """Forgets the pictures before: another scene begins."""
        ...

    def detect_next(self, image: np.ndarray, time: float) -> Sequence[DetectedPerson | np.ndarray]:
        """The people of the next picture, at `time` seconds; see `detect`."""
        ...
