"""The training loop where losses go wrong."""

import contextlib
import dataclasses
import io
import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf
from checkpoint_files import assert_identical, history, state, steps, weights

from synpose_tf.config import TrainConfig
from synpose_tf.training import guard, input_pipeline
from synpose_tf.training.checkpoint import Workdir
from synpose_tf.training.guard import DivergenceError
from synpose_tf.training.loop import Precautions, Training

CONFIG = TrainConfig(steps=12, batch_size=16, validate_every=4)
BAD_STEP = 7


@pytest.fixture(scope="module")
def arrays(synthetic_views):
    """Training examples, one of which is not a number: the batch of step `BAD_STEP` has it."""
    arrays = {key: np.array(a, np.float32) for key, a in synthetic_views.items()}
    places = {"place": np.arange(len(arrays["up"]))}
    first = input_pipeline.training_batches(places, CONFIG.batch_size, CONFIG.seed, BAD_STEP - 1)
    arrays["keypoints_3d"][next(iter(first))["place"][3]] = np.nan
    return arrays


@pytest.fixture(scope="module")
def begin(arrays, synthetic_views, new_model):
    """A function that begins a training in a folder, or goes on with it."""
    views = {key: a[:8] for key, a in synthetic_views.items()}

    def begin(folder, arrays=arrays, **precautions):
        workdir = Workdir(folder)
        workdir.open_for({"dataset": "synthetic_pose", "config": {"method": "synchronized"}})
        resumed = workdir.resume()
        strategy = tf.distribute.get_strategy()
        return Training(
            new_model(), arrays, views, workdir, CONFIG, strategy,
            Precautions(checkpoint_every=2, **precautions), resumed,
        )  # fmt: skip

    return begin


@dataclasses.dataclass(frozen=True)
class RolledBack:
    """A training that went on past the bad step: its folder, history and what it said."""

    training: Training
    folder: pathlib.Path
    rows: list[dict[str, float]]
    said: str


@pytest.fixture(scope="module")
def rolled_back(begin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rolled_back") / "run"
    training, said = begin(folder, rollback=True), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        rows = training.run()
    return RolledBack(training, folder, rows, said.getvalue())


def test_stops_and_names_step_and_term(begin, tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "CHECK_EVERY", 3)
    with pytest.raises(DivergenceError, match=f"at step {BAD_STEP}: critic_loss is nan"):
        begin(tmp_path / "run").run()
    assert steps(tmp_path / "run") == [2, 4, 6]
    assert [row["step"] for row in history(tmp_path / "run")] == [4]
    for name in ("last", "best"):
        arrays = weights(tmp_path / "run", name)
        assert all(np.isfinite(array).all() for array in arrays.values())


def test_rolls_back_past_the_bad_batch_at_half_the_rate(rolled_back):
    assert [row["step"] for row in rolled_back.rows] == [4, 8, 12]
    assert all(np.isfinite(list(row.values())).all() for row in rolled_back.rows)
    message = f"diverged at step {BAD_STEP} (critic_loss is nan): back to step 6"
    assert message in rolled_back.said
    # What the checkpoint says a run that goes on from it must do.
    for step in (8, 12):
        rollbacks = state(rolled_back.folder, f"step_{step:07d}")["rollbacks"]
        assert [rollback["back_to"] for rollback in rollbacks] == [6]
    model = Workdir(rolled_back.folder).load("last")
    for network in ("critic", "generator", "reprojection"):
        assert float(getattr(model, f"{network}_optimizer").learning_rate) == pytest.approx(5e-4)
    assert rolled_back.training.skipped == BAD_STEP - 6


def test_a_run_that_rolled_back_and_one_that_goes_on_from_it_are_the_same(
    rolled_back, begin, tmp_path
):
    """In one process the random turns go on behind the steps left out, as in the next one."""
    shutil.copytree(rolled_back.folder, tmp_path / "cut")
    for step in (10, 12):
        Workdir(tmp_path / "cut").step_checkpoint(step).unlink()
    again = begin(tmp_path / "cut", rollback=True)
    assert (again.step, again.skipped) == (8, 1)
    again.run()
    assert_identical(weights(tmp_path / "cut", "last"), weights(rolled_back.folder, "last"))


def test_gives_up_after_some_rollbacks(begin, arrays, tmp_path):
    bad = arrays | {"keypoints_3d": np.full_like(arrays["keypoints_3d"], np.nan)}
    run = begin(tmp_path / "run", bad, rollback=True)
    with pytest.raises(DivergenceError, match="at step 1: critic_loss is nan"):
        run.run()  # No checkpoint to go back to.
