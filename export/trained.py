"""The trained lifter that is exported, and the poses that it is verified on."""

import dataclasses
import functools
from typing import Any

import keras
import numpy as np

from synpose_tf import checkpoint, evaluation, networks, normalization, pipeline
from synpose_tf.errors import SynposeError

VIEWS = ("keypoints_2d", "keypoints_3d", "intrinsics")


@dataclasses.dataclass(frozen=True)
class TrainedLifter:
    """A lifter with its origin and its data.

    Args:
        model: has `mode`, `distance` and `averaged_generator`; see `check_lifter`.
        origin: where the weights come from, for people: run, checkpoint, step.
        run: what the training run wrote of itself (`run.json`).
        builder: the prepared data set with the splits `train` and `test`.
    """

    model: keras.Model
    origin: str
    run: dict[str, Any]
    builder: Any

    @property
    def mode(self) -> str:
        """`paper`, or `camera`: then the intrinsics are an input of every export."""
        return self.model.mode

    @functools.cached_property
    def test(self) -> dict[str, np.ndarray]:
        """All test views: `keypoints_2d`, `keypoints_3d` and `intrinsics`, (poses, …)."""
        return pipeline.read_split(self.builder, "test", VIEWS)

    @functools.cached_property
    def training(self) -> dict[str, np.ndarray]:
        """All training views, as `test`: for calibration and fine-tuning."""
        return pipeline.read_split(self.builder, "train", VIEWS)

    @functools.cached_property
    def lifted(self) -> np.ndarray:
        """The Keras model's own poses of the test views: (poses, 17, 3)."""
        return evaluation.lift(self.model, self.test)


def from_workdir(path, name: str, source: pipeline.Source | None) -> TrainedLifter:
    """The lifter of a training run.

    Args:
        path: the run's folder.
        name: `last` or `best`.
        source: the data set to verify on; its name may be None for the run's own.

    Raises:
        SynposeError: no run, checkpoint or data there, or no lifter that can be exported.
    """
    workdir = checkpoint.Workdir(path)
    run = workdir.run()
    model = check_lifter(workdir.load(name), str(workdir.checkpoint(name)))
    # full_name is name/version or name/config/version.
    dataset = source.name or "/".join(run["dataset"].split("/")[:-1])
    builder = pipeline.prepare(dataclasses.replace(source, name=dataset))
    return TrainedLifter(model, f"{workdir.path.resolve().name}, checkpoint {name}", run, builder)


def check_lifter(model: keras.Model, origin: str) -> keras.Model:
    """Returns the model if it can be exported.

    Raises:
        SynposeError: it has no mode, distance and averaged `networks.Generator`.
    """
    generator = getattr(model, "averaged_generator", None)
    mode = getattr(model, "mode", None)
    if isinstance(generator, networks.Generator) and mode in normalization.MODES:
        return model
    found = type(model).__name__ if generator is None else type(generator).__name__
    raise SynposeError(
        f"{origin}: holds a {found}, which has no lifter to export. Export a run that trains "
        "synpose_tf.networks.Generator."
    )
