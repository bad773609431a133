"""What goes wrong for a user: one clear message, an exit code, and nothing lost.

Faults of the data sets' own files are tested beside the data sets; here are those of each kind
that must come through a command.
"""

import hashlib
import os
import shutil
import subprocess

import numpy as np
import pytest
from command_process import TINY_CONFIG, run
from command_process import TINY_TRAINING as TRAIN
from motion_capture import write_archive

DATA = ("--dataset=cmu_mocap", "--manual_dir=mocap", "--data_dir=data")
CONFIG = "from synpose_tf.config import TrainConfig\ndef get_config():\n    return TrainConfig"


@pytest.fixture(scope="module")
def folder(user_folder):
    """A user's folder with a run of four steps in `run`."""
    (user_folder / "whole").rename(user_folder / "run")
    return user_folder


@pytest.fixture
def workdir(folder):
    """A copy of that run, to be damaged."""
    copy = folder / "copy"
    shutil.copytree(folder / "run", copy)
    yield copy
    shutil.rmtree(copy)


@pytest.fixture
def full_disk(folder):
    """A function that fills up the small disk below `disk`."""
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small disk cannot be mounted here: {error}")

    def fill(free):
        (disk / "ballast").write_bytes(bytes(shutil.disk_usage(disk).free - free))

    yield fill
    subprocess.run(["umount", str(disk)], check=True)


def fails(finished, *texts):
    """Asserts that a command ended with one error message that holds all of the texts."""
    assert finished.code == 1, finished.stderr
    assert "Traceback" not in finished.stderr
    message = finished.stderr[finished.stderr.index("error: ") :]
    for text in texts:
        assert text in message


