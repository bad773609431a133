"""RepNet, Wandt and Rosenhahn's weakly supervised lifter (CVPR 2019).

One network gives the whole 3D pose, in a frame of the body's own, another the camera that
sees it; a reprojection layer compares what that camera sees with the 2D input, and a critic
compares the pose with true ones of other people. Written from the paper; where the authors'
program (github.com/bastianwandt/RepNet) differs, this follows the program: first block shared
by both networks, critic and generator in turn on the same batch, mean absolute error of the
reprojection, all weights 1.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from synpose_tf.geometry import normalization
from synpose_tf.models.base import LiftingModel, halves
from synpose_tf.models.kcs import KinematicChain
from synpose_tf.models.losses import gradient_penalty
from synpose_tf.models.networks import JOINTS
from synpose_tf.structures.skeleton import H36M_17

LOSSES = ("critic_loss", "generator_loss", "reprojection_loss", "camera_loss", "penalty")
PENALTY_WEIGHT = 10.0
# The torso that true poses are turned and scaled onto, metres, x and y; z is 0. Its plane makes
# the best rotation a closed form (`nearest_frame`).
TEMPLATE = {
    "RHip": (-0.13, 0.0),
    "LHip": (0.13, 0.0),
    "RShoulder": (-0.15, -0.48),
    "LShoulder": (0.15, -0.48),
}
_EPSILON = 1e-9


def leaky_relu(x: tf.Tensor) -> tf.Tensor:
    """x, or 0.3 x where that is negative, the authors' slope."""
    return ops.where(x > 0, x, 0.3 * x)


