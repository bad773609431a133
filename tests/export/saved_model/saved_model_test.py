"""The SavedModel, by runtimes that know nothing of the model's code."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from synpose_tf.errors import SynposeError
from synpose_tf.export import verification
from synpose_tf.export.formats import FORMATS, Format, Tolerance
from synpose_tf.export.saved_model import c_api, command_line, writer

FORMAT = FORMATS["saved_model"]


@pytest.fixture(scope="module")
def sessions(saved_models):
    """Each SavedModel in TensorFlow's C library."""
    return {mode: c_api.SavedModel(folder) for mode, folder in saved_models.items()}


@pytest.mark.parametrize("mode", ["paper", "camera"])
def test_the_signatures_name_inputs_and_outputs(mode, sessions):
    inputs = {"paper": {"keypoints"}, "camera": {"keypoints", "intrinsics"}}[mode]
    found = {name: tuple(map(set, sides)) for name, sides in sessions[mode].signatures.items()}
    assert found == {
        "serving_default": (inputs, {"poses"}),
        "lift_and_reproject": (inputs, {"poses", "reprojected"}),
    }


@pytest.mark.parametrize("mode", ["paper", "camera"])
def test_requests_of_any_size_give_the_keras_models_poses(mode, sessions, lifters):
    inputs = lifters[mode].inputs
    inputs = {name: np.resize(a, (4096, *a.shape[1:])) for name, a in inputs.items()}
    expected = np.resize(lifters[mode].lifted, (4096, 17, 3))

    def poses(size, count):
        chunks = [
            sessions[mode].run(
                "serving_default", {name: a[i : i + size] for name, a in inputs.items()}
            )["poses"]
            for i in range(0, count, size)
        ]
        return np.concatenate(chunks)

    whole = poses(4096, 4096)
    np.testing.assert_allclose(whole, expected, atol=1e-4)
    np.testing.assert_allclose(poses(1, 100), whole[:100], atol=1e-4)
    np.testing.assert_allclose(poses(7, 700), whole[:700], atol=1e-4)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"keypoints": np.zeros((5, 16, 2), np.float32)}, r"\[5,16,2\].*expected shape \[\?,17,2"),
        ({"keypoints": np.zeros((34, 16, 2), np.float32)}, r"\[34,16,2\].*expected shape"),
        ({"keypoints": np.zeros((17, 2), np.float32)}, r"\[17,2\].*expected shape"),
        ({"keypoints": np.zeros((5, 17, 3), np.float32)}, r"\[5,17,3\].*expected shape"),
        ({"keypoints": np.zeros((5, 17, 2), np.int32)}, "int32"),
        ({"keypoints": np.zeros((5, 17, 2), np.float64)}, "float64"),
        ({"joints": np.zeros((5, 17, 2), np.float32)}, r"takes \['keypoints'\], found \['joints'"),
        ({}, r"takes \['keypoints'\], found \[\]"),
    ],
)
def test_requests_of_another_form_are_refused(inputs, message, sessions):
    with pytest.raises(c_api.CApiError, match=message):
        sessions["paper"].run("serving_default", inputs)


def test_an_unknown_signature_is_refused(sessions):
    with pytest.raises(c_api.CApiError, match="'predict'.*serving_default"):
        sessions["paper"].run("predict", {})


def test_a_folder_without_saved_model_is_refused(tmp_path):
    with pytest.raises(c_api.CApiError, match="SavedModel"):
        c_api.SavedModel(tmp_path)


@pytest.mark.parametrize("mode", ["paper", "camera"])
def test_the_warm_up_requests_run(mode, saved_models, sessions):
    path = saved_models[mode] / "assets.extra" / "tf_serving_warmup_requests"
    signatures = []
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record)
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        inputs = {key: tf.make_ndarray(tensor) for key, tensor in request.inputs.items()}
        outputs = sessions[mode].run(request.model_spec.signature_name, inputs)
        assert all(np.isfinite(array).all() for array in outputs.values())
        signatures.append((request.model_spec.signature_name, len(outputs["poses"])))
    assert sorted(signatures) == sorted(
        (name, size) for name in sessions[mode].signatures for size in writer.WARMUP_SIZES
    )


def test_saved_model_cli_runs_it(saved_models, lifters):
    inputs = {name: a[:50] for name, a in lifters["camera"].inputs.items()}
    poses = command_line.run(saved_models["camera"], inputs)
    np.testing.assert_allclose(poses, lifters["camera"].lifted[:50], atol=1e-4)


def test_saved_model_cli_says_why_it_cant(saved_models):
    inputs = {"keypoints": np.zeros((3, 16, 2), np.float32)}
    with pytest.raises(SynposeError, match="saved_model_cli can't run the export"):
        command_line.run(saved_models["paper"], inputs)


def test_verification_counts_the_worse_of_two_runtimes(saved_models, lifters):
    poses = lifters["paper"].lifted.copy()
    poses[3, 5] += 0.1
    format = dataclasses.replace(FORMAT, command_line=lambda folder, inputs: poses)
    (failure,) = verification.measure(format, saved_models["paper"], lifters["paper"]).failures
    assert "a joint differs" in failure


def test_verification_runs_without_tensorflows_python_or_ours(saved_models, lifters):
    measured = verification.measure(FORMAT, saved_models["camera"], lifters["camera"])
    assert measured.failures == ()
    assert measured.max_difference < 0.01
    assert measured.size == verification.folder_size(saved_models["camera"])
    assert 0 < measured.one_pose < measured.batch
    assert 50e6 < measured.peak_memory < 4e9


@pytest.mark.parametrize("package", ["tensorflow", "keras", "synpose_tf"])
def test_a_runtime_that_imports_model_code_fails(package, saved_models, lifters, tmp_path):
    runtime = tmp_path / "runtime.py"
    runtime.write_text(f"import {package}.version\n")
    format = Format("cheat", "", None, runtime, Tolerance(1.0, 1.0))
    with pytest.raises(SynposeError, match=f"runtime.py can't load.*{package}.*blocked"):
        verification.run_apart(format, saved_models["paper"], {"keypoints": np.zeros((1, 17, 2))})
