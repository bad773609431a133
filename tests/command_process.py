"""Runs the package's commands as a user does, each in a process of its own.

The processes are forked from one that has imported TensorFlow and started none of its
threads, so that a command costs its own time and not the seconds of that import.
"""

import dataclasses
import multiprocessing
import os
import pathlib
import resource
import runpy
import sys

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["synpose_tf.pipeline", "synpose_tf.training"])
_OUTPUT = (".stdout", ".stderr")

TINY_CONFIG = """
from synpose_tf.config import TrainConfig

def get_config():
    widths = {"generator_width": 16, "reprojection_width": 16, "critic_width": 16}
    return TrainConfig(
        steps=4, batch_size=16, validate_every=2, model=widths, optimizer={"jit_compile": False}
    )
"""


@dataclasses.dataclass(frozen=True)
class Finished:
    """How a command ended, and what it wrote."""

    code: int
    stdout: str
    stderr: str


def run(
    command: str,
    *flags: str,
    folder: pathlib.Path,
    file_size: int | None = None,
    timeout: float = 300.0,
) -> Finished:
    """Runs `python -m synpose_tf.<command> <flags>`.

    Args:
        command: `train`, `evaluate`, …
        flags: the command line.
        folder: the process's working folder.
        file_size: bytes that a file may have, as `ulimit -f` sets it; None for no limit.
        timeout: seconds until the command is killed.
    """
    process = _FORKS.Process(target=_become, args=(command, flags, folder, file_size))
    process.start()
    process.join(timeout)
    process.kill()
    process.join()
    return Finished(process.exitcode, *((folder / name).read_text() for name in _OUTPUT))


def _become(command, flags, folder, file_size):
    os.chdir(folder)
    for descriptor, name in zip((1, 2), _OUTPUT, strict=True):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    if file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    sys.argv = [command, *flags]
    runpy.run_module(f"synpose_tf.{command}", run_name="__main__", alter_sys=True)
