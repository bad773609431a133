"""The training loop where losses go wrong."""

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


@pytest.fixture
def arrays(synthetic_views):
    """Training examples, one of which is not a number: the batch of step `BAD_STEP` has it."""
    arrays = {key: np.array(a, np.float32) for key, a in synthetic_views.items()}
    places = {"place": np.arange(len(arrays["up"]))}
    first = input_pipeline.training_batches(places, CONFIG.batch_size, CONFIG.seed, BAD_STEP - 1)
    arrays["keypoints_3d"][next(iter(first))["place"][3]] = np.nan
    return arrays


@pytest.fixture
def training(arrays, synthetic_views, new_model, tmp_path):
    """A function that begins the training, or goes on with it."""
    views = {key: a[:8] for key, a in synthetic_views.items()}

    def begin(**precautions):
        workdir = Workdir(tmp_path / "run")
        workdir.open_for({"dataset": "synthetic_pose"})
        resumed = workdir.resume()
        strategy = tf.distribute.get_strategy()
        return Training(
            new_model(), arrays, views, workdir, CONFIG, strategy,
            Precautions(checkpoint_every=2, **precautions), resumed,
        )  # fmt: skip

    return begin


def test_stops_and_names_step_and_term(training, tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "CHECK_EVERY", 3)
    with pytest.raises(DivergenceError, match=f"at step {BAD_STEP}: critic_loss is nan"):
        training().run()
    assert steps(tmp_path / "run") == [2, 4, 6]
    assert [row["step"] for row in history(tmp_path / "run")] == [4]
    for name in ("last", "best"):
        arrays = weights(tmp_path / "run", name)
        assert all(np.isfinite(array).all() for array in arrays.values())


def test_rolls_back_past_the_bad_batch_at_half_the_rate(training, tmp_path, capsys):
    run = training(rollback=True)
    rows = run.run()
    assert [row["step"] for row in rows] == [4, 8, 12]
    assert all(np.isfinite(list(row.values())).all() for row in rows)
    said = capsys.readouterr()
    assert f"diverged at step {BAD_STEP} (critic_loss is nan): back to step 6" in (
        said.out + said.err
    )
    # What the checkpoint says a run that goes on from it must do.
    for step in (8, 12):
        rollbacks = state(tmp_path / "run", f"step_{step:07d}")["rollbacks"]
        assert [rollback["back_to"] for rollback in rollbacks] == [6]
    model = Workdir(tmp_path / "run").load("last")
    for network in ("critic", "generator", "reprojection"):
        assert float(getattr(model, f"{network}_optimizer").learning_rate) == pytest.approx(5e-4)
    assert run.skipped == BAD_STEP - 6


def test_a_run_that_rolled_back_and_one_that_goes_on_from_it_are_the_same(training, tmp_path):
    """In one process the random turns go on behind the steps left out, as in the next one."""
    training(rollback=True).run()
    whole = weights(tmp_path / "run", "last")
    for step in (10, 12):
        Workdir(tmp_path / "run").step_checkpoint(step).unlink()
    again = training(rollback=True)
    assert (again.step, again.skipped) == (8, 1)
    again.run()
    assert_identical(weights(tmp_path / "run", "last"), whole)


def test_gives_up_after_some_rollbacks(training, arrays):
    arrays["keypoints_3d"][:] = np.nan
    run = training(rollback=True)
    with pytest.raises(DivergenceError, match="at step 1: critic_loss is nan"):
        run.run()  # No checkpoint to go back to.
