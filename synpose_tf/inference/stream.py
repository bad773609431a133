"""Lifting frame by frame, as pictures come, with what the frames before tell."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from synpose_tf.errors import SynposeError
from synpose_tf.inference import over_time
from synpose_tf.inference.lifter import Lifter
from synpose_tf.models.folded_temporal import FRAME_RATE, LEAST_RATE


class PoseStream:
    """One person before one camera, live.

    Gives what `Lifter.lift` gives for the whole recording with its times, a frame at a time. It
    remembers the last second: per person one stream. Of a faster camera every n-th frame makes a
    window, as in recordings. After a quarter of a second without the person it begins anew.

    Args:
        lifter: with a causal network over time, `Lifter.from_pretrained("camera", "causal")`.
        rate: the camera's, frames a second.
        intrinsics: (9,), of the camera; `camera` mode needs them.
        doubt: treat joints that contradict the others as missed.

    Raises:
        SynposeError: the lifter has no causal network, or the rate is too low for it.

    Examples:
        >>> stream = PoseStream(Lifter.from_pretrained("paper", "causal"), rate=30.0)
        >>> keypoints = np.random.default_rng(0).uniform(0.0, 300.0, (17, 2))  # Pixels.
        >>> stream.lift(keypoints).shape
        (17, 3)
    """

    def __init__(
        self,
        lifter: Lifter,
        rate: float = FRAME_RATE,
        intrinsics: np.ndarray | None = None,
        doubt: bool = True,
    ):
        if lifter.temporal is None or not lifter.temporal.causal:
            raise SynposeError(
                "A stream needs a lifter with a causal network over time: "
                'Lifter.from_pretrained("camera", "causal").'
            )
        self._stride = over_time.stride(rate)
        if not self._stride:
            raise SynposeError(
                f"rate={rate:g}: the network over time needs {LEAST_RATE:g} frames a "
                "second or more. Lift each frame alone with Lifter.lift."
            )
        self._lifter, self._network, self._doubt = lifter, lifter.temporal, doubt
        self._intrinsics = None if intrinsics is None else np.asarray(intrinsics, np.float32)[None]
        self._longest = max(over_time.GAP, 1.5 / rate) * rate  # Frames.
        self._missed, self._count = 0, 0
        self._states: list[Sequence[np.ndarray] | None] = [None] * self._stride

    def lift(self, keypoints: npt.ArrayLike) -> np.ndarray:
        """Lifts the next frame.

        Args:
            keypoints: (17, 2), pixels; NaN where a joint was missed.

        Returns:
            (17, 3), as `Lifter.lift`: unscaled; NaN where nobody is seen.

        Raises:
            ValueError: a wrong shape.
        """
        pixels = np.asarray(keypoints, np.float32)
        if pixels.shape != (17, 2):
            raise ValueError(f"keypoints must be (17, 2), found {pixels.shape}")
        self._missed += 1
        poses, *_ = self._lifter.lift_batch(
            pixels[None], self._intrinsics, self._doubt, correct=self._correct
        )
        return poses[0]

    def _correct(self, features, lifted):
        if not lifted[0]:
            return np.zeros((1, 17, 3), np.float32)
        if self._missed > self._longest:
            self._count, self._states = 0, [None] * self._stride
        self._missed = 0
        # Each of the strides has windows of its own.
        turn, self._count = self._count % self._stride, self._count + 1
        state = self._states[turn] or self._network.begin(features)
        corrections, self._states[turn] = self._network.step(features, state)
        return corrections
