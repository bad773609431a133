"""The training loop: steps, validations, checkpoints, and what people watch meanwhile."""

import contextlib
import dataclasses
import math
import time

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from synpose_tf import evaluation, methods, metrics, plotting
from synpose_tf.augmentation import Augmentation
from synpose_tf.checkpoint import Workdir
from synpose_tf.config import TrainConfig
from synpose_tf.errors import SynposeError
from synpose_tf.lifting import LiftingModel
from synpose_tf.pipeline import training_batches

VALIDATION_POSES = 5000
PICTURE_POSES = 8


def with_method(config: TrainConfig, method: str) -> TrainConfig:
    """A configuration for another method: what only its own method's model takes is left out."""
    own, others = (methods.model_arguments(name) for name in (config.method, method))
    model = {k: v for k, v in config.model.items() if k in others or k not in own}
    return dataclasses.replace(config, method=method, model=model)


def new_model(config: TrainConfig) -> LiftingModel:
    """A compiled model with fresh weights, fixed by the seed.

    Raises:
        SynposeError: the configuration has an argument that the model does not take.
    """
    known = methods.model_arguments(config.method)
    unknown = [key for key in config.model if key not in known]
    if unknown:
        raise SynposeError(
            f"--config: method {config.method} has no {', '.join(map(repr, unknown))} for its "
            f"model; it has {', '.join(known)}."
        )
    keras.utils.set_random_seed(config.seed)
    try:
        model = methods.model_class(config.method)(seed=config.seed, **config.model)
        model.compile(**config.optimizer)
    except (TypeError, ValueError) as error:
        raise SynposeError(f"--config: {error}") from error
    return model


def new_augmentation(config: TrainConfig) -> Augmentation | None:
    """What the configuration wants changed in its examples; None for nothing.

    Raises:
        SynposeError: the configuration has an argument that `Augmentation` does not take.
    """
    try:
        return Augmentation(**config.augmentation) if config.augmentation else None
    except TypeError as error:
        raise SynposeError(f"--config: {error}") from error


def validation_sample(views: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """At most `VALIDATION_POSES` views, evenly spread over a split."""
    count = len(views["keypoints_2d"])
    chosen = np.linspace(0, count - 1, min(count, VALIDATION_POSES)).astype(int)
    return {key: values[chosen] for key, values in views.items()}


@dataclasses.dataclass
class Monitor:
    """Validates, records, draws and saves; `best` is the lowest validation MPJPE so far.

    Args:
        model: the model in training.
        views: validation views, from `validation_sample`.
        workdir: where everything goes.
        first_step: rows of the history after it belong to a run that was cut off.
    """

    model: LiftingModel
    views: dict[str, np.ndarray]
    workdir: Workdir
    first_step: int

    def __post_init__(self):
        self.rows = [row for row in self.workdir.history() if row["step"] <= self.first_step]
        self.best = min((row["val_mpjpe"] for row in self.rows), default=math.inf)
        with self._writing_events():
            self.writer = tf.summary.create_file_writer(str(self.workdir.tensorboard))
        self.started = time.monotonic()
        self.seconds_before = self.rows[-1]["seconds"] if self.rows else 0.0

    def validate(self, step: int, losses: dict[str, float]) -> dict[str, float]:
        """Takes stock after a step.

        Raises:
            SynposeError: a loss is not finite; nothing is saved over the good checkpoint.
        """
        bad = [name for name, value in losses.items() if not math.isfinite(value)]
        if bad:
            raise SynposeError(
                f"training diverged by step {step}: {', '.join(bad)} is not finite. "
                "What was saved before is untouched; try a lower --learning_rate, in another "
                "--workdir."
            )
        lifted = evaluation.lift(self.model, self.views)
        figures = metrics.pose_metrics(lifted, self.views["keypoints_3d"])
        row = {"step": step, **losses}
        row |= {f"val_{name}": float(values.mean()) for name, values in figures.items()}
        row["seconds"] = self.seconds_before + time.monotonic() - self.started
        self.rows.append(row)
        self._save(row)
        self._draw(step, lifted)
        return row

    def _save(self, row):
        self.workdir.save(self.model, "last")
        if row["val_mpjpe"] < self.best:
            self.best = row["val_mpjpe"]
            self.workdir.copy("last", "best")
        self.workdir.write_history(self.rows)
        with self._writing_events(), self.writer.as_default(step=int(row["step"])):
            for name, value in row.items():
                if name not in ("step", "seconds"):
                    tf.summary.scalar(name.replace("val_", "validation/"), value)

    def _draw(self, step, lifted):
        chosen = np.linspace(0, len(lifted) - 1, PICTURE_POSES).astype(int)
        truth = metrics.root_relative(self.views["keypoints_3d"][chosen])
        scaled = metrics.scale_to_truth(lifted[chosen], truth)
        errors = metrics.mpjpe(scaled, truth)
        figure = plotting.lifting_grid(
            self.views["keypoints_2d"][chosen], scaled, truth, [f"{e:.0f} mm" for e in errors]
        )
        path = self.workdir.pictures / f"step_{step:07d}.png"
        plotting.save_figure(figure, path)
        with self._writing_events(), self.writer.as_default(step=step):
            tf.summary.image("lifted", tf.io.decode_png(path.read_bytes(), channels=3)[None])
            self.writer.flush()

    @contextlib.contextmanager
    def _writing_events(self):
        try:
            yield
        except tf.errors.OpError as error:
            raise SynposeError(
                f"{self.workdir.tensorboard}: can't be written ({error.message}). The same "
                "command goes on from the last checkpoint once the disk takes files again."
            ) from error


def train(
    model: LiftingModel,
    arrays: dict[str, np.ndarray],
    views: dict[str, np.ndarray],
    workdir: Workdir,
    config: TrainConfig,
) -> list[dict[str, float]]:
    """Trains up to `config.steps`, from wherever the model is.

    Args:
        model: compiled; its step count says where the run stands.
        arrays: training examples, from `pipeline.read_split`.
        views: validation views, from `validation_sample`.
        workdir: opened for this run.
        config: the run's configuration.

    Returns:
        The history, one row a validation.

    Raises:
        SynposeError: training diverged.
    """
    first = int(model.iterations)
    monitor = Monitor(model, views, workdir, first)
    augmentation = new_augmentation(config)
    batch_size = config.batch_size * model.batches_per_step
    batches = iter(training_batches(arrays, batch_size, config.seed, first, augmentation))
    model.make_train_function()
    model.reset_metrics()
    # Without a terminal there is no bar, but a line a validation.
    with tqdm(total=config.steps, initial=first, unit="step", disable=None) as bar:
        for step in range(first + 1, config.steps + 1):
            logs = model.train_function(batches)
            bar.update()
            if step % config.validate_every == 0 or step == config.steps:
                losses = {name: float(value) for name, value in logs.items()}
                row = monitor.validate(step, losses)
                model.reset_metrics()
                name, value = next(iter(losses.items()))
                tqdm.write(
                    f"step {step}: validation MPJPE {row['val_mpjpe']:.1f} mm, "
                    f"P-MPJPE {row['val_p_mpjpe']:.1f} mm, {name} {value:+.3f}, "
                    f"{row['seconds']:.0f} s"
                )
    return monitor.rows
