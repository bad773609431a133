"""`python -m synpose_tf.export` as a user runs it, on a tiny run."""

import importlib.util
import json
import os
import shutil

import keras
import numpy as np
import pytest
from command_process import run
from motion_capture import VIEWS, write_archive

from synpose_tf.datasets import prepared
from synpose_tf.errors import SynposeError
from synpose_tf.export import formats, trained
from synpose_tf.export.saved_model import c_api
from synpose_tf.export.web import bundle
from synpose_tf.inference.lifter import Lifter
from synpose_tf.training.checkpoint import Workdir
from synpose_tf.version import __version__

DATA = ("--manual_dir=mocap", "--data_dir=data")
RUN = {"version": __version__, "dataset": "cmu_mocap/2.0.0", "config": {"steps": 0}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, new_model):
    """A user's folder with motion capture, and a run in camera mode in `run`."""
    folder = tmp_path_factory.mktemp("export")
    write_archive(folder / "mocap")
    workdir = Workdir(folder / "run")
    workdir.open_for(RUN)
    workdir.save(new_model(mode="camera"), step=0, state={}, best=False)
    return folder


@pytest.fixture(scope="module")
def exported(folder):
    """The first export of that run, into `out`."""
    flags = ("--workdir=run", "--output=out", "--formats=saved_model")
    finished = run("export", *flags, *DATA, folder=folder)
    assert finished.code == 0, finished.stderr
    return finished


def export(folder, *flags):
    """Runs a command that must fail, and returns its message."""
    finished = run("export", *flags, folder=folder)
    assert finished.code == 1
    assert "Traceback" not in finished.stderr
    return finished.stderr[finished.stderr.index("error: ") :]


def test_the_table_is_printed_and_written(exported, folder):
    assert f"verified on {VIEWS['test']} test poses of cmu_mocap/2.0.0" in exported.stdout
    assert "saved_model  out/saved_model/1" in exported.stdout
    tree = json.loads((folder / "out" / "verification.json").read_text())
    (row,) = tree["exports"]
    assert row["format"] == "saved_model"
    assert row["failures"] == []
    assert row["max_difference"] < 0.01
    for text in (exported.stdout, (folder / "out" / "verification.md").read_text()):
        assert f"{row['mpjpe']:.2f}" in text
        assert f"{row['size'] / 1e6:.2f}" in text


def test_the_folder_is_what_tensorflow_serving_loads(exported, folder):
    version = folder / "out" / "saved_model" / "1"
    assert {"saved_model.pb", "variables", "assets.extra"} <= set(os.listdir(version))
    model = c_api.SavedModel(version)
    assert set(model.signatures["serving_default"][0]) == {"keypoints", "intrinsics"}


def test_the_card_says_what_the_model_is(exported, folder):
    version = folder / "out" / "saved_model" / "1"
    card = json.loads((version / "model_card.json").read_text())
    assert card["weights"] == "run, checkpoint last"
    assert card["normalization"] == "camera"
    assert card["joints"][:2] == ["Hip", "RHip"]
    assert card["training_data"][0]["name"] == "cmu_mocap/2.0.0"
    assert "mocap.cs.cmu.edu" in card["training_data"][0]["citation"]
    assert card["evaluation"]["poses"] == VIEWS["test"]
    text = (version / "README.md").read_text()
    for part in ("x right, y\ndown, z forward", "pixels", "Apache-2.0", "NSF EIA-0196217"):
        assert part in text or part.replace("\n", " ") in text
    assert f"{card['evaluation']['keras']['mpjpe']:.2f}" in text
    assert str(folder) not in text  # Nobody else's business.


def test_a_pretrained_lifter_is_exported_without_a_run(folder, monkeypatch):
    monkeypatch.chdir(folder)
    lifter = trained.from_pretrained("paper", prepared.Source("cmu_mocap", "mocap", "data"))
    assert trained.check_lifter(lifter.model, lifter.origin) is lifter.model
    keypoints = lifter.test["keypoints_2d"][:9]
    np.testing.assert_allclose(
        lifter.lifted[:9], Lifter.from_pretrained("paper").lift(keypoints).poses, atol=1e-4
    )


def test_there_is_one_source(folder):
    for flags in ([], ["--workdir=run", "--pretrained=paper"]):
        message = export(folder, "--output=none", *flags)
        assert "--workdir" in message or "workdir" in message
        assert "pretrained" in message


def test_the_source_must_hold_a_run(folder):
    message = export(folder, "--workdir=absent", "--output=none")
    assert "--workdir=absent: no training run there" in message
    assert not (folder / "none").exists()


def test_the_run_must_hold_a_checkpoint(folder):
    shutil.copytree(folder / "run", folder / "empty", ignore=lambda *_: ["checkpoints"])
    with pytest.raises(SynposeError, match="last.keras is missing"):
        trained.from_workdir(folder / "empty", "last", prepared.Source(None))


def test_a_checkpoint_of_another_architecture_is_refused(folder):
    shutil.copytree(folder / "run", folder / "other")
    model = keras.Sequential([keras.Input((34,)), keras.layers.Dense(51)])
    model.save(Workdir(folder / "other").checkpoint("last"))
    with pytest.raises(SynposeError, match="last.keras: holds a Sequential, which has no lifter"):
        trained.from_workdir(folder / "other", "last", prepared.Source(None))


