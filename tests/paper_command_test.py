"""`evaluate --table`: the paper's tables from the command line, on its data sets' own formats."""

import csv
import json

import numpy as np
import pytest
from command_process import run

from synpose_tf.datasets.h36m import testing as h36m
from synpose_tf.datasets.mpi_inf_3dhp import testing as mpi_inf_3dhp
from synpose_tf.evaluation import published
from synpose_tf.evaluation.tables import MEASURED

DATA = ("--data_dir=data", "--workdir=whole")


@pytest.fixture(scope="module")
def folder(user_folder):
    """A run on motion capture, and small files of all three data sets."""
    folder = user_folder
    (folder / "h36m").mkdir()
    poses = {
        ("S9", f"{action} 1"): h36m.motion(4, seed)
        for seed, action in enumerate(reversed(published.actions()))
    }
    h36m.write_videopose3d(folder / "h36m", poses)
    with np.load(folder / "mocap" / "positions.npz") as clips:
        motion = 1000.0 * clips["subject_02/walking_01"]
    mpi_inf_3dhp.write_test(folder / "dhp" / "mpi_inf_3dhp_test_set" / "TS1", motion)
    return folder


def table(folder, number, dataset, manual_dir, *flags):
    """What the command prints, and its CSV's rows, of measured and of published figures."""
    flags = (f"--table={number}", f"--dataset={dataset}", f"--manual_dir={manual_dir}", *flags)
    finished = run("evaluate", *DATA, *flags, folder=folder)
    assert finished.code == 0, finished.stderr
    path = folder / "whole" / "evaluation" / f"table_{number}_{dataset.replace('/', '_')}_test.csv"
    with path.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert json.loads(path.with_suffix(".json").read_text())["caption"] in finished.stdout
    assert path.with_suffix(".md").exists()
    measured = [row for row in rows if row["source"] == MEASURED]
    return finished.stdout, measured, [row for row in rows if row["source"] != MEASURED]


def test_protocol_1_on_human36m(folder):
    text, (measured,), printed = table(folder, 1, "h36m/gt", "h36m")
    assert list(measured)[2:6] == ["Direct", "Discuss", "Eating", "Greet"]
    figures = [float(value) for value in list(measured.values())[2:]]
    assert np.mean(figures[:15]) == pytest.approx(figures[15], abs=1e-3)
    assert "published, not measured here (Deng et al., table 1)" in text
    ours = next(row for row in printed if row["name"].startswith("Deng et al."))
    assert (float(ours["Direct"]), float(ours["mean"])) == (43.3, 48.3)


def test_robustness_on_motion_capture(folder):
    _, measured, printed = table(folder, 3, "cmu_mocap", "mocap")
    assert not printed
    figures = {row["name"]: float(row["mean"]) for row in measured}
    assert len(figures) == 10
    rising = [figures[f"{noise}, MPJPE"] for noise in ("no noise", "N(0, 10)", "N(0, 20)")]
    assert rising == sorted(rising)
    assert all(figures[f"N(0, {px}), only z"] < figures[f"N(0, {px}), MPJPE"] for px in (5, 20))
    picture = folder / "whole" / "evaluation" / "table_3_cmu_mocap_test.png"
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_pck_on_mpi_inf_3dhp(folder):
    text, measured, printed = table(folder, 4, "mpi_inf_3dhp/every_frame", "dhp")
    assert len(measured) == 3
    assert measured[-1]["name"] == "all poses"
    by_activity = [float(row["3DPCK"]) * int(row["poses"]) for row in measured[:-1]]
    whole = float(measured[-1]["3DPCK"]) * int(measured[-1]["poses"])
    assert sum(by_activity) == pytest.approx(whole, rel=1e-4)
    assert {row["name"]: row["3DPCK"] for row in printed}["Deng et al."] == "86.0000"
    assert "published" in text


def test_actions_and_noise_of_a_plain_evaluation(folder):
    flags = ("--dataset=cmu_mocap", "--manual_dir=mocap", "--actions=walking", "--noise=10")
    finished = run("evaluate", *DATA, *flags, "--output=noisy", folder=folder)
    assert finished.code == 0, finished.stderr
    assert "walking only; 2D with noise of 10 px" in finished.stdout
    report = json.loads((folder / "noisy" / "cmu_mocap_test_last.json").read_text())
    assert list(report["rows"]) == ["walking", "mean of actions", "all poses"]
    assert (folder / "noisy" / "cmu_mocap_test_last.md").exists()


def test_figures_of_the_run(folder):
    flags = ("--dataset=cmu_mocap", "--manual_dir=mocap", "--actions=walking", "--count=2")
    finished = run("figures", *DATA, *flags, folder=folder)
    assert finished.code == 0, finished.stderr
    assert "2 of 128 poses" in finished.stdout
    assert (folder / "poses.png").read_bytes().startswith(b"\x89PNG")


def test_table_5_is_a_sweep(folder):
    finished = run("evaluate", *DATA, "--table=5", folder=folder)
    assert finished.code == 1
    assert "python -m synpose_tf.sweep" in finished.stderr
