"""Sweeps as a user runs them: a run that fails never loses the others."""

import csv
import dataclasses
import json
import shlex
import subprocess
import sys
import time

import filelock
import pytest
from command_process import TINY_CONFIG, run
from motion_capture import write_archive

from synpose_tf.experiments import suites
from synpose_tf.experiments.runner import Sweep

FLAGS = (
    "--dataset=cmu_mocap", "--manual_dir=mocap", "--data_dir=data", "--config=tiny.py",
    "--runs=sep_kcs,syn_wkcs", "--width=8", "--seeds=3", "--jobs=2", "--workdir=sweep",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    write_archive(folder / "mocap")
    (folder / "tiny.py").write_text(TINY_CONFIG)
    return folder


def test_the_rest_goes_on_and_only_what_is_missing_is_done_again(folder):
    occupied = folder / "sweep" / "sep_kcs" / "seed_3"
    occupied.mkdir(parents=True)
    with filelock.FileLock(occupied / ".sweep.lock"):
        finished = run("sweep", *FLAGS, folder=folder, timeout=900)
        assert finished.code == 1
        assert "2 runs of 4 steps in sweep, 0 of them finished" in finished.stdout
        assert "sep_kcs/seed_3: another process trains here" in finished.stdout
        assert "finished: syn_wkcs, seed 3" in finished.stdout
        assert "1 of 2 runs failed: sep_kcs, seed 3." in finished.stderr

        whole = folder / "sweep" / "syn_wkcs" / "seed_3"
        config = json.loads((whole / "run.json").read_text())["config"]
        assert config["seed"] == 3
        widths = {value for name, value in config["model"].items() if name.endswith("width")}
        assert widths == {8}
        before = {path: path.stat().st_mtime_ns for path in whole.rglob("*")}
        again = run("sweep", *FLAGS, folder=folder, timeout=900)
        assert again.code == 1
        assert "1 of them finished" in again.stdout
        assert {path: path.stat().st_mtime_ns for path in whole.rglob("*")} == before

    report = json.loads((whole / "result.json").read_text())["evaluations"]["test"]
    with (folder / "sweep" / "ablation.csv").open(newline="") as handle:
        rows = {row["name"]: row for row in csv.DictReader(handle)}
    assert rows["Sep + KCS"]["MPJPE"] == ""
    measured = float(rows["Syn + wKCS"]["MPJPE"])
    assert measured == pytest.approx(report["rows"]["all poses"]["mpjpe"], abs=1e-4)
    assert f"{measured:.1f}" in again.stdout
    (training,) = json.loads((folder / "sweep" / "ablation.json").read_text())["trainings"]
    assert shlex.split(training["command"])[:3] == ["python", "-m", "synpose_tf.train"]
    assert "--workdir=sweep/syn_wkcs/seed_3" in training["command"]
    assert training["seconds"] > 0
    assert (folder / "sweep" / "ablation.png").read_bytes().startswith(b"\x89PNG")


def test_interrupting_ends_the_trainings_and_keeps_what_is_finished(folder):
    log = folder / "sweep" / "sep_kcs" / "seed_3" / "log.txt"
    assert not log.exists()
    process = subprocess.Popen(
        [sys.executable, "-m", "synpose_tf.sweep", *FLAGS],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert "1 of them finished" in process.stdout.readline()
        while not log.exists() or not log.stat().st_size:
            assert process.poll() is None
            time.sleep(0.05)
        process.terminate()
        stdout, stderr = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert "Syn + wKCS" in stdout
    with filelock.FileLock(log.with_name(".lock"), timeout=0):
        pass  # No training holds it any more.


@pytest.mark.parametrize(
    ("flag", "texts"),
    [
        ("--seeds=0,0", ["--seeds=0,0", "different integers"]),
        ("--seeds=one", ["--seeds=one"]),
        ("--runs=best", ["no best", "sep_kcs, sep_wkcs, syn_kcs, syn_wkcs"]),
        ("--steps=0", ["--steps"]),
    ],
)
def test_bad_flags_are_refused(folder, flag, texts):
    finished = run("sweep", *FLAGS, flag, folder=folder)
    assert finished.code == 1
    assert "Traceback" not in finished.stderr
    for text in texts:
        assert text in finished.stderr


def test_help_teaches_the_suites(tmp_path):
    finished = subprocess.run(
        [sys.executable, "-m", "synpose_tf.sweep", "--help"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 0
    for text in ("python -m synpose_tf.sweep", "--suite", "ablation", "generalization"):
        assert text in finished.stdout


# === One sweep's bookkeeping ===


def new_sweep(folder, *training, **identity):
    return Sweep(folder, ("--data_dir=data",), training, None, identity or {"data": "one"})


def test_a_command_that_fails_is_reported_with_what_it_said(tmp_path):
    sweep = new_sweep(tmp_path, "--steps=0")
    (task,) = sweep.tasks([suites.WHOLE], [0])
    reported = []
    sweep.run([task], 1, lambda task, error: reported.append((task, str(error))))
    ((failed, error),) = reported
    assert failed is task
    assert "train ended with exit code 1" in error
    assert "error: --steps must be an integer" in error
    assert str(task.folder / "log.txt") in error
    assert sweep.result(task) is None


def test_a_folder_that_can_t_be_written_is_a_failure_like_any_other(tmp_path):
    sweep = new_sweep(tmp_path, "--steps=0")
    tasks = sweep.tasks(suites.FOUR[:2], [0])
    (tmp_path / suites.FOUR[0].name).write_text("a file where the run's folder should be")
    reported = {}
    sweep.run(tasks, 2, lambda task, error: reported.update({task.run.name: str(error)}))
    assert reported.keys() == {task.run.name for task in tasks}
    assert "sep_kcs" in reported["sep_kcs"]
    assert "exit code 1" in reported["sep_wkcs"]


def test_a_result_holds_for_its_flags_and_data_only(tmp_path):
    sweep = new_sweep(tmp_path, "--steps=4")
    (task,) = sweep.tasks([suites.WHOLE], [0])
    task.folder.mkdir(parents=True)
    made_by = {
        "train": sweep.training_command(task), "evaluate": {"test": []}, "data": "one",
    }  # fmt: skip
    content = json.dumps({"made_by": made_by, "evaluations": {}})
    (task.folder / "result.json").write_text(content)
    assert sweep.result(task) is not None
    assert new_sweep(tmp_path, "--steps=5").result(task) is None
    assert new_sweep(tmp_path, "--steps=4", data="other").result(task) is None
    noisy = dataclasses.replace(suites.WHOLE, evaluations={"test": (), "noisy": ("--noise=5",)})
    assert sweep.result(sweep.tasks([noisy], [0])[0]) is None
    made_by["evaluate"] |= {"noisy": ["--noise=5"]}
    (task.folder / "result.json").write_text(json.dumps({"made_by": made_by, "evaluations": {}}))
    assert sweep.result(sweep.tasks([noisy], [0])[0]) is not None
    assert sweep.result(task) is not None  # What other suites evaluated does no harm.
    (task.folder / "result.json").write_text(content[:-5])
    assert sweep.result(task) is None


def test_what_needs_no_seed_is_done_once(tmp_path):
    sweep = new_sweep(tmp_path)
    flat = next(run for run in suites.BASELINES if run.name == "flat")
    tasks = sweep.tasks([flat, suites.WHOLE], [2, 5])
    assert [str(task) for task in tasks] == [
        "flat, seed 2", "syn_wkcs, seed 2", "syn_wkcs, seed 5",
    ]  # fmt: skip
    assert "--method=flat" in sweep.training_command(tasks[0])
    assert sweep.training_command(tasks[2])[-2:] == ["--seed=5", f"--workdir={tasks[2].folder}"]
