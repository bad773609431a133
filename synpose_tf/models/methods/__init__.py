"""The methods that `python -m synpose_tf.train --method=NAME` trains, by name.

Importing this imports no TensorFlow: `model_class` does, when a method is asked for.
"""

import importlib
import inspect

__all__ = ["DEFAULT", "METHODS", "model_arguments", "model_class", "register"]

DEFAULT = "synchronized"
METHODS = {
    "synchronized": "synpose_tf.models.adversarial.SynchronizedAdversarialModel",
    "supervised": "synpose_tf.models.methods.supervised.SupervisedModel",
    "temporal": "synpose_tf.models.methods.temporal.TemporalModel",
    "temporal_synchronized": (
        "synpose_tf.models.methods.temporal_adversarial.TemporalAdversarialModel"
    ),
    "repnet": "synpose_tf.models.methods.repnet.RepNet",
    "mean": "synpose_tf.models.methods.constant.MeanDepthModel",
    "flat": "synpose_tf.models.methods.constant.FlatModel",
}


def model_class(name: str) -> type:
    """The `synpose_tf.models.base.LiftingModel` of a method."""
    module, _, attribute = METHODS[name].rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def register() -> None:
    """Makes every method's model known to Keras, for loading."""
    for name in METHODS:
        model_class(name)


def model_arguments(name: str) -> tuple[str, ...]:
    """What a method's model may be given in a configuration."""
    parameters = inspect.signature(model_class(name)).parameters
    return tuple(key for key in parameters if key not in ("seed", "kwargs"))
