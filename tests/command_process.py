"""Runs the package's commands as a user does, each in a process of its own.

The processes are forked from one that has imported TensorFlow and started none of its
threads, so that a command costs its own time and not the seconds of that import.
"""

import dataclasses
import fnmatch
import multiprocessing
import os
import pathlib
import resource
import runpy
import signal
import sys
import threading
import time
import zipfile

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "synpose_tf.datasets.prepared",
        "synpose_tf.training.loop",
        "synpose_tf.inference.lifter",
        "matplotlib.backends.backend_agg",  # These a training imports when it first writes.
        "tensorboard.summary",
    ]
)

TINY_CONFIG = """
from synpose_tf.config import TrainConfig

def get_config():
    widths = {"generator_width": 16, "reprojection_width": 16, "critic_width": 16}
    return TrainConfig(
        steps=4, batch_size=16, validate_every=2, model=widths, optimizer={"jit_compile": False}
    )
"""
# Flags that train it on `motion_capture.write_archive("mocap")`.
TINY_TRAINING = (
    "--dataset=cmu_mocap", "--manual_dir=mocap", "--data_dir=data", "--config=tiny.py",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Kill:
    """When a command's process dies by SIGKILL.

    Args:
        below: folder, relative to the command's own.
        operation: the how manieth operation on files of `names` below it the process dies at.
        names: pattern of the files' names.
        kinds: which operations count, as Python's audit events call them; of `open`, those for
            writing.
        delay: seconds from then on; 0 for just before the operation.
        slowness: seconds that 64 kB of a checkpoint take to write.
    """

    below: str
    operation: int
    names: str = "*"
    kinds: tuple[str, ...] = ("open", "os.rename", "os.link", "os.remove")
    delay: float = 0.0
    slowness: float = 0.0


@dataclasses.dataclass(frozen=True)
class Finished:
    """How a command ended, and what it wrote."""

    code: int
    stdout: str
    stderr: str


class Running:
    """A command in a process of its own.

    Args:
        command: `train`, `evaluate`, …
        flags: the command line.
        folder: the process's working folder.
        file_size: bytes that a file may have, as `ulimit -f` sets it; None for no limit.
        kill: when the process dies; None for not at all.
        name: tells processes of one folder apart.
        environment: variables to set.
    """

    def __init__(
        self,
        command: str,
        *flags: str,
        folder: pathlib.Path,
        file_size: int | None = None,
        kill: Kill | None = None,
        name: str = "",
        environment: dict[str, str] | None = None,
    ):
        self._outputs = [folder / f"{name}{ending}" for ending in (".stdout", ".stderr")]
        arguments = (command, flags, folder, self._outputs, environment or {}, file_size, kill)
        self._process = _FORKS.Process(target=_become, args=arguments)
        self._process.start()

    def wait(self, timeout: float = 300.0) -> Finished:
        """How it ended; it is killed when it has not in time."""
        self._process.join(timeout)
        self.kill()
        self._process.join()
        return Finished(self._process.exitcode, *(path.read_text() for path in self._outputs))

    def terminate(self) -> None:
        """Asks it to end, by SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def run(command: str, *flags: str, timeout: float = 300.0, **options) -> Finished:
    """Runs `python -m synpose_tf.<command> <flags>` to its end; see `Running`."""
    return Running(command, *flags, **options).wait(timeout)


def _become(command, flags, folder, outputs, environment, file_size, kill):
    os.chdir(folder)
    os.environ.update(environment)
    for descriptor, path in zip((1, 2), outputs, strict=True):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    if file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    if kill is not None:
        _die_at(kill)
    sys.argv = [command, *flags]
    runpy.run_module(f"synpose_tf.{command}", run_name="__main__", alter_sys=True)


def _die_at(kill):
    folder = os.path.realpath(kill.below)
    left = kill.operation

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    def hook(event, args):
        nonlocal left
        if event not in kill.kinds or not isinstance(args[0], (str, os.PathLike)):
            return
        if event == "open" and not (isinstance(args[1], str) and args[1][0] in "wax"):
            return
        path = os.path.realpath(os.fspath(args[0]))
        if path.startswith(folder) and fnmatch.fnmatch(os.path.basename(path), kill.names):
            left -= 1
            if left == 0 and kill.delay:
                threading.Timer(kill.delay, die).start()
            elif left == 0:
                die()

    sys.addaudithook(hook)
    if kill.slowness:
        _slow_down_archives(kill.slowness)


def _slow_down_archives(seconds):
    """Lets what is written into an archive reach the disk piece by piece."""
    write = zipfile._ZipWriteFile.write

    def slow_write(self, data):
        data = memoryview(data).cast("B")
        for begin in range(0, len(data), 1 << 16):
            write(self, data[begin : begin + (1 << 16)])
            self._fileobj.flush()
            time.sleep(seconds)
        return len(data)

    zipfile._ZipWriteFile.write = slow_write
