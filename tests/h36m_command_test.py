"""Training and evaluating on Human3.6M, from a folder in each of its three forms."""

import json

import command_process
import numpy as np
import pytest

from synpose_tf.datasets.h36m import takes, testing

FRAMES = 8


def _poses():
    """Every action of one training and one test subject, as the data set has them: `<action> 1`."""
    return {
        (subject, f"{action} 1"): testing.motion(FRAMES, seed)
        for seed, (subject, action) in enumerate(
            (s, a) for s in ("S1", "S9") for a in reversed(takes.ACTIONS)
        )
    }


@pytest.mark.parametrize("form", ["official", "videopose3d", "martinez"])
def test_trains_and_evaluates_in_the_papers_order(form, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    getattr(testing, f"write_{form}")(source, _poses())
    (tmp_path / "tiny.py").write_text(command_process.TINY_CONFIG)
    data = ("--dataset=h36m", f"--manual_dir={source}", "--data_dir=data", "--workdir=run")

    # The method that takes least to train: here it's the data that matters.
    flags = ("--config=tiny.py", "--method=mean", "--steps=1", *data)
    trained = command_process.run("train", *flags, folder=tmp_path)
    assert trained.code == 0, trained.stderr
    assert "S11 Directions" in trained.stdout

    evaluated = command_process.run("evaluate", *data, folder=tmp_path)
    assert evaluated.code == 0, evaluated.stderr
    (table,) = (tmp_path / "run" / "evaluation").glob("*_last.json")
    rows = json.loads(table.read_text())["rows"]
    assert list(rows) == [*takes.ACTIONS, "mean of actions", "all poses"]
    assert np.isfinite([list(row.values()) for row in rows.values()]).all()
    places = [evaluated.stdout.index(f"\n{action} ") for action in takes.ACTIONS]
    assert places == sorted(places)
