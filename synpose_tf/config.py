"""Training configurations: Python files whose `get_config()` returns a `TrainConfig`."""

import dataclasses
import importlib
import importlib.util
import json
import pathlib
import pkgutil
from typing import Any

from synpose_tf.errors import SynposeError
from synpose_tf.models.methods import DEFAULT, METHODS


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """Everything that decides the weights, but the data.

    Args:
        steps: training steps.
        batch_size: poses a step.
        validate_every: steps between validations, each with a checkpoint and a picture.
        seed: of weights, data order and random turns.
        method: what trains the lifter, one of `synpose_tf.models.methods.METHODS`.
        model: arguments of the method's model, such as `SynchronizedAdversarialModel`.
        optimizer: arguments of its `compile`; with a `decay`, `decay_steps` are `steps`.
        augmentation: arguments of `synpose_tf.training.augmentation.Augmentation`.
    """

    steps: int = 4000
    batch_size: int = 512
    validate_every: int = 500
    seed: int = 0
    method: str = DEFAULT
    model: dict[str, Any] = dataclasses.field(default_factory=dict)
    optimizer: dict[str, Any] = dataclasses.field(default_factory=dict)
    augmentation: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        for name in ("steps", "batch_size", "validate_every"):
            _check_integer(name, getattr(self, name), 1)
        _check_integer("seed", self.seed, 0)
        if self.method not in METHODS:
            known = ", ".join(METHODS)
            raise SynposeError(f"method must be one of {known}; found {self.method!r}.")

    def override(self, **values: Any) -> "TrainConfig":
        """This configuration with the values that are not None.

        `mode` goes to the model, `jit_compile`, `learning_rate` and `decay` to the optimizer,
        `noise` to the augmentation; `model` is merged into the model's arguments.
        """
        values = {key: value for key, value in values.items() if value is not None}
        model, optimizer = {**self.model, **values.pop("model", {})}, dict(self.optimizer)
        augmentation = dict(self.augmentation)
        if "mode" in values:
            model["mode"] = values.pop("mode")
        for key in ("jit_compile", "learning_rate", "decay"):
            if key in values:
                optimizer[key] = values.pop(key)
        if optimizer.get("decay", "none") != "none":
            # In the run's identity: a schedule for other steps is another run.
            optimizer["decay_steps"] = values.get("steps", self.steps)
        if "noise" in values:
            augmentation["noise"] = values.pop("noise")
        return dataclasses.replace(
            self, model=model, optimizer=optimizer, augmentation=augmentation, **values
        )


def _check_integer(name, value, low, high=2**31 - 1):
    if not isinstance(value, int) or not low <= value <= high:
        raise SynposeError(f"--{name} must be an integer from {low} to {high}, found {value!r}.")


def parse_arguments(texts: list[str]) -> dict[str, Any]:
    """Arguments from texts `name=value`: a number, true, false or null; else text.

    Raises:
        SynposeError: a text has another form.
    """
    arguments = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise SynposeError(f"--set={text}: write --set=NAME=VALUE.")
        try:
            arguments[name] = json.loads(value)
        except ValueError:
            arguments[name] = value
    return arguments


def config_names() -> list[str]:
    """The configurations that come with the package."""
    package = importlib.import_module("synpose_tf.configs")
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def load_config(name: str) -> TrainConfig:
    """Loads a configuration by name, or from a Python file's path.

    Raises:
        SynposeError: no such name or file, or the file fails or has no `get_config`.
    """
    if name in config_names():
        return importlib.import_module(f"synpose_tf.configs.{name}").get_config()
    path = pathlib.Path(name)
    if path.suffix != ".py" or not path.is_file():
        raise SynposeError(
            f"--config={name}: neither one of {', '.join(config_names())} nor a Python file."
        )
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None  # Python, by its suffix.
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        config = getattr(module, "get_config", lambda: None)()
    except SynposeError as error:
        raise SynposeError(f"--config={path}: {error}") from error
    except Exception as error:  # It is the user's own code.
        raise SynposeError(f"--config={path} fails: {type(error).__name__}: {error}") from error
    if not isinstance(config, TrainConfig):
        raise SynposeError(
            f"--config={path}: it must define get_config(), returning a synpose_tf.config."
            f"TrainConfig; found {config!r}."
        )
    return config