def test_a_model_that_lifts_by_something_else_is_refused():
    class Other:
        mode, distance = "paper", 0.0
        averaged_generator = keras.layers.Dense(17)

    with pytest.raises(SynposeError, match="run: holds a Dense.*--method=synchronized"):
        trained.check_lifter(Other(), "run")


def test_the_output_must_be_a_folder_that_can_be_written(folder):
    (folder / "file").write_text("mine")
    assert "--output=file: is a file" in export(folder, "--workdir=run", "--output=file", *DATA)
    assert (folder / "file").read_text() == "mine"


def test_by_default_servers_and_phones_get_theirs(folder):
    """And the other formats are named; this archive is too small to calibrate 8 bits on."""
    finished = run("export", "--workdir=run", "--output=default", *DATA, folder=folder)
    assert "formats  saved_model, tflite_int8; --formats names others: tflite_" in finished.stdout
    assert ", web, saved_model_recordings" in finished.stdout
    assert (folder / "default" / "saved_model" / "1" / "README.md").is_file()
    assert finished.code == 1
    assert "training poses are too few" in finished.stderr


def test_the_default_is_what_the_installed_packages_can_do(monkeypatch):
    found = importlib.util.find_spec
    absent = ("ai_edge_litert",)
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n in absent else found(n))
    names, reasons = formats.default()
    assert names == ["saved_model"]
    assert reasons == [
        "--formats=tflite_int8 needs ai-edge-litert: pip install 'synpose_tf[export]'"
    ]
    absent = ("ai_edge_litert", "tensorflow_serving")
    with pytest.raises(SynposeError, match="tensorflow-serving-api"):
        formats.default()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--formats=web", "--detector_model=absent"], "--detector_model=absent: can't be read"),
        (["--formats=web", "--detector_model=file.task"], "file.task: is no MediaPipe bundle"),
        (["--formats=saved_model", "--serve"], "--serve serves the page: it needs --formats=web"),
    ],
)
def test_what_the_page_needs_is_asked_for_first(folder, flags, message):
    (folder / "file.task").write_text("no bundle")
    if bundle.find("npm") is None:
        pytest.skip("npm is not installed")
    assert message in export(folder, "--workdir=absent", "--output=none", *flags)


def test_without_a_network_the_page_asks_for_the_detectors_model(folder, monkeypatch):
    if bundle.find("npm") is None:
        pytest.skip("npm is not installed")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # Nobody listens there.
    message = export(folder, "--workdir=absent", "--output=none", "--formats=web")
    assert "the detector's model can't be fetched" in message
    assert "--detector_model=FILE" in message


def test_an_unknown_format_is_refused_before_anything_is_read(folder):
    message = export(folder, "--workdir=absent", "--output=none", "--formats=saved_model,onnx")
    assert "'onnx' is no format; formats are saved_model" in message


def test_a_disk_that_is_full_leaves_nothing(folder):
    finished = run(
        "export", "--workdir=run", "--output=full", *DATA, folder=folder, file_size=8192
    )  # fmt: skip
    assert finished.code == 1
    assert "Traceback" not in finished.stderr
    assert "error: " in finished.stderr
    assert [p for p in (folder / "full").rglob("*") if p.is_file()] == []


def test_the_exported_model_lifts_as_the_checkpoint(exported, folder):
    model = Workdir(folder / "run").load("last")
    rng = np.random.default_rng(0)
    keypoints = rng.normal(500.0, 100.0, (7, 17, 2)).astype(np.float32)
    intrinsics = np.tile(np.array([1145, 1144, 512, 515, 0, 0, 0, 0, 0], np.float32), (7, 1))
    inputs = {"keypoints": keypoints, "intrinsics": intrinsics}
    poses = c_api.SavedModel(folder / "out" / "saved_model" / "1").run("serving_default", inputs)
    expected = model({"keypoints_2d": keypoints, "intrinsics": intrinsics}).numpy()
    np.testing.assert_allclose(poses["poses"], expected, atol=1e-4)


@pytest.mark.slow
def test_over_time(folder):
    """From the package's own lifter, with motion to verify it on."""
    flags = ("--pretrained=camera", "--output=over_time", *DATA)
    formats_of = "--formats=saved_model_recordings,tflite_stream_int8"
    finished = run("export", *flags, formats_of, folder=folder)
    assert finished.code == 0, finished.stderr
    tree = json.loads((folder / "over_time" / "verification.json").read_text())
    assert [row["over_time"] for row in tree["exports"]] == ["centred", "causal"]
    assert "causal, as trained" in finished.stdout
    card = (folder / "over_time" / "saved_model_recordings" / "1" / "README.md").read_text()
    assert "`keypoints` (batch, frames, 17, 2)" in card


def test_a_run_of_single_frames_has_nothing_over_time(folder):
    flags = ("--workdir=run", "--output=none", "--formats=tflite_stream_int8", *DATA)
    assert "no network over time (causal) belongs to this lifter" in export(folder, *flags)
    assert not (folder / "none").exists() or not any((folder / "none").rglob("*.tflite"))
