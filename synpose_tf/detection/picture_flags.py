"""The flags of commands that take pictures, and what they ask for.

Nothing is imported here that takes time; commands show their help at once.
"""

import contextlib
import pathlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from absl import flags

from synpose_tf.errors import SynposeError

if TYPE_CHECKING:
    from synpose_tf.detection.people import Detector
    from synpose_tf.detection.session import Session
    from synpose_tf.video.pictures import Pictures

# The flags belong to the command that asks for them, and so to its --help.
flags.disclaim_key_flags()
_OF_PICTURES = ("people", "detector", "detector_model", "save_keypoints")
_OF_KEYPOINTS = ("format", "layout", "units", "image_size")
FLAGS = flags.FLAGS


class _Camera(flags.ArgumentParser):
    """Of --webcam alone, and --webcam=1."""

    def parse(self, argument):
        text = str(argument)
        if text in ("true", "false"):
            return 0 if text == "true" else None
        return int(text) if text.isdecimal() else text

    def flag_type(self):
        return "camera"


def define() -> None:
    """Defines them."""
    flags.DEFINE_string(
        "people",
        "auto",
        "How many people pictures show at most. One is followed from picture to picture, which is "
        "faster; auto looks for up to ten.",
    )
    flags.DEFINE_string(
        "detector",
        "mediapipe",
        "What finds people in pictures: mediapipe; rtmpose, through rtmlib; or module:Class with a "
        "class of your own (docs/video.md).",
    )
    flags.DEFINE_string(
        "detector_model",
        None,
        "MediaPipe's model bundle, pose_landmarker_….task. Default: downloaded once, 9 MB.",
    )
    flags.DEFINE_string(
        "save_keypoints",
        None,
        "File for the landmarks found in pictures, JSON, which this command reads again.",
    )
    flags.DEFINE_flag(
        flags.Flag(
            _Camera(),
            None,
            "webcam",
            None,
            "Lift what a camera sees, now, and show it on a page of this computer: --webcam for "
            "the first, --webcam=1 for the second; a video plays the camera as well.",
            boolean=True,
        )
    )


def detector() -> "Detector":
    """The detector that the flags name.

    Raises:
        SynposeError: there is no such detector, or it can't be had.
    """
    from synpose_tf.detection import detectors

    return detectors.make(FLAGS.detector, _people(), _path(FLAGS.detector_model))[0]


def session(
    paths: Sequence,
    folder: pathlib.Path,
    stem: str,
    rotate: int,
    opening: "Callable[..., Pictures]",
) -> AbstractContextManager["Session | None"]:
    """A context of the people that are found in pictures; of None where inputs are keypoints.

    Args:
        paths: the inputs.
        folder, stem, rotate, opening: as `session.Session` takes them.

    Raises:
        SynposeError: flags that are not of such inputs, or as `session.Session`.
    """
    from synpose_tf.detection import session

    pictures = session.are_pictures(paths)
    for name in _OF_KEYPOINTS if pictures else _OF_PICTURES:
        if FLAGS[name].present:
            wanted, given = ("keypoints", "pictures")[:: 1 if pictures else -1]
            raise SynposeError(
                f"--{name}: is for {wanted}, and the input is {given}. Leave it out."
            )
    if not pictures:
        return contextlib.nullcontext()
    return session.Session(
        paths,
        folder,
        stem,
        detector=FLAGS.detector,
        model=_path(FLAGS.detector_model),
        people=_people(),
        rotate=rotate,
        save=_path(FLAGS.save_keypoints),
        opening=opening,
    )


def _people():
    if FLAGS.people == "auto":
        return None
    if not (FLAGS.people.isdecimal() and int(FLAGS.people)):
        raise SynposeError(f"--people={FLAGS.people}: expected auto, or how many, 1, 2, ….")
    return int(FLAGS.people)


def _path(text):
    return None if text is None else pathlib.Path(text)
