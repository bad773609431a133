"""What every trained lifter shares, whichever method trains it."""

from typing import Any

import keras
import tensorflow as tf

from synpose_tf.geometry import normalization
from synpose_tf.models import replicas

DECAYS = ("none", "linear", "cosine")


class LiftingModel(keras.Model):
    """A generator of depths, its moving average, and the conventions of training it.

    Calling it lifts, by the moving average of the generator: from a dict of `keypoints_2d`
    (batch, 17, 2), pixels, and, in `camera` mode, `intrinsics` (batch, 9), to 3D poses
    (batch, 17, 3), camera frame, root-relative, in an unknown unit (a mean image radius).

    A method derives from it: makes its networks in its constructor, adds its arguments to
    `_config` and ends with `self.build()`; says in `networks` what is trained and in
    `_optimizer` how; and does one step in `update`.

    Args:
        generator: maps normalised 2D poses (batch, 17, 2) to depths (batch, 17).
        losses: names of what a step reports, the first one first in people's interest.
        mode: normalisation, `paper` or `camera`.
        distance: of the camera, which `paper` mode assumes, in mean radii of the pose; 0 for
            infinitely far.
        average: decay of the generator's exponential moving average, 0 for none.
        seed: of whatever a step draws.

    Raises:
        ValueError: an unknown mode.
    """

    default_learning_rate: float = 1e-3
    # How many batches of examples a step takes: 2 where the lifter's inputs and the true
    # poses are to be different examples.
    batches_per_step: int = 1
    # Frames of an example: more than 1 where a step takes windows.
    window: int = 1

    def __init__(
        self,
        generator: keras.Model,
        losses: tuple[str, ...],
        mode: str = "paper",
        distance: float = 0.0,
        average: float = 0.0,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.mode = normalization.check_mode(mode)
        self.distance = distance
        self.average = average
        self.seed = seed
        # Added to the step in what a step draws; training that went back sets it.
        self.skipped_steps = 0
        self.generator = generator
        self.trackers = {name: keras.metrics.Mean(name=name) for name in losses}
        self._config = {"mode": mode, "distance": distance, "average": average, "seed": seed}

    @property
    def networks(self) -> dict[str, keras.Model]:
        """What is trained, by name; each has an optimizer `<name>_optimizer`."""
        return {"generator": self.generator}

    @property
    def iterations(self) -> keras.Variable:
        """Training steps so far; what a step draws follows from `seed` and this alone."""
        return self.generator_optimizer.iterations

    def build(self, input_shape: Any = None) -> None:
        for network in self.networks.values():
            network.build()
        config = {**self.generator.get_config(), "name": "averaged_generator", "trainable": False}
        if "mixed_precision" in config:
            config["mixed_precision"] = False  # Lifting is in float32.
        self.averaged_generator = type(self.generator).from_config(config)
        self.averaged_generator.build()
        self.averaged_generator.set_weights(self.generator.get_weights())
        self.built = True

    def compile(
        self,
        learning_rate: float | None = None,
        decay: str = "none",
        decay_steps: int = 0,
        jit_compile: bool = True,
        **optimizer: Any,
    ) -> None:
        """Gives each network its optimizer.

        The optimizers are built here: unbuilt ones are silently left out of checkpoints.

        Args:
            learning_rate: of all networks; None for the method's own.
            decay: how the rate falls to zero over `decay_steps`: `none`, `linear`, `cosine`.
            decay_steps: steps until the rate is zero.
            jit_compile: compile the training step with XLA.
            **optimizer: further arguments of the method's optimizer.

        Raises:
            ValueError: an unknown decay, or one without its steps.
        """
        super().compile(optimizer=None, jit_compile=jit_compile)
        if learning_rate is None:
            learning_rate = self.default_learning_rate
        # Plain numbers: Keras does not restore a schedule from a custom compile configuration.
        self._compile_values = {
            "learning_rate": learning_rate,
            "decay": decay,
            "decay_steps": decay_steps,
            "jit_compile": jit_compile,
            **optimizer,
        }
        rate = _schedule(learning_rate, decay, decay_steps)
        for name, network in self.networks.items():
            made = self._optimizer(rate, name=f"{name}_adam", **optimizer)
            made.build(network.trainable_variables)
            setattr(self, f"{name}_optimizer", made)

    def scale_learning_rate(self, factor: float) -> None:
        """Multiplies the learning rate of every network, with its schedule."""
        values = self._compile_values
        values["learning_rate"] *= factor
        rate = _schedule(values["learning_rate"], values["decay"], values["decay_steps"])
        for name in self.networks:
            getattr(self, f"{name}_optimizer").learning_rate = rate

    def _optimizer(self, learning_rate, name, beta_1=0.9, beta_2=0.999):
        return keras.optimizers.Adam(learning_rate, beta_1, beta_2, name=name)

    # === Inference ===
    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        poses_2d, frame = self._normalize_2d(inputs)
        depths = self.averaged_generator(poses_2d, training=False)
        lifted = normalization.lift(poses_2d, depths, frame.perspective, keras.ops)
        return normalization.to_camera_frame(lifted, frame, keras.ops)

    def _normalize_2d(self, inputs):
        return normalization.normalize_2d(
            inputs["keypoints_2d"],
            self.mode,
            inputs.get("intrinsics"),
            self.distance,
            keras.ops,
        )

    # === Training ===
    @property
    def metrics(self) -> list[keras.Metric]:
        return list(self.trackers.values())

    def train_step(self, data: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return self._track(**self.update(data))

    def update(self, data: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Does one training step, in every replica on its part of the batch.

        Args:
            data: `keypoints_2d` (batch, 17, 2), pixels, `keypoints_3d` (batch, 17, 3), camera
                frame, millimetres, `intrinsics` (batch, 9) and `up` (batch, 3), unit vectors in
                the camera frame, zero where unknown; and `known` (batch, 17) where the truth of
                some joints is not believed, 0 for these.

        Returns:
            The losses by name, scalars; means over this replica's part.
        """
        raise NotImplementedError

    def _uniform(self, count: int, size: int | tf.Tensor) -> tf.Tensor:
        """(count, size, 1), U[0, 1), for a part of `size` examples.

        They follow from (seed, step) and the examples' places in the global batch alone: a
        resumed run draws what it would have, and replicas what one device would have.
        """
        step = tf.cast(self.iterations.value, tf.int32) + self.skipped_steps
        shape = (count, size * replicas.replicas_in_sync(), 1)
        draws = tf.random.stateless_uniform(shape, tf.stack([self.seed, step]))
        return replicas.own_part(draws, axis=1)

    def _apply(self, gradients: dict[str, list]) -> None:
        """Takes a step of every network, by name, and lets the average follow."""
        for name in self.networks:
            self._descend(name, gradients[name])
        self._follow()

    def _descend(self, name, gradients):
        """A step of one network, from the gradients of means over this replica's part."""
        # Keras sums them over the replicas.
        share = 1.0 / replicas.replicas_in_sync()
        gradients = [share * gradient for gradient in gradients] if share < 1.0 else gradients
        variables = self.networks[name].trainable_variables
        getattr(self, f"{name}_optimizer").apply(gradients, variables)

    def _follow(self):
        # Early on the average follows quickly: the first weights are not worth keeping.
        step = tf.cast(self.iterations.value, tf.float32)
        decay = tf.minimum(self.average, step / (step + 10.0)) if self.average else 0.0
        for mean, variable in zip(
            self.averaged_generator.weights, self.generator.weights, strict=True
        ):
            mean.assign(variable.value + decay * (mean.value - variable.value))

    def _track(self, **values):
        for name, value in values.items():
            self.trackers[name].update_state(value)
        return {name: tracker.result() for name, tracker in self.trackers.items()}

    # === Config ===
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._config}

    def get_compile_config(self) -> dict[str, Any]:
        return dict(self._compile_values)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        self.compile(**config)


def halves(batch: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first and the second half of a batch, tensors (2 size, …) by name."""
    size = {key: tf.shape(tensor)[0] // 2 for key, tensor in batch.items()}
    first = {key: tensor[: size[key]] for key, tensor in batch.items()}
    return first, {key: tensor[size[key] :] for key, tensor in batch.items()}


def _schedule(learning_rate, decay, decay_steps):
    if decay not in DECAYS:
        raise ValueError(f"decay must be one of {DECAYS}, found {decay!r}")
    if decay == "none":
        return learning_rate
    if decay_steps < 1:
        raise ValueError(f"decay={decay!r} needs decay_steps, found {decay_steps!r}")
    if decay == "cosine":
        return keras.optimizers.schedules.CosineDecay(learning_rate, decay_steps)
    return keras.optimizers.schedules.PolynomialDecay(learning_rate, decay_steps, 0.0)
