"""The .tflite files of live video."""

import exported
import numpy as np
import pytest

from synpose_tf.export import verification
from synpose_tf.export.formats import FORMATS
from synpose_tf.export.tflite import litert, stream_writer
from synpose_tf.inference.lifter import Lifter
from synpose_tf.inference.stream import PoseStream


@pytest.fixture(scope="module", params=["paper", "camera"])
def lifter(request, new_model, synthetic_views):
    return exported.recordings_lifter(new_model, synthetic_views, request.param, "causal")


@pytest.fixture(scope="module")
def folders(lifter, tmp_path_factory):
    """By precision."""
    found = {p: tmp_path_factory.mktemp(f"stream_{p}") for p in stream_writer.PRECISIONS}
    for precision, folder in found.items():
        stream_writer.write(lifter, folder, precision)
    return found


def recording(lifter):
    """(64, 17, 2) pixels, and (9,) or None."""
    intrinsics = lifter.inputs.get("intrinsics")
    return lifter.inputs["keypoints"][0], None if intrinsics is None else intrinsics[0]


def test_frame_by_frame_as_the_packages_stream(lifter, folders):
    keypoints, intrinsics = recording(lifter)
    weights = lifter.model.averaged_generator.get_weights()
    own = Lifter(weights, lifter.mode, 13.0, temporal=lifter.network)
    expected = PoseStream(own, 30.0, intrinsics, doubt=False)
    stream = litert.Stream(folders["float32"] / "lifter.tflite")
    for frame in keypoints:
        np.testing.assert_allclose(stream(frame, intrinsics), expected.lift(frame), atol=2e-4)
    stream.begin()
    first = stream(keypoints[0], intrinsics)
    np.testing.assert_allclose(
        first, PoseStream(own, 30.0, intrinsics, doubt=False).lift(keypoints[0]), atol=2e-4
    )


def test_a_frame_without_a_pose_is_left_out(lifter, folders):
    keypoints, intrinsics = recording(lifter)
    streams = [litert.Stream(folders["float32"] / "lifter.tflite") for _ in range(2)]
    for frame in keypoints[:5]:
        poses = [stream(frame, intrinsics) for stream in streams]
        assert np.isnan(streams[0](np.full((17, 2), np.nan), intrinsics)).all()
    np.testing.assert_array_equal(*poses)


def test_filled_in_joints_are_told_apart(lifter, folders):
    keypoints, intrinsics = recording(lifter)
    stream = litert.Stream(folders["float32"] / "lifter.tflite")
    all_seen = stream(keypoints[0], intrinsics)
    stream.begin()
    seen = np.ones(17)
    seen[3] = 0.0
    assert np.abs(stream(keypoints[0], intrinsics, seen) - all_seen).max() > 1e-3


def test_8_bits_are_near_and_smaller(lifter, folders):
    keypoints, intrinsics = recording(lifter)
    given = {"keypoints": keypoints[None]}
    if intrinsics is not None:
        given["intrinsics"] = intrinsics[None]
    exact, rounded = (litert.load(folders[p])(given)["poses"] for p in ("float32", "int8"))
    difference = np.linalg.norm(exact - rounded, axis=-1)
    assert 0.0 < difference.mean() < 0.05 * np.linalg.norm(exact, axis=-1).mean()
    details = litert.Stream(folders["int8"] / "lifter.tflite")._interpreter.get_tensor_details()
    kernels = [d for d in details if tuple(d["shape"]) == (24, 72)]  # The three convolutions.
    assert len(kernels) == 3
    assert all(kernel["dtype"] is np.int8 for kernel in kernels)


def test_signature_and_what_the_file_says(lifter, folders):
    path = folders["int8"] / "lifter.tflite"
    signature = litert.Interpreter(model_path=str(path)).get_signature_list()["serving_default"]
    about = litert.read_metadata(path)
    assert sorted(signature["inputs"]) == sorted(about["inputs"]) == ["keypoints", "seen", "state"]
    assert sorted(signature["outputs"]) == sorted(about["outputs"]) == ["corrected", "state"]
    assert about["inputs"]["state"]["shape"] == [1, 26, 24]
    assert about["begin"] == 27


def test_wrong_shapes_are_refused(lifter, folders):
    stream = litert.Stream(folders["float32"] / "lifter.tflite")
    with pytest.raises(ValueError, match=r"\(17, 2\)"):
        stream(np.zeros((5, 17, 2)))
    if lifter.mode == "camera":
        with pytest.raises(ValueError, match="intrinsics"):
            stream(np.zeros((17, 2)))


def test_verified(lifter, folders):
    measured = verification.measure(FORMATS["tflite_stream_float32"], folders["float32"], lifter)
    assert not measured.failures
    assert measured.over_time == "causal"
