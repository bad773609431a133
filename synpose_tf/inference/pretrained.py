"""The lifters that come with the package: weights in half precision, and their model cards.

`weights/<mode>.npz` holds the generator's arrays in order and `weights/<mode>.json` its model
card, which has the constructor's arguments too. NumPy reads them without pickle.
"""

import dataclasses
import functools
import importlib.resources
import json
import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np

from synpose_tf.geometry import normalization
from synpose_tf.io import files
from synpose_tf.models.folded import packaged_weights, save_weights

if TYPE_CHECKING:  # Reading the weights takes no Keras.
    from synpose_tf.models.networks import Generator

FOLDER = "weights"


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


def card(mode: str) -> dict[str, Any]:
    """A pretrained lifter's model card: data, recipe, metrics, limits.

    Raises:
        ValueError: an unknown mode.
    """
    return json.loads(_resource(f"{normalization.check_mode(mode)}.json").read_text("utf-8"))


@functools.cache
def load(mode: str = "paper") -> Pretrained:
    """Loads a pretrained lifter, once.

    Raises:
        ValueError: an unknown mode.
    """
    about = card(mode)
    return Pretrained(packaged_weights(mode), mode, about["distance"], about)


def half_precision(generator: "Generator") -> "Generator":
    """The generator as it comes back from the package."""
    copy = type(generator).from_config(generator.get_config())
    copy.build()
    copy.set_weights([w.astype(np.float16).astype(np.float32) for w in generator.get_weights()])
    return copy


def save(folder, generator: "Generator", about: dict[str, Any]) -> None:
    """Writes a lifter as `load` reads it.

    Args:
        folder: the package's `weights`.
        generator: in full precision.
        about: the model card; `mode` and `distance` at least.

    Raises:
        SynposeError: the files can't be written.
    """
    path = pathlib.Path(folder) / f"{about['mode']}.npz"
    save_weights(path, generator.get_weights())
    about = about | {"width": generator.width, "blocks": generator.blocks}
    files.write_text(path.with_suffix(".json"), json.dumps(about, indent=2) + "\n")


def _resource(name):
    return importlib.resources.files("synpose_tf").joinpath(FOLDER, name)
