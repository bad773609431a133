"""The trained lifter that is exported, and the poses that it is verified on."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from synpose_tf.datasets import prepared
from synpose_tf.errors import SynposeError
from synpose_tf.evaluation import metrics, protocols
from synpose_tf.geometry import normalization
from synpose_tf.inference import pretrained
from synpose_tf.models import base, networks
from synpose_tf.models.folded_temporal import TemporalForward
from synpose_tf.models.windowed import WindowedModel
from synpose_tf.training import checkpoint
from synpose_tf.version import __version__


def _no_corrections(kind: str) -> TemporalForward:
    raise SynposeError(
        f"no network over time ({kind}) belongs to this lifter. Train one with "
        "--method=temporal, or take --pretrained=camera or paper."
    )


VIEWS = ("keypoints_2d", "keypoints_3d", "intrinsics")


@dataclasses.dataclass(frozen=True)
class TrainedLifter:
    """A lifter with its origin and its data.

    Args:
        model: has `mode`, `distance` and `averaged_generator`; see `check_lifter`.
        origin: where the weights come from, for people: run, checkpoint, step.
        run: what the training run wrote of itself (`run.json`).
        builder: the prepared data set with the splits `train` and `test`.
        corrections: gives the network that corrects poses in time, `centred` or `causal`.
    """

    model: keras.Model
    origin: str
    run: dict[str, Any]
    builder: Any
    corrections: Callable[[str], TemporalForward] = _no_corrections

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

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """The test views as an export takes them: `keypoints`, in camera mode `intrinsics`."""
        inputs = {"keypoints": self.test["keypoints_2d"]}
        if self.mode == "camera":
            inputs["intrinsics"] = self.test["intrinsics"]
        return {name: np.asarray(array, np.float32) for name, array in inputs.items()}

    @property
    def leading(self) -> int:
        """Axes before a pose's own: 1 for poses, 2 for recordings and their frames."""
        return self.inputs["keypoints"].ndim - 2

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
    model, corrections = workdir.load(name), _no_corrections
    if isinstance(model, WindowedModel):
        corrections = _corrections_of(model)
        single = model.single.get_weights()
        model = _lifting_model(single, model.single.blocks, model.mode, model.distance)
    check_lifter(model, str(workdir.checkpoint(name)))
    dataset = source.name or _name(run["dataset"])
    builder = prepared.prepare(dataclasses.replace(source, name=dataset))
    origin = f"{workdir.path.resolve().name}, checkpoint {name}"
    return TrainedLifter(model, origin, run, builder, corrections)


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
    model = _lifting_model(found.weights, found.card["blocks"], found.mode, found.distance)
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
    corrections = functools.partial(pretrained.load_temporal, name)
    return TrainedLifter(model, origin, run, builder, corrections)


def _lifting_model(weights, blocks, mode, distance):
    """A model that lifts single frames by the weights of a generator, and can't be trained."""
    generator = networks.Generator(weights[0].shape[1], blocks)
    model = base.LiftingModel(generator, (), mode, distance)
    model.build()
    model.averaged_generator.set_weights(weights)
    return model


def _corrections_of(model):
    """What gives the network of a `WindowedModel`, if it is of the kind that is asked for."""
    generator = model.averaged_generator
    network = TemporalForward.from_weights(generator.get_weights(), generator.causal, model.bound)
    kind = "causal" if generator.causal else "centred"

    def corrections(wanted: str) -> TemporalForward:
        if wanted != kind:
            raise SynposeError(
                f"needs a {wanted} network over time, and this run's is {kind}. Train one with "
                f"--set=causal={str(wanted == 'causal').lower()}."
            )
        return network

    return corrections


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
