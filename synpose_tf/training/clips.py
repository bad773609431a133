"""Windows of consecutive frames out of examples that know their clip.

A window is named by one example, so windows come in the same order on each run, as examples do
(`synpose_tf.training.input_pipeline`).
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from synpose_tf.errors import SynposeError
from synpose_tf.models.folded_temporal import FRAME_RATE, LEAST_RATE

KEYS = ("subject", "action", "camera", "frame")  # What tells an example's clip.
# Factor of a window's speed, the natural logarithm. Of recordings every n-th frame is taken, so
# that 20 to 40 of them a second are left; and people move faster and slower.
SPEED = 0.3


@dataclasses.dataclass(frozen=True)
class Clips:
    """Where the clip of each example begins and ends, and how fast its frames follow.

    Args:
        first, last: (examples,), the first and last example of each example's clip.
        rate: (examples,), frames a second.
    """

    first: np.ndarray
    last: np.ndarray
    rate: np.ndarray

    @classmethod
    def find(cls, columns: Mapping[str, np.ndarray], rate: float | None, name: str) -> "Clips":
        """The clips of examples, whose frames lie one after the other.

        Args:
            columns: `subject`, `action`, `camera`, (examples,), text; `frame`, (examples,).
            rate: frames a second of consecutive examples; None for single pictures.
            name: of the data set, for the error.

        Raises:
            SynposeError: the rate is too low.
        """
        if rate is None or rate < LEAST_RATE:
            found = "single pictures" if rate is None else f"{rate:g} frames a second"
            raise SynposeError(
                f"--dataset: {name} has {found}; a lifter of windows needs {LEAST_RATE:g} frames "
                "a second or more. Leave it out, or train a lifter of single frames on it."
            )
        steps = np.diff(columns["frame"])
        other = np.zeros(len(steps), bool)
        for key in KEYS[:-1]:
            other |= columns[key][1:] != columns[key][:-1]
        usual = np.median(steps[~other]) if not other.all() else 1
        begins = np.concatenate([[True], other | (steps != usual)])
        starts = np.flatnonzero(begins)
        lengths = np.diff(np.append(starts, len(begins)))
        return cls(
            np.repeat(starts, lengths),
            np.repeat(starts + lengths - 1, lengths),
            np.full(len(begins), rate),
        )

    @staticmethod
    def joined(parts: Sequence["Clips"]) -> "Clips":
        """Of several sets, whose examples lie one after the other."""
        offsets = np.cumsum([0, *(len(part.first) for part in parts[:-1])])
        return Clips(
            np.concatenate([p.first + o for p, o in zip(parts, offsets, strict=True)]),
            np.concatenate([p.last + o for p, o in zip(parts, offsets, strict=True)]),
            np.concatenate([p.rate for p in parts]),
        )

    def places(
        self, named: tf.Tensor, frames: int, after: int, speed: float | tf.Tensor = 1.0
    ) -> tf.Tensor:
        """Where the frames of windows lie, at `FRAME_RATE`.

        Between two examples where the rates differ; at the clip's end where it is over.

        Args:
            named: (n,), integers, the example of each window.
            frames: of a window.
            after: how many of them come after the named one.
            speed: (n,), 2 for a motion twice as fast as it was.

        Returns:
            (n, frames), float64, in examples.
        """
        rate, first, last = (
            tf.cast(tf.gather(tf.constant(column), named), tf.float64)[:, None]
            for column in (self.rate, self.first, self.last)
        )
        step = rate / FRAME_RATE * tf.reshape(tf.cast(speed, tf.float64), (-1, 1))
        offsets = tf.range(frames, dtype=tf.float64) - (frames - 1 - after)
        places = tf.cast(named, tf.float64)[:, None] + offsets * step
        return tf.clip_by_value(places, first, last)


def draw_speeds(count: int, seed: tf.Tensor) -> tf.Tensor:
    """(count,), how much faster the motion of windows is than it was."""
    return tf.exp(tf.random.stateless_uniform((count,), seed, -SPEED, SPEED))


def take(tensor: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Rows of a tensor (examples, …) at places (n, frames); between two rows, on the line."""
    below = tf.floor(places)
    low = tf.cast(below, tf.int64)
    high = tf.minimum(low + 1, tf.cast(tf.shape(tensor)[0], tf.int64) - 1)
    share = tf.cast(places - below, tensor.dtype)[(...,) + (None,) * (tensor.shape.rank - 1)]
    lower = tf.gather(tensor, low)
    return lower + share * (tf.gather(tensor, high) - lower)


def validation_windows(
    views: Mapping[str, np.ndarray], clips: Clips, chosen: np.ndarray, frames: int, after: int
) -> dict[str, np.ndarray]:
    """Windows for validating.

    Args:
        views: of a split, name to (examples, …).
        clips: theirs.
        chosen: (n,), the examples to lift.
        frames, after: as `Clips.places`.

    Returns:
        The chosen views, and `windows_2d` (n, frames, 17, 2), pixels.
    """
    places = clips.places(tf.constant(chosen), frames, after)
    windows = take(tf.constant(views["keypoints_2d"]), places).numpy()
    rows = {key: values[chosen] for key, values in views.items()}
    return {**rows, "windows_2d": windows}
