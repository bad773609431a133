"""Checkpoints run no code that somebody else put into them."""

import json
import zipfile

import keras
import pytest

from synpose_tf.errors import SynposeError
from synpose_tf.training.checkpoint import Workdir


def checkpoint(folder, config: dict):
    """A run's folder whose `last.keras` holds this configuration; its path."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    path = Workdir(folder).checkpoint("last")
    path.parent.mkdir(parents=True)
    model.save(folder / "good.keras")
    with zipfile.ZipFile(folder / "good.keras") as good, zipfile.ZipFile(path, "w") as archive:
        for name in good.namelist():
            content = json.dumps(config) if name == "config.json" else good.read(name)
            archive.writestr(name, content)
    return path


def sequential(layer: dict) -> dict:
    first = keras.saving.serialize_keras_object(keras.layers.InputLayer(shape=(2,)))
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "evil", "trainable": True, "layers": [first, layer]},
        "registered_name": None,
    }


def test_a_lambda_layer_is_refused(tmp_path):
    layer = keras.layers.Lambda(lambda x: print("executed") or x)
    config = sequential(keras.saving.serialize_keras_object(layer))
    assert "__lambda__" in json.dumps(config)
    path = checkpoint(tmp_path, config)
    with pytest.raises(SynposeError, match=f"{path}: .*(Lambda|lambda|unsafe)"):
        Workdir(tmp_path).load("last")


@pytest.mark.parametrize(
    ("module", "name"), [("os", "system"), ("subprocess", "Popen"), ("builtins", "eval")]
)
def test_an_object_of_another_package_is_refused(tmp_path, module, name):
    mark = tmp_path / "executed"
    layer = {
        "module": module,
        "class_name": name,
        "config": {"args": f"touch {mark}", "command": f"touch {mark}"},
        "registered_name": None,
    }
    checkpoint(tmp_path, sequential(layer))
    with pytest.raises(SynposeError, match="last.keras: "):
        Workdir(tmp_path).load("last")
    assert not mark.exists()
