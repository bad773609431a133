"""What a camera sees now: the newest picture each time, older ones are left."""

import threading
import time
from collections.abc import Iterator

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.video.pictures import Picture, open_pictures


def pictures(source: int | str) -> Iterator[Picture]:
    """Yields the newest picture, upright, as often as it is asked for a new one.

    Args:
        source: the camera's number, from 0 on; or a video, which is played as fast as it was
            filmed.

    Raises:
        SynposeError: there is no such camera, or OpenCV is missing.
    """
    images = _camera(source) if isinstance(source, int) else _played(source)
    newest = _Newest(images)
    try:
        while (picture := newest.take()) is not None:
            yield picture
    finally:
        newest.stop()


class _Newest:
    """Takes pictures in a thread of its own and keeps the last one."""

    def __init__(self, images):
        self._changed = threading.Condition()
        self._picture, self._error, self._ended = None, None, False
        threading.Thread(target=self._run, args=(images,), daemon=True).start()

    def _run(self, images):
        start, number = time.monotonic(), 0
        try:
            for image in images:
                with self._changed:
                    self._picture = Picture(number, time.monotonic() - start, image)
                    self._changed.notify()
                    if self._ended:
                        return
                number += 1
        except BaseException as error:  # It belongs to who takes the pictures.
            self._error = error
        finally:
            images.close()
            self.stop()

    def take(self):
        """The newest picture that was not taken yet; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._picture is not None or self._ended)
            picture, self._picture = self._picture, None
        if picture is None and self._error is not None:
            raise self._error
        return picture

    def stop(self):
        with self._changed:
            self._ended = True
            self._changed.notify()


def _camera(number):
    try:
        import cv2  # PyAV's wheels have no cameras of Linux.
    except ImportError as error:
        raise SynposeError(
            f"--webcam is read by OpenCV ({error}): pip install 'synpose_tf[video]'."
        ) from error
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    camera = cv2.VideoCapture(number)
    try:
        if not camera.isOpened():
            raise SynposeError(
                f"--webcam={number}: no such camera, or another program has it, or it may not be "
                "used. The first camera is 0."
            )
        while True:
            good, image = camera.read()
            if not good:
                raise SynposeError(f"--webcam={number}: the camera gives no picture any more.")
            yield np.ascontiguousarray(image[..., ::-1])
    finally:
        camera.release()


def _played(path):
    start = time.monotonic()
    for picture in open_pictures(path):
        time.sleep(max(0.0, start + picture.time - time.monotonic()))
        yield picture.image