def contents(folder):
    """Every file below a folder: path to digest."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


# === Flags and configurations ===


@pytest.mark.parametrize(
    ("flags", "texts"),
    [
        (["--stps=3"], ["'stps'", "--help"]),
        (["--steps=many"], ["--steps=many", "'many'"]),
        (["--steps=0"], ["--steps", "from 1", "found 0"]),
        (["--batch_size=-5"], ["--batch_size", "from 1", "found -5"]),
        (["--seed=-1"], ["--seed", "from 0", "found -1"]),
        (["--learning_rate=-0.1"], ["--learning_rate=-0.1", "non-negative"]),
        (["--normalization=full"], ["--normalization=full", "<paper|camera>"]),
        (["cmu_mocap"], ["'cmu_mocap'", "--name=value"]),
        (
            ["--config=huge"],
            [
                "--config=huge",
                "robust_temporal, robust_temporal_synchronized, small",
                "Python file",
            ],
        ),
        (["--config=missing.py"], ["--config=missing.py", "Python file"]),
    ],
)
def test_a_wrong_flag(flags, texts, tmp_path):
    fails(run("train", *flags, folder=tmp_path), *texts)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("steps = 3", ["get_config()", "TrainConfig", "found None"]),
        ("def get_config():\n    return {'steps': 3}", ["TrainConfig", "found {'steps': 3}"]),
        ("def get_config(:", ["SyntaxError", "line 1"]),
        (f"{CONFIG}(stps=3)", ["TypeError", "'stps'"]),
        (f"{CONFIG}(steps='many')", ["--steps", "integer", "'many'"]),
        (f"{CONFIG}(model={{'width': 3}})", ["'width'"]),
        (f"{CONFIG}(model={{'strategy': 'best'}})", ["synchronized", "'best'"]),
        (f"{CONFIG}(optimizer={{'rate': 3}})", ["'rate'"]),
    ],
)
def test_a_wrong_configuration_file(code, texts, tmp_path):
    (tmp_path / "mine.py").write_text(code)
    fails(run("train", "--config=mine.py", folder=tmp_path), "--config", *texts)


# === Data ===


def test_an_unknown_data_set(tmp_path):
    finished = run("train", "--dataset=coco", folder=tmp_path)
    fails(finished, "--dataset", "'coco'", "cmu_mocap", "synthetic_pose")


def test_an_unknown_config_of_a_data_set(folder):
    finished = run("train", *TRAIN, "--dataset=cmu_mocap/large", folder=folder)
    fails(finished, "--dataset=cmu_mocap/large", "no such config")


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_a_missing_or_empty_manual_dir(name, folder):
    (folder / "empty").mkdir(exist_ok=True)
    finished = run("train", *TRAIN, f"--manual_dir={name}", folder=folder)
    fails(finished, f"--manual_dir={name}", "all_asfamc/subjects/", "split.json")


def test_no_manual_dir_where_files_are_needed(tmp_path):
    finished = run("train", "--dataset=h36m/gt", "--data_dir=data", folder=tmp_path)
    fails(finished, "--manual_dir", "data_3d_h36m.npz")


@pytest.mark.parametrize(
    ("clip", "texts"),
    [
        (np.zeros((9, 16, 3)), ["shape (9, 16, 3)", "(frames, 17, 3)"]),
        (np.full((9, 17, 3), np.nan), ["not finite", "frame 0"]),
    ],
)
def test_a_bad_clip_in_an_archive(clip, texts, tmp_path):
    archive = write_archive(tmp_path / "mocap", sitting=clip)
    finished = run("train", *DATA, folder=tmp_path)
    fails(finished, str(archive / "positions.npz"), "'subject_01/sitting_01'", *texts)
    assert not list(tmp_path.glob("data/**/*.tfrecord*"))


def test_a_truncated_amc(shared_data, tmp_path):
    for subject in ("01", "02"):
        place = tmp_path / "mocap" / "subjects" / subject
        place.mkdir(parents=True)
        for name in (f"{subject}.asf", f"{subject}_01.amc"):
            shutil.copy(shared_data / "cmu_asfamc" / "subjects" / subject / name, place)
    amc = tmp_path / "mocap" / "subjects" / "01" / "01_01.amc"
    amc.write_bytes(amc.read_bytes()[: amc.stat().st_size // 2])
    fails(run("train", *DATA, folder=tmp_path), str(amc))


def test_an_amc_without_its_asf(tmp_path):
    for subject in ("01", "02"):
        place = tmp_path / "mocap" / "subjects" / subject
        place.mkdir(parents=True)
        (place / f"{subject}_01.amc").write_text(":FULLY-SPECIFIED\n:DEGREES\n1\nroot 0 0 0 0 0 0")
    finished = run("train", *DATA, folder=tmp_path)
    fails(finished, "subjects/01/01_01.amc", "subjects/01/01.asf", "missing")


def test_a_damaged_prepared_data_set(folder):
    (record,) = folder.glob("data/**/cmu_mocap-train*")
    good = record.read_bytes()
    record.write_bytes(good[: len(good) // 2])
    try:
        finished = run("train", *TRAIN, "--workdir=damaged", folder=folder)
    finally:
        record.write_bytes(good)
    fails(finished, str(record.parent.relative_to(folder)), "'train' is damaged", "Delete")


# === The run's folder ===


def test_a_workdir_with_the_checkpoint_of_another_configuration(folder, workdir):
    before = contents(workdir)
    finished = run("train", *TRAIN, "--workdir=copy", "--seed=4", folder=folder)
    fails(finished, "--workdir=copy", "config.seed: 0 there, 4 now")
    assert contents(workdir) == before


def test_a_workdir_with_a_run_on_other_data(folder, workdir):
    before = contents(workdir)
    write_archive(folder / "others")
    finished = run("train", *TRAIN, "--manual_dir=others", "--workdir=copy", folder=folder)
    fails(finished, "--workdir=copy", "from_mocap", "from_others")
    assert contents(workdir) == before


@pytest.mark.parametrize("damage", ["truncated", "flipped", "emptied"])
def test_a_damaged_checkpoint(damage, folder, workdir):
    """Training goes on from another (`resume_test`)."""
    path = workdir / "checkpoints" / "last.keras"
    path.write_bytes(damaged(path.read_bytes(), damage))
    before = contents(workdir)
    finished = run("evaluate", *DATA, "--workdir=copy", folder=folder)
    fails(finished, "copy/checkpoints/last.keras", "damaged", "beside it")
    assert contents(workdir) == before


def test_no_checkpoint_that_is_whole(folder, workdir):
    for path in (workdir / "checkpoints").iterdir():
        path.write_bytes(damaged(path.read_bytes(), "flipped"))
    before = contents(workdir / "checkpoints")
    finished = run("train", *TRAIN, "--steps=5", "--workdir=copy", folder=folder)
    fails(finished, "copy/checkpoints", "no checkpoint can be read", "step_0000004.keras: ")
    assert contents(workdir / "checkpoints") == before


def damaged(good, damage):
    middle = len(good) // 2
    flipped = good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :]
    return {"truncated": good[:middle], "flipped": flipped, "emptied": b""}[damage]


def test_a_damaged_history(folder, workdir):
    (workdir / "history.csv").write_text("step,val_mpjpe,seconds\n1\n")
    finished = run("train", *TRAIN, "--steps=5", "--workdir=copy", folder=folder)
    fails(finished, "copy/history.csv", "damaged")


@pytest.mark.parametrize("command", ["train", "evaluate"])
@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_damaged_description_of_the_run(text, command, folder, workdir):
    (workdir / "run.json").write_text(text)
    flags = TRAIN if command == "train" else DATA
    fails(run(command, *flags, "--workdir=copy", folder=folder), "copy/run.json")
    assert (workdir / "run.json").read_text() == text


@pytest.mark.parametrize(
    ("flags", "texts"),
    [
        ([], ["--workdir"]),
        (["--workdir=absent"], ["--workdir=absent", "no training run", "synpose_tf.train"]),
        (["--workdir=run", "--split=holdout"], ["'holdout'", "['train', 'test']"]),
        (["--workdir=run", "--output=tiny.py/tables"], ["tiny.py/tables", "can't be written"]),
    ],
)
def test_an_evaluation_that_cannot_be(flags, texts, folder):
    fails(run("evaluate", *DATA, *flags, folder=folder), *texts)


# === Disks ===


@pytest.mark.parametrize("name", ["tiny.py", "tiny.py/run", "/proc/run"])
def test_a_workdir_that_cannot_be_written(name, folder):
    finished = run("train", *TRAIN, f"--workdir={name}", folder=folder)
    fails(finished, f"{name}: can't be written")
    assert (folder / "tiny.py").read_text() == TINY_CONFIG


def test_curves_that_cannot_be_written(folder, workdir):
    shutil.rmtree(workdir / "tensorboard")
    (workdir / "tensorboard").write_text("a file")
    finished = run("train", *TRAIN, "--steps=5", "--workdir=copy", folder=folder)
    fails(finished, "copy/tensorboard", "can't be written")


def test_a_full_disk_keeps_the_checkpoint_and_the_run_goes_on(folder, full_disk):
    workdir = folder / "disk" / "run"
    subprocess.run(["cp", "-a", folder / "run", workdir], check=True)  # links stay links
    before = contents(workdir / "checkpoints")
    full_disk(free=100_000)  # less than a checkpoint
    flags = (*TRAIN, "--steps=6", "--checkpoint_every=5", "--workdir=disk/run")
    finished = run("train", *flags, folder=folder)
    fails(finished, "disk/run/checkpoints/step_0000005.keras", "No space left on device")
    assert contents(workdir / "checkpoints") == before

    os.remove(folder / "disk" / "ballast")
    finished = run("train", *flags, folder=folder)
    assert finished.code == 0, finished.stderr
    assert "going on with disk/run from step 4" in finished.stdout


def test_a_full_disk_leaves_no_half_of_a_data_set(folder, full_disk):
    full_disk(free=100_000)
    finished = run("train", *TRAIN, "--data_dir=disk/data", folder=folder)
    fails(finished, "disk/data", "No space left on device", "--data_dir")
    assert not list((folder / "disk").rglob("*.tfrecord*"))


def test_a_limit_on_the_size_of_files_keeps_the_checkpoint(folder, workdir):
    before = contents(workdir / "checkpoints")
    flags = (*TRAIN, "--steps=6", "--checkpoint_every=5", "--workdir=copy")
    finished = run("train", *flags, folder=folder, file_size=100_000)
    fails(finished, "copy/checkpoints/step_0000005.keras", "File too large")
    assert contents(workdir / "checkpoints") == before
