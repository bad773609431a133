"""A trained lifter as the start of another training."""

import dataclasses
import hashlib
import pathlib

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.inference import pretrained
from synpose_tf.models.base import LiftingModel
from synpose_tf.models.networks import Generator
from synpose_tf.training import checkpoint


@dataclasses.dataclass(frozen=True)
class Initial:
    """Weights to begin with.

    Args:
        name: as the user gave it.
        weights: of a `networks.Generator`.
        mode, distance: see `LiftingModel`.
    """

    name: str
    weights: list[np.ndarray]
    mode: str
    distance: float

    @property
    def identity(self) -> dict[str, str]:
        """What tells these weights from others, JSON-serialisable."""
        digest = hashlib.sha256(b"".join(array.tobytes() for array in self.weights))
        return {"from": self.name, "sha256": digest.hexdigest()[:16]}


def load(name: str) -> Initial:
    """A lifter of the package, by its name, or a run's last, by its folder.

    Raises:
        SynposeError: it is neither, or the run's model does not predict depths of single frames.
    """
    if name in pretrained.NAMES:
        model = pretrained.load(name)
        return Initial(name, model.weights, model.mode, model.distance)
    workdir = checkpoint.Workdir(name)
    if not (workdir.path / "run.json").is_file():
        raise SynposeError(
            f"--init={name}: neither a lifter of the package ({', '.join(pretrained.NAMES)}) nor "
            "the folder of a training run."
        )
    trained = workdir.load("last")
    generator = getattr(trained, "averaged_generator", None)
    if not isinstance(generator, Generator):
        raise SynposeError(
            f"--init={name}: its model does not predict depths of single frames. Begin with a run "
            "of --method=synchronized or supervised."
        )
    return Initial(str(pathlib.Path(name)), generator.get_weights(), trained.mode, trained.distance)


def start(model: LiftingModel, initial: Initial) -> None:
    """Gives a fresh model's lifter these weights; its other networks stay fresh.

    Raises:
        SynposeError: the lifter is one of another normalisation or width.
    """
    flag = f"--init={initial.name}"
    generator = model.generator
    if not isinstance(generator, Generator) or "generator" not in model.networks:
        raise SynposeError(
            f"{flag}: a lifter of single frames, and this method trains none. Leave it out, or "
            "train --method=synchronized or supervised."
        )
    if initial.mode != model.mode:
        raise SynposeError(
            f"{flag}: has {initial.mode} normalisation, this run {model.mode}. Add "
            f"--normalization={initial.mode}."
        )
    if model.mode == "paper" and initial.distance != model.distance:
        raise SynposeError(
            f"{flag}: assumes the camera {initial.distance:g} radii away, this run "
            f"{model.distance:g}. Add --set=distance={initial.distance:g}."
        )
    width = initial.weights[0].shape[1]
    if width != generator.width:
        raise SynposeError(
            f"{flag}: is {width} units wide, this run's lifter {generator.width}. Add "
            f"--set=generator_width={width}, or take the --config that it was trained with."
        )
    if [w.shape for w in initial.weights] != [w.shape for w in generator.get_weights()]:
        raise SynposeError(f"{flag}: has other layers than this run's lifter.")
    generator.set_weights(initial.weights)
    model.averaged_generator.set_weights(initial.weights)
