"""One frame of a stream as phones lift it: the lifter, and what the frames before correct in it.

The causal `TemporalForward.step` with the same operators as `depth_network`. What it remembers is
an input and an output, so that the file has no state of its own.
"""

from collections.abc import Mapping
from types import MappingProxyType

import keras
import tensorflow as tf

from synpose_tf.export.tflite import depth_network
from synpose_tf.export.tflite.depth_network import FoldedNetwork, Linear, Range
from synpose_tf.models.folded_temporal import TAPS, TemporalForward, features, limit
from synpose_tf.models.networks import JOINTS

FIRST, LAST = "time_first", "time_last"


def over_time(network: TemporalForward) -> dict[str, Linear]:
    """The linear layers of a network over time, by name, in order."""
    layers = {FIRST: Linear(*network.first)}
    for block, (convolution, mixer) in enumerate(network.blocks):
        layers |= {f"time{block}": Linear(*convolution), f"mix{block}": Linear(*mixer)}
    return {**layers, LAST: Linear(*network.last)}


def convolution_tensors(network: TemporalForward) -> list[str]:
    """The tensors before, in and after the convolutions, by name."""
    ends = ("taps{}", "time{}", "time{}_raised", "time{}_leaky")
    return [end.format(block) for block in range(len(network.blocks)) for end in ends]


class StepNetwork(FoldedNetwork):
    """A pose, and the state after it.

    Args:
        layers: of the lifter, from `depth_network.fold`.
        network: over time, causal.
        ranges: see `FoldedNetwork`; the lifter's tensors have the names of `DepthNetwork`'s, those
            over time are named as in `over_time`, and `taps0`, `taps1`, … is what a convolution
            sees.

    Attributes:
        step: of `keypoints` (1, 17, 2) and `seen` (1, 17) of a frame, and `state`, (1, remembered,
            width), gives `corrected` (1, 17, 3), x, y and depth before perspective, and `state`.
    """

    def __init__(
        self,
        layers: dict[str, Linear],
        network: TemporalForward,
        ranges: Mapping[str, Range] = MappingProxyType({}),
    ):
        super().__init__({**layers, **over_time(network)}, ranges)
        self._single = tuple(layers)
        self._network = network
        specs = {"keypoints": (JOINTS, 2), "seen": (JOINTS,), "state": self.state_shape}
        self.step = tf.function(
            self.run,
            input_signature=[tf.TensorSpec((1, *s), tf.float32, name=n) for n, s in specs.items()],
        )

    @property
    def state_shape(self) -> tuple[int, int]:
        """What is remembered: values of some frames before, for each block; and their width."""
        remembered = sum((TAPS - 1) * TAPS**b for b in range(len(self._network.blocks)))
        return remembered, self._network.first[1].size

    def run(self, keypoints: tf.Tensor, seen: tf.Tensor, state: tf.Tensor) -> dict[str, tf.Tensor]:
        """`step`, of any number of people."""
        given = self._rounded("given", tf.reshape(keypoints, (-1, 2 * JOINTS)))
        depths = depth_network.compose(self._single, given, self._unit, self._linear, self._add)
        x = self._unit(FIRST, features(keypoints, depths, seen, keras.ops))
        after, start = [], 0
        for block in range(len(self._network.blocks)):
            apart = TAPS**block
            before = state[:, start : start + (TAPS - 1) * apart]
            start += (TAPS - 1) * apart
            after += [before[:, 1:], x[:, None]]
            taps = tf.concat([*(before[:, i * apart] for i in range(TAPS - 1)), x], axis=-1)
            around = self._unit(f"time{block}", self._rounded(f"taps{block}", taps))
            x += self._unit(f"mix{block}", around)
        change = tf.reshape(self._linear(LAST, x), (-1, JOINTS - 1, 3))
        change = limit(change, self._network.bound, keras.ops)
        change = tf.concat([tf.zeros_like(change[:, :1]), change], axis=1)
        corrected = tf.concat([keypoints, depths[..., None]], axis=-1) + change
        return {"corrected": corrected, "state": tf.concat(after, axis=1)}
