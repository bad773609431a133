"""Several replicas train as one device does; what goes wrong with several is said clearly."""

import json
import os
import signal
import socket
import time

import numpy as np
import pytest
import tensorflow as tf
from checkpoint_files import relative_difference, steps, weights
from command_process import TINY_CONFIG, Running, run
from motion_capture import write_archive

from synpose_tf.errors import SynposeError
from synpose_tf.models import replicas
from synpose_tf.training import distribution

TRAIN = (
    "--dataset=cmu_mocap", "--manual_dir=mocap", "--data_dir=data", "--config=tiny.py",
    "--steps=20", "--validate_every=20",
)  # fmt: skip
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A user's folder with a run of 20 steps on one device, in `one`."""
    folder = tmp_path_factory.mktemp("distribution")
    write_archive(folder / "mocap")
    (folder / "tiny.py").write_text(TINY_CONFIG)
    finished = run("train", *TRAIN, "--workdir=one", folder=folder)
    assert finished.code == 0, finished.stderr
    return folder


def workers(folder, *flags):
    """Two processes that find each other by TF_CONFIG."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("localhost", 0))
        second.bind(("localhost", 0))
        addresses = [f"localhost:{held.getsockname()[1]}" for held in (first, second)]
    configs = [
        {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        for index in range(2)
    ]
    return [
        Running(
            "train", *TRAIN, "--strategy=multi_worker", *flags,
            folder=folder, name=f"worker{i}", environment={"TF_CONFIG": json.dumps(config)},
        )
        for i, config in enumerate(configs)
    ]  # fmt: skip


@pytest.mark.slow
def test_mirrored_replicas_train_as_one_device(folder):
    flags = ("--strategy=mirrored", "--replicas=2", "--workdir=mirrored")
    finished = run("train", *TRAIN, *flags, folder=folder)
    assert finished.code == 0, finished.stderr
    one, two = weights(folder / "one"), weights(folder / "mirrored")
    assert relative_difference(one, two) < TOLERANCE


@pytest.mark.slow
def test_two_workers_train_as_one_device_and_survive_a_death(folder):
    """One is killed, the other says so within a minute, and both go on to the same weights."""
    first, second = workers(folder, "--workdir=workers", "--checkpoint_every=2")
    deadline = time.monotonic() + 200.0
    while not steps(folder / "workers") and time.monotonic() < deadline:
        time.sleep(0.01)
    second.kill()
    killed = time.monotonic()
    survivor = first.wait(timeout=100.0)
    assert second.wait().code == -signal.SIGKILL
    assert time.monotonic() - killed < 60.0
    assert survivor.code == 1, survivor.stderr
    assert "error: another worker is gone" in survivor.stderr
    assert "they go on from the last checkpoint" in survivor.stderr
    assert steps(folder / "workers")[-1] < 20

    ends = [process.wait() for process in workers(folder, "--workdir=workers")]
    assert [end.code for end in ends] == [0, 0], [end.stderr for end in ends]
    assert "going on with workers from step" in ends[0].stdout
    assert "step 20: validation" in ends[0].stdout
    assert "validation" not in ends[1].stdout  # only the chief writes
    assert relative_difference(weights(folder / "one"), weights(folder / "workers")) < TOLERANCE


def test_launch_ends_with_the_error_of_a_worker(folder):
    flags = ("--workers=2", "--", *TRAIN, "--batch_size=15", "--workdir=odd")
    finished = run("launch", *flags, folder=folder)
    assert finished.code == 1
    assert "error: --batch_size=15 does not divide among 2 replicas" in finished.stdout
    assert "error: worker " in finished.stderr
    assert "ended with exit code 1" in finished.stderr
    assert not (folder / "odd").exists()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "is not set"),
        ("{", "is not valid JSON"),
        ("[]", "no list of host:port"),
        ('{"cluster": {"worker": []}}', "no list of host:port"),
        ('{"cluster": {"worker": ["host"]}}', "no list of host:port"),
        ('{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}}', "tasks other than `worker`"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "chief"}}', "tasks other than"),
        (
            '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
            "no task.index from 0 to 0",
        ),
    ],
)
def test_a_malformed_cluster(text, what):
    with pytest.raises(SynposeError, match=what) as error:
        distribution.read_cluster(text)
    assert "TF_CONFIG" in str(error.value)
    assert repr(text) in str(error.value)
    assert "synpose_tf.launch" in str(error.value)


def test_a_cluster(monkeypatch):
    text = '{"cluster": {"worker": ["a:1", "b:22"]}, "task": {"type": "worker", "index": 1}}'
    assert distribution.read_cluster(text) == (["a:1", "b:22"], 1)
    assert distribution.read_cluster(text.replace("1}}", '"0"}}'))[1] == 0


def test_the_command_refuses_a_malformed_cluster(folder):
    environment = {"TF_CONFIG": "{"}
    flags = (*TRAIN, "--strategy=multi_worker", "--workdir=none")
    finished = run("train", *flags, folder=folder, environment=environment)
    assert finished.code == 1
    assert "error: --strategy=multi_worker: TF_CONFIG is not valid JSON" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not os.path.exists(folder / "none")


class Replicas:
    """Stands for a strategy of some replicas where only their number matters."""

    def __init__(self, count):
        self.num_replicas_in_sync = count


def test_the_parts_of_a_batch():
    assert distribution.part_size(Replicas(4), 512) == 128
    with pytest.raises(SynposeError, match="--batch_size=512 .* among 3 replicas.* such as 510"):
        distribution.part_size(Replicas(3), 512)
    # Two batches of six examples, three replicas.
    parts = distribution.replica_parts(tf.range(12)[:, None], 3, 2, 2)[..., 0]
    assert parts.numpy().tolist() == [[0, 1, 6, 7], [2, 3, 8, 9], [4, 5, 10, 11]]
    batches = tf.data.Dataset.from_tensors({"x": tf.range(12.0)[:, None]})
    assert distribution.distribute(batches, tf.distribute.get_strategy(), 6, 2) is batches
    draws = tf.range(6.0)
    assert np.array_equal(replicas.own_part(draws, 0), draws)
