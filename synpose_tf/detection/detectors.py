"""Detectors by their names."""

import importlib
import pathlib

from synpose_tf.detection.people import Detector
from synpose_tf.errors import SynposeError

NAMES = ("mediapipe", "rtmpose")


def make(
    name: str, people: int | None = None, model: pathlib.Path | None = None
) -> tuple[Detector, dict]:
    """A detector.

    Args:
        name: one of `NAMES`, or `module:Class`, which is called without arguments.
        people: how many there are at most; None where that is not told.
        model: the file of MediaPipe's model bundle; None to fetch it.

    Returns:
        The detector, and what tells it from others whose results differ.

    Raises:
        SynposeError: there is no such detector, or it can't be had.
    """
    if model is not None and name != "mediapipe":
        raise SynposeError(f"--detector_model is for --detector=mediapipe, not {name}.")
    known = {"name": name, "at_most": people}
    if name == "mediapipe":
        from synpose_tf.detection import mediapipe, model_bundle

        kind = mediapipe.FollowingMediaPipe if people == 1 else mediapipe.MediaPipe
        detector = kind(people, model)
        return detector, known | {"model": model_bundle.checksum(detector.model)}
    if name == "rtmpose":
        from synpose_tf.detection import rtmpose

        return rtmpose.RTMPose(), known
    return _from_module(name), known


def _from_module(name):
    module, _, attribute = name.partition(":")
    if not attribute:
        raise SynposeError(
            f"--detector={name}: no such detector. Expected {', '.join(NAMES)}, or module:Class "
            "with a class of your own."
        )
    try:
        kind = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise SynposeError(
            f"--detector={name}: can't be imported ({error}). Python looks for modules in the "
            "folder where the command is run, and where PYTHONPATH says."
        ) from error
    detector = kind()
    if not isinstance(detector, Detector) or not isinstance(detector.layout, str):
        raise SynposeError(
            f'--detector={name}: expected a class with `layout`, such as "coco", and '
            "`detect(image)`; synpose_tf/detection/people.py describes them."
        )
    return detector
