"""Lifters as .tflite files: what they compute, hold and say, and what they refuse."""

import json
import pathlib
import types
import zipfile

import flatbuffers
import numpy as np
import pytest
import tensorflow as tf

from synpose_tf.errors import SynposeError
from synpose_tf.export.tflite import calibration, depth_network
from synpose_tf.inference import pretrained
from synpose_tf.models import networks
from synpose_tf.structures.skeleton import H36M_17

pytest.importorskip("ai_edge_litert")
litert = pytest.importorskip("synpose_tf.export.tflite.litert")
tflite = pytest.importorskip("synpose_tf.export.tflite.writer")
compact = pytest.importorskip("synpose_tf.export.tflite.compact")
quantization_aware = pytest.importorskip("synpose_tf.export.tflite.qat")
schema = pytest.importorskip("ai_edge_litert.schema_py_generated")

# FULLY_CONNECTED, MUL, ADD and RESHAPE are in the lists of XNNPACK (for 8 bits as well), NNAPI and
# the GPU delegate; all three take QUANTIZE and DEQUANTIZE where types change.
EVERYWHERE = {"FULLY_CONNECTED", "MUL", "ADD", "RESHAPE", "QUANTIZE", "DEQUANTIZE"}


@pytest.fixture(scope="module")
def folders(lifter, tmp_path_factory):
    """By precision: a folder with the exported file."""
    made = {}
    for precision in ("float32", "float16", "dynamic", "int8", "integer"):
        made[precision] = tmp_path_factory.mktemp(precision)
        tflite.write(lifter, made[precision], precision)
    return made


def path(folders, precision):
    return folders[precision] / "lifter.tflite"


def contents(file: pathlib.Path):
    """Names of the ops, and of the types of their tensors by op."""

    def names(enum):
        return {value: name for name, value in vars(enum).items() if name.isupper()}

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(file.read_bytes()))
    ops, types_ = names(schema.BuiltinOperator), names(schema.TensorType)
    graph = model.subgraphs[0]
    return [
        (
            ops[model.operatorCodes[op.opcodeIndex].builtinCode],
            {types_[graph.tensors[i].type] for i in (*op.inputs, *op.outputs)},
        )
        for op in graph.operators
    ]


def relative_error(found, expected):
    return np.sqrt(((found - expected) ** 2).mean()) / expected.std()


# === The network ===


def test_folded_network_is_the_generator(generator, layers, poses):
    expected = np.array(generator(poses))
    np.testing.assert_allclose(calibration.depths(layers, poses), expected, atol=1e-4)
    network = depth_network.DepthNetwork(layers)
    found = network.depths(tf.constant(poses[:1]))["depths"]
    np.testing.assert_allclose(found, expected[:1], atol=1e-5)


def test_keras_2_twin_is_the_generator(generator, layers, poses):
    twin = pytest.importorskip("synpose_tf.export.tflite.keras2_twin")
    model = twin.build(layers)
    found = model(poses.reshape(len(poses), -1))
    np.testing.assert_allclose(found, np.array(generator(poses)), atol=1e-4)
    assert set(layers) <= {layer.name for layer in model.layers}


# === The files ===


@pytest.mark.parametrize(
    ("precision", "error"),
    [("float32", 1e-5), ("float16", 1e-3), ("dynamic", 0.02), ("int8", 0.05), ("integer", 0.05)],
)
def test_file_gives_the_poses_of_keras(folders, lifter, views, precision, error):
    found = litert.Lifter(path(folders, precision))(views["keypoints_2d"], views["intrinsics"])
    depths = lifter.lifted[..., 2]
    assert relative_error(found[..., 2], depths) < error
    assert relative_error(found, lifter.lifted) < error


@pytest.mark.parametrize("precision", ["float32", "float16", "dynamic", "int8", "integer"])
def test_every_op_is_one_that_the_delegates_list(folders, precision):
    assert {op for op, _ in contents(path(folders, precision))} <= EVERYWHERE


def test_8_bits_throughout(folders):
    ops = contents(path(folders, "integer"))
    assert not [op for op, _ in ops if op.endswith("QUANTIZE")]
    assert set.union(*(kinds for _, kinds in ops)) == {"INT8", "INT32"}  # Biases, shapes have 32.


def check_floats_at_the_ends(ops):
    """The first layer and the last in floats, 8 bits between; an op for each change."""
    names = [op for op, _ in ops]
    begin, end = names.index("QUANTIZE"), names.index("DEQUANTIZE")
    assert names.count("QUANTIZE") == names.count("DEQUANTIZE") == 1
    assert set.union(*(kinds for _, kinds in ops[begin + 1 : end])) == {"INT8", "INT32"}
    assert names[:begin] == ["RESHAPE", "FULLY_CONNECTED", "MUL", "ADD"]
    assert names[end + 1 :] == ["FULLY_CONNECTED"]
    for op, kinds in (*ops[1:begin], *ops[end + 1 :]):
        assert kinds == {"FLOAT32"}, op


