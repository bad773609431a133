"""Lifts 2D human joints to 3D poses with synchronized adversarial training.

>>> import synpose_tf
>>> lifter = synpose_tf.Lifter.from_pretrained()
>>> poses = lifter.lift(keypoints).poses  # (n, 17, 2) pixels -> (n, 17, 3)
"""

import os

from synpose_tf.version import __version__

# In a checkout the packages `datasets` and `export` lie beside this folder.
if not os.path.isdir(os.path.join(__path__[0], "datasets")):
    __path__.append(os.path.dirname(__path__[0]))

__all__ = ["Lifter", "__version__"]


def __getattr__(name):
    # `synpose_tf.Lifter`, without TensorFlow's seconds for those who import only the package.
    if name == "Lifter":
        from synpose_tf.inference.lifter import Lifter

        return Lifter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
