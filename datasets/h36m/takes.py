"""Human3.6M's names: subjects, cameras, actions and takes.

A take is an action and, where there is one, a number: `Directions`, `Directions 1`. Each
subject did each action twice.
"""

import pathlib

from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import h36m_cameras

SUBJECTS = tuple(h36m_cameras())
# Their poses were never published, but some files of detections hold them.
SUBJECTS_WITHOUT_POSES = ("S2", "S3", "S4", "S10")
CAMERAS = ("54138969", "55011271", "58860488", "60457274")
ACTIONS = (
    "Directions", "Discussion", "Eating", "Greeting", "Phoning", "Photo", "Posing", "Purchases",
    "Sitting", "SittingDown", "Smoking", "Waiting", "WalkDog", "Walking", "WalkTogether",
)  # fmt: skip
_OLD_NAMES = {"TakingPhoto": "Photo", "WalkingDog": "WalkDog"}


def action_of(take: str) -> str:
    """The action of a take. (A prefix is no guide: Sitting begins SittingDown.)"""
    return take.split(" ")[0]


def take_named(name: str, where: pathlib.Path | str) -> str:
    """The take in today's spelling, from a key or a file name without its endings.

    Raises:
        SynposeError: there is no such take; names `where`.
    """
    action, *number = name.replace("_", " ").split(" ")
    action = _OLD_NAMES.get(action, action)
    if action not in ACTIONS or len(number) > 1 or not "".join(number).isdecimal() == bool(number):
        raise SynposeError(
            f"{where}: {name!r} is no take of Human3.6M. Expected an action and perhaps a "
            f"number, such as 'Walking 1'; the actions are {', '.join(ACTIONS)}. Rename or "
            "remove it."
        )
    return " ".join([action, *number])


def has_poses(subject: str, where: pathlib.Path | str) -> bool:
    """Whether a subject's poses are public.

    Raises:
        SynposeError: Human3.6M has no such subject; names `where`.
    """
    if subject not in SUBJECTS + SUBJECTS_WITHOUT_POSES:
        raise SynposeError(
            f"{where}: Human3.6M has no subject {subject!r}. Expected {', '.join(SUBJECTS)}. "
            "Remove it, or correct its name."
        )
    return subject in SUBJECTS