def test_8_bits_between_floats(folders):
    check_floats_at_the_ends(contents(path(folders, "int8")))


def test_unusual_poses_are_not_cut_off(layers, poses, folders):
    """Poses four times as large as all that calibrated: their depths leave every 8-bit range."""
    spread = 4.0 * poses
    expected = calibration.depths(layers, spread)
    usual = np.abs(calibration.depths(layers, poses)).max()
    assert np.abs(expected).max() > 3.0 * usual
    found = tflite.run(path(folders, "int8").read_bytes(), spread)
    assert np.abs(found).max() > 1.5 * usual
    assert relative_error(found, expected) < 0.5


def test_ranges(layers, poses):
    """All but the rarest values, and inside the network a margin."""
    given, inside = poses.copy(), "block0_unit0"
    given[0, 3, 0], given[1, 5, 1] = 9.0, -9.0
    ranges = calibration.ranges(layers, given)
    depths = calibration.depths(layers, given)
    for name, tensor in (("given", given), ("last", depths)):
        low, high = ranges[name]
        outside = ((tensor < low) | (tensor > high)).mean()
        assert 0.0 < outside < 2e-4
        assert max(-low, high) < 9.0
    assert ranges["first_raised"][0] == 0.0
    x = given.reshape(len(given), -1) @ layers["first"].kernel + layers["first"].bias
    x = np.maximum(x, 0.2 * x) @ layers[inside].kernel + layers[inside].bias
    low, high = np.array(ranges[inside]) / calibration.WIDER
    outside = ((x < low) | (x > high)).mean()
    assert 0.0 < outside < 2e-4
    inner = depth_network.inner(ranges, layers)
    assert set(ranges) - set(inner) == {"given", "first", "first_raised", "last"}


def test_8_bits_run_in_one_piece_on_xnnpack(folders):
    interpreter = litert.Interpreter(model_path=str(path(folders, "int8")))
    interpreter.allocate_tensors()
    ops = [op["op_name"] for op in interpreter._get_ops_details()]
    assert ops.count("DELEGATE") == 1


def test_sizes(folders):
    size = {precision: path(folders, precision).stat().st_size for precision in folders}
    assert size["float16"] < 0.51 * size["float32"]
    for precision in ("dynamic", "integer"):
        assert size[precision] <= 0.27 * size["float32"]
    assert size["int8"] <= 0.29 * size["float32"]


@pytest.mark.parametrize("mode", ["paper", "camera"])
def test_size_of_the_lifters_that_come_with_the_package(mode, poses):
    network = networks.Generator(**{k: pretrained.card(mode)[k] for k in ("width", "blocks")})
    network.build()
    network.set_weights(pretrained.load(mode).weights)
    layers = depth_network.fold(network)
    ranges = depth_network.inner(calibration.ranges(layers, poses[:50]), layers)
    floats, int8 = (
        tflite.with_metadata(tflite.convert(network, precision), tflite.about("", mode, 13.0))
        for network, precision in (
            (depth_network.DepthNetwork(layers), "float32"),
            (depth_network.DepthNetwork(layers, ranges), "int8"),
        )
    )
    assert len(int8) <= 0.31 * len(floats)


def test_equal_arrays_are_written_once(folders, poses):
    compact_file = path(folders, "int8").read_bytes()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(compact_file))
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    loose = bytes(builder.Output())
    found = compact.compact(loose)
    # Of the zero points' 8 vectors of 512, the first is left, and so are the names of 2 tensors.
    assert len(found) < len(loose) - 6 * 8 * 512
    names = [tensor.name for tensor in model.subgraphs[0].tensors if tensor.name]
    assert len(names) == 2
    np.testing.assert_array_equal(tflite.run(found, poses), tflite.run(loose, poses))
    buffers = [schema.Model.GetRootAs(found).Buffers(i) for i in range(len(model.buffers))]
    starts = [b._tab.Vector(b._tab.Offset(4)) for b in buffers if b.DataLength()]
    assert starts
    assert not any(start % 16 for start in starts)


def test_signature_and_types(folders):
    for precision, kind in (("float32", np.float32), ("int8", np.float32), ("integer", np.int8)):
        interpreter = litert.Interpreter(model_path=str(path(folders, precision)))
        signature = {"inputs": ["keypoints"], "outputs": ["depths"]}
        assert interpreter.get_signature_list() == {"serving_default": signature}
        given, got = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        assert (list(given["shape"]), list(got["shape"])) == ([1, 17, 2], [1, 17])
        assert given["dtype"] is got["dtype"] is kind


