"""`publish`: a run becomes a lifter of the package, with a card of its own data."""

import json

import numpy as np
import pytest
from command_process import run
from motion_capture import VIEWS, write_archive

from synpose_tf.datasets import BUILDERS, prepared
from synpose_tf.datasets.h36m import testing
from synpose_tf.evaluation import metrics
from synpose_tf.inference.lifter import Lifter
from synpose_tf.training.checkpoint import Workdir

CMU, H36M = (f"{name}/{BUILDERS[name.split('/')[0]].VERSION}" for name in ("cmu_mocap", "h36m/gt"))
DATA = ("--manual_dir=data", "--data_dir=prepared", "--command=train it", "--output=weights")
FRAMES = 4


def new_run(path, model, dataset, **more):
    """A run of one validation."""
    workdir = Workdir(path)
    config = {"steps": 7, "method": "synchronized"}
    workdir.open_for({"version": "0", "dataset": dataset, "config": config, **more})
    workdir.write_history([{"step": 7, "seconds": 3.2}])
    workdir.save(model, step=7, state={}, best=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, new_model):
    """A user's folder: data, and runs on both data sets and on each."""
    folder = tmp_path_factory.mktemp("publish")
    write_archive(folder / "data")
    (folder / "data" / "h36m").mkdir()
    poses = {
        (subject, f"{action} 1"): testing.motion(FRAMES)
        for subject in ("S1", "S9")
        for action in ("Walking", "Eating")
    }
    testing.write_videopose3d(folder / "data" / "h36m", poses)
    model = new_model(mode="camera")
    new_run(folder / "both", model, CMU, mixed_with=[H36M])
    new_run(folder / "h36m", model, H36M, actions=["Eating"], detections={"poses": 3})
    new_run(folder / "old", model, "cmu_mocap/0.1.0")
    figures = {"walking detections": [61.23, 48.0], "walking views disagree": [50.0]}
    table = {"pretrained camera": {}, "both": figures}
    (folder / "unseen.json").write_text(json.dumps(table))
    return folder


def publish(folder, *flags):
    finished = run("publish", *DATA, *flags, folder=folder)
    assert finished.code == 0, finished.stderr
    return finished.stdout


def test_the_card_tells_of_the_runs_own_data(folder):
    text = publish(folder, "--workdir=both", "--name=ours", "--unseen=unseen.json")
    card = json.loads((folder / "weights" / "ours.json").read_text())
    assert (card["name"], card["mode"], card["method"]) == ("ours", "camera", "synchronized")
    assert card["trained_on"] == [CMU, H36M]
    assert card["training_data"] == [
        {"name": CMU, "views": VIEWS["train"], "clips": 2, "actions": ["sitting", "walking"]},
        {"name": H36M, "views": 2 * 4 * FRAMES, "actions": ["Eating", "Walking"]},
    ]
    assert f"{CMU}, 2 clips, {VIEWS['train']} views (sitting, walking)" in card["limits"]
    assert "mocap.cs.cmu.edu" in card["credit"]
    assert "Human3.6M" in card["credit"]
    assert (card["command"], card["steps"], card["training_seconds"]) == ("train it", 7, 3)
    assert card["unseen"]["walking detections"] == [61.2, 48.0]
    assert card["test_split"] == f"{CMU}, {VIEWS['test']} views"
    assert f"{card['metrics']['mpjpe']:.2f}" in text


def test_the_metrics_are_those_of_the_weights(folder):
    publish(folder, "--workdir=both", "--name=again")
    card = json.loads((folder / "weights" / "again.json").read_text())
    assert "unseen" not in card
    assert card["training_data"][0]["clips"] == 2  # Of the set as it was left by the first run.
    with np.load(folder / "weights" / "again.npz") as arrays:
        lifter = Lifter([arrays[key] for key in sorted(arrays)], card["mode"], card["distance"])
    source = prepared.Source("cmu_mocap", str(folder / "data"), str(folder / "prepared"))
    keys = ("keypoints_2d", "keypoints_3d", "intrinsics")
    views = prepared.read_split(prepared.prepare(source), "test", keys)
    poses = lifter.lift(views["keypoints_2d"], views["intrinsics"]).poses
    for name, values in metrics.pose_metrics(poses, views["keypoints_3d"]).items():
        assert card["metrics"][name] == pytest.approx(values.mean(), abs=0.006)


def test_other_peoples_data_get_no_credit_of_cmu(folder):
    """And the name is the mode's where none is given."""
    publish(folder, "--workdir=h36m")
    card = json.loads((folder / "weights" / "camera.json").read_text())
    assert "cmu" not in json.dumps(card).lower()
    assert "Human3.6M" in card["credit"]
    assert card["detections"] == {"poses": 3}
    (data,) = card["training_data"]
    assert data == {"name": H36M, "views": 4 * FRAMES, "actions": ["Eating"]}


@pytest.mark.parametrize(
    ("flags", "texts"),
    [
        (["--workdir=both", "--name=a/b"], ["'a/b'", "a-z"]),
        (["--workdir=both", "--unseen=none.json"], ["none.json", "No such file"]),
        (["--workdir=both", "--unseen=data/split.json"], ["split.json", "benchmarks/unseen.py"]),
        (["--workdir=h36m", "--unseen=unseen.json"], ["no figures of h36m", "both"]),
        (["--workdir=old"], ["cmu_mocap/0.1.0", f"{CMU} now", "train it again"]),
        (["--workdir=absent"], ["--workdir=absent", "no training run"]),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(folder, flags, texts):
    finished = run("publish", *DATA, "--output=none", *flags, folder=folder)
    assert finished.code == 1
    assert "Traceback" not in finished.stderr
    for text in texts:
        assert text in finished.stderr
    assert not (folder / "none").exists()
