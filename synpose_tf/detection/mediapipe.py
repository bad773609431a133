"""MediaPipe's PoseLandmarker: 33 joints in the picture, and their depth."""

import contextlib
import os
import pathlib
import sys
import tempfile
from typing import Any

import numpy as np

from synpose_tf.detection import model_bundle, windows
from synpose_tf.detection.people import DetectedPerson
from synpose_tf.errors import SynposeError

MOST = 10  # People that are looked for where their number is not told.
_CHATTY = 30  # Pictures in which the library may print what it makes ready.
_LIBRARIES = "apt-get install libegl1 libgles2 libgl1 libglib2.0-0"


class MediaPipe:
    """Finds people by MediaPipe Pose.

    Each picture is looked at for itself, as a film's second person would get lost for stretches,
    and wide ones in `windows`.

    Args:
        people: how many there are at most; None for `MOST`.
        model: the bundle's file, `pose_landmarker_….task`; None to fetch it.

    Raises:
        SynposeError: MediaPipe or a library of the system is missing, or the bundle is none.
    """

    layout = "mediapipe"
    _mode = "IMAGE"

    def __init__(self, people: int | None = None, model: pathlib.Path | None = None):
        self._package, self._vision = _import()
        self.model = pathlib.Path(model) if model else model_bundle.obtain()
        if not self.model.is_file():
            raise SynposeError(f"--detector_model={model}: no such file.")
        self._people = people or MOST
        self._landmarker: Any = None
        self._create()

    def detect(self, image: np.ndarray) -> list[DetectedPerson]:
        """See `people.Detector`."""
        return windows.look(image, lambda part: self._people_of(part, self._landmarker.detect))

    def _create(self):
        self.close()
        mode = getattr(self._vision.RunningMode, self._mode)
        options = self._vision.PoseLandmarkerOptions(
            # By content, as paths with umlauts are not found on every system.
            base_options=_base_options()(model_asset_buffer=self.model.read_bytes()),
            running_mode=mode,
            num_poses=self._people,
        )
        try:
            with _quiet():
                self._landmarker = self._vision.PoseLandmarker.create_from_options(options)
        except OSError as error:
            raise SynposeError(_missing(error)) from error
        except (RuntimeError, ValueError) as error:
            raise SynposeError(
                f"{self.model}: MediaPipe can't take it for a model ({error}). Expected "
                f"pose_landmarker_full.task or its like, from {model_bundle.URL}"
            ) from error
        self._calls = 0

    def close(self) -> None:
        """Lets go of the model, which MediaPipe can't do any more while Python ends."""
        if self._landmarker is not None:
            with _quiet():
                self._landmarker.close()
            self._landmarker = None

    def _people_of(self, image, detect, *time):
        package = self._package
        picture = package.Image(image_format=package.ImageFormat.SRGB, data=image)
        with _quiet() if self._calls < _CHATTY else contextlib.nullcontext():
            found = detect(picture, *time)
        self._calls += 1
        size = image.shape[1], image.shape[0], 1.0
        return [
            DetectedPerson(
                np.array([(m.x, m.y, _known(m.visibility)) for m in landmarks]) * size,
                np.array([(m.x, m.y, m.z) for m in world]),
            )
            for landmarks, world in zip(
                found.pose_landmarks, found.pose_world_landmarks, strict=True
            )
        ]


class FollowingMediaPipe(MediaPipe):
    """Finds one person and follows it from picture to picture, which is faster."""

    _mode = "VIDEO"

    def begin(self) -> None:
        """See `people.FollowingDetector`."""
        if self._calls:
            self._create()

    def detect_next(self, image: np.ndarray, time: float) -> list[DetectedPerson]:
        """See `people.FollowingDetector`."""
        return self._people_of(image, self._landmarker.detect_for_video, round(1000 * time))

    def detect(self, image: np.ndarray) -> list[DetectedPerson]:
        """See `people.Detector`."""
        self.begin()
        return self.detect_next(image, 0.0)


def _known(visibility):
    return np.nan if visibility is None else visibility


def _import():
    """MediaPipe's packages."""
    # Where TensorFlow is installed, it is imported to draw up MediaPipe's manual: seconds for us.
    unwanted = "tensorflow" not in sys.modules
    if unwanted:
        sys.modules["tensorflow"] = None  # type: ignore[assignment]
    try:
        import mediapipe
        from mediapipe.tasks.python import vision
    except ModuleNotFoundError as error:
        raise SynposeError(
            f"people are found by MediaPipe ({error}): pip install 'synpose_tf[video]'."
        ) from error
    except (ImportError, OSError) as error:
        raise SynposeError(_missing(error)) from error
    finally:
        if unwanted:
            del sys.modules["tensorflow"]
    return mediapipe, vision


def _base_options():
    from mediapipe.tasks.python.core.base_options import BaseOptions

    return BaseOptions


def _missing(error):
    return (
        f"MediaPipe finds a library of the system missing ({error}). On Debian and Ubuntu: "
        f"{_LIBRARIES}; elsewhere, the packages that hold EGL, GLES 2, GL and GLib."
    )


@contextlib.contextmanager
def _quiet():
    """Keeps away what a library in C writes to stderr."""
    sys.stderr.flush()
    try:
        before = os.dup(2)
    except OSError:  # There is none.
        yield
        return
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(before, 2)
            os.close(before)
