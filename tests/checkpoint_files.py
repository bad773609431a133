"""What a run has left in its folder, read without the package."""

import csv
import io
import json
import zipfile

import h5py
import numpy as np


def weights(workdir, checkpoint="last"):
    """Every array of a checkpoint, those of the optimizers too: path in the file to array."""
    archive = zipfile.ZipFile(workdir / "checkpoints" / f"{checkpoint}.keras")
    arrays = {}

    def collect(name, node):
        if isinstance(node, h5py.Dataset):
            arrays[name] = node[()]

    with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        file.visititems(collect)
    return arrays


def state(workdir, checkpoint="last"):
    """What a checkpoint says of the training, beside its arrays."""
    archive = zipfile.ZipFile(workdir / "checkpoints" / f"{checkpoint}.keras")
    return json.loads(archive.comment[8:])


def steps(workdir):
    """The steps that have a checkpoint of their own."""
    paths = workdir.glob("checkpoints/step_*.keras")
    return sorted(int(path.stem.removeprefix("step_")) for path in paths)


def history(workdir):
    """Rows of the history without the time that they took."""
    with (workdir / "history.csv").open(newline="") as handle:
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(handle)]
    for row in rows:
        del row["seconds"]
    return rows


def assert_identical(one, other):
    assert one.keys() == other.keys()
    assert [name for name in one if not np.array_equal(one[name], other[name])] == []


def relative_difference(one, other):
    """The largest over all arrays of their difference's norm by their own."""
    assert one.keys() == other.keys()
    differences = {
        name: np.linalg.norm(np.subtract(one[name], other[name], dtype=np.float64))
        / max(np.linalg.norm(one[name].astype(np.float64)), 1e-30)
        for name in one
    }
    return max(differences.values())
