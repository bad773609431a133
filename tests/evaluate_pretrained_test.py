"""`evaluate --pretrained`: the lifters of the package on a user's data, without a run."""

import csv
import json

import numpy as np
import pytest
from command_process import run
from motion_capture import write_archive

from synpose_tf.datasets import actions, prepared
from synpose_tf.datasets.h36m import takes, testing
from synpose_tf.evaluation import metrics, motion
from synpose_tf.evaluation.tables import MEASURED
from synpose_tf.geometry.camera import h36m_cameras
from synpose_tf.inference import pretrained
from synpose_tf.inference.lifter import Lifter
from synpose_tf.structures.skeleton import H36M_32, MPII_16
from synpose_tf.training import clips

CMU = ("--dataset=cmu_mocap", "--manual_dir=mocap", "--data_dir=data")
H36M = ("--dataset=h36m/sh_ft_h36m,h36m/gt", "--manual_dir=h36m", "--data_dir=data")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Motion capture, and poses of Human3.6M with a detector's 16 joints."""
    folder = tmp_path_factory.mktemp("evaluate")
    write_archive(folder / "mocap")
    (folder / "h36m").mkdir()
    poses = {
        ("S9", f"{action} 1"): testing.motion(4, seed)
        for seed, action in enumerate(("Walking", "Eating"))
    }
    names = ["Nose" if name == "UpperNeck" else name for name in MPII_16.joints]
    joints = [H36M_32.index(name) for name in names]
    detections = {
        (subject, take, name): camera.project(camera.to_camera(points[:, joints]))
        for (subject, take), points in poses.items()
        for name, camera in h36m_cameras()[subject].items()
        if name in takes.CAMERAS
    }
    testing.write_videopose3d(folder / "h36m", poses, detections, "sh_ft_h36m")
    return folder


def evaluate(folder, *flags):
    finished = run("evaluate", *flags, folder=folder)
    assert finished.code == 0, finished.stderr
    return finished.stdout


def views(folder, dataset, files, *more):
    source = prepared.Source(dataset, str(folder / files), str(folder / "data"))
    keys = ("keypoints_2d", "keypoints_3d", "intrinsics", *more)
    return prepared.read_split(prepared.prepare(source), "test", keys)


def mpjpe(lifter, views):
    poses = lifter.lift(views["keypoints_2d"], views["intrinsics"]).poses
    return metrics.pose_metrics(poses, views["keypoints_3d"])["mpjpe"].mean()


@pytest.mark.parametrize("name", ["camera", "paper"])
def test_the_default_table(folder, name):
    text = evaluate(folder, f"--pretrained={name}", *CMU)
    path = folder / "evaluation" / name / f"cmu_mocap_test_{name}"
    report = json.loads(path.with_suffix(".json").read_text())
    assert report["caption"] in text
    for data in pretrained.card(name)["trained_on"]:
        assert data in report["caption"]
    assert f"the {name} lifter of synpose_tf" in report["caption"]
    assert f"; {name} normalisation\nWarning: cmu_mocap's training" in report["caption"]
    assert report["card"] == pretrained.card(name)
    expected = mpjpe(Lifter.from_pretrained(name), views(folder, "cmu_mocap", "mocap"))
    assert report["rows"]["all poses"]["mpjpe"] == pytest.approx(expected, rel=1e-4)
    assert path.with_suffix(".md").read_text().startswith(report["caption"])
    assert path.with_suffix(".csv").exists()


def test_clips_are_corrected_in_time_and_their_motion_told(folder):
    text = evaluate(folder, "--pretrained=paper", "--temporal=centred", *CMU, "--actions=walking")
    stem = folder / "evaluation" / "paper" / "cmu_mocap_test_paper_centred"
    report = json.loads(stem.with_suffix(".json").read_text())
    assert "corrected in time (centred)" in report["caption"]
    seen = views(folder, "cmu_mocap", "mocap", *clips.KEYS, "action")
    seen = actions.select_actions(seen, ["walking"])
    firsts = np.unique(clips.Clips.find(seen, 30.0, "mocap").first)
    lifter, poses, figures = Lifter.from_pretrained("paper", "centred"), [], []
    for rows in np.split(np.arange(len(seen["frame"])), firsts[1:]):
        times = np.arange(len(rows)) / 30.0
        poses.append(lifter.lift(seen["keypoints_2d"][rows], times=times).poses)
        figures.append(motion.clip_metrics(poses[-1], seen["keypoints_3d"][rows]))
    expected = metrics.pose_metrics(np.concatenate(poses), seen["keypoints_3d"])["mpjpe"].mean()
    assert report["rows"]["all poses"]["mpjpe"] == pytest.approx(expected, rel=1e-4)
    with stem.with_name(f"{stem.name}_motion.csv").open(newline="") as handle:
        row = next(row for row in csv.DictReader(handle) if row["name"] == motion.ALL_CLIPS)
    mpjve = np.mean([figure["mpjve"] for figure in figures])  # The clips are equally long.
    assert float(row["MPJVE"]) == pytest.approx(mpjve, rel=1e-3)
    assert "at 30 frames a second" in text


