"""A run that dies anywhere goes on and ends as one that never died."""

import shutil
import signal
import subprocess
import time
import zipfile

import pytest
from checkpoint_files import assert_identical, history, steps, weights
from command_process import TINY_CONFIG, Kill, Running, run
from motion_capture import write_archive

from synpose_tf.errors import SynposeError
from synpose_tf.training.checkpoint import Workdir

TRAIN = (
    "--dataset=cmu_mocap", "--manual_dir=mocap", "--data_dir=data", "--config=tiny.py",
    "--steps=12", "--validate_every=6", "--checkpoint_every=2", "--keep=4",
)  # fmt: skip
KILLS = [
    Kill("cut", 6),  # before the first checkpoint is whole
    Kill("cut/checkpoints", 2, ".step_*", ("open",), 0.02, slowness=0.05),  # while one is written
    Kill("cut/checkpoints", 3, ".last.*"),  # between a checkpoint and its links
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("resume")
    write_archive(folder / "mocap")
    (folder / "tiny.py").write_text(TINY_CONFIG)
    finished = run("train", *TRAIN, "--workdir=whole", folder=folder)
    assert finished.code == 0, finished.stderr
    return folder


@pytest.fixture
def workdir(folder):
    """A copy of the finished run, to be damaged."""
    shutil.copytree(folder / "whole", folder / "copy")
    yield folder / "copy"
    shutil.rmtree(folder / "copy")


@pytest.mark.slow
def test_killed_during_steps_and_checkpoints(folder):
    """Bit for bit the uninterrupted run's weights, optimizers, averages and history."""
    for kill in KILLS:
        before = steps(folder / "cut")
        finished = run("train", *TRAIN, "--workdir=cut", folder=folder, kill=kill)
        assert finished.code == -signal.SIGKILL, finished.stderr
        unfinished = list((folder / "cut" / "checkpoints").glob(".step_*.keras"))
        assert bool(unfinished) == bool(kill.slowness)
        assert all(weights(folder / "cut", f"step_{step:07d}") for step in steps(folder / "cut"))
        assert not before or max(steps(folder / "cut")) >= max(before)
    finished = run("train", *TRAIN, "--workdir=cut", folder=folder)
    assert finished.code == 0, finished.stderr
    assert "going on with cut from step" in finished.stdout
    for name in ("last", "best"):
        assert_identical(weights(folder / "cut", name), weights(folder / "whole", name))
    assert history(folder / "cut") == history(folder / "whole")
    assert not list((folder / "cut").rglob(".*.keras"))


def test_keeps_the_newest_checkpoints_and_the_best(folder):
    assert steps(folder / "whole") == [6, 8, 10, 12]
    best = min(history(folder / "whole"), key=lambda row: row["val_mpjpe"])["step"]
    best = f"step_{best:07.0f}"
    assert_identical(weights(folder / "whole", "best"), weights(folder / "whole", best))
    assert_identical(weights(folder / "whole"), weights(folder / "whole", "step_0000012"))


def test_a_damaged_newest_checkpoint_falls_back_to_the_one_before(folder, workdir):
    newest = workdir / "checkpoints" / "step_0000012.keras"
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 255
    newest.write_bytes(content)  # `last` is the same file.
    finished = run("train", *TRAIN, "--workdir=copy", folder=folder)
    assert finished.code == 0, finished.stderr
    assert "step_0000012.keras is damaged" in finished.stdout
    assert "set aside as step_0000012.keras.damaged" in finished.stdout
    assert "from step 10 (step_0000010.keras)" in finished.stdout
    assert_identical(weights(workdir), weights(folder / "whole"))
    assert history(workdir) == history(folder / "whole")


def test_last_without_step_checkpoints_and_state_is_enough(folder, workdir):
    checkpoints = workdir / "checkpoints"
    with (
        zipfile.ZipFile(folder / "whole" / "checkpoints" / "step_0000006.keras") as source,
        zipfile.ZipFile(checkpoints / "last.keras", "w") as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    for path in checkpoints.glob("step_*"):
        path.unlink()
    finished = run("train", *TRAIN, "--workdir=copy", folder=folder)
    assert finished.code == 0, finished.stderr
    assert "from step 6 (last.keras)" in finished.stdout
    assert_identical(weights(workdir), weights(folder / "whole"))
    assert history(workdir) == history(folder / "whole")


def test_sigterm_saves_a_checkpoint(folder):
    running = Running("train", *TRAIN, "--steps=1000000", "--workdir=ended", folder=folder)
    deadline = time.monotonic() + 200.0
    while max(steps(folder / "ended"), default=0) < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    running.terminate()
    finished = running.wait(60.0)
    assert finished.code == 143
    assert "terminated after step" in finished.stderr
    assert "goes on from there" in finished.stderr
    assert "Traceback" not in finished.stderr
    newest = max(steps(folder / "ended"))
    assert f"after step {newest};" in finished.stderr


def test_noresume_never_writes_over_a_run(folder, workdir):
    before = {path: path.read_bytes() for path in workdir.rglob("*") if path.is_file()}
    finished = run("train", *TRAIN, "--noresume", "--workdir=copy", folder=folder)
    assert finished.code == 1
    assert "--noresume" in finished.stderr
    assert "--workdir=copy holds a run already" in finished.stderr
    assert before == {path: path.read_bytes() for path in workdir.rglob("*") if path.is_file()}


def test_a_folder_in_use_is_refused(folder, workdir):
    holder = subprocess.Popen(
        ["flock", "--nonblock", str(workdir / ".lock"), "sh", "-c", "echo held; exec sleep 100"],
        stdout=subprocess.PIPE,
    )
    try:
        holder.stdout.readline()
        finished = run("train", *TRAIN, "--workdir=copy", folder=folder)
    finally:
        holder.kill()
        holder.wait()
    assert finished.code == 1
    assert "--workdir=copy is in use by another process" in finished.stderr


def test_a_run_that_knew_its_data_set_by_name_goes_on(tmp_path):
    """Runs of before said nothing of the files of a set with configurations."""
    workdir = Workdir(tmp_path)
    config = {"steps": 0, "method": "synchronized"}
    run = {"dataset": "h36m/gt/1.0.0", "data": "h36m", "config": config}
    workdir.open_for(run)
    workdir.checkpoint("last").parent.mkdir()
    workdir.checkpoint("last").touch()
    workdir.check(run | {"data": "from_h36m_0123456789ab"})
    with pytest.raises(SynposeError, match="dataset: 'h36m/gt/1.0.0' there, 'h36m/sh/1.0.0' now"):
        workdir.check(run | {"data": None, "dataset": "h36m/sh/1.0.0"})
