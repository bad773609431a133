"""Runs an export in a process of its own, by a runtime that needs no model code.

  python probe.py RUNTIME.py FOLDER INPUTS.npz OUTPUTS.npz

Imports of synpose_tf, Keras and TensorFlow fail in this process. Writes the poses of all
inputs, the latency of one pose and of a batch on one core, and the process's peak memory. An export
over time takes pieces of recordings, of which one lasts as long as its poses together.
Run as a file, so that nothing of the package is imported.
"""

import importlib.util
import os
import sys
import time
from typing import Any

import numpy as np

BLOCKED = ("synpose_tf", "keras", "tf_keras", "tensorflow")
REQUEST = 4096  # Poses a request, for the poses of all inputs.
BATCH = 256  # Poses a request, for the latency of a batch.


class _Blocker:
    """Refuses to import the blocked packages."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{name} is blocked in this process")


def _load(runtime, folder):
    spec = importlib.util.spec_from_file_location("runtime", runtime)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load(folder)


def _median_seconds(call, least_calls, seconds):
    """Median time of a call, over at least so many calls and so many seconds."""
    for _ in range(3):
        call()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < least_calls or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def peak_memory() -> float:
    """The process's peak resident memory, bytes; NaN where the system does not tell.

    Not `ru_maxrss` where Linux tells more: a child begins with its parent's.
    """
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            line = next(line for line in status if line.startswith("VmHWM"))
        return 1024.0 * int(line.split()[1])
    except (OSError, StopIteration):
        try:
            import resource
        except ImportError:
            return float("nan")
        unit = 1 if sys.platform == "darwin" else 1024
        return float(unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def main(runtime: str, folder: str, inputs_path: str, outputs_path: str) -> None:
    """Loads, lifts, measures, writes."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sys.meta_path.insert(0, _Blocker())
    with np.load(inputs_path) as archive:
        inputs = {name: archive[name] for name in archive.files}
    run = _load(runtime, folder)
    count, *frames = inputs["keypoints"].shape[:-2]
    poses_each = int(np.prod(frames))  # 1 for an export that lifts each pose alone.
    request, batch = (max(size // poses_each, 1) for size in (REQUEST, BATCH))

    def lift(start, size):
        return run({name: a[start : start + size] for name, a in inputs.items()})["poses"]

    poses = np.concatenate([lift(start, request) for start in range(0, count, request)])
    figures = {
        "one_pose_s": _median_seconds(lambda: lift(0, 1), 200 // poses_each, 0.3) / poses_each,
        "batch_s": _median_seconds(lambda: lift(0, batch), 20, 0.3),
        "peak_memory": peak_memory(),
    }
    np.savez(outputs_path, poses=poses, **figures)


if __name__ == "__main__":
    main(*sys.argv[1:])
