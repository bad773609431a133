"""Lifts 2D human joints to 3D poses with synchronized adversarial training."""

from synpose_tf.version import __version__

__all__ = ["__version__"]
