"""What people watch while a model trains: validations, history, pictures, TensorBoard."""

import contextlib
import math
import time

import keras
import numpy as np
import tensorflow as tf

from synpose_tf.errors import SynposeError
from synpose_tf.evaluation import metrics, protocols
from synpose_tf.training.checkpoint import Workdir
from synpose_tf.training.guard import DivergenceError
from synpose_tf.visualization import plotting

VALIDATION_POSES = 5000
PICTURE_POSES = 8


def validation_places(count: int) -> np.ndarray:
    """At most `VALIDATION_POSES` of a split's views, evenly spread."""
    return np.linspace(0, count - 1, min(count, VALIDATION_POSES)).astype(int)


def validation_sample(views: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The views at `validation_places`."""
    chosen = validation_places(len(views["keypoints_2d"]))
    return {key: values[chosen] for key, values in views.items()}


class Monitor:
    """Validates, records and draws.

    Args:
        views: validation views, from `validation_sample`, or `clips.validation_windows`.
        workdir: where everything goes.
        first_step: rows of the history after it belong to steps that were cut off.
        seconds: of training so far.
    """

    def __init__(
        self,
        views: dict[str, np.ndarray],
        workdir: Workdir,
        first_step: int,
        seconds: float | None = None,
    ):
        self.views = views
        self.workdir = workdir
        self.rows = [row for row in workdir.history() if row["step"] <= first_step]
        if seconds is None:
            seconds = self.rows[-1]["seconds"] if self.rows else 0.0
        self._started = time.monotonic() - seconds
        with self._writing_events():
            self._writer = tf.summary.create_file_writer(str(workdir.tensorboard))

    @property
    def best_step(self) -> int | None:
        """The step of the lowest validation MPJPE; None before the first validation."""
        row = min(self.rows, key=lambda row: row["val_mpjpe"], default=None)
        return None if row is None else int(row["step"])

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def validate(self, model: keras.Model, step: int, losses: dict[str, float]) -> dict[str, float]:
        """Takes stock after a step, in files that a checkpoint of that step completes.

        Raises:
            DivergenceError: a figure is not finite; nothing is written.
            SynposeError: a file can't be written.
        """
        lifted = protocols.lift(model, self.views)
        figures = metrics.pose_metrics(lifted, self.views["keypoints_3d"])
        row = {"step": step, **losses}
        row |= {f"val_{name}": float(values.mean()) for name, values in figures.items()}
        for name, value in row.items():
            if not math.isfinite(value):
                raise DivergenceError(step, f"{name} is {value}")
        row["seconds"] = self.seconds
        self.rows.append(row)
        self.workdir.write_history(self.rows)
        picture = self._draw(step, lifted)
        with self._writing_events(), self._writer.as_default(step=step):
            for name, value in row.items():
                if name not in ("step", "seconds"):
                    tf.summary.scalar(name.replace("val_", "validation/"), value)
            tf.summary.image("lifted", tf.io.decode_png(picture, channels=3)[None])
            self._writer.flush()
        return row

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
        return path.read_bytes()

    @contextlib.contextmanager
    def _writing_events(self):
        try:
            yield
        except tf.errors.OpError as error:
            raise SynposeError(
                f"{self.workdir.tensorboard}: can't be written ({error.message}). The same "
                "command goes on from the last checkpoint once the disk takes files again."
            ) from error
