"""Lifting frame by frame, as pictures come, with what the frames before tell."""

import functools
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from synpose_tf.errors import SynposeError
from synpose_tf.inference import over_time
from synpose_tf.inference.lifter import Lifter
from synpose_tf.models.folded_temporal import FRAME_RATE, LEAST_RATE, TemporalForward


class StreamCorrections:
    """What the frames before correct in the poses of people, frame by frame.

    Of a faster camera every n-th frame makes a window, as in recordings. After a quarter of a
    second without a person, theirs begins anew.

    Args:
        network: a causal one.
        rate: frames a second.

    Raises:
        SynposeError: the rate is too low.
    """

    def __init__(self, network: TemporalForward, rate: float):
        self.stride = over_time.stride(rate)
        if not self.stride:
            raise SynposeError(
                f"rate={rate:g}: the network over time needs {LEAST_RATE:g} frames a "
                "second or more. Lift each frame alone with Lifter.lift."
            )
        self._network = network
        self._longest = max(over_time.GAP, 1.5 / rate) + 1e-6
        self._people: dict[Hashable, _Person] = {}

    def __call__(
        self, who: Sequence[Hashable], time: float, features: np.ndarray, lifted: np.ndarray
    ) -> np.ndarray:
        """Corrections of a frame.

        Args:
            who: (n,), whose poses they are; nobody twice.
            time: of the frame, seconds.
            features: (n, 67), see `folded_temporal.features`.
            lifted: (n,), False where there is no pose.

        Returns:
            (n, 17, 3), in the unit of normalised poses; 0 where there is no pose.
        """
        self._people = {
            name: person
            for name, person in self._people.items()
            if time - person.seen <= self._longest
        }
        found = np.zeros((len(features), 17, 3), np.float32)
        for row in map(int, np.flatnonzero(lifted)):
            person = self._people.setdefault(who[row], _Person(self.stride))
            person.seen = time
            found[row] = person.step(self._network, features[row : row + 1])
        return found


class _Person:
    """What is remembered of somebody: each of the strides has windows of its own."""

    def __init__(self, stride: int):
        self.seen = 0.0
        self._count = 0
        self._states: list[Sequence[np.ndarray] | None] = [None] * stride

    def step(self, network, features):
        turn, self._count = self._count % len(self._states), self._count + 1
        state = self._states[turn] or network.begin(features)
        corrections, self._states[turn] = network.step(features, state)
        return corrections[0]


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
        self._corrections = StreamCorrections(lifter.temporal, rate)
        self._lifter, self._rate, self._doubt = lifter, rate, doubt
        self._intrinsics = None if intrinsics is None else np.asarray(intrinsics, np.float32)[None]
        self._frame = 0

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
        correct = functools.partial(self._corrections, [0], self._frame / self._rate)
        self._frame += 1
        poses, *_ = self._lifter.lift_batch(
            pixels[None], self._intrinsics, self._doubt, correct=correct
        )
        return poses[0]
