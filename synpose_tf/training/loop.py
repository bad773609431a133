"""The training loop: steps, validations, checkpoints; killed anywhere, it goes on exactly."""

import contextlib
import dataclasses
import signal
import threading

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from synpose_tf.config import TrainConfig
from synpose_tf.errors import SynposeError, TerminatedError
from synpose_tf.models import methods
from synpose_tf.models.base import LiftingModel
from synpose_tf.training import distribution
from synpose_tf.training.augmentation import Augmentation
from synpose_tf.training.checkpoint import Resumed, Workdir
from synpose_tf.training.clips import Clips
from synpose_tf.training.detections import mix_in
from synpose_tf.training.guard import CHECK_EVERY, DivergenceError, LossRecord, check_weights
from synpose_tf.training.input_pipeline import training_batches
from synpose_tf.training.monitor import Monitor
from synpose_tf.training.pairs import Pairs, mix_in_pairs

ROLLBACKS = 3
# Windows knows SIGTERM, and ends a process without sending it.
CAN_BE_ASKED_TO_END = hasattr(signal, "pthread_kill")


def with_method(config: TrainConfig, method: str) -> TrainConfig:
    """A configuration for another method: what only its own method's model takes is left out."""
    own, others = (methods.model_arguments(name) for name in (config.method, method))
    model = {k: v for k, v in config.model.items() if k in others or k not in own}
    return dataclasses.replace(config, method=method, model=model)


def new_model(config: TrainConfig) -> LiftingModel:
    """A compiled model with fresh weights, fixed by the seed.

    Raises:
        SynposeError: the configuration has an argument that the model does not take.
    """
    known = methods.model_arguments(config.method)
    unknown = [key for key in config.model if key not in known]
    if unknown:
        raise SynposeError(
            f"--config: method {config.method} has no {', '.join(map(repr, unknown))} for its "
            f"model; it has {', '.join(known)}."
        )
    keras.utils.set_random_seed(config.seed)
    try:
        model = methods.model_class(config.method)(seed=config.seed, **config.model)
        model.compile(**config.optimizer)
    except (TypeError, ValueError) as error:
        raise SynposeError(f"--config: {error}") from error
    return model


def new_augmentation(config: TrainConfig) -> Augmentation | None:
    """What the configuration wants changed in its examples; None for nothing.

    Raises:
        SynposeError: the configuration has an argument that `Augmentation` does not take.
    """
    try:
        return Augmentation(**config.augmentation) if config.augmentation else None
    except TypeError as error:
        raise SynposeError(f"--config: {error}") from error


@dataclasses.dataclass(frozen=True)
class Precautions:
    """What guards a run against loss.

    Args:
        keep: step checkpoints that stay, besides `best`.
        checkpoint_every: steps between checkpoints; None for at validations only. At
            validations there always is one.
        rollback: go on from the last checkpoint after training has diverged (see
            `Training.roll_back`), at most `ROLLBACKS` times; otherwise stop.
    """

    keep: int = 3
    checkpoint_every: int | None = None
    rollback: bool = False


