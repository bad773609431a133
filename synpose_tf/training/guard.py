"""The losses of training: their means, and whether they diverge.

A step's losses stay on the device, where they were computed; every `CHECK_EVERY` steps they
are fetched together. So training never waits for them, and the step that went wrong is still
named. Training has diverged when

- a loss is not finite, or
- a loss's magnitude exceeds `LIMIT` times its running scale, the mean magnitude over the last
  `MEMORY` steps, or `LIMIT` itself where that scale is below 1, or
- a weight or a validation figure is not finite when a checkpoint is due.
"""

import math
from typing import Any

import keras
import tensorflow as tf

from synpose_tf.errors import SynposeError

CHECK_EVERY = 20
LIMIT = 100.0
MEMORY = 1000


class DivergenceError(SynposeError):
    """Training has diverged.

    Args:
        step: the first bad step.
        term: what went wrong there, and its value.
    """

    def __init__(self, step: int, term: str):
        self.step = step
        self.term = term
        super().__init__(
            f"training diverged at step {step}: {term}. The checkpoints from before are "
            "untouched. Try a lower --learning_rate in another --workdir, or "
            "--on_divergence=rollback."
        )


class LossRecord:
    """The losses since the last validation, and the scale of each.

    Args:
        state: of a record, to go on with; None for a new one.
    """

    def __init__(self, state: dict[str, Any] | None = None):
        state = state or {"steps": 0, "sums": {}, "scales": {}}
        self._steps = state["steps"]
        self._sums = dict(state["sums"])
        self._scales = {name: tuple(scale) for name, scale in state["scales"].items()}
        self._pending: list[tuple[int, dict[str, tf.Tensor]]] = []

    def add(self, step: int, losses: dict[str, tf.Tensor]) -> None:
        """Takes a step's losses, scalars on the device.

        Raises:
            DivergenceError: one of the last `CHECK_EVERY` steps' losses is bad.
        """
        self._pending.append((step, losses))
        if len(self._pending) >= CHECK_EVERY:
            self.settle()

    def settle(self) -> None:
        """Fetches and checks what is still on the device.

        Raises:
            DivergenceError: a loss is bad.
        """
        pending, self._pending = self._pending, []
        if not pending:
            return
        table = tf.stack([tf.stack(list(losses.values())) for _, losses in pending]).numpy()
        for (step, losses), row in zip(pending, table.tolist(), strict=True):
            for name, value in zip(losses, row, strict=True):
                self._check(step, name, value)
                self._sums[name] = self._sums.get(name, 0.0) + value
            self._steps += 1

    def _check(self, step, name, value):
        if not math.isfinite(value):
            raise DivergenceError(step, f"{name} is {value}")
        scale, count = self._scales.get(name, (abs(value), 0))
        if abs(value) > LIMIT * max(scale, 1.0):
            raise DivergenceError(
                step, f"{name} is {value:.4g}, more than {LIMIT:.0f} times its scale {scale:.4g}"
            )
        count = min(count + 1, MEMORY)
        self._scales[name] = (scale + (abs(value) - scale) / count, count)

    def means(self) -> dict[str, float]:
        """The mean of each loss since `restart`."""
        self.settle()
        return {name: total / self._steps for name, total in self._sums.items()}

    def restart(self) -> None:
        """Begins new means; the scales go on."""
        self._steps, self._sums = 0, {}

    def state(self) -> dict[str, Any]:
        """All of it, JSON-serialisable."""
        self.settle()
        return {"steps": self._steps, "sums": self._sums, "scales": self._scales}


def check_weights(model: keras.Model, step: int) -> None:
    """Looks for weights that are not finite, before they are written to a checkpoint.

    Raises:
        DivergenceError: names the first.
    """
    bad = [v for v in model.variables if v.dtype.startswith(("float", "bfloat")) and _bad(v)]
    if bad:
        raise DivergenceError(step, f"the weight {bad[0].path} is not finite")


def _bad(variable):
    return not bool(tf.reduce_all(tf.math.is_finite(variable.value)))
