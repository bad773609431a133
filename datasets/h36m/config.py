"""Which part of Human3.6M to prepare, and the name that says so.

A configuration's name holds all of its options, so that prepared sets never mix and every
command can choose by `--dataset` alone:

    h36m/gt                                       all frames, exact projections
    h36m/cpn_ft_h36m_dbb                          a detector's joints
    h36m/gt-every64                               every 64th frame
    h36m/sh-train.S1-test.S9.S11-actions.Walking.Eating-cameras.54138969
"""

import dataclasses
import re
from typing import Any

import tensorflow_datasets as tfds

from synpose_tf.datasets.h36m import takes
from synpose_tf.errors import SynposeError

_OPTIONS = {
    "train": ("train_subjects", takes.SUBJECTS),
    "test": ("test_subjects", takes.SUBJECTS),
    "actions": ("actions", takes.ACTIONS),
    "cameras": ("cameras", takes.CAMERAS),
}
_GRAMMAR = (
    "Expected `gt` or a kind of detections and then, each after a hyphen, any of every<n>, "
    + ", ".join(f"{option}.<name>.<name>..." for option in _OPTIONS)
    + ", such as h36m/gt-every64-test.S9."
)


@dataclasses.dataclass(eq=False)
class H36mConfig(tfds.core.BuilderConfig):
    """A part of Human3.6M; the defaults are the paper's protocol at full rate.

    Args:
        name: follows from the rest; leave it out.
        detections: `gt`, exact projections; or a kind of detections, or its beginning.
        train_subjects, test_subjects: a subject may be in one of them.
        actions: of the fifteen.
        cameras: of the four.
        every: 1 keeps all frames (50 Hz), 5 every fifth (10 Hz), 64 every 64th.

    Raises:
        SynposeError: an unknown subject, action or camera, or another option that cannot be.
    """

    name: str = ""
    detections: str = "gt"
    train_subjects: tuple[str, ...] = ("S1", "S5", "S6", "S7", "S8")
    test_subjects: tuple[str, ...] = ("S9", "S11")
    actions: tuple[str, ...] = takes.ACTIONS
    cameras: tuple[str, ...] = takes.CAMERAS
    every: int = 1

    def __post_init__(self):
        if not re.fullmatch(r"\w+", self.detections):
            raise SynposeError(f"h36m: {self.detections!r} names no detections. {_GRAMMAR}")
        if self.every < 1:
            raise SynposeError(f"h36m: every={self.every}; expected 1 or more.")
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        parts = [self.detections]
        if self.every > 1:
            parts.append(f"every{self.every}")
        for option, (field, known) in _OPTIONS.items():
            chosen = _chosen(option, getattr(self, field), known)
            setattr(self, field, chosen)
            if chosen != defaults[field]:
                parts.append(".".join([option, *chosen]))
        if both := set(self.train_subjects) & set(self.test_subjects):
            raise SynposeError(f"h36m: {', '.join(sorted(both))} would both train and test.")
        self.name = "-".join(parts)

    @classmethod
    def from_name(cls, name: str) -> "H36mConfig":
        """The configuration that a name describes.

        Raises:
            SynposeError: the name does not follow the grammar, or as the constructor.
        """
        detections, *options = name.split("-")
        fields: dict[str, Any] = {}
        for text in options:
            option, *values = text.split(".")
            if match := re.fullmatch(r"every(\d+)", text):
                fields["every"] = int(match[1])
            elif option in _OPTIONS:
                fields[_OPTIONS[option][0]] = tuple(values)
            else:
                raise SynposeError(f"h36m/{name}: {text!r} is no option. {_GRAMMAR}")
        return cls(detections=detections, **fields)


def _chosen(option, values, known):
    """The values, in the order in which the data set has them."""
    if not values:
        raise SynposeError(f"h36m: {option} names nothing; choose from {', '.join(known)}.")
    unknown = [value for value in values if value not in known]
    if unknown:
        raise SynposeError(
            f"h36m: {option} has no {', '.join(map(repr, unknown))}; choose from "
            f"{', '.join(known)}."
        )
    return tuple(value for value in known if value in values)
