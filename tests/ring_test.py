"""The cost model of distributed steps: the formula and the simulation of one ring."""

import pathlib
import sys

import numpy as np
import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "benchmarks"))

from ring import Network, exchange, simulate

SIZES = [12e6, 4.0, 2048.0]
NETWORK = Network(bandwidth=1e9, hop=1e-4)


def test_known_exchanges():
    """Two workers send every byte once; many, nearly twice; one, nothing."""
    assert exchange([1e9], 1, NETWORK) == 0.0
    assert exchange([1e9], 2, NETWORK) == pytest.approx(1.0 + 2 * 1e-4)
    assert exchange([1e9], 64, NETWORK) == pytest.approx(2 * 63 / 64 + 126 * 1e-4)


@pytest.mark.parametrize("workers", [1, 2, 5, 64])
def test_equal_workers_take_what_the_formula_says(workers):
    steps = simulate(np.full((3, workers), 0.2), SIZES, NETWORK)
    np.testing.assert_allclose(steps, 0.2 + exchange(SIZES, workers, NETWORK), rtol=1e-12)


def test_the_slowest_worker_is_waited_for():
    """Everywhere in the ring alike, once there are rounds enough to go around it."""
    alone = 0.2 + exchange(SIZES, 8, NETWORK)
    for slow in range(8):
        compute = np.full((1, 8), 0.2)
        compute[0, slow] = 1.0
        (step,) = simulate(compute, SIZES, NETWORK)
        assert step == pytest.approx(alone + 0.8)
