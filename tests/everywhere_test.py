"""Commands work where `fcntl`, `os.pwrite`, `resource` and POSIX signals are missing."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from command_process import TINY_CONFIG
from keypoint_files import write
from motion_capture import VIEWS, write_archive

DATA = ("--manual_dir=mocap", "--data_dir=data")
ELSEWHERE = os.environ | {
    "PYTHONPATH": str(pathlib.Path(__file__).with_name("elsewhere")),
    # Text that says nothing of its encoding is ASCII.
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
}


@pytest.fixture(scope="module")
def run():
    """A function that runs a command elsewhere, in a folder; gives what it printed."""
    with subprocess.Popen(
        [sys.executable, pathlib.Path(__file__).with_name("elsewhere") / "commands.py"],
        env=ELSEWHERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
    ) as process:  # fmt: skip

        def command(*words, folder):
            print(json.dumps([str(folder), *words]), file=process.stdin, flush=True)
            code = process.stdout.readline()
            said = (folder / "said").read_text(encoding="utf-8")
            assert code == "0\n", said
            return said

        yield command
        process.stdin.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with motion to train on."""
    folder = tmp_path_factory.mktemp("everywhere")
    write_archive(folder / "mocap")
    (folder / "tiny.py").write_text(TINY_CONFIG)
    return folder


@pytest.fixture(scope="module")
def trained(run, folder):
    """What a training of one step said, which left a run in `run`."""
    flags = ("--dataset=cmu_mocap", "--config=tiny.py", "--steps=1", "--workdir=run", *DATA)
    return run("train", *flags, folder=folder)


def test_what_is_hidden_is_hidden(tmp_path):
    code = (
        "import os, signal, subprocess, sys\n"
        "assert not hasattr(os, 'pwrite') and not hasattr(signal, 'SIGKILL')\n"
        "__name__ = 'synpose_tf.some'\n"
        "for attempt in ('import fcntl', 'os.open(\".\", os.O_RDONLY)'):\n"
        "    try: exec(attempt)\n"
        "    except (ImportError, PermissionError): continue\n"
        "    raise AssertionError\n"
        "assert open('text', 'w').encoding.lower() in ('ascii', 'ansi_x3.4-1968')\n"
        "if sys.argv[1:]: subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)\n"
    )
    subprocess.run([sys.executable, "-c", code, code], cwd=tmp_path, env=ELSEWHERE, check=True)


def test_lifting(run, tmp_path):
    write("npz", tmp_path, [np.random.default_rng(0).uniform(100, 900, (3, 17, 3))])
    said = run("lift", "keypoints.npz", "--layout=h36m", "--output=out", folder=tmp_path)
    assert "3 of 3 frames lifted" in said
    for suffix in ("npz", "json", "png", "html"):
        assert (tmp_path / "out" / f"keypoints.{suffix}").stat().st_size > 1000


def test_training_says_what_it_cannot_do(trained):
    assert "this system ends a process without asking it" in trained
    assert "after 1 steps" in trained


@pytest.mark.usefixtures("trained")
def test_evaluating(run, folder):
    said = run("evaluate", "--workdir=run", *DATA, folder=folder)
    assert "all poses" in said
    figures = json.loads((folder / "run/evaluation/cmu_mocap_test_last.json").read_text())
    assert figures["poses"]["all poses"] == VIEWS["test"]


@pytest.mark.usefixtures("trained")
def test_exporting(run, folder):
    said = run(
        "export", "--workdir=run", "--output=out", "--formats=tflite_float32", *DATA, folder=folder
    )  # fmt: skip
    assert str(pathlib.Path("out", "tflite_float32", "1")) in said
    (measured,) = json.loads((folder / "out" / "verification.json").read_text())["exports"]
    assert measured["max_difference"] < 0.01
