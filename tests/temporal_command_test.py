"""A lifter over time from the command line: trained, gone on with, evaluated, lifted with."""

import json

import numpy as np
import pytest
from command_process import run
from keypoint_files import walk, write
from motion_capture import write_archive

from synpose_tf.inference.lifter import Lifter
from synpose_tf.keypoints.layouts import COCO_17

DATA = ("--dataset=cmu_mocap", "--manual_dir=mocap", "--data_dir=data")
SMALL = ("--set=temporal_width=16", "--set=blocks=2", "--batch_size=4", "--noxla")


def succeed(command, *flags, folder):
    finished = run(command, *flags, folder=folder)
    assert finished.code == 0, finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Motion capture, a run of each method, and somebody's keypoints."""
    folder = tmp_path_factory.mktemp("temporal")
    write_archive(folder / "mocap")
    for config in ("robust_temporal", "robust_temporal_synchronized"):
        flags = (f"--config={config}", f"--workdir={config}", "--steps=2", "--validate_every=2")
        succeed("train", *DATA, *SMALL, *flags, folder=folder)
    write("results", folder, [walk(COCO_17)])
    return folder


@pytest.mark.parametrize("method", ["robust_temporal", "robust_temporal_synchronized"])
def test_evaluated_and_lifted_with(method, folder):
    text = succeed("evaluate", f"--workdir={method}", *DATA, folder=folder)
    assert "step 2" in text
    assert "MPJVE" in text
    flags = ("--formats=npz", "--fps=30", f"--workdir={method}")
    text = succeed("lift", "results.json", *flags, "--output=in_time", folder=folder)
    assert "corrected by the frames around" in text
    text = succeed(
        "lift", "results.json", *flags, "--output=alone", "--temporal=off", folder=folder
    )
    assert "corrected by" not in text
    poses = {name: np.load(folder / name / "results.npz")["poses"] for name in ("in_time", "alone")}
    assert poses["in_time"].shape == poses["alone"].shape
    assert (poses["in_time"] != poses["alone"]).any()


def test_validation_is_what_lifting_gives(folder):
    """The bound of the adversarial one counts, too."""
    for method in ("robust_temporal", "robust_temporal_synchronized"):
        rows = succeed("evaluate", f"--workdir={method}", *DATA, folder=folder)
        (path,) = (folder / method / "evaluation").glob("*_last.json")
        figure = json.loads(path.read_text())["rows"]["all poses"]["mpjpe"]
        history = (folder / method / "history.csv").read_text().splitlines()
        row = dict(zip(history[0].split(","), history[-1].split(","), strict=True))
        # Validation takes some of the poses, here all.
        assert figure == pytest.approx(float(row["val_mpjpe"]), rel=1e-3), rows


def test_a_run_that_sees_what_comes_is_not_causal(folder):
    finished = run("lift", "results.json", "--causal", "--workdir=robust_temporal", folder=folder)
    assert finished.code == 1
    assert "has no causal network over time" in finished.stderr


def test_another_lifter_of_single_frames_is_refused(folder):
    flags = ("--config=robust_temporal", "--set=single=camera", "--workdir=other")
    finished = run("train", *DATA, *flags, folder=folder)
    assert finished.code == 1
    assert "single='camera' is a lifter of mode 'camera'" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_single_pictures_are_refused(folder):
    flags = ("--config=robust_temporal", "--dataset=synthetic_pose", "--workdir=other")
    finished = run("train", *flags, "--data_dir=data", folder=folder)
    assert finished.code == 1
    assert "synthetic_pose/default/2.0.0 has 10 frames a second" in finished.stderr


def test_the_run_is_one_in_python(folder):
    lifter = Lifter.from_workdir(folder / "robust_temporal_synchronized")
    assert lifter.temporal.bound == 0.15
    assert lifter.temporal.receptive_field == 9


@pytest.mark.slow
def test_exported(folder):
    flags = ("--workdir=robust_temporal_synchronized", *DATA, "--output=out")
    text = succeed("export", *flags, "--formats=saved_model_recordings", folder=folder)
    assert "centred, as trained" in text
    refused = run("export", *flags, "--formats=tflite_stream_int8", folder=folder)
    assert refused.code == 1
    assert "needs a causal network over time, and this run's is centred" in refused.stderr
