"""The commands as a user runs them, on small files and a tiny configuration."""

import csv
import json
import os
import shlex
import signal
import subprocess
import sys

import numpy as np
import pytest
from checkpoint_files import assert_identical, history, weights
from command_process import TINY_TRAINING as TRAIN
from command_process import run
from motion_capture import VIEWS
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


@pytest.fixture(scope="module")
def folder(user_folder):
    """With a run in `whole`; further commands leave there what they like."""
    return user_folder


@pytest.fixture(scope="module")
def said(folder):
    """What the training of that run printed."""
    return (folder / "said").read_text()


@pytest.mark.parametrize("command", ["train", "evaluate", "export"])
def test_help_names_every_flag_and_ends_well(command, tmp_path):
    finished = subprocess.run(
        [sys.executable, "-m", f"synpose_tf.{command}", "--help"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 0
    assert f"python -m synpose_tf.{command}" in finished.stdout
    for flag in ("dataset", "manual_dir", "data_dir", "workdir"):
        assert f"  --{flag}:" in finished.stdout


def test_training_prints_what_it_trains_on_and_what_it_reached(said):
    assert f"training   {VIEWS['train']} views" in said
    assert f"{VIEWS['test']} views, evenly from the test split" in said
    assert "step 2: validation MPJPE" in said
    assert "step 4: validation MPJPE" in said
    assert "of the flat pose's (z = 0)" in said


def test_training_leaves_history_pictures_and_curves(folder):
    workdir = folder / "whole"
    assert [row["step"] for row in history(workdir)] == [2, 4]
    pictures = sorted((workdir / "pictures").iterdir())
    assert [path.name for path in pictures] == ["step_0000002.png", "step_0000004.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)

    events = EventAccumulator(str(workdir / "tensorboard"), {"tensors": 0}).Reload()
    tags = set(events.Tags()["tensors"])
    assert {"critic_loss", "generator_loss", "validation/mpjpe", "lifted"} <= tags
    assert [event.step for event in events.Tensors("validation/mpjpe")] == [2, 4]


def test_the_best_checkpoint_is_the_one_of_the_lowest_error(folder):
    errors = [row["val_mpjpe"] for row in history(folder / "whole")]
    best, last = (weights(folder / "whole", name) for name in ("best", "last"))
    (step,) = {int(best[name]) for name in best if name.endswith("critic_optimizer/vars/0")}
    assert step == [2, 4][int(np.argmin(errors))]
    assert len(last) == len(best)


def test_the_summary_says_how_to_evaluate(said, folder):
    (line,) = (line for line in said.splitlines() if line.startswith("  evaluate "))
    python, dash_m, module, *flags = shlex.split(line)[1:]
    assert (python, dash_m, module) == ("python", "-m", "synpose_tf.evaluate")

    finished = run("evaluate", *flags, folder=folder)
    assert finished.code == 0, finished.stderr

    tables = folder / "whole" / "evaluation"
    with (tables / "cmu_mocap_test_last.csv").open(newline="") as handle:
        rows = {row["action"]: row for row in csv.DictReader(handle)}
    assert list(rows) == ["standing", "walking", "mean of actions", "all poses"]
    report = json.loads((tables / "cmu_mocap_test_last.json").read_text())
    for name, row in rows.items():
        assert float(row["mpjpe"]) == pytest.approx(report["rows"][name]["mpjpe"], abs=1e-4)
        assert f"{report['rows'][name]['p_mpjpe']:10.2f}" in finished.stdout
    # So few views that the validation took all of them.
    validated = history(folder / "whole")[-1]["val_mpjpe"]
    assert float(rows["all poses"]["mpjpe"]) == pytest.approx(validated, abs=1e-3)
    flat = report["mpjpe_for_comparison"]["flat pose (z = 0)"]
    assert f"flat pose's (z = 0) {flat:.1f} mm" in said


def test_the_same_seed_gives_identical_weights(folder):
    again = run("train", *TRAIN, "--workdir=again", folder=folder)
    assert again.code == 0, again.stderr
    assert_identical(weights(folder / "whole"), weights(folder / "again"))
    assert history(folder / "whole") == history(folder / "again")


def test_another_seed_gives_other_weights(folder):
    flags = ("--seed=1", "--steps=1", "--workdir=other")
    assert run("train", *TRAIN, *flags, folder=folder).code == 0
    one, other = weights(folder / "whole"), weights(folder / "other")
    kernels = [name for name in one if one[name].ndim == 2]
    assert kernels
    assert not any(np.array_equal(one[name], other[name]) for name in kernels)


def test_a_resumed_run_equals_the_uninterrupted_one(folder):
    begun = run("train", *TRAIN, "--workdir=resumed", "--steps=2", folder=folder)
    assert begun.code == 0, begun.stderr
    resumed = run("train", *TRAIN, "--workdir=resumed", folder=folder)
    assert resumed.code == 0, resumed.stderr
    assert "going on with resumed from step 2" in resumed.stdout
    assert_identical(weights(folder / "whole"), weights(folder / "resumed"))
    assert history(folder / "whole") == history(folder / "resumed")


def test_a_run_that_is_done_is_left_alone(folder):
    before = (folder / "whole" / "checkpoints" / "last.keras").stat()
    again = run("train", *TRAIN, "--workdir=whole", folder=folder)
    assert again.code == 0, again.stderr
    after = (folder / "whole" / "checkpoints" / "last.keras").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_an_interrupted_run_keeps_its_last_checkpoint(folder):
    process = subprocess.Popen(
        [sys.executable, "-m", "synpose_tf.train", *TRAIN, "--workdir=cut", "--steps=1000000"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # A shell's background jobs, such as a CI's, ignore SIGINT, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        assert any(line.startswith("step 2:") for line in process.stdout)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert len(history(folder / "cut")) >= 1
    assert weights(folder / "cut").keys() == weights(folder / "whole").keys()
    assert not list((folder / "cut" / "checkpoints").glob(".*"))
