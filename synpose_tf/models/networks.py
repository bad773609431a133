"""The three networks of figures 3 and 4.

Generator and reprojection network follow Martinez et al.: a linear layer, residual blocks
of two (linear, batch norm, leaky ReLU, dropout), a linear layer. The critic has no batch
norm: a gradient penalty is a matter of single samples.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

from synpose_tf.models.folded import EPSILON, NEGATIVE_SLOPE
from synpose_tf.structures.skeleton import H36M_17

JOINTS = len(H36M_17)
Shape = tuple[int | None, ...]


@keras.saving.register_keras_serializable(package="synpose_tf")
def leaky_relu(x: tf.Tensor) -> tf.Tensor:
    """x, or 0.2 x where that is negative.

    Not `keras.layers.LeakyReLU`, whose second derivative TensorFlow gives as a tensor of
    zeros: the gradient penalty would send it through the whole critic, for nothing.
    """
    return ops.where(x > 0, x, NEGATIVE_SLOPE * x)


@keras.saving.register_keras_serializable(package="synpose_tf")
class DenseUnit(layers.Layer):
    """Linear, batch norm, leaky ReLU, dropout: (batch, any) to (batch, width).

    `mixed_precision` multiplies in bfloat16; the weights, and all else, stay in float32.
    """

    def __init__(
        self, width: int, dropout: float = 0.0, mixed_precision: bool = False, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.width = width
        self.dropout = dropout
        self.mixed_precision = mixed_precision
        self.linear = layers.Dense(
            width,
            use_bias=False,
            kernel_initializer="he_normal",
            dtype="mixed_bfloat16" if mixed_precision else None,
        )
        self.norm = layers.BatchNormalization(momentum=0.9, epsilon=EPSILON)
        self.drop = layers.Dropout(dropout)

    def build(self, input_shape: Shape) -> None:
        self.linear.build(input_shape)
        self.norm.build((input_shape[0], self.width))

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        x = self.norm(self.linear(inputs), training=training)
        return self.drop(leaky_relu(x), training=training)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "width": self.width,
            "dropout": self.dropout,
            "mixed_precision": self.mixed_precision,
        }


@keras.saving.register_keras_serializable(package="synpose_tf")
class ResidualLifter(keras.Model):
    """The network of figure 3: (batch, inputs) to (batch, outputs).

    Args:
        outputs: size of the output.
        blocks: residual blocks; 2 in the generator, 1 in the reprojection network.
        width: units of each hidden layer.
        dropout: rate after each activation.
        mixed_precision: multiply in bfloat16 in the blocks, which hold nearly all of the
            arithmetic; the first and the last layer, which see poses, stay in float32.
    """

    def __init__(
        self,
        outputs: int,
        blocks: int,
        width: int = 512,
        dropout: float = 0.0,
        mixed_precision: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.mixed_precision = mixed_precision
        self.outputs_size = outputs
        self.blocks = blocks
        self.width = width
        self.dropout = dropout

        # === Layers ===
        self.first = DenseUnit(width, dropout, name="first")
        self.units = [
            DenseUnit(width, dropout, mixed_precision, name=f"block{i // 2}_unit{i % 2}")
            for i in range(2 * blocks)
        ]
        # Small, so that training starts from the flat pose and not from noise.
        self.last = layers.Dense(
            outputs,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="last",
        )

    def build(self, input_shape: Shape) -> None:
        hidden = (input_shape[0], self.width)
        self.first.build(input_shape)
        for unit in self.units:
            unit.build(hidden)
        self.last.build(hidden)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        x = self.first(inputs, training=training)
        for first, second in zip(self.units[::2], self.units[1::2], strict=True):
            x = x + second(first(x, training=training), training=training)
        return self.last(x)

    # === Config ===
    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "outputs": self.outputs_size,
            "blocks": self.blocks,
            "width": self.width,
            "dropout": self.dropout,
            "mixed_precision": self.mixed_precision,
        }


@keras.saving.register_keras_serializable(package="synpose_tf")
class Generator(ResidualLifter):
    """Depths from a normalised 2D pose: (batch, 17, 2) to (batch, 17); the root's is 0.

    Args:
        width: units of each hidden layer.
        blocks: residual blocks, 2 in the paper.
        dropout: rate after each activation.

    Examples:
        >>> Generator(width=256)(np.zeros((8, 17, 2), "float32")).shape
        TensorShape([8, 17])
    """

    def __init__(self, width: int = 512, blocks: int = 2, dropout: float = 0.0, **kwargs: Any):
        super().__init__(JOINTS - 1, blocks, width, dropout, **kwargs)

    def build(self, input_shape: Shape = (None, JOINTS, 2)) -> None:
        super().build((input_shape[0], 2 * JOINTS))

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        depths = super().call(ops.reshape(inputs, (-1, 2 * JOINTS)), training=training)
        return ops.pad(depths, ((0, 0), (1, 0)))  # the root is joint 0

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["outputs"]
        return config


@keras.saving.register_keras_serializable(package="synpose_tf")
class ReprojectionNetwork(ResidualLifter):
    """2D poses from 3D poses: (batch, 17, 3) to (batch, 17, 2), normalised both.

    Args:
        width: units of each hidden layer.
        blocks: residual blocks, 1 in the paper.
        dropout: rate after each activation.
    """

    def __init__(self, width: int = 512, blocks: int = 1, dropout: float = 0.0, **kwargs: Any):
        super().__init__(2 * JOINTS, blocks, width, dropout, **kwargs)

    def build(self, input_shape: Shape = (None, JOINTS, 3)) -> None:
        super().build((input_shape[0], 3 * JOINTS))

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        poses = super().call(ops.reshape(inputs, (-1, 3 * JOINTS)), training=training)
        return ops.reshape(poses, (-1, JOINTS, 2))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["outputs"]
        return config


@keras.saving.register_keras_serializable(package="synpose_tf")
class Critic(keras.Model):
    """The three-branch critic of figure 4: one score (batch, 1) a sample.

    3D pose: linear and a residual block; 2D pose: linear; KCS: linear; concatenated, then
    fully connected. A hidden layer stands before the score: with none the score would be a
    sum of three independent ones, and no critic could tell a 2D pose that does not belong
    to its 3D pose.

    Of a window it sees all frames in each branch, and beside their KCS matrices how these change
    from frame to frame: bones keep their lengths, and joints move like people's.

    Args:
        width: units of each branch and of the hidden layer.
        frames: of a window.
        motion: whether the KCS branch sees changes too.
    """

    def __init__(self, width: int = 512, frames: int = 1, motion: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.width = width
        self.frames = frames
        self.motion = motion

        # === Layers ===
        def dense(name):
            return layers.Dense(
                width, activation=leaky_relu, kernel_initializer="he_normal", name=name
            )

        self.pose_3d = dense("pose_3d")
        self.residual = [dense("pose_3d_residual0"), dense("pose_3d_residual1")]
        self.pose_2d = dense("pose_2d")
        self.kcs = dense("kcs")
        self.hidden = dense("hidden")
        self.score = layers.Dense(1, name="score")

    @property
    def hidden_layers(self) -> list[layers.Dense]:
        """The layers with an activation, by which Keras names them in a checkpoint: it stays."""
        return [self.pose_3d, *self.residual, self.pose_2d, self.kcs, self.hidden]

    def build(self, input_shape: Any = None) -> None:
        bones = JOINTS - 1
        matrices = self.frames + (self.frames - 1 if self.motion else 0)
        self.pose_3d.build((None, self.frames * 3 * JOINTS))
        for layer in self.residual:
            layer.build((None, self.width))
        self.pose_2d.build((None, self.frames * 2 * JOINTS))
        self.kcs.build((None, matrices * bones * bones))
        self.hidden.build((None, 3 * self.width))
        self.score.build((None, self.width))

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        """Scores (3D poses (batch, 17, 3), 2D poses (batch, 17, 2), KCS (batch, 256)).

        Of windows (batch, frames, 17, 3), (batch, frames, 17, 2), (batch, matrices, 256).
        """
        poses_3d, poses_2d, kcs = inputs
        pose_3d = self.pose_3d(ops.reshape(poses_3d, (-1, self.frames * 3 * JOINTS)))
        pose_3d = pose_3d + self.residual[1](self.residual[0](pose_3d))
        pose_2d = self.pose_2d(ops.reshape(poses_2d, (-1, self.frames * 2 * JOINTS)))
        kcs = self.kcs(ops.reshape(kcs, (-1, self.kcs.kernel.shape[0])))
        features = ops.concatenate([pose_3d, pose_2d, kcs], axis=-1)
        return self.score(self.hidden(features))

    # === Config ===
    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "width": self.width,
            "frames": self.frames,
            "motion": self.motion,
        }
