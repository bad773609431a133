"""The lifters that come with the package: weights in half precision, and their model cards.

`weights/<name>.npz` holds the generator's arrays in order and `weights/<name>.json` its model
card, which has the constructor's arguments too. NumPy reads them without pickle.
"""

import dataclasses
import functools
import importlib.resources
import json
import pathlib
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io import files
from synpose_tf.models.folded import packaged_weights, save_weights
from synpose_tf.models.folded_temporal import TemporalForward

if TYPE_CHECKING:  # Reading the weights takes no Keras.
    from synpose_tf.models.networks import Generator
    from synpose_tf.models.temporal import TemporalGenerator

_FOLDER = importlib.resources.files("synpose_tf").joinpath("weights")
# Other networks lie there too; a lifter has a card.
NAMES = tuple(
    sorted(
        file.name.removesuffix(".json") for file in _FOLDER.iterdir() if file.name.endswith(".json")
    )
)
# Networks that correct poses in time lie in a folder of their own, `temporal/<lifter>_<kind>`.
TEMPORAL = ("centred", "causal")


@dataclasses.dataclass(frozen=True)
class Pretrained:
    """A lifter without what trained it.

    Args:
        weights: of a `networks.Generator` with the card's `width` and `blocks`.
        mode: normalisation, `paper` or `camera`.
        distance: of the camera, which `paper` mode assumes, in mean radii.
        card: the model card.
    """

    weights: list[np.ndarray]
    mode: str
    distance: float
    card: dict[str, Any]


def card(name: str) -> dict[str, Any]:
    """A pretrained lifter's model card: data, recipe, metrics, limits.

    Args:
        name: one of `NAMES`.

    Raises:
        SynposeError: the package has no lifter of that name.
    """
    if name not in NAMES:
        raise SynposeError(
            f"--pretrained={name}: no such lifter comes with the package. It has: "
            f"{', '.join(NAMES)}."
        )
    return json.loads(_FOLDER.joinpath(f"{name}.json").read_text("utf-8"))


@functools.cache
def load(name: str = "paper") -> Pretrained:
    """Loads a pretrained lifter, once.

    Args, Raises: as `card`.
    """
    about = card(name)
    return Pretrained(packaged_weights(name), about["mode"], about["distance"], about)


def has_temporal(name: str, kind: str = "centred") -> bool:
    """Whether a network that corrects in time comes with a lifter of the package."""
    return _FOLDER.joinpath("temporal").joinpath(f"{name}_{kind}.npz").is_file()


@functools.cache
def load_temporal(name: str, kind: str) -> TemporalForward:
    """The network that corrects a pretrained lifter's poses in time.

    Args:
        name: the lifter's.
        kind: one of `TEMPORAL`.

    Raises:
        SynposeError: there is none.
    """
    if kind not in TEMPORAL or not has_temporal(name, kind):
        having = [n for n in NAMES if has_temporal(n)]
        raise SynposeError(
            f"{name}: no {kind!r} network over time comes with this lifter. There are "
            f"{' and '.join(TEMPORAL)} for {' and '.join(having)}."
        )
    path = f"temporal/{name}_{kind}"
    about = json.loads(_FOLDER.joinpath(f"{path}.json").read_text("utf-8"))
    weights = packaged_weights(path)
    return TemporalForward.from_weights(weights, kind == "causal", about.get("bound", 0.0))


def half_precision(generator: "Generator") -> "Generator":
    """The generator as it comes back from the package."""
    copy = type(generator).from_config(generator.get_config())
    copy.build()
    copy.set_weights([w.astype(np.float16).astype(np.float32) for w in generator.get_weights()])
    return copy


def save(folder: pathlib.Path | str, generator: "Generator", about: dict[str, Any]) -> pathlib.Path:
    """Writes a lifter as `load` reads it.

    Args:
        folder: the package's `weights`.
        generator: in full precision.
        about: the model card; `name`, `mode` and `distance` at least.

    Raises:
        SynposeError: the name is none, or another network's; or the files can't be written.

    Returns:
        The file of the weights; the card lies beside it, `.json`.
    """
    path = weights_file(folder, about["name"])
    save_weights(path, generator.get_weights())
    about = about | {"width": generator.width, "blocks": generator.blocks}
    files.write_text(path.with_suffix(".json"), json.dumps(about, indent=2) + "\n")
    return path


def save_temporal(
    folder: pathlib.Path | str, name: str, network: "TemporalGenerator", about: dict[str, Any]
) -> pathlib.Path:
    """Writes a network over time as `load_temporal` reads it, and its card beside it.

    Args:
        folder: the package's `weights`.
        name: the lifter's whose poses it corrects.
        network: in full precision.
        about: the card.

    Raises:
        SynposeError: the files can't be written.

    Returns:
        The file of the weights.
    """
    kind = "causal" if network.causal else "centred"
    path = pathlib.Path(folder) / "temporal" / f"{name}_{kind}.npz"
    save_weights(path, network.get_weights())
    files.write_text(path.with_suffix(".json"), json.dumps(about, indent=2) + "\n")
    return path


def weights_file(folder: pathlib.Path | str, name: str) -> pathlib.Path:
    """Where `save` puts the weights of a lifter.

    Raises:
        SynposeError: the name is none, or another network's.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise SynposeError(f"{name!r} is no lifter's name: expected a-z, 0-9 and _, a-z first.")
    path = pathlib.Path(folder) / f"{name}.npz"
    if path.exists() and not path.with_suffix(".json").exists():
        raise SynposeError(f"{path}: is no lifter, there is no card beside it. Take another name.")
    return path
