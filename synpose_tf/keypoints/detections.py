"""What a reader finds, before it is brought into one form.

Readers that stream add one person of one frame at a time to `Sightings`, in any order. Joints go
to disk; in memory stay frame, track and time, 24 bytes of each: 2.6 MB an hour at 30 Hz.
"""

import array
import dataclasses
import pathlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io.scratch import Column, Rows, Scratch
from synpose_tf.structures.skeleton import Skeleton

MAX_PEOPLE = 2**23  # In frames: 77 hours of one person at 30 Hz.
MAX_NUMBERS = 2**28  # Of files that are read as a whole: 1 GiB.
NOBODY = -1  # The track number of a person whom the detector did not follow.
MAX_PIXEL = 5e4  # No camera has so many; a number beyond is no place in an image.
_MARK = -9  # A place of twice the same number from here down is a mark, such as (-999, -999).
_WHOLE = re.compile(r"\s*([+-]?\d{1,18})(?:\.0*)?\s*")
_LAST_NUMBER = re.compile(r"((?:(?<=[ _.])|(?<!.))-)?(\d{1,18})(\D*)$")
_RENAMED = re.compile(r"[._](?:jpe?g|png)\.rf\.\w+$", re.IGNORECASE)  # By Roboflow.
# What may stand behind a frame's number: 1920x1080, 1080p, and 1920_1080 where it is usual.
_SIZE = re.compile(
    r"(?<!\d)(?:\d{2,5}[xX×]\d{2,5}|\d{3,4}p(?![a-zA-Z])|(?:"
    + "|".join(
        f"{width}[_-]{height}|{height}[_-]{width}"
        for width, height in [
            (3840, 2160), (2560, 1440), (1920, 1080), (1280, 720), (854, 480), (640, 480),
        ]
    )
    + r"))(?!\d)"
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Person:
    """One person as a file has it.

    Args:
        name: what to call the person.
        frames: (F,), integers, in any order.
        joints: (F, J, 3), float32: x, y, confidence; unchecked. An array, or rows on disk. With
            the detector's own 3D behind them, metres from its root, (F, J, 6).
        where: the file and place, for messages.
        times: (F,), seconds, or None where the file does not tell.
        fps: frames a second, or None where the file does not tell.
        layout: None where the file does not tell.
        usual: the layout that the format usually has; the poses may say otherwise.
        joint_names: the joints' names in the file, None for one that has none; or None.
        image_size: (width, height), pixels, or None where the file does not tell.
        units: one of `units.UNITS`, or None where the file does not tell.
        centred: which of the units the format means by coordinates below 0, or None.
        notes: what the user should know, as sentences.
    """

    name: str
    frames: np.ndarray
    joints: Column
    where: str
    times: np.ndarray | None = None
    fps: float | None = None
    layout: Skeleton | None = None
    usual: Skeleton | None = None
    joint_names: tuple[str | None, ...] | None = None
    image_size: tuple[int, int] | None = None
    units: str | None = None
    centred: str | None = None
    notes: tuple[str, ...] = ()


class Sightings:
    """People in frames, in the order in which they were added.

    Args:
        where: the file, for messages.
        scratch: where the joints go.

    Attributes:
        known: what else `Person` takes of all the people.
        cuts: frames, increasing, with which another scene begins.
    """

    LOOKED = -2  # The track number of nobody, in a frame that was looked at.

    def __init__(self, where: pathlib.Path | str, scratch: Scratch):
        self.where = str(where)
        self.known: dict[str, Any] = {}
        self.cuts: list[int] = []
        self._frames, self._tracks = array.array("q"), array.array("q")
        self._times = array.array("d")
        self.joints = Rows(scratch)  # (N, J, 3 or 6), see `Person`.
        self._first: tuple[str, tuple[int, ...]] = ("", (0,))  # Who was first, joints' shape.
        self._looked = array.array("q"), array.array("d")  # Frames, times.

    def __len__(self):
        return len(self._frames)

    def add(
        self,
        place: str,
        frame: int,
        joints: Sequence[Any] | np.ndarray,
        track: int | None = None,
        time: float = np.nan,
    ) -> None:
        """Adds a person.

        Args:
            place: where the person stands in the file, for messages.
            frame: the frame's number.
            joints: (J, 3 or 6), see `Person`.
            track: the detector's number for the person, or None.
            time: seconds.

        Raises:
            SynposeError: another joint count than before, too many people, or a full disk.
        """
        if not len(self):
            self._first = place, np.shape(joints)
        if len(joints) != self._first[1][0]:
            raise SynposeError(
                f"{self.where}: {place} has {len(joints)} joints, {self._first[0]} had "
                f"{self._first[1][0]}. One file must hold one layout; split it."
            )
        if len(self) >= MAX_PEOPLE:
            raise SynposeError(
                f"{self.where}: more than {MAX_PEOPLE:,} people, added up over the frames, which "
                "is more than is sorted at once. Split the file, by time or by person."
            )
        self._frames.append(frame)
        self._tracks.append(NOBODY if track is None else track)
        self._times.append(time)
        with np.errstate(over="ignore"):
            self.joints.append(np.asarray(joints, np.float32)[None])

    def add_all(
        self, frames: np.ndarray, joints: np.ndarray, times: np.ndarray | None = None
    ) -> None:
        """Adds people whom nobody followed.

        Args:
            frames: (N,), integers.
            joints: (N, J, 3), as `add` takes them.
            times: (N,), seconds, or None.

        Raises:
            SynposeError: a full disk.
        """
        self._first = self._first or ("the first frame", joints.shape[1])
        times = np.full(len(frames), np.nan) if times is None else times
        self._frames.frombytes(np.ascontiguousarray(frames, np.int64).tobytes())
        self._tracks.frombytes(np.full(len(frames), NOBODY, np.int64).tobytes())
        self._times.frombytes(np.ascontiguousarray(times, np.float64).tobytes())
        self.joints.append(np.asarray(joints, np.float32))

    def look(self, frame: int, time: float = np.nan) -> None:
        """Tells of a frame that was looked at, whether anybody is in it or not."""
        self._looked[0].append(frame)
        self._looked[1].append(time)

    def add_empty_frames(self) -> None:
        """Adds, as `LOOKED`, those frames that were looked at and in which there is nobody."""
        frames = np.array(self._looked[0], np.int64)
        for index in np.flatnonzero(~np.isin(frames, self.frames.copy())):
            self.add_nobody(int(frames[index]), self._looked[1][index])
        self._looked = array.array("q"), array.array("d")

    def add_nobody(self, frame: int, time: float = np.nan) -> int:
        """Adds a pose without joints, as `LOOKED`; gives its row."""
        self.add("", frame, np.full(self._first[1], np.nan), self.LOOKED, time)
        return len(self) - 1

    def time(self, row: int) -> float:
        """Seconds, NaN where not given."""
        return self._times[row]

    @property
    def frames(self) -> np.ndarray:
        """(N,), the frame numbers."""
        return np.frombuffer(self._frames, np.int64) if len(self) else np.zeros(0, np.int64)

    @property
    def tracks(self) -> np.ndarray:
        """(N,), the detector's track numbers, `NOBODY` where it gave none."""
        return np.frombuffer(self._tracks, np.int64) if len(self) else np.zeros(0, np.int64)

    @property
    def times(self) -> np.ndarray | None:
        """(N,), seconds, or None where they are not all given."""
        times = np.frombuffer(self._times, np.float64) if len(self) else np.zeros(0)
        return times if np.isfinite(times).all() else None


def forget(joints: np.ndarray, missed: np.ndarray) -> None:
    """Makes NaN of joints (…, J, 3 or 6) that count as missed (…, J), with a confidence of 0."""
    joints[missed] = np.nan
    joints[missed, 2] = 0.0


def marked_missed(joints: np.ndarray) -> np.ndarray:
    """(…, J): whether a detector says of joints (…, J, 3 or 6) that it missed them.

    It does so by (0, 0), by (-1, -1), by twice the same number far below, and by NaN or null.
    """
    x, y = joints[..., 0], joints[..., 1]
    mark = (x == y) & ((x == 0) | (x == -1) | (x <= _MARK))
    return mark | ~(np.isfinite(x) & np.isfinite(y))


def nowhere(joints: np.ndarray) -> np.ndarray:
    """(…, J): whether joints (…, J, 3) have a place that is in or near no image."""
    points = joints[..., :2]
    return (np.abs(points) > MAX_PIXEL).any(-1) & np.isfinite(points).all(-1)


def labelled(people: list[Person], label: str) -> list[Person]:
    """People of one of several recordings: its label in their names, alone for a single one."""
    label = label.strip(" _-./")
    if len(people) == 1 and label:
        return [dataclasses.replace(people[0], name=label)]
    return [dataclasses.replace(p, name=f"{label} {p.name}".strip()) for p in people]


def without_joints(values: Any) -> bool:
    """Whether a person has no joints at all, as one of whom only the box was found."""
    return values is None or values == []


def triples(values: Any, where: str) -> np.ndarray:
    """(J, 3) from a list x, y, confidence, x, y, confidence, …; null becomes NaN.

    Each joint may have a list of its own, of two numbers where there is no confidence. Where all
    confidences are null they are not known, and the joints count as seen.

    Raises:
        SynposeError: it is no such list.
    """
    numbers = floats(values, where)
    if numbers.ndim == 2 and numbers.shape[1] == 2:
        return np.column_stack([numbers, np.ones(len(numbers))])
    nested = numbers.ndim == 2 and numbers.shape[1] == 3
    if not numbers.size or numbers.size % 3 or not (numbers.ndim == 1 or nested):
        raise SynposeError(
            f"{where}: {numbers.size} numbers in shape {numbers.shape}. Expected one list of x, y, "
            "confidence for each joint."
        )
    return scored(numbers.reshape(-1, 3))


def scored(joints: np.ndarray) -> np.ndarray:
    """Joints (…, 3), with confidence 1 where no joint has any."""
    if not np.isnan(joints[..., 2]).all():
        return joints
    return np.concatenate([joints[..., :2], np.ones_like(joints[..., :1])], axis=-1)


def floats(values: Any, where: str) -> np.ndarray:
    """An array of numbers out of (nested) lists; null becomes NaN.

    Raises:
        SynposeError: there is something else than numbers, or the lists are uneven.
    """
    try:
        if not isinstance(values, list):
            raise ValueError(f"found {type(values).__name__}")
        numbers = np.array(values)
        if numbers.dtype == object or numbers.dtype.kind in "iub":
            numbers = numbers.astype(np.float64)  # None becomes NaN.
        if numbers.dtype.kind != "f":
            raise ValueError(f"found {_first_text(values)}")
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise SynposeError(f"{where}: expected lists of numbers ({error}).") from None
    return numbers


def integer(value: Any, where: str) -> int:
    """A whole number, which may be written as a text.

    Raises:
        SynposeError: it is something else, or does not fit 63 bits.
    """
    if isinstance(value, str) and (digits := _WHOLE.fullmatch(value)):
        return int(digits[1])
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and abs(value) < 2**62 and value == int(value):  # NaN is below nothing.
        return int(value)
    raise SynposeError(f"{where}: expected a whole number, found {str(value)[:40]!r}.")


def track_number(value: Any, where: str) -> int | None:
    """A detector's number of a person; None where there is none.

    It may stand in lists, as AlphaPose's `idx`; where it joined two detections to one person,
    `[[1.0], [2.0]]`, the first number holds.

    Raises:
        SynposeError: it is something else.
    """
    while isinstance(value, list):
        value = value[0] if value else None
    number = None if value is None else integer(value, where)
    return None if number is None or number < 0 else number


def split_number(name: str) -> tuple[str, int | None]:
    """A file's or image's name as (what stands before its last number, that number or None).

    The image's size, `frame_0012_1920x1080`, is no number of a frame, nor what Roboflow puts
    behind it, `frame_0012_jpg.rf.0a1b2c`. A minus stands at the start, or after a separator.
    """
    name = _RENAMED.sub("", name)
    match = _LAST_NUMBER.search(_SIZE.sub(lambda size: " " * len(size[0]), name))
    return (name[: match.start()], int((match[1] or "") + match[2])) if match else (name, None)


def _first_text(values):
    while isinstance(values, list) and values:
        values = next((v for v in values if isinstance(v, str | dict | list)), values[0])
    return repr(values)[:40]
