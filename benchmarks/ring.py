"""How long a step of several workers takes: a closed formula, and a simulation beside it.

N workers in a ring add up `size` bytes in 2 (N - 1) rounds. In each, every worker sends one N-th
of them to the next one, which takes `hop` seconds and size / N / bandwidth.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np


@dataclasses.dataclass(frozen=True)
class Network:
    """What lies between two workers.

    Args:
        bandwidth: bytes a second, each way.
        hop: seconds that a message takes besides its bytes, in wires and in software.
    """

    bandwidth: float
    hop: float

    def round(self, size: float, workers: int) -> float:
        """Seconds of one of the 2 (N - 1) rounds."""
        return self.hop + size / workers / self.bandwidth


def exchange(sizes: Sequence[float], workers: int, network: Network) -> float:
    """Seconds of all-reduces one after another, each of so many bytes."""
    return 2 * (workers - 1) * sum(network.round(size, workers) for size in sizes)


def simulate(compute: np.ndarray, sizes: Sequence[float], network: Network) -> np.ndarray:
    """Steps played through, message by message; nobody goes on without its neighbour's.

    Args:
        compute: (steps, N), seconds that each worker computes in each step, in equal parts
            before, between and after the all-reduces.
        sizes: bytes of each all-reduce.
        network: between neighbours.

    Returns:
        (steps,), seconds from the common start to the end of the slowest worker.
    """
    workers = compute.shape[1]
    part = compute / (len(sizes) + 1)
    ready = np.zeros_like(compute)
    for size in sizes:
        ready += part
        for _ in range(2 * (workers - 1)):
            ready = np.maximum(ready, np.roll(ready, 1, axis=1)) + network.round(size, workers)
    return (ready + part).max(axis=1)
