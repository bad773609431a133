"""Synchronized adversarial training over time: section 3.4's three networks on windows."""

from typing import Any

import keras
import tensorflow as tf

from synpose_tf.geometry import camera, normalization
from synpose_tf.models import losses
from synpose_tf.models.adversarial import Synchronized
from synpose_tf.models.critic_pass import critic_pass
from synpose_tf.models.kcs import KinematicChain
from synpose_tf.models.networks import Critic, ReprojectionNetwork
from synpose_tf.models.windowed import WindowedModel, flatten, to_windows

LOSSES = ("critic_loss", "generator_loss", "penalty")
SUPERVISED = ("pose_loss", "motion_loss")  # Beside them, where the pose loss has a weight.


@keras.saving.register_keras_serializable(package="synpose_tf")
class TemporalAdversarialModel(Synchronized, WindowedModel):
    """Corrections in time, judged by a critic.

    A window of corrected poses is turned about the vertical by one random angle, and each frame
    reprojected. The critic sees 3D poses, 2D poses and wKCS of the window, and how wKCS changes
    from frame to frame. Real windows are turned by the same law. All three networks learn in one
    step (`SynchronizedAdversarialModel`).

    Args:
        mode, distance, single, temporal_width, blocks, frames, causal, dropout, average, seed:
            see `WindowedModel`.
        reprojection_width, critic_width: units of the hidden layers.
        weighted_kcs: wKCS (equation 6) or plain KCS.
        motion: whether the critic sees the changes of wKCS.
        penalty_weight: of the critic's gradient penalty.
        bound: of the corrections of x and y, in mean image radii, so that the critic can't be
            pleased by another pose than the one that was seen.
        pose_weight: of the losses of `methods.temporal.TemporalModel` beside the critic's, in which
            `motion_weight` is that of the steps; 0 for the critic alone.

    Raises:
        ValueError: as `WindowedModel`.
    """

    def __init__(
        self,
        mode: str = "paper",
        distance: float = 0.0,
        single: str = "",
        temporal_width: int = 192,
        blocks: int = 3,
        frames: int = 9,
        causal: bool = False,
        motion_weight: float = 1.0,
        dropout: float = 0.0,
        average: float = 0.0,
        seed: int = 0,
        reprojection_width: int = 128,
        critic_width: int = 256,
        weighted_kcs: bool = True,
        motion: bool = True,
        penalty_weight: float = 10.0,
        bound: float = 0.15,
        pose_weight: float = 0.0,
        **kwargs: Any,
    ):
        reported = LOSSES + (SUPERVISED if pose_weight else ())
        super().__init__(
            reported, mode, distance, single, temporal_width, blocks, frames, causal, dropout,
            average, seed, **kwargs,
        )  # fmt: skip
        self._config |= {
            "motion_weight": motion_weight,
            "reprojection_width": reprojection_width,
            "critic_width": critic_width,
            "weighted_kcs": weighted_kcs,
            "motion": motion,
            "penalty_weight": penalty_weight,
            "bound": bound,
            "pose_weight": pose_weight,
        }
        self.motion = motion
        self.penalty_weight = penalty_weight
        self.bound = bound
        self.pose_weight = pose_weight
        self.motion_weight = motion_weight
        self.reprojection = ReprojectionNetwork(reprojection_width, name="reprojection")
        self.critic = Critic(critic_width, frames, motion, name="critic")
        self.kinematic_chain = KinematicChain(weighted_kcs, name="kinematic_chain")
        self.build()

    # === Training ===
    def update(self, data: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One synchronized step on windows: one forward pass, the gradients of all networks."""
        truth = self._true_poses(data)
        turns, real_turns, mixture = self._random(tf.shape(truth)[0])
        with tf.GradientTape() as tape:
            lifted = self._lift(data, self.generator, training=True)
            axis = self._axis(data, lifted.rotation)
            turned = self._turn(lifted.poses, axis, turns)
            reprojected = self.reprojection(flatten(turned), training=True)
            fake = self._critic_inputs(turned, to_windows(reprojected, self.frames))
            own = []
            if self.pose_weight:
                place, motion = losses.window_losses(lifted.poses, truth)
                own = [self.pose_weight * (place + self.motion_weight * motion)]

        real_3d = self._turn(truth, axis, real_turns)
        real_2d = normalization.reproject(flatten(real_3d), flatten(lifted.perspective), keras.ops)
        real = self._critic_inputs(real_3d, to_windows(real_2d, self.frames))
        critic = critic_pass(self.critic, real, fake, mixture, self.penalty_weight)
        # The pass back through the critic serves both losses (equations 9 and 10).
        upstream = [-gradient for gradient in critic.fake_gradients]
        generator_gradients, reprojection_gradients = tape.gradient(
            [*fake, *own],
            (self.generator.trainable_variables, self.reprojection.trainable_variables),
            output_gradients=[*upstream, *(tf.ones_like(loss) for loss in own)],
        )
        self._apply(
            {
                "critic": critic.gradients,
                "generator": generator_gradients,
                "reprojection": reprojection_gradients,
            }
        )
        supervised = {"pose_loss": place, "motion_loss": motion} if own else {}
        return {
            "critic_loss": critic.loss,
            "generator_loss": sum(own) - critic.fake_score,
            "penalty": critic.penalty,
            **supervised,
        }

    def _axis(self, data, rotation):
        """The vertical (batch, frames, 3) of each frame; y where it is not known."""
        up = self._judged(data["up"])
        known = tf.reduce_any(up != 0.0, axis=-1, keepdims=True)
        if rotation is not None:
            up = tf.linalg.matvec(rotation, up)
        return tf.where(known, up, tf.constant([0.0, 1.0, 0.0]))

    def _turn(self, poses, axis, turns):
        """Windows (batch, frames, 17, 3), each by one angle (batch, 1)."""
        angles = tf.repeat(turns, self.frames, axis=0)
        turned = camera.turn(flatten(poses), flatten(axis), angles, keras.ops)
        return to_windows(turned, self.frames)

    def _critic_inputs(self, poses_3d, poses_2d):
        kcs = to_windows(self.kinematic_chain(flatten(poses_3d)), self.frames)
        if self.motion:
            kcs = tf.concat([kcs, kcs[:, 1:] - kcs[:, :-1]], axis=1)
        return poses_3d, poses_2d, kcs
