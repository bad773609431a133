"""The landmarks file, written as detection goes on, so that a killed run can go on.

It is the JSON that `keypoints.formats.mediapipe` reads, a frame a line. Its first line is the head:
what the pictures and the detector were. A file that ends early, with the same head, is gone on
with after its last whole frame.
"""

import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from synpose_tf.detection.people import DetectedPerson
from synpose_tf.errors import SynposeError
from synpose_tf.io import files, locks
from synpose_tf.video.pictures import Pictures

FORMAT = "mediapipe-pose-landmarks"
_END = b"]}\n"


def head(pictures: Pictures, layout: str, detector: dict) -> dict:
    """What comes ahead of the frames.

    Args:
        pictures: that are looked at.
        layout: of the joints, as `--layout` calls it.
        detector: what tells detectors apart whose results differ.
    """
    path = pictures.path
    entries = sorted(path.iterdir()) if path.is_dir() else [path]
    facts = [entry.stat() for entry in entries]
    source = {
        "name": path.resolve().name,
        "bytes": sum(fact.st_size for fact in facts),
        "modified": max(fact.st_mtime_ns for fact in facts),
        "rotate": pictures.rotate,
    }
    return {
        "format": FORMAT,
        "image_size": list(pictures.size),
        "fps": pictures.fps,
        "layout": layout,
        "source": source,
        "detector": detector,
    }


class LandmarksFile:
    """A landmarks file that is being written.

    Args:
        path: the file. Another process must not write it at the same time.
        head: as `head` makes it.
        stretch: frames; those after the last multiple of it are taken off, because how they
            came about is not known any more. 1 for detectors that look at pictures one by one.

    Attributes:
        frames: how many the file holds.
        seen: of those, in how many there is somebody.
        complete: whether the last frame is there.

    Raises:
        SynposeError: another process writes it, or it can't be written.
    """

    def __init__(self, path: pathlib.Path, head: dict, stretch: int = 1):
        self.path = path
        files.make_folder(path.parent)
        self._lock_path = path.with_name(f"{path.name}.lock")
        self._lock = locks.lock(
            self._lock_path, f"{path}: another process finds the people of the same pictures now."
        )
        self.frames, self.seen, self.complete = 0, 0, False
        first = json.dumps(head)[:-1].encode() + b', "frames": [\n'
        try:
            self._handle = path.open("r+b" if path.exists() else "w+b")
            self._go_on(first, stretch)
        except OSError as error:
            raise SynposeError(f"{path}: can't be written ({error.strerror or error}).") from error

    def _go_on(self, first, stretch):
        handle = self._handle
        if handle.readline() != first:
            handle.seek(0)
            handle.truncate()
            handle.write(first)
            handle.flush()
            return
        whole, ends = 0, [(handle.tell(), 0)]
        for line in handle:
            if line == _END:
                self.complete = True
                break
            if not _is_frame(line):
                break
            whole, self.seen = whole + 1, self.seen + (b'"landmarks"' in line)
            if whole % stretch == 0:
                ends = [(handle.tell(), self.seen)]
                self.frames = whole
        if self.complete:
            self.frames = whole
            return
        end, self.seen = ends[-1]
        handle.seek(end)
        handle.truncate()

    def add(self, time: float | None, people: Sequence[DetectedPerson], cut: bool) -> None:
        """Adds the next frame.

        Args:
            time: seconds; None where the pictures have no clock.
            people: who is in it; joints in fractions of the picture's width and height.
            cut: whether another scene begins with it.

        Raises:
            SynposeError: the disk is full.
        """
        entry: dict[str, Any] = {"frame": self.frames}
        entry["time"] = None if time is None else round(time, 6)
        if cut:
            entry["cut"] = True
        entry["people"] = [_person(person) for person in people]
        comma = "," if self.frames else ""
        self._write(f"{comma}{json.dumps(entry)}\n".encode())
        self.frames, self.seen = self.frames + 1, self.seen + bool(people)

    def finish(self) -> None:
        """Adds the file's end."""
        if not self.complete:
            self._write(_END)
            os.fsync(self._handle.fileno())
            self.complete = True

    def _write(self, data):
        try:
            self._handle.write(data)
            self._handle.flush()
        except OSError as error:
            raise SynposeError(
                f"{self.path}: can't be written ({error.strerror or error}). What was found so "
                "far stays there. Make room, and start the same command again: it goes on."
            ) from error

    def close(self) -> None:
        """Closes the file and lets other processes write it."""
        self._handle.close()
        if self._lock is not None:
            self._lock.release()
            self._lock_path.unlink(missing_ok=True)


def _is_frame(line):
    try:
        return line.endswith(b"\n") and "people" in json.loads(line.removeprefix(b","))
    except ValueError:
        return False


def _person(person):
    x, y, confidence = np.asarray(person.joints, np.float64).T
    landmarks = np.round(np.stack([x, y, np.zeros_like(x), confidence], axis=-1), 6)
    entry = {"landmarks": _plain(landmarks)}
    if person.world is not None:
        entry["world"] = _plain(np.round(np.asarray(person.world, np.float64), 5))
    return entry


def _plain(numbers):
    """Lists of numbers, null for what JSON has no number for."""
    return [[n if np.isfinite(n) else None for n in row] for row in numbers.tolist()]
