"""For every test: the real data that may lie beside the checkout, and several processes."""

import os
import pathlib

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # One of several processes: a core is its share.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        os.environ.setdefault(name, "1")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With `-n 2` the tests of a file stay together: they share what one of them makes."""
    if config.getoption("dist") != "load":
        return None
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False  # The slowest files have few tests.
    return LoadFileScheduling(config, log)


@pytest.fixture
def shared_data():
    """The folder of real data beside the project; the test skips where it is absent."""
    folder = pathlib.Path(__file__).resolve().parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data is absent: {folder}")
    return folder