def test_a_split_that_trained_the_lifter(folder):
    flags = ("--split=train", "--actions=walking", "--noise=3", "--output=out")
    text = evaluate(folder, "--pretrained=camera", *CMU, *flags)
    assert "Warning: cmu_mocap's training split trained this lifter.\n" in text
    assert "; walking only; 2D with noise of 3 px\n" in text
    assert (folder / "out" / "cmu_mocap_train_camera.json").exists()


def test_detections_and_what_they_lack(folder):
    """A row for each source. Joints that the detector does not give are filled in."""
    text = evaluate(folder, "--pretrained=camera", *H36M)
    assert "Warning" not in text
    lifter, figures = Lifter.from_pretrained("camera"), {}
    for kind in ("sh_ft_h36m", "gt"):
        path = folder / "evaluation" / "camera" / f"h36m_{kind}_test_camera.json"
        figures[kind] = json.loads(path.read_text())["rows"]["all poses"]["mpjpe"]
    seen = views(folder, "h36m/sh_ft_h36m", "h36m", "confidence")
    derived = mpjpe(lifter, seen)
    seen["keypoints_2d"][seen["confidence"] == 0] = np.nan
    assert figures["sh_ft_h36m"] == pytest.approx(mpjpe(lifter, seen), rel=1e-4)
    assert abs(figures["sh_ft_h36m"] - derived) > 0.1
    assert figures["gt"] == pytest.approx(mpjpe(lifter, views(folder, "h36m/gt", "h36m")), rel=1e-4)


@pytest.mark.parametrize(
    ("number", "data", "name", "rows"),
    [
        (1, H36M, "h36m_sh_ft_h36m", {"h36m/sh_ft_h36m", "h36m/gt"}),
        (2, H36M, "h36m_sh_ft_h36m", {"h36m/sh_ft_h36m", "h36m/gt"}),
        (3, CMU, "cmu_mocap", {"no noise, MPJPE", "N(0, 20), only z"}),
        (4, CMU, "cmu_mocap", {"walking", "standing", "all poses"}),
    ],
)
def test_the_papers_tables(folder, number, data, name, rows):
    text = evaluate(folder, "--pretrained=paper", *data, f"--table={number}")
    path = folder / "evaluation" / "paper" / f"table_{number}_{name}_test.csv"
    with path.open(newline="") as handle:
        table = list(csv.DictReader(handle))
    measured = {row["name"] for row in table if row["source"] == MEASURED}
    assert rows <= measured
    assert any(row["source"] != MEASURED for row in table) == (data is H36M)
    assert "the paper lifter of synpose_tf" in text
    assert ("Warning" in text) == (data is CMU)


@pytest.mark.parametrize(
    ("flags", "texts"),
    [
        (CMU, ["workdir", "pretrained"]),
        (["--pretrained=camera", "--workdir=run", *CMU], ["workdir", "pretrained"]),
        (["--pretrained=camera"], ["--pretrained=camera", "Name one", "--dataset=cmu_mocap"]),
        (["--pretrained=cat", *CMU], ["--pretrained=cat", "It has: camera"]),
        (["--pretrained=camera", "--checkpoint=best", *CMU], ["--checkpoint", "Leave"]),
        (["--pretrained=camera", "--dataset=cats"], ["'cats'", "cmu_mocap"]),
        (["--workdir=run", "--temporal=causal", *CMU], ["--temporal=causal", "by itself"]),
        (
            ["--pretrained=camera", "--temporal=causal", "--dataset=synthetic_pose"],
            ["synthetic_pose", "10 frames a second"],
        ),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(folder, flags, texts):
    finished = run("evaluate", *flags, "--output=none", folder=folder)
    assert finished.code == 1
    assert "Traceback" not in finished.stderr
    for text in texts:
        assert text in finished.stderr
    assert not (folder / "none").exists()
