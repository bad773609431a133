"""The units of 2D coordinates, and how they become pixels.

With (X, Y) in pixels of an image of width w and height h, a file may hold

- `pixels`: X, Y.
- `fractions`: X / w, Y / h, from 0 to 1: MediaPipe, OpenPose's `--keypoint_scale 3`.
- `centred`: 2 X / w - 1, 2 Y / h - 1, from -1 to 1: OpenPose's `--keypoint_scale 4`.
- `centred_by_width`: 2 X / w - 1, (2 Y - h) / w: VideoPose3D's `normalize_screen_coordinates`.

None of them is guessed. Coordinates of which none is larger than `MAX_FRACTION` are no pixels.
Where none is below 0 they are fractions; where some are, the user or the format has to say
which unit it is.
"""

import dataclasses
import functools

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io.scratch import derived
from synpose_tf.keypoints.detections import Person, forget, marked_missed

PIXELS, FRACTIONS, CENTRED, BY_WIDTH = "pixels", "fractions", "centred", "centred_by_width"
UNITS = (PIXELS, FRACTIONS, CENTRED, BY_WIDTH)
MAX_FRACTION = 2.0  # Where all coordinates lie within, they are fractions and not pixels.
BELOW = 0.05  # A joint may lie so far outside of the image, and its fractions are still such.
_NEAR = 0.02  # Pixels; what (0, 0) or (-1, -1) is missed by after it was scaled and back.


def check(name: str | None) -> str | None:
    """The unit that a user names.

    Raises:
        SynposeError: there is no such unit.
    """
    if name is None or name in UNITS:
        return name
    raise SynposeError(f"--units={name}: no such unit. Expected one of {', '.join(UNITS)}.")


@dataclasses.dataclass
class Extent:
    """Where the joints of a file lie, which tells their unit.

    Args:
        low, high: of the coordinates of the joints that are seen.
        seen: how many these are.
        large: how many of their coordinates are beyond what fractions may be.
        corners: joints at (-1, -1), where centred coordinates have a missed joint's (0, 0).
    """

    low: float = np.inf
    high: float = -np.inf
    seen: int = 0
    large: int = 0
    corners: int = 0

    def add(self, joints: np.ndarray, seen: np.ndarray) -> None:
        """Joints (n, J, 3) more, of which those are seen that `seen` (n, J) says."""
        points = joints[seen, :2]
        corners = int((joints[..., :2] == -1).all(-1).sum())
        large = int((np.abs(points) > 2.0 * MAX_FRACTION).sum())
        low, high = points.min(initial=np.inf), points.max(initial=-np.inf)
        self.join(Extent(low, high, len(points), large, corners))

    def join(self, other: "Extent") -> None:
        """The joints of another person of the file more."""
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.seen += other.seen
        self.large += other.large
        self.corners += other.corners


def in_pixels(
    person: Person, extent: Extent, wanted: str | None = None, size: tuple[int, int] | None = None
) -> tuple[Person, str | None]:
    """A person's joints in pixels, and a note where the numbers told the unit, or None.

    Args:
        person: as the file has it.
        extent: of all people of the file.
        wanted: the unit that the user names; None for the file's, or what the numbers say.
        size: (width, height) that the user gives, pixels; None for the file's.

    Raises:
        SynposeError: the unit can't be told, the numbers are not of it, or the image's size is
            not known.
    """
    size = size or person.image_size
    span = f"coordinates run from {extent.low:.4g} to {extent.high:.4g}"
    where = f"{person.where}: {span}"
    given = wanted or person.units
    unit = given or _told(person, extent, where)
    if unit == PIXELS:
        return person, None
    if extent.large > extent.seen:  # More than half: each joint has two coordinates.
        raise SynposeError(
            f"{where}, which are pixels. Expected {unit}"
            + ("." if wanted else ", as MediaPipe gives them; divide by image_size.")
        )
    if size is None:
        raise SynposeError(
            f"{where}, which are {unit} of an image, not pixels. Give --image_size=WIDTH,HEIGHT to "
            "turn them into pixels"
            + ("." if given else f", and --units={CENTRED} or {BY_WIDTH} if 0 is its middle.")
        )
    joints = derived(functools.partial(_scaled, unit=unit, size=size), person.joints)
    note = f"{span}: {unit}, turned into pixels of {size[0]} x {size[1]}; --units names another"
    return dataclasses.replace(person, joints=joints, units=PIXELS), None if given else note


def _told(person, extent, where):
    """The unit that numbers and format tell."""
    if max(abs(extent.low), abs(extent.high)) > MAX_FRACTION:
        return PIXELS
    if extent.low >= -BELOW and not (person.centred and extent.corners):
        return FRACTIONS
    if person.centred:
        return person.centred
    raise SynposeError(
        f"{where}, which are no pixels but centred, or fractions of joints outside of the image. "
        f"Give --image_size=WIDTH,HEIGHT and one of --units={BY_WIDTH} (VideoPose3D's: x from -1 "
        f"to 1, y by the width too), --units={CENTRED} (x and y from -1 to 1), "
        f"--units={FRACTIONS} (0 to 1 within the image)."
    )


def _scaled(joints, unit, size):
    """Pixels; NaN for what detectors mark as missed, before and after it was scaled."""
    joints, (width, height) = joints.copy(), size
    missed = marked_missed(joints)
    points = joints[..., :2]
    if unit == FRACTIONS:
        points *= np.float32(size)
    else:
        points[..., 0] = (points[..., 0] + 1) * (width / 2)
        per = height if unit == CENTRED else width
        points[..., 1] = points[..., 1] * (per / 2) + height / 2
    marks = np.where(np.abs(points - np.round(points)) < _NEAR, np.round(points), points)
    forget(joints, missed | marked_missed(marks))
    return joints
