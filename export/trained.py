"""The trained lifter that is exported, and the poses that it is verified on."""

import dataclasses
import functools
import pathlib
from typing import Any

import keras
import numpy as np

from synpose_tf.datasets import prepared
from synpose_tf.errors import SynposeError
from synpose_tf.evaluation import metrics, protocols
from synpose_tf.geometry import normalization
from synpose_tf.inference import pretrained
from synpose_tf.models import base, networks
from synpose_tf.training import checkpoint
from synpose_tf.version import __version__

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
        return prepared.read_split(self.builder, "test", VIEWS)

    @functools.cached_property
    def training(self) -> dict[str, np.ndarray]:
        """All training views, as `test`, and `up`: for calibration and fine-tuning."""
        return prepared.read_split(self.builder, "train", prepared.TRAINING_KEYS)

    @functools.cached_property
    def lifted(self) -> np.ndarray:
        """The Keras model's own poses of the test views: (poses, 17, 3)."""
        return protocols.lift(self.model, self.test)

    @functools.cached_property
    def figures(self) -> dict[str, float]:
        """What an export is held against: the Keras model's own metrics on the test split."""
        return mean_metrics(self.lifted, self.test["keypoints_3d"])


def mean_metrics(poses: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """The means of `metrics.pose_metrics` over poses (n, 17, 3)."""
    return {key: float(v.mean()) for key, v in metrics.pose_metrics(poses, truth).items()}


def from_workdir(path: pathlib.Path | str, name: str, source: prepared.Source) -> TrainedLifter:
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
    dataset = source.name or _name(run["dataset"])
    builder = prepared.prepare(dataclasses.replace(source, name=dataset))
    return TrainedLifter(model, f"{workdir.path.resolve().name}, checkpoint {name}", run, builder)


def from_pretrained(name: str, source: prepared.Source) -> TrainedLifter:
    """A lifter that comes with the package.

    Args:
        name: one of `pretrained.NAMES`.
        source: the data set to verify on. If its name is None: the first that the lifter was
            trained on where there is a folder of files, else synthetic poses, which need none.

    Raises:
        SynposeError: an unknown name, or no data there.
    """
    found = pretrained.load(name)
    generator = networks.Generator(found.card["width"], found.card["blocks"])
    model = base.LiftingModel(generator, (), found.mode, found.distance)
    model.build()
    model.averaged_generator.set_weights(found.weights)
    first, *others = found.card["trained_on"]
    run = {
        "dataset": first,
        "mixed_with": others,
        "config": found.card["config"],
        "limits": found.card["limits"],
    }
    dataset = source.name or (_name(first) if source.manual_dir else "synthetic_pose")
    builder = prepared.prepare(dataclasses.replace(source, name=dataset))
    origin = f"the {name} lifter that comes with synpose_tf {__version__}"
    return TrainedLifter(model, origin, run, builder)


def _name(full_name):
    """name/version to name, name/config/version to name/config."""
    return full_name.rpartition("/")[0]


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
        f"{origin}: holds a {found}, which has no lifter to export. Export a run of "
        "--method=synchronized or supervised."
    )