def nearest_frame(matrix: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The best rotations for two directions each, and the scales.

    Args:
        matrix: (batch, 3, 2), of rank 2.

    Returns:
        Rotations (batch, 3, 3), whose first two columns are the orthonormal ones nearest to the
        matrix's (its polar factor) and whose third is their cross product; and the means
        (batch, 1, 1) of the matrix's singular values.
    """
    # The root of a symmetric 2 x 2 matrix M is (M + sqrt(det M) 1) / sqrt(tr M + 2 sqrt(det M)).
    square = tf.matmul(matrix, matrix, transpose_a=True)
    a, b, d = square[:, 0, 0], square[:, 0, 1], square[:, 1, 1]
    area = tf.sqrt(tf.maximum(a * d - b * b, 0.0) + _EPSILON**2)
    trace = tf.sqrt(a + d + 2.0 * area)  # of the root
    inverse = tf.stack([d + area, -b, -b, a + area], axis=-1) / (area * trace)[:, None]
    columns = tf.matmul(matrix, tf.reshape(inverse, (-1, 2, 2)))
    third = tf.linalg.cross(columns[..., 0], columns[..., 1])
    return tf.concat([columns, third[..., None]], axis=-1), trace[:, None, None] / 2.0


def align(poses: tf.Tensor) -> tf.Tensor:
    """Turns and scales root-relative poses (batch, 17, 3) so that hips and shoulders fall best,
    in the least squares sense, on the template's: a pose without heading, tilt and size."""
    joints = [H36M_17.index(name) for name in TEMPLATE]
    template = tf.constant(np.array(list(TEMPLATE.values()), np.float32))
    torso = tf.gather(poses, joints, axis=1)
    frame, spread = nearest_frame(tf.einsum("njd,jc->ndc", torso, template))
    scale = 2.0 * spread / tf.reduce_sum(tf.square(torso), axis=(1, 2))[:, None, None]
    return scale * tf.matmul(poses, frame)


def reproject(poses: tf.Tensor, cameras: tf.Tensor) -> tf.Tensor:
    """What weak-perspective cameras (batch, 2, 3) see of poses (batch, 17, 3): (batch, 17, 2)."""
    return tf.matmul(poses, cameras, transpose_b=True)


def camera_loss(cameras: tf.Tensor) -> tf.Tensor:
    """How far cameras (batch, 2, 3) are from two rows of a scaled rotation: (batch,).

    The sum of |2 K Kᵀ / tr(K Kᵀ) - 1|.
    """
    square = tf.matmul(cameras, cameras, transpose_b=True)
    scale = tf.linalg.trace(square)[:, None, None] / 2.0 + _EPSILON
    return tf.reduce_sum(tf.abs(square / scale - tf.eye(2)), axis=(1, 2))


def _dense(units, name, activation=leaky_relu):
    return layers.Dense(units, activation=activation, name=name)


@keras.saving.register_keras_serializable(package="synpose_tf")
class PoseAndCamera(keras.Model):
    """Pose network and camera network on a shared block: lifts (batch, 17, 2) to depths.

    Args:
        width: units of each hidden layer, 1,000 in the publication.
    """

    def __init__(self, width: int = 1000, **kwargs: Any):
        super().__init__(**kwargs)
        self.width = width

        # === Layers ===
        self.first = _dense(width, "first")
        self.shared = self._block("shared")
        self.pose_blocks = [self._block(f"pose{i}") for i in range(2)]
        self.pose_hidden = _dense(width, "pose_hidden")
        self.pose_out = _dense(3 * (JOINTS - 1), "pose_out", None)
        self.camera_blocks = [self._block(f"camera{i}") for i in range(2)]
        self.camera_out = _dense(6, "camera_out", None)

    def _block(self, name):
        return [_dense(self.width, f"{name}_0"), _dense(self.width, f"{name}_1", None)]

    def build(self, input_shape: Any = None) -> None:
        self.first.build((None, 2 * JOINTS))
        for first, second in (self.shared, *self.pose_blocks, *self.camera_blocks):
            first.build((None, self.width))
            second.build((None, self.width))
        for layer in (self.pose_hidden, self.pose_out, self.camera_out):
            layer.build((None, self.width))
        self.built = True

    def pose_and_camera(self, poses_2d: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Poses (batch, 17, 3) in the template's frame and cameras (batch, 2, 3) that see them as
        the normalised 2D poses (batch, 17, 2)."""
        x = self._residual(self.shared, self.first(ops.reshape(poses_2d, (-1, 2 * JOINTS))))
        pose = camera = x
        for block in self.pose_blocks:
            pose = self._residual(block, pose)
        for block in self.camera_blocks:
            camera = self._residual(block, camera)
        pose = ops.reshape(self.pose_out(self.pose_hidden(pose)), (-1, JOINTS - 1, 3))
        # The root is joint 0.
        return ops.pad(pose, ((0, 0), (1, 0), (0, 0))), ops.reshape(
            self.camera_out(camera), (-1, 2, 3)
        )

    @staticmethod
    def _residual(block, x):
        return leaky_relu(x + block[1](block[0](x)))

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Depths (batch, 17): the pose's z, turned and scaled by its camera."""
        pose, camera = self.pose_and_camera(inputs)
        frame, scale = nearest_frame(ops.swapaxes(camera, 1, 2))
        return (scale * tf.matmul(pose, frame))[..., 2]

    # === Config ===
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "width": self.width}


@keras.saving.register_keras_serializable(package="synpose_tf")
class PoseCritic(keras.Model):
    """A pose branch and a KCS branch, no batch norm: scores (batch, 1) poses (batch, 17, 3).

    Args:
        pose_width, kcs_width: units of the branches, 100 and 1,000 in the publication.
    """

    def __init__(self, pose_width: int = 100, kcs_width: int = 1000, **kwargs: Any):
        super().__init__(**kwargs)
        self.pose_width = pose_width
        self.kcs_width = kcs_width

        # === Layers ===
        self.chain = KinematicChain(weighted=False, name="chain")
        self.pose = [_dense(pose_width, f"pose{i}") for i in range(2)]
        self.pose += [_dense(pose_width, f"pose{i}", None) for i in (2, 3)]
        self.kcs = [_dense(kcs_width, f"kcs{i}") for i in range(2)]
        self.kcs.append(_dense(kcs_width, "kcs2", None))
        self.hidden = _dense(100, "hidden")
        self.score = _dense(1, "score", None)

    def build(self, input_shape: Any = None) -> None:
        for branch, size, width in (
            (self.pose, 3 * JOINTS, self.pose_width),
            (self.kcs, (JOINTS - 1) ** 2, self.kcs_width),
        ):
            branch[0].build((None, size))
            for layer in branch[1:]:
                layer.build((None, width))
        self.hidden.build((None, self.pose_width + self.kcs_width))
        self.score.build((None, 100))
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        pose = self.pose[0](ops.reshape(inputs, (-1, 3 * JOINTS)))
        pose = self.pose[3](leaky_relu(pose + self.pose[2](self.pose[1](pose))))
        kcs = self.kcs[0](self.chain(inputs))
        kcs = kcs + self.kcs[2](self.kcs[1](kcs))
        return self.score(self.hidden(ops.concatenate([pose, kcs], axis=-1)))

    # === Config ===
    def get_config(self) -> dict[str, Any]:
        widths = {"pose_width": self.pose_width, "kcs_width": self.kcs_width}
        return {**super().get_config(), **widths}


@keras.saving.register_keras_serializable(package="synpose_tf")
class RepNet(LiftingModel):
    """Pose, camera and critic networks, trained with a gradient penalty.

    The 2D inputs and the true 3D poses are different examples: a step takes two batches,
    inputs first. True poses are turned and scaled onto a template torso (`align`), so the pose
    network predicts in the body's frame and the camera network has the heading. The lifter
    turns the pose into the camera's frame by that camera's rotation, scales it by its scale,
    and takes its z; x and y are the input's, as for every method here, and not the
    reprojection, which would only add its own error.

    The authors train with batches of 32 and Adam at 1e-4 (0.5, 0.9).

    Args:
        mode, distance, average, seed: see `LiftingModel`.
        generator_width: units of the hidden layers of pose and camera network.
        pose_width, kcs_width: units of the critic's branches.
        camera_start: the step from which on the camera loss counts. From the first step, as
            published, it makes cameras rotations before anything has told them from which side
            they look, and on walking people that is never mended: docs/experiments.md.

    Reference:
        Wandt, Rosenhahn, *RepNet: Weakly Supervised Training of an Adversarial Reprojection
        Network for 3D Human Pose Estimation*, CVPR 2019.
    """

    default_learning_rate = 1e-4
    batches_per_step = 2

    def __init__(
        self,
        mode: str = "paper",
        distance: float = 0.0,
        generator_width: int = 1000,
        pose_width: int = 100,
        kcs_width: int = 1000,
        camera_start: int = 0,
        average: float = 0.0,
        seed: int = 0,
        **kwargs: Any,
    ):
        generator = PoseAndCamera(generator_width, name="generator")
        super().__init__(generator, LOSSES, mode, distance, average, seed, **kwargs)
        self._config |= {
            "generator_width": generator_width,
            "pose_width": pose_width,
            "kcs_width": kcs_width,
            "camera_start": camera_start,
        }
        self.camera_start = camera_start
        self.critic = PoseCritic(pose_width, kcs_width, name="critic")
        self.build()

    @property
    def networks(self) -> dict[str, keras.Model]:
        return {"critic": self.critic, "generator": self.generator}

    def _optimizer(self, learning_rate, name, beta_1=0.5, beta_2=0.9):
        return super()._optimizer(learning_rate, name, beta_1, beta_2)

    def update(self, data: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        inputs, others = halves(data)
        poses_2d, _ = self._normalize_2d(inputs)
        real, _ = normalization.normalize_3d(others["keypoints_3d"], self.mode, keras.ops)
        real = align(real)

        fake, _ = self.generator.pose_and_camera(poses_2d)
        critic_loss, penalty, critic_gradients = self._critic_gradients(real, fake)
        self._descend("critic", critic_gradients)

        strict = tf.cast(self.iterations.value >= self.camera_start, tf.float32)
        with tf.GradientTape() as tape:
            fake, cameras = self.generator.pose_and_camera(poses_2d)
            reprojection_loss = tf.reduce_mean(tf.abs(reproject(fake, cameras) - poses_2d))
            cameras_loss = tf.reduce_mean(camera_loss(cameras))
            score = tf.reduce_mean(self.critic(fake))
            loss = reprojection_loss + strict * cameras_loss - score
        gradients = tape.gradient(loss, self.generator.trainable_variables)
        self._descend("generator", gradients)
        self._follow()
        return {
            "critic_loss": critic_loss,
            "generator_loss": loss,
            "reprojection_loss": reprojection_loss,
            "camera_loss": cameras_loss,
            "penalty": penalty,
        }

    def _critic_gradients(self, real, fake):
        mixture = self._uniform(1, tf.shape(real)[0])[0, ..., None]
        mixed = fake + mixture * (real - fake)
        with tf.GradientTape() as tape:
            with tf.GradientTape() as slope:
                slope.watch(mixed)
                scores = self.critic(mixed)
            penalty = tf.reduce_mean(gradient_penalty([slope.gradient(scores, mixed)]))
            scores = tf.reduce_mean(self.critic(fake)) - tf.reduce_mean(self.critic(real))
            loss = scores + PENALTY_WEIGHT * penalty
        return loss, penalty, tape.gradient(loss, self.critic.trainable_variables)
