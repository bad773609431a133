"""Fills in missed joints better than the Gaussian does: a network corrects its guess.

`PoseDistribution` knows no more than second moments: a wrist that it fills in lies between
where wrists may be. The network sees its guess, normalised, and which joints are guessed, and
gives where they are instead. `completion_training` trains it, on 2D poses alone.
"""

import dataclasses
import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from synpose_tf.completion.gaussian import PoseDistribution
from synpose_tf.geometry.normalization import ImageFrame, normalize_2d
from synpose_tf.models.folded import Forward, packaged_weights
from synpose_tf.structures.arrays import Array
from synpose_tf.structures.skeleton import H36M_17

JOINTS = len(H36M_17)


@dataclasses.dataclass(frozen=True)
class Completion:
    """A Gaussian's guess and the network that corrects it.

    Args:
        distribution: of normalised 2D poses.
        network: (n, 17 · 3), guessed pose and which joints are seen, to (n, 34).
    """

    distribution: PoseDistribution
    network: Callable[..., Any]

    @classmethod
    @functools.cache
    def pretrained(cls) -> "Completion":
        """The one that comes with the package."""
        forward = Forward.from_weights(packaged_weights("completion"))
        return cls(PoseDistribution.pretrained(), forward)

    def complete(self, pixels: Array, seen: Array, xp: ModuleType = np) -> Array:
        """Fills in the joints that are not seen, as `PoseDistribution.complete` does.

        Args:
            pixels: (n, 17, 2).
            seen: (n, 17), 1.0 where a joint is seen, else 0.0.
            xp: NumPy, or `keras.ops` inside a graph.

        Returns:
            (n, 17, 2), pixels; joints that are seen are as they came.
        """
        guess, frame, inputs = features(self.distribution, pixels, seen, xp)
        correction = xp.reshape(self.network(inputs, xp), (-1, JOINTS, 2))
        filled = (guess + correction) * frame.scale + frame.root
        complete = xp.where(seen[..., None] > 0, pixels, filled)
        return complete.astype(np.float32) if xp is np else complete


def features(
    distribution: PoseDistribution, pixels: Array, seen: Array, xp: ModuleType = np
) -> tuple[Array, ImageFrame, Array]:
    """The Gaussian's guess (n, 17, 2), its `ImageFrame`, and the network's input (n, 51)."""
    guess, frame = normalize_2d(distribution.complete(pixels, seen, xp), "paper", xp=xp)
    flags = xp.reshape(seen, (-1, JOINTS, 1))
    joined = xp.concatenate([guess, flags], axis=-1)
    return guess, frame, xp.reshape(joined, (-1, 3 * JOINTS))
