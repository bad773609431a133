"""The synchronized adversarial model: section 3.4's training of three networks in one step."""

import dataclasses
from typing import Any

import keras
import tensorflow as tf

from synpose_tf.geometry import camera, normalization
from synpose_tf.models import losses
from synpose_tf.models.base import LiftingModel, halves
from synpose_tf.models.critic_pass import critic_pass
from synpose_tf.models.kcs import KinematicChain
from synpose_tf.models.networks import Critic, Generator, ReprojectionNetwork
from synpose_tf.models.optimizer import MomentumFreeAdam

STRATEGIES = ("synchronized", "separate")
LIPSCHITZ = ("penalty", "clipping")
AXES = ("camera_y", "vertical")
# Arjovsky et al.'s bound on the critic's weights.
CLIP = 0.01
LOSSES = ("critic_loss", "generator_loss", "angle_loss", "penalty", "reprojection_loss")
SUPERVISED = ("depth_loss",)  # Beside them, where the depth loss has a weight.


@dataclasses.dataclass(frozen=True)
class Sample:
    """What one training step sees, normalised (see `synpose_tf.geometry.normalization`).

    Args:
        poses_2d: (batch, 17, 2), the generator's input.
        perspective: (batch, 1), 0 in `paper` mode.
        poses_3d: (batch, 17, 3), true poses of the same views.
        axis: (batch, 3), the unit vector that poses are turned about.
        paired: (batch, 1), 0 where `poses_3d` is not the truth of `poses_2d`, else 1; None for 1
            throughout.
        known: (batch, 17), 0 for joints whose place in `poses_3d` is not known, else 1; None for 1
            throughout.
    """

    poses_2d: tf.Tensor
    perspective: tf.Tensor
    poses_3d: tf.Tensor
    axis: tf.Tensor
    paired: tf.Tensor | None = None
    known: tf.Tensor | None = None


class Synchronized(LiftingModel):
    """What models share whose three networks are trained in one step.

    A model makes `critic` and `reprojection` in its constructor.
    """

    default_learning_rate = 8e-5  # section 3.7
    critic: Critic
    reprojection: ReprojectionNetwork

    @property
    def networks(self) -> dict[str, keras.Model]:
        return {
            "critic": self.critic,
            "generator": self.generator,
            "reprojection": self.reprojection,
        }

    # Its options are not those of the base.
    def _optimizer(self, learning_rate, name, beta_2=0.9):  # type: ignore[override]
        """Section 3.7's Adam, with β₁ = 0."""
        return MomentumFreeAdam(learning_rate, beta_2, name=name)

    def _random(self, size):
        """Turns of generated and real examples, U[-π, π], and the mixtures of the penalty."""
        draws = self._uniform(3, size)
        pi = 3.141592653589793
        return (2.0 * draws[0] - 1.0) * pi, (2.0 * draws[1] - 1.0) * pi, draws[2]


