"""Training on recordings of several cameras, and from a trained lifter on, by the command."""

import json
import shutil

import numpy as np
import pytest
from command_process import TINY_TRAINING, run

from synpose_tf.datasets.multiview import testing
from synpose_tf.training.checkpoint import Workdir

MIXED = (
    "--dataset=cmu_mocap,multiview", "--manual_dir=mocap,recordings", "--data_dir=data",
    "--config=tiny.py",
)  # fmt: skip
ALONE = ("--dataset=multiview", "--manual_dir=recordings", "--data_dir=data", "--config=tiny.py")
DEPTH = ("--method=supervised",)


@pytest.fixture(scope="module")
def folder(user_folder):
    testing.write(user_folder / "recordings", "walk/poses", "sit/poses")
    testing.write(user_folder / "one", "walk/poses")
    return user_folder


def succeed(folder, *flags):
    finished = run("train", *flags, folder=folder)
    assert finished.code == 0, finished.stderr
    return finished.stdout


def kernels(workdir):
    model = Workdir(workdir).load("last")
    return [w for w in model.generator.get_weights() if w.ndim == 2]


def assert_equal(one, other):
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_beside_motion_capture(folder):
    said = succeed(folder, *MIXED, *DEPTH, "--workdir=mixed", "--detected_share=0.25")
    assert "training   556 views; 44 by a detector, 25 % of each step, not augmented" in said
    assert "evenly from the test split of cmu_mocap/" in said
    assert "note     train: of 48 frames 44 are taken" in said
    text = (folder / "mixed" / "run.json").read_text()
    (data,) = json.loads(text)["detected"]["data"]
    assert data.startswith("from_recordings_")


@pytest.mark.slow
def test_gone_on_with(folder):
    succeed(folder, *MIXED, *DEPTH, "--workdir=whole_mixed", "--detected_share=0.25")
    # Cut off and gone on with, it has the same weights; with another share it is another run.
    succeed(folder, *MIXED, *DEPTH, "--workdir=cut", "--detected_share=0.25", "--steps=2")
    succeed(folder, *MIXED, *DEPTH, "--workdir=cut", "--detected_share=0.25")
    assert_equal(kernels(folder / "cut"), kernels(folder / "whole_mixed"))
    other = run("train", *MIXED, *DEPTH, "--workdir=cut", folder=folder)
    assert other.code == 1
    assert "detected.share: 0.25 there, 0.5 now" in other.stderr


@pytest.mark.parametrize(
    "method", ["supervised", pytest.param("synchronized", marks=pytest.mark.slow)]
)
def test_alone(method, folder):
    said = succeed(folder, *ALONE, f"--method={method}", f"--workdir=alone_{method}")
    assert "training   44 views, all by a detector and not augmented" in said
    assert "evenly from the test split of multiview/1.0.0" in said
    assert "joints in each are not agreed on: a depth loss leaves them out" in said
    rows = Workdir(folder / f"alone_{method}").history()
    assert all(np.isfinite(row["val_mpjpe"]) for row in rows)


def test_from_another_run_on(folder):
    """With a rate of 0 nothing is learnt: the lifter is the one that it began with."""
    still = ("--learning_rate=0", "--steps=1")
    succeed(folder, *TINY_TRAINING, *still, "--workdir=begun", "--init=whole", "--seed=5")
    assert_equal(kernels(folder / "begun"), kernels(folder / "whole"))
    run_file = json.loads((folder / "begun" / "run.json").read_text())
    assert run_file["init"]["from"] == "whole"
    fresh = run("train", *TINY_TRAINING, *still, "--workdir=begun", "--seed=5", folder=folder)
    assert fresh.code == 1
    assert "init.from: 'whole' there, None now" in fresh.stderr


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--init=camera",), "--init=camera: has camera normalisation, this run paper. Add"),
        (("--dataset=multiview", "--manual_dir=one"), "has no test split to validate on. Name"),
        (("--detected_share=1", *MIXED[:2]), "--detected_share=1: expected more than 0"),
        (
            ("--config=robust_temporal", "--batch_size=4", *MIXED[:2]),
            "multiview/1.0.0 has a detector's 2D joints",
        ),
    ],
)
def test_what_does_not_fit_is_refused(flags, message, folder):
    finished = run("train", *TINY_TRAINING, *flags, "--workdir=refused", folder=folder)
    assert finished.code == 1, finished.stdout
    assert message in finished.stderr
    assert "Traceback" not in finished.stderr
    shutil.rmtree(folder / "refused", ignore_errors=True)
