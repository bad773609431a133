"""The network over time: what a window of frames tells, against what each frame told alone.

Dilated temporal convolutions after Pavllo et al. (VideoPose3D, CVPR 2019): a linear layer, blocks
of a convolution over three frames, 1, 3, 9, … frames apart, and of a linear layer, then a linear
layer that gives corrections of x, y and z. Three blocks see 27 frames. A causal network's pose is
the last of them, a centred one's the middle.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

from synpose_tf.models.folded_temporal import FEATURES, TAPS
from synpose_tf.models.networks import JOINTS, DenseUnit, Shape


@keras.saving.register_keras_serializable(package="synpose_tf")
class TemporalGenerator(keras.Model):
    """Corrections of lifted poses: (batch, T, 67) to (batch, T - `receptive_field` + 1, 17, 3).

    The root's are 0.

    Args:
        width: units of each hidden layer.
        blocks: of temporal convolutions; a pose depends on 3 to that power frames.
        dropout: rate after each activation.
        causal: a pose is its window's last frame; else the middle one.

    Examples:
        >>> TemporalGenerator(width=64)(keras.ops.zeros((8, 29, 67))).shape
        TensorShape([8, 3, 17, 3])
    """

    def __init__(
        self,
        width: int = 192,
        blocks: int = 3,
        dropout: float = 0.0,
        causal: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.width = width
        self.blocks = blocks
        self.dropout = dropout
        self.causal = causal

        # === Layers ===
        self.first = DenseUnit(width, dropout, name="first")
        self.convolutions = [DenseUnit(width, dropout, name=f"time{i}") for i in range(blocks)]
        self.mixers = [DenseUnit(width, dropout, name=f"mix{i}") for i in range(blocks)]
        # Training starts from the poses of single frames.
        self.last = layers.Dense(3 * (JOINTS - 1), kernel_initializer="zeros", name="last")

    @property
    def receptive_field(self) -> int:
        """Frames that a pose depends on."""
        return TAPS**self.blocks

    @property
    def after(self) -> int:
        """How many of them come after it."""
        return 0 if self.causal else self.receptive_field // 2

    def build(self, input_shape: Shape = (None, None, FEATURES)) -> None:
        self.first.build((None, FEATURES))
        for convolution, mixer in zip(self.convolutions, self.mixers, strict=True):
            convolution.build((None, TAPS * self.width))
            mixer.build((None, self.width))
        self.last.build((None, self.width))
        self.built = True

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        x = _each(self.first, inputs, training)
        for block, (convolution, mixer) in enumerate(
            zip(self.convolutions, self.mixers, strict=True)
        ):
            apart = TAPS**block
            length = x.shape[1] - (TAPS - 1) * apart
            taps = [x[:, i * apart : i * apart + length] for i in range(TAPS)]
            own = taps[-1 if self.causal else TAPS // 2]
            around = _each(convolution, ops.concatenate(taps, axis=-1), training)
            x = own + _each(mixer, around, training)
        corrections = ops.reshape(_each(self.last, x), (-1, x.shape[1], JOINTS - 1, 3))
        return ops.pad(corrections, ((0, 0), (0, 0), (1, 0), (0, 0)))

    # === Config ===
    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "width": self.width,
            "blocks": self.blocks,
            "dropout": self.dropout,
            "causal": self.causal,
        }


def _each(layer, frames, training=None):
    """A layer on every frame (batch, T, …), with a batch norm's statistics over all of them."""
    given = {} if training is None else {"training": training}
    flat = layer(ops.reshape(frames, (-1, frames.shape[-1])), **given)
    return ops.reshape(flat, (-1, frames.shape[1], flat.shape[-1]))
