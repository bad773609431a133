"""Lifts 2D human joints to 3D poses with synchronized adversarial training.

Examples:
    >>> import synpose_tf
    >>> lifter = synpose_tf.Lifter.from_pretrained()
    >>> lifter.lift(keypoints).poses.shape  # from (n, 17, 2), pixels
    (8, 17, 3)
"""

import os
import pkgutil
import typing

from synpose_tf.version import __version__

if typing.TYPE_CHECKING:
    from synpose_tf import keypoints, output
    from synpose_tf.config import TrainConfig
    from synpose_tf.errors import SynposeError
    from synpose_tf.evaluation import metrics
    from synpose_tf.inference.lifter import Lifter
    from synpose_tf.structures import skeleton as skeletons
    from synpose_tf.structures.tracks import KeypointTrack, PoseTrack

__all__ = [
    "KeypointTrack",
    "Lifter",
    "PoseTrack",
    "SynposeError",
    "TrainConfig",
    "__version__",
    "keypoints",
    "metrics",
    "output",
    "skeletons",
]

# In a checkout the packages `datasets` and `export` lie beside this folder.
if not os.path.isdir(os.path.join(__path__[0], "datasets")):
    __path__.append(os.path.dirname(__path__[0]))

# Imported when somebody asks for one: commands start, and `--help` answers, without them.
_PLACES = {
    "KeypointTrack": "synpose_tf.structures.tracks:KeypointTrack",
    "Lifter": "synpose_tf.inference.lifter:Lifter",
    "PoseTrack": "synpose_tf.structures.tracks:PoseTrack",
    "SynposeError": "synpose_tf.errors:SynposeError",
    "TrainConfig": "synpose_tf.config:TrainConfig",
    "keypoints": "synpose_tf.keypoints:",
    "metrics": "synpose_tf.evaluation.metrics:",
    "output": "synpose_tf.output:",
    "skeletons": "synpose_tf.structures.skeleton:",
}


def __getattr__(name: str) -> typing.Any:
    if name in _PLACES:
        return pkgutil.resolve_name(_PLACES[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