def test_metadata_is_read_by_any_zip_tool(folders):
    with zipfile.ZipFile(path(folders, "integer")) as archive:
        metadata = json.loads(archive.read("lifter.json"))
    assert metadata["joints"] == list(H36M_17.joints)
    assert metadata["normalization"] == {"mode": "camera", "distance": 13.0}
    assert metadata["version"]
    assert metadata["input"]["type"] == "int8"
    assert metadata["output"]["scale"] > 0


def test_the_same_file_each_time(lifter, folders, tmp_path):
    tflite.write(lifter, tmp_path, "float32")
    assert (tmp_path / "lifter.tflite").read_bytes() == path(folders, "float32").read_bytes()


def test_paper_mode(make_lifter, generator, views, tmp_path):
    paper = make_lifter(generator, views, "paper")
    tflite.write(paper, tmp_path, "float32")
    found = litert.Lifter(tmp_path / "lifter.tflite")(views["keypoints_2d"])
    np.testing.assert_allclose(found, paper.lifted, atol=1e-4)


def test_verified_without_the_packages_own_code(folders, lifter):
    formats = pytest.importorskip("synpose_tf.export.formats")
    verification = pytest.importorskip("synpose_tf.export.verification")
    measured = verification.measure(formats.FORMATS["tflite_float32"], folders["float32"], lifter)
    assert not measured.failures
    assert measured.max_difference < 0.01
    assert measured.size == path(folders, "float32").stat().st_size


def test_quantization_aware_training(poses):
    """Eight bits in a few steps, from ranges that begin well, and that are learned."""
    pytest.importorskip("tensorflow_model_optimization")
    small = networks.Generator(width=32, blocks=1)
    small.build()
    rng = np.random.default_rng(0)
    small.last.kernel.assign(rng.normal(0.0, 0.3, small.last.kernel.shape))
    layers = depth_network.fold(small)
    depths = calibration.depths(layers, poses)
    network = quantization_aware.fine_tune(layers, poses, depths, steps=30)
    balanced = calibration.balance(layers, poses)
    before = depth_network.inner(calibration.ranges(balanced, poses), layers)
    assert list(network.layers) == list(layers)
    assert set(network.ranges) == set(before)
    assert all(tuple(network.ranges[name]) != ends for name, ends in before.items())
    content = tflite.convert(network, "int8")
    assert relative_error(tflite.run(content, poses), depths) < 0.05
    ops = contents(types.SimpleNamespace(read_bytes=lambda: content))
    assert {op for op, _ in ops} <= EVERYWHERE
    check_floats_at_the_ends(ops)


# === Bad input ===


def test_a_joint_that_is_not_finite_spoils_its_own_row_alone(folders, views):
    lifter = litert.Lifter(path(folders, "int8"))
    keypoints, intrinsics = views["keypoints_2d"][:5].copy(), views["intrinsics"][:5].copy()
    expected = lifter(keypoints, intrinsics)
    keypoints[1, 4, 0], keypoints[2, 0, 1], intrinsics[4, 3] = np.nan, np.inf, np.nan
    found = lifter(keypoints, intrinsics)
    assert np.isnan(found[[1, 2, 4]]).all()
    np.testing.assert_array_equal(found[[0, 3]], expected[[0, 3]])
    assert np.isnan(lifter(keypoints[1:2], intrinsics[1:2])).all()


@pytest.mark.parametrize("shape", [(17, 2), (3, 16, 2), (3, 17, 3), (1, 3, 17, 2)])
def test_another_shape_is_refused(folders, shape):
    with pytest.raises(ValueError, match="keypoints must be"):
        litert.Lifter(path(folders, "float32"))(np.zeros(shape), np.ones((3, 9)))


def test_missing_intrinsics_are_refused(folders, views):
    lifter = litert.Lifter(path(folders, "float32"))
    with pytest.raises(ValueError, match="needs the intrinsics"):
        lifter(views["keypoints_2d"])
    with pytest.raises(ValueError, match="intrinsics must be"):
        lifter(views["keypoints_2d"], views["intrinsics"][0])


def test_calibration_refuses_bad_poses(layers, poses):
    spoiled = poses.copy()
    spoiled[7, 3] = np.nan
    with pytest.raises(SynposeError, match=r"1 of 1280 .* NaN or infinite .* number 7"):
        tflite.calibrated(layers, spoiled)
    with pytest.raises(SynposeError, match="999 training poses are too few, 1000"):
        tflite.calibrated(layers, poses[:999])
    with pytest.raises(SynposeError, match=r"found an array \(1280, 34\)"):
        tflite.calibrated(layers, poses.reshape(-1, 34))


def test_an_export_that_can_not_calibrate_leaves_nothing(make_lifter, generator, views, tmp_path):
    few = {key: a[:50] for key, a in views.items()}
    with pytest.raises(SynposeError, match="50 training poses are too few"):
        tflite.write(make_lifter(generator, few, "camera"), tmp_path, "int8")
    assert not list(tmp_path.iterdir())
