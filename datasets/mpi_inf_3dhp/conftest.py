"""The motion that the tests write into files of the data set's layout."""

import pathlib

import numpy as np
import pytest


@pytest.fixture(scope="module")
def motion():
    """(F, 17, 3) world millimetres: real motion capture, or a smooth one where it is absent."""
    root = pathlib.Path(__file__).resolve().parents[2]
    archive = root.parent / "shared/data/cmu_positions/cmu_h36m17_30hz.npz"
    if archive.is_file():
        with np.load(archive) as clips:
            world = 1000 * np.asarray(clips[clips.files[0]][:120], np.float64)
    else:
        rest = np.random.default_rng(0).normal(scale=(200, 200, 400), size=(17, 3))
        turn = np.linspace(0, np.pi, 120)[:, None, None]
        sway = 100 * np.sin(turn + np.arange(17)[:, None])
        world = rest + sway + np.array([0, 0, 900.0])
    return world - world[:, :1].mean(0) * [1, 1, 0]