@keras.saving.register_keras_serializable(package="synpose_tf")
class SynchronizedAdversarialModel(Synchronized):
    """Generator, reprojection network and critic, trained together (figure 2).

    Args:
        mode: normalisation, `paper` or `camera`.
        distance: of the camera, which `paper` mode assumes, in mean radii of the pose; 0 for
            infinitely far, as the paper has it. People are mostly filmed from 12 to 15.
        generator_width, reprojection_width, critic_width: units of the hidden layers.
        dropout: of generator and reprojection network.
        strategy: `synchronized` (figure 6b: the critic trains the reprojection network) or
            `separate` (figure 6a: the mean squared error to the input pose does).
        weighted_kcs: wKCS (equation 6) or plain KCS.
        angle_weight: λ of equation 13.
        lipschitz: `penalty` on the critic's gradient, or weight `clipping`.
        penalty_weight: of the gradient penalty.
        axis: what poses are turned about: `camera_y`, as the paper has it, or `vertical`, the
            world's (the camera's y where `up` is zero: not known). A camera that looks down
            makes a pose that is turned about its y axis lean.
        turn_real: turn the real pairs by the same random law as the generated ones, so
            that headings and leaning, of which the data hold few, do not give the
            generated poses away. The paper turns the generated ones only.
        paired: the real pairs are those of the generator's inputs, as the paper has it, or
            other examples: a step then takes two batches, inputs first.
        mixed_precision: multiply in bfloat16 where hidden layers meet; weights, normalisation,
            KCS and losses stay in float32, and lifting does.
        depth_weight: of a depth loss on the inputs whose true pose is known, beside what the critic
            says of all inputs (`losses.depth_loss`); 0, as the paper has it.
        depth_loss: its kind, of `losses.DEPTH_LOSSES`.
        average: decay of the generator's exponential moving average, 0 for none.
        seed: of the random turns and mixtures.

    Raises:
        ValueError: an unknown mode, strategy, Lipschitz constraint, axis or depth loss.
    """

    def __init__(
        self,
        mode: str = "paper",
        distance: float = 0.0,
        generator_width: int = 512,
        reprojection_width: int = 512,
        critic_width: int = 512,
        dropout: float = 0.0,
        strategy: str = "synchronized",
        weighted_kcs: bool = True,
        angle_weight: float = 1.0,
        lipschitz: str = "penalty",
        penalty_weight: float = 10.0,
        axis: str = "camera_y",
        turn_real: bool = False,
        average: float = 0.0,
        seed: int = 0,
        paired: bool = True,
        mixed_precision: bool = False,
        depth_weight: float = 0.0,
        depth_loss: str = "squared",
        **kwargs: Any,
    ):
        options: dict[str, Any] = {"dropout": dropout, "mixed_precision": mixed_precision}
        generator = Generator(generator_width, **options, name="generator")
        reported = LOSSES + (SUPERVISED if depth_weight else ())
        super().__init__(generator, reported, mode, distance, average, seed, **kwargs)
        if strategy not in STRATEGIES:
            raise ValueError(f"strategy must be one of {STRATEGIES}, found {strategy!r}")
        if lipschitz not in LIPSCHITZ:
            raise ValueError(f"lipschitz must be one of {LIPSCHITZ}, found {lipschitz!r}")
        if axis not in AXES:
            raise ValueError(f"axis must be one of {AXES}, found {axis!r}")
        self._config |= {
            "generator_width": generator_width,
            "reprojection_width": reprojection_width,
            "critic_width": critic_width,
            "dropout": dropout,
            "strategy": strategy,
            "weighted_kcs": weighted_kcs,
            "angle_weight": angle_weight,
            "lipschitz": lipschitz,
            "penalty_weight": penalty_weight,
            "axis": axis,
            "turn_real": turn_real,
            "paired": paired,
            "mixed_precision": mixed_precision,
            "depth_weight": depth_weight,
            "depth_loss": depth_loss,
        }
        self.strategy = strategy
        self.angle_weight = angle_weight
        self.lipschitz = lipschitz
        self.penalty_weight = penalty_weight if lipschitz == "penalty" else 0.0
        self.axis = axis
        self.turn_real = turn_real
        self.depth_weight = depth_weight
        self.depth_loss = losses.check_depth_loss(depth_loss)
        self.mixed_precision = mixed_precision
        self.batches_per_step = 1 if paired else 2

        # === Networks ===
        self.reprojection = ReprojectionNetwork(reprojection_width, **options, name="reprojection")
        self.critic = Critic(critic_width, name="critic")
        self.kinematic_chain = KinematicChain(weighted_kcs, name="kinematic_chain")
        self.build()

    # === Training ===
    def update(self, data: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One synchronized step: one forward pass, the gradients of all three networks."""
        batch, real_batch = self._samples(data)
        turns, real_turns, mixture = self._random(tf.shape(batch.poses_2d)[0])
        with tf.GradientTape() as generator_tape:
            depths = self.generator(batch.poses_2d, training=True)
            lifted = normalization.lift(batch.poses_2d, depths, batch.perspective, keras.ops)
            turned = camera.turn(lifted, batch.axis, turns, keras.ops)
            fake = self._critic_inputs(turned, self.reprojection(turned, training=True))
            # The generator's own losses, beside what the critic says of it: (weight, value).
            own = {"angle_loss": (self.angle_weight, tf.reduce_mean(losses.angle_loss(lifted)))}
            if self.depth_weight:
                depth_loss = losses.depth_loss(
                    depths, batch.poses_3d, self.depth_loss, batch.paired, batch.known
                )
                own["depth_loss"] = (self.depth_weight, depth_loss)

        real = self._real_sample(real_batch, real_turns)
        critic = critic_pass(
            self.critic, real, fake, mixture, self.penalty_weight, self.mixed_precision
        )
        # The critic's loss holds +mean(p_fake), the generator's -mean(p_fake): the pass back
        # through the critic serves both (equations 9 and 10).
        upstream = [-gradient for gradient in critic.fake_gradients]
        weights = [tf.constant(weight, tf.float32) for weight, _ in own.values()]
        generator_gradients, reprojection_gradients = generator_tape.gradient(
            [*fake, *(loss for _, loss in own.values())],
            (self.generator.trainable_variables, self.reprojection.trainable_variables),
            output_gradients=[*upstream, *weights],
        )
        reprojection_loss = -critic.fake_score
        if self.strategy == "separate":
            reprojection_loss, reprojection_gradients = self._separate_reprojection(batch, lifted)

        self._apply(
            {
                "critic": critic.gradients,
                "generator": generator_gradients,
                "reprojection": reprojection_gradients,
            }
        )
        return {
            "critic_loss": critic.loss,
            "generator_loss": sum(w * loss for w, loss in own.values()) - critic.fake_score,
            "penalty": critic.penalty,
            "reprojection_loss": reprojection_loss,
            **{name: loss for name, (_, loss) in own.items()},
        }

    def _samples(self, data):
        """What the generator's inputs are from, and what the real pairs are from."""
        if self.batches_per_step == 1:
            batch = self._normalize(data)
            return batch, batch
        return tuple(self._normalize(half) for half in halves(data))

    def _normalize(self, data):
        poses_2d, frame = self._normalize_2d(data)
        poses_3d, _ = normalization.normalize_3d(data["keypoints_3d"], self.mode, xp=keras.ops)
        axis = tf.broadcast_to(tf.constant([[0.0, 1.0, 0.0]]), tf.shape(data["up"]))
        if self.axis == "vertical":
            up = data["up"]
            if frame.rotation is not None:
                up = tf.linalg.matvec(frame.rotation, up)
            axis = tf.where(tf.reduce_any(up != 0.0, axis=-1, keepdims=True), up, axis)
        marks = data.get("paired"), data.get("known")
        return Sample(poses_2d, frame.perspective, poses_3d, axis, *marks)

    def _real_sample(self, batch, turns):
        poses_3d, poses_2d = batch.poses_3d, batch.poses_2d
        if self.turn_real:
            poses_3d = camera.turn(poses_3d, batch.axis, turns, keras.ops)
            poses_2d = normalization.reproject(poses_3d, batch.perspective, keras.ops)
        return self._critic_inputs(poses_3d, poses_2d)

    def _critic_inputs(self, poses_3d, poses_2d):
        return poses_3d, poses_2d, self.kinematic_chain(poses_3d)

    def _separate_reprojection(self, batch, lifted):
        """Figure 6a: the unturned pose, reprojected, against the input pose."""
        with tf.GradientTape() as tape:
            reprojected = self.reprojection(tf.stop_gradient(lifted), training=True)
            loss = tf.reduce_mean(tf.square(reprojected - batch.poses_2d))
        return loss, tape.gradient(loss, self.reprojection.trainable_variables)

    def _apply(self, gradients):
        super()._apply(gradients)
        if self.lipschitz == "clipping":
            for variable in self.critic.trainable_variables:
                variable.assign(tf.clip_by_value(variable.value, -CLIP, CLIP))