class Training:
    """A run in progress.

    Args:
        model: compiled, fresh.
        arrays: training examples, from `pipeline.read_split`; None where there are pairs alone.
        views: validation views, from `monitor.validation_sample`.
        workdir: opened for this run.
        config: the run's configuration.
        strategy: in whose scope the model was made.
        precautions: against loss.
        resumed: the checkpoint to go on from; None for a new run.
        detections: 2D poses without a truth, from `detections.read_detections`, that half of a
            step's inputs are taken from; for a model that takes its real pairs from other
            examples (`batches_per_step` 2). None for none.
        clips: of the examples, for a model that takes windows (`window`).
        pairs: of detectors, in the place of a share of each step's inputs; None for none.
    """

    def __init__(
        self,
        model: LiftingModel,
        arrays: dict[str, np.ndarray] | None,
        views: dict[str, np.ndarray],
        workdir: Workdir,
        config: TrainConfig,
        strategy: tf.distribute.Strategy,
        precautions: Precautions,
        resumed: Resumed | None = None,
        detections: dict[str, np.ndarray] | None = None,
        clips: Clips | None = None,
        pairs: Pairs | None = None,
    ):
        self.arrays = arrays
        self.pairs = pairs
        self.clips = clips
        self.detections = detections
        self.views = views
        self.workdir = workdir
        self.config = config
        self.strategy = strategy
        self.precautions = precautions
        self.chief = distribution.is_chief(strategy)
        self._start_from(model, resumed)

    def _start_from(self, model, resumed):
        state = resumed.state if resumed else {}
        self.model = resumed.model if resumed else model
        self.step = int(self.model.iterations.numpy())
        self.losses = LossRecord(state.get("losses"))
        self.rollbacks = state.get("rollbacks", [])
        distribution.check_agreement(self.strategy, self.step, self.workdir.path)
        if self.chief:
            self.monitor = Monitor(self.views, self.workdir, self.step, state.get("seconds"))
            best = self.monitor.best_step
            if best in self.workdir.steps():  # A kill may have come between the two.
                self.workdir.link(self.workdir.step_checkpoint(best), "best")

    @property
    def skipped(self) -> int:
        """Steps whose data and random turns rollbacks have left out."""
        return sum(rollback["step"] - rollback["back_to"] for rollback in self.rollbacks)

    def run(self) -> list[dict[str, float]]:
        """Trains up to `config.steps`.

        Returns:
            The history, one row a validation; of the chief, in other workers nothing.

        Raises:
            DivergenceError: training diverged.
            TerminatedError: the process was asked to end (SIGTERM); a checkpoint is there.
            SynposeError: a file can't be written.
        """
        with _noticing_termination() as terminated:
            while True:
                try:
                    self._run(terminated)
                    return self.monitor.rows if self.chief else []
                except DivergenceError as error:
                    if not self.precautions.rollback:
                        raise
                    self.roll_back(error)

    def _run(self, terminated):
        config = self.config
        self.model.skipped_steps = self.skipped
        distribution.synchronize_batch_norm(self.model, self.strategy)
        step_function = distribution.make_step_function(self.model, self.strategy)
        batches = self._batches()
        # Without a terminal there is no bar, but a line a validation.
        with self._bar() as bar:
            while self.step < config.steps:
                losses = step_function(batches)
                self.step += 1
                self.losses.add(self.step, losses)
                bar.update()
                ending = self._is_ending(terminated)
                if self.step % config.validate_every == 0 or self.step == config.steps:
                    self._validate()
                elif ending or self._checkpoint_is_due():
                    self._save()
                if ending:
                    distribution.barrier(self.strategy)  # Until the chief has saved.
                    raise TerminatedError(
                        f"terminated after step {self.step}; its checkpoint is saved. The same "
                        "command goes on from there."
                    )

    def _batches(self):
        count = self.model.batches_per_step
        batches = self._examples(self.config.batch_size * count, self.step + self.skipped)
        if self.detections is not None:
            half = self.config.batch_size // 2
            first_step = self.step + self.skipped
            batches = mix_in(batches, self.detections, half, self.config.seed, first_step)
        size = distribution.part_size(self.strategy, self.config.batch_size)
        return iter(distribution.distribute(batches, self.strategy, size, count))

    def _examples(self, size, first_step):
        """Batches of examples whose truth is known."""
        seed = self.config.seed
        if self.pairs is not None and self.arrays is None:
            return training_batches(self.pairs.arrays, size, seed, first_step)
        augmentation = new_augmentation(self.config)
        batches = training_batches(
            self.arrays or {}, size, seed, first_step, augmentation, self.clips, self.model.window
        )
        if self.pairs is None:
            return batches
        return mix_in_pairs(batches, self.pairs, self.config.batch_size, seed, first_step)

    def _bar(self):
        disable = None if self.chief else True
        return tqdm(total=self.config.steps, initial=self.step, unit="step", disable=disable)

    def _is_ending(self, terminated):
        """Whether to end after this step. Workers agree on that every `CHECK_EVERY` steps."""
        if not distribution.is_multi_worker(self.strategy):
            return terminated.is_set()
        if self.step % CHECK_EVERY:
            return False
        return distribution.total(self.strategy, float(terminated.is_set())) > 0.0

    def _checkpoint_is_due(self):
        every = self.precautions.checkpoint_every
        return every is not None and self.step % every == 0

    def _validate(self):
        losses = self.losses.means()
        check_weights(self.model, self.step)
        if not self.chief:
            self.losses.restart()
            return
        row = self.monitor.validate(self.model, self.step, losses)
        self.losses.restart()
        self._save(best=self.monitor.best_step == self.step)
        name, value = next(iter(losses.items()))
        tqdm.write(
            f"step {self.step}: validation MPJPE {row['val_mpjpe']:.1f} mm, "
            f"P-MPJPE {row['val_p_mpjpe']:.1f} mm, {name} {value:+.3f}, {row['seconds']:.0f} s"
        )

    def _save(self, best=False):
        losses = self.losses.state()
        check_weights(self.model, self.step)
        if not self.chief:
            return
        state = {
            "step": self.step,
            "seconds": self.monitor.seconds,
            "losses": losses,
            "rollbacks": self.rollbacks,
        }
        self.workdir.save(self.model, self.step, state, best)
        self.workdir.prune(self.precautions.keep)

    def roll_back(self, error: DivergenceError) -> None:
        """Goes back to the newest checkpoint, with half the learning rate and other data.

        The data and random turns of the steps that are done again are those after the bad
        step: what lay between the checkpoint and it is left out. The checkpoint is written
        anew with that, so that a run killed now goes on in the same way.

        Raises:
            DivergenceError: there is no checkpoint, or this was done `ROLLBACKS` times.
        """
        with self.strategy.scope():
            resumed = self.workdir.resume()
        if resumed is None or len(self.rollbacks) >= ROLLBACKS:
            raise error
        before = self.rollbacks
        self._start_from(resumed.model, resumed)
        rollback = {"step": error.step, "term": error.term, "back_to": self.step}
        self.rollbacks = [*before, rollback]
        self.model.scale_learning_rate(0.5)
        self._save()
        tqdm.write(
            f"diverged at step {error.step} ({error.term}): back to step {self.step} with half the "
            f"learning rate and other batches, rollback {len(self.rollbacks)} of {ROLLBACKS}"
        )


@contextlib.contextmanager
def _noticing_termination():
    """Gives an event that SIGTERM sets, which otherwise would end the process at once."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event  # Only the main thread may listen.
        return
    before = signal.signal(signal.SIGTERM, lambda *_: event.set())
    try:
        yield event
    finally:
        signal.signal(signal.SIGTERM, before)
