"""Starts the workers of a distributed training on this machine, to try it or to use its cores.

  python -m synpose_tf.launch --workers=2 -- --dataset=cmu_mocap --manual_dir=FOLDER

What stands after -- goes to `python -m synpose_tf.train --strategy=multi_worker`. When a worker
dies, the others are ended; the same command goes on from the last checkpoint. On several
machines, start one process on each instead: docs/scaling.md has recipes.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from absl import flags

from synpose_tf import cli
from synpose_tf.errors import SynposeError, TerminatedError

flags.DEFINE_integer("workers", 2, "How many processes.", lower_bound=1)
FLAGS = flags.FLAGS

# Seconds from SIGTERM to SIGKILL: of workers left alone, which can't do another step, and of
# all workers when the launcher is to end, which save a checkpoint.
ABANDONED = 5.0
ENDING = 60.0


def main(arguments: list[str]) -> None:
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(Worker(i, env, arguments)) for i, env in _cluster()]
        ending = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ending.set())
        failed = None
        while failed is None and not ending.wait(0.2) and any(w.running() for w in workers):
            failed = next((w for w in workers if w.code()), None)
        end(workers, ENDING if failed is None else ABANDONED)
        failed = failed or next((w for w in workers if w.code()), None)
    if ending.is_set():
        raise TerminatedError("terminated. The same command goes on from the last checkpoint.")
    if failed is not None:
        raise SynposeError(
            f"worker {failed.index} {failed.ending()}; the others were ended. The same command "
            "goes on from the last checkpoint."
        )


def _cluster():
    """Index and TF_CONFIG of each worker, on free ports of this machine."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(FLAGS.workers)]
        for held in sockets:
            held.bind(("localhost", 0))
        addresses = [f"localhost:{held.getsockname()[1]}" for held in sockets]
    for index in range(FLAGS.workers):
        task = {"type": "worker", "index": index}
        yield index, json.dumps({"cluster": {"worker": addresses}, "task": task})


class Worker:
    """One process of the training, its output passed on with its number before each line."""

    def __init__(self, index: int, tf_config: str, arguments: Sequence[str]):
        self.index = index
        self._process = subprocess.Popen(
            [sys.executable, "-m", "synpose_tf.train", "--strategy=multi_worker", *arguments],
            env={**os.environ, "TF_CONFIG": tf_config, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches the launcher alone.
        )
        self._reader = threading.Thread(target=self._pass_on, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._reader.join(timeout=10.0)

    def _pass_on(self):
        assert self._process.stdout is not None  # A pipe.
        for line in self._process.stdout:
            print(f"[{self.index}] {line}", end="", flush=True)

    def running(self) -> bool:
        return self._process.poll() is None

    def code(self) -> int | None:
        return self._process.poll()

    def terminate(self) -> None:
        self._process.terminate()

    def ending(self) -> str:
        code = self.code()
        if code is not None and code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"


def end(workers: Sequence[Worker], seconds: float) -> None:
    """Asks workers to end, and kills those that have not after some seconds."""
    for worker in workers:
        worker.terminate()
    deadline = time.monotonic() + seconds
    while any(worker.running() for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.1)


if __name__ == "__main__":
    cli.run(main, arguments=True)
