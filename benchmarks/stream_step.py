"""How long a .tflite file of live video takes for a frame, on one core.

  python benchmarks/stream_step.py exported/tflite_stream_int8/1/lifter.tflite [MORE FILES]

Least and median of 5,000 frames, microseconds: keypoints and state are handed in, the network runs,
pose and state are taken out. Normalising is not counted. Several files take turns.
"""

import os
import sys
import time

import numpy as np
from ai_edge_litert.interpreter import Interpreter

FRAMES, TURNS = 1_000, 5


class Step:
    """A file's step, as an app runs it."""

    def __init__(self, path):
        self.times = []
        self._interpreter = Interpreter(model_path=path, num_threads=1)
        self._interpreter.allocate_tensors()
        # The state is the one with as many axes as the pose, and more frames than joints.
        self._inputs = self._interpreter.get_input_details()
        outputs = self._interpreter.get_output_details()
        shapes = [tuple(d["shape"]) for d in self._inputs]
        (self._given,) = [d for d in self._inputs if _is_state(d)]
        (self._next,) = [d for d in outputs if tuple(d["shape"]) in shapes and _is_state(d)]
        (self._pose,) = [d for d in outputs if d is not self._next]
        self._state = np.zeros(self._given["shape"], np.float32)

    def frame(self, rng):
        rest = [d for d in self._inputs if d is not self._given]
        values = [rng.normal(0.0, 0.5, d["shape"]).astype(np.float32) for d in rest]
        start = time.perf_counter()
        for details, value in zip(rest, values, strict=True):
            self._interpreter.set_tensor(details["index"], value)
        self._interpreter.set_tensor(self._given["index"], self._state)
        self._interpreter.invoke()
        self._state = self._interpreter.get_tensor(self._next["index"])
        self._interpreter.get_tensor(self._pose["index"])
        self.times.append(time.perf_counter() - start)


def _is_state(details):
    return len(details["shape"]) == 3 and details["shape"][2] > 3


def main(paths):
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    steps, rng = [Step(path) for path in paths], np.random.default_rng(0)
    for _ in range(TURNS):
        for step in steps:
            for _ in range(FRAMES):
                step.frame(rng)
    for path, step in zip(paths, steps, strict=True):
        least, median = 1e6 * min(step.times), 1e6 * np.median(step.times)
        print(f"{path}: {least:.1f}, {median:.1f} µs")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
