"""Runs one of the package's commands in an interpreter of its own, and says what it took."""

import dataclasses
import os
import subprocess
import sys
import time

# The process tells its peak itself: what the kernel tells of a child begins with its parent's.
_MEASURED = """
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
finally:
    from synpose_tf.export.probe import peak_memory
    print(peak_memory(), file=sys.stderr)
"""


@dataclasses.dataclass(frozen=True)
class Taken:
    """What a command took.

    Args:
        wall, processor: seconds, from start to end.
        memory: peak resident memory, MB (1e6 bytes).
    """

    wall: float
    processor: float
    memory: float


def run(command: str, *arguments: str) -> Taken:
    """Runs `python -m synpose_tf.<command>`.

    Raises:
        RuntimeError: it fails; with what it wrote to the terminal.
    """
    start, before = time.perf_counter(), os.times()
    finished = subprocess.run(
        [sys.executable, "-c", _MEASURED, f"synpose_tf.{command}", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    wall, after = time.perf_counter() - start, os.times()
    if finished.returncode:
        raise RuntimeError(f"{command}: exit code {finished.returncode}\n{finished.stderr}")
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return Taken(wall, used, float(finished.stderr.split()[-1]) / 1e6)
