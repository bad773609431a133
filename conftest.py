"""Fixtures for every test: the real data that may lie beside the checkout."""

import pathlib

import pytest


@pytest.fixture
def shared_data():
    """The folder of real data beside the project; the test skips where it is absent."""
    folder = pathlib.Path(__file__).resolve().parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data is absent: {folder}")
    return folder
