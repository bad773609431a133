"""Finds the people of what a command is given, and keeps what was found until it is used."""

import contextlib
import functools
import pathlib
import sys
from collections.abc import Callable, Sequence

import tqdm

from synpose_tf.detection import detectors
from synpose_tf.detection.pipeline import Detection
from synpose_tf.errors import SynposeError
from synpose_tf.video.pictures import Pictures, is_pictures, open_pictures


def are_pictures(paths: Sequence) -> bool:
    """Whether the inputs are photos, videos and folders of photos, rather than keypoints.

    Raises:
        SynposeError: some are, and some are not.
    """
    kinds = {is_pictures(path): path for path in paths}
    if len(kinds) == 2:
        raise SynposeError(
            f"{kinds[True]} holds pictures and {kinds[False]} does not. Give either pictures or "
            "files of keypoints."
        )
    return True in kinds


class Session:
    """People that are found in pictures, from now on; a context that ends the detector's work.

    Landmarks go to `….landmarks.part` meanwhile. A run that is killed or fails leaves it, and the
    same command goes on.

    Args:
        paths: photos, videos, folders of photos.
        folder: where to keep landmarks, which is made.
        stem: what to call their file.
        detector: see `detectors.make`.
        model: see `detectors.make`.
        people: how many people a picture has at most; None for not told.
        rotate: degrees by which pictures are turned clockwise.
        save: where the landmarks of a single input go in the end; None for nowhere.
        say: tells the user.
        opening: gives the pictures of a path and `rotate`.

    Attributes:
        pictures: of each input.

    Raises:
        SynposeError: an input can't be read, the detector can't be had, or the landmarks can't be
            written.
    """

    def __init__(
        self,
        paths: Sequence,
        folder: pathlib.Path,
        stem: str,
        detector: str = "mediapipe",
        model: pathlib.Path | None = None,
        people: int | None = None,
        rotate: int = 0,
        save: pathlib.Path | None = None,
        say: Callable[[str], None] = print,
        opening: Callable[..., Pictures] = open_pictures,
    ):
        self.pictures = [opening(path, rotate) for path in paths]
        self._say, self._people = say, people
        self._saved = None if save is None else _checked(save, paths)
        self._detector, self._identity = detectors.make(detector, people, model)
        if self._saved is None:
            numbers = [""] if len(paths) == 1 else [f"-{n + 1}" for n in range(len(paths))]
            self._parts = [folder / f"{stem}{number}.landmarks.part" for number in numbers]
        else:
            self._parts = [self._saved.with_name(f"{self._saved.name}.part")]
        folder = self._parts[0].parent
        self._made = [f for f in (folder, *folder.parents) if not f.exists()]
        self._seen: list[int] = []
        self._waited = False
        self._running = self._start(0)

    @property
    def titles(self) -> list[str]:
        """What to call the inputs."""
        return [pictures.path.stem for pictures in self.pictures]

    @property
    def intrinsics(self) -> tuple[float, ...] | None:
        """(fx, fy, cx, cy) in pixels, before pictures are turned, where all files tell the same."""
        told = {pictures.intrinsics for pictures in self.pictures}
        return told.pop() if len(told) == 1 else None

    def _start(self, number):
        pictures = self.pictures[number]
        return Detection(
            pictures, self._detector, self._identity, self._parts[number], self._people
        )

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *error: object) -> None:
        self._running.close()
        if not self._waited and not self._running.skipped:
            self.discard()
        if hasattr(self._detector, "close"):
            self._detector.close()

    def finish(self) -> list[pathlib.Path]:
        """Waits until all are found; gives the landmarks' file of each input.

        Raises:
            SynposeError: a picture can't be read, nobody is found, or the disk is full.
        """
        self._waited = True
        for number in range(len(self.pictures)):
            if number:
                self._running = self._start(number)
            self._wait(self._running)
        if not any(self._seen):
            self.discard()
            names = ", ".join(str(pictures.path) for pictures in self.pictures)
            raise SynposeError(
                f"{names[:300]}: nobody was found in any picture. Is a whole person there, as high "
                "as a quarter of the picture, and upright? Give --rotate if the camera was held "
                "otherwise."
            )
        if self._saved is None:
            return self._parts
        self._parts[0].replace(self._saved)
        self._say(f"landmarks: {self._saved}")
        return [self._saved]

    def _wait(self, detection):
        pictures, file = detection.pictures, detection.file
        if detection.skipped:
            self._say(f"{file.path}: {detection.skipped} pictures were done before; it goes on")
        bar = functools.partial(
            tqdm.tqdm,
            desc="finding people",
            total=pictures.count,
            initial=detection.skipped,
            unit=" pictures",
            disable=None,
            leave=False,
            dynamic_ncols=True,
        )
        try:
            detection.finish(bar)
        except KeyboardInterrupt:
            text = f"\n{file.frames} pictures are done; the same command goes on from there."
            print(text, file=sys.stderr)
            raise
        for note in pictures.notes:
            self._say(f"note: {pictures.path}: {note}.")
        width, height = pictures.size
        self._say(
            f"{pictures.path.name}: {file.frames} pictures of {width} × {height}, somebody in "
            f"{file.seen}; the detector took {detection.seconds:.1f} s"
        )
        self._seen.append(file.seen)

    def discard(self) -> None:
        """Removes what was kept for another run, now that it is used."""
        for part in self._parts:
            part.unlink(missing_ok=True)
        for folder in self._made:
            with contextlib.suppress(OSError):  # The results are there.
                folder.rmdir()


def _checked(save, paths):
    """The file to be saved, which is none of the inputs."""
    if len(paths) > 1:
        raise SynposeError(f"--save_keypoints={save}: is for one input at a time.")
    if save.is_dir():
        raise SynposeError(f"--save_keypoints={save}: is a folder. Name a file, walk.json.")
    if save.exists() and save.samefile(paths[0]):
        raise SynposeError(f"--save_keypoints={save}: is the input. Name another file.")
    return save
