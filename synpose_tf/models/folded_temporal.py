"""The forward pass of `temporal.TemporalGenerator` in NumPy: of recordings, and frame by frame."""

import dataclasses
from collections.abc import Sequence
from types import ModuleType

import numpy as np

from synpose_tf.models.folded import fold, leaky, linear
from synpose_tf.structures.arrays import Array
from synpose_tf.structures.skeleton import H36M_17

JOINTS = len(H36M_17)
FRAME_RATE = 30.0  # Hz of a window's frames, about: what the network learns.
LEAST_RATE = 20.0  # Hz: of frames that are farther apart nobody knows what moved between.
TAPS = 3  # Frames that a temporal convolution sees.
# Of a frame: its normalised 2D pose, the depths that it got alone, which joints were seen.
FEATURES = 2 * JOINTS + (JOINTS - 1) + JOINTS
_UNIT = 5  # Arrays of a hidden layer: kernel; gamma, beta, mean and variance of its batch norm.

Layer = tuple[np.ndarray, np.ndarray]


@dataclasses.dataclass(frozen=True)
class TemporalForward:
    """What `temporal.TemporalGenerator` computes, outside of training.

    Args:
        first, last: (kernel, bias).
        blocks: of each the convolution over three frames, and the linear layer behind it.
        causal: a pose is its window's last frame; else the middle one.
        bound: of the corrections of x and y, see `limit`; 0 for none.
    """

    first: Layer
    blocks: tuple[tuple[Layer, Layer], ...]
    last: Layer
    causal: bool
    bound: float = 0.0

    @classmethod
    def from_weights(
        cls, weights: Sequence[np.ndarray], causal: bool, bound: float = 0.0
    ) -> "TemporalForward":
        """From `TemporalGenerator.get_weights()`."""
        arrays = [np.asarray(array, np.float32) for array in weights]
        hidden = [fold(*arrays[i : i + _UNIT]) for i in range(0, len(arrays) - 2, _UNIT)]
        first, *units = hidden
        count = len(units) // 2
        blocks = tuple(zip(units[:count], units[count:], strict=True))
        return cls(first, blocks, (arrays[-2], arrays[-1]), causal, bound)

    @property
    def receptive_field(self) -> int:
        """Frames that a pose depends on."""
        return TAPS ** len(self.blocks)

    @property
    def after(self) -> int:
        """How many of them come after it."""
        return 0 if self.causal else self.receptive_field // 2

    def __call__(self, inputs: Array, xp: ModuleType = np) -> Array:
        """Corrections of the poses that have all frames which they depend on.

        Args:
            inputs: (..., F, 67), features of consecutive frames, float32.
            xp: NumPy, or `keras.ops` inside a graph.

        Returns:
            (..., F - `receptive_field` + 1, 17, 3).
        """
        x = leaky(linear(inputs, self.first), xp)
        for block, (convolution, mixer) in enumerate(self.blocks):
            apart = TAPS**block
            length = xp.shape(x)[-2] - (TAPS - 1) * apart
            taps = [x[..., i * apart : i * apart + length, :] for i in range(TAPS)]
            x = self._block(taps, convolution, mixer, xp)
        return self._corrections(x, xp)

    def whole(self, inputs: np.ndarray) -> np.ndarray:
        """Corrections (F, 17, 3) of all frames (F, 67); beyond the ends these go on as they are."""
        before = self.receptive_field - 1 - self.after
        padded = np.pad(inputs, ((before, self.after), (0, 0)), mode="edge")
        return self(np.asarray(padded, np.float32))

    def begin(self, inputs: np.ndarray) -> list[np.ndarray]:
        """The state before the first frame of people, as if they had stood in it for long.

        Args:
            inputs: (n, 67), features of the first frame.

        Returns:
            For each block (n, 2 · 3^block, width): what it saw in the frames before.
        """
        x = leaky(linear(np.asarray(inputs, np.float32), self.first), np)
        state = []
        for block, layers in enumerate(self.blocks):
            state.append(np.repeat(x[:, None], (TAPS - 1) * TAPS**block, axis=1))
            x = self._block([x] * TAPS, *layers)
        return state

    def step(
        self, inputs: np.ndarray, state: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """The next frame, by a causal network.

        Args:
            inputs: (n, 67), features.
            state: from `begin` or the last `step`.

        Returns:
            Corrections (n, 17, 3), and the state after it.
        """
        x = leaky(linear(np.asarray(inputs, np.float32), self.first), np)
        after = []
        for block, layers in enumerate(self.blocks):
            before = state[block]
            taps = [before[:, i * TAPS**block] for i in range(TAPS - 1)]
            after.append(np.concatenate([before[:, 1:], x[:, None]], axis=1))
            x = self._block([*taps, x], *layers)
        return self._corrections(x), after

    def _block(self, taps, convolution, mixer, xp=np):
        around = leaky(linear(xp.concatenate(taps, axis=-1), convolution), xp)
        own = taps[-1 if self.causal else TAPS // 2]
        return own + leaky(linear(around, mixer), xp)

    def _corrections(self, x, xp=np):
        corrections = xp.reshape(linear(x, self.last), (*xp.shape(x)[:-1], JOINTS - 1, 3))
        corrections = limit(corrections, self.bound, xp)
        return xp.concatenate([xp.zeros_like(corrections[..., :1, :]), corrections], axis=-2)


def features(poses_2d: Array, depths: Array, seen: Array, xp: ModuleType = np) -> Array:
    """What the network sees of each frame, (n, 67).

    Args:
        poses_2d: (n, 17, 2), normalised.
        depths: (n, 17), that the lifter of single frames gave.
        seen: (n, 17), 1.0 where the detector saw a joint, 0.0 where it was filled in.
        xp: NumPy, or `keras.ops` inside a graph.
    """
    flat = xp.reshape(poses_2d, (-1, 2 * JOINTS))
    return xp.concatenate([flat, depths[:, 1:], seen], axis=-1)


def limit(corrections: Array, most: float, xp: ModuleType = np) -> Array:
    """Corrections (..., 3) whose x and y stay within ± `most`; as they are where that is 0."""
    if not most:
        return corrections
    planar = most * xp.tanh(corrections[..., :2] / most)
    return xp.concatenate([planar, corrections[..., 2:]], axis=-1)
