"""Clients over gRPC and REST against a server process that runs the exported SavedModel."""

import contextlib
import http.client
import importlib.util
import json
import pathlib
import re
import subprocess
import sys
import threading
import time
import urllib.request

import grpc
import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from synpose_tf.export.saved_model import rest_request
from synpose_tf.export.saved_model.c_api import SavedModel
from synpose_tf.export.saved_model.server import Servable, serve_rest

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "examples" / "serving"
CLIENTS = 8


@pytest.fixture(scope="module")
def trained(lifters):
    """The lifter that is served: camera mode, with 3,840 views."""
    return lifters["camera"]


@pytest.fixture(scope="module")
def server(saved_models):
    """Addresses of a server process: `grpc` and `rest`."""
    folder = saved_models["camera"].parent
    command = [sys.executable, "-m", "synpose_tf.export.serve", f"--model={folder}"]
    with subprocess.Popen(
        [*command, "--port=0", "--rest_port=0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        said = "".join(iter(process.stdout.readline, "Stop with Ctrl-C.\n"))
        try:
            yield {
                "grpc": re.search(r"gRPC +(\S+)", said)[1],
                "rest": re.search(r"REST +(http://[^/]+)", said)[1],
            }
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def inputs(trained):
    """`keypoints` and `intrinsics` of the views."""
    return trained.inputs


def example(name):
    """An example client as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_grpc_client_lifts(server, inputs, trained):
    client = example("grpc_client")
    stub = client.connect(server["grpc"])
    poses = client.lift(stub, inputs["keypoints"], inputs["intrinsics"], timeout=120)
    np.testing.assert_allclose(poses, trained.lifted, atol=1e-4)


def test_the_grpc_client_tells_what_the_server_refuses(server, inputs):
    client = example("grpc_client")
    stub = client.connect(server["grpc"])
    keypoints, intrinsics = inputs["keypoints"][:5], inputs["intrinsics"][:5]
    with pytest.raises(grpc.RpcError) as refused:
        client.lift(stub, keypoints[:, :16], intrinsics)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "[5,16,2]" in refused.value.details()
    with pytest.raises(grpc.RpcError) as refused:
        client.lift(stub, keypoints)
    assert "intrinsics" in refused.value.details()
    with pytest.raises(grpc.RpcError) as refused:
        client.lift(stub, keypoints, intrinsics, model="other")
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND


def test_the_grpc_command_writes_poses(server, inputs, trained, tmp_path, monkeypatch, capsys):
    keypoints = inputs["keypoints"][:32].copy()  # One motion, one camera.
    keypoints[3, 4] = np.nan
    np.save(tmp_path / "keypoints.npy", keypoints)
    camera = ",".join(str(value) for value in inputs["intrinsics"][0].tolist())
    flags = [f"--keypoints={tmp_path}/keypoints.npy", f"--output={tmp_path}/poses.npy"]
    monkeypatch.setattr(
        sys, "argv", ["client", f"--server={server['grpc']}", f"--camera={camera}", *flags]
    )
    example("grpc_client").main()
    assert "32 poses, 1 of them not liftable" in capsys.readouterr().out
    poses = np.load(tmp_path / "poses.npy")
    assert np.isnan(poses[3]).all()
    good = np.arange(32) != 3
    np.testing.assert_allclose(poses[good], trained.lifted[:32][good], atol=1e-4)


def test_the_rest_command_writes_poses(server, inputs, trained, tmp_path):
    keypoints = inputs["keypoints"][:32].tolist()
    keypoints[3][4][0] = float("nan")
    (tmp_path / "keypoints.json").write_text(json.dumps(keypoints))
    camera = ",".join(str(value) for value in inputs["intrinsics"][0].tolist())
    finished = subprocess.run(
        [sys.executable, EXAMPLES / "rest_client.py", f"--server={server['rest']}"]
        + ["--keypoints=keypoints.json", "--output=poses.json", f"--camera={camera}"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert "32 poses, 1 of them not liftable" in finished.stdout
    poses = np.array(json.loads((tmp_path / "poses.json").read_text()))
    assert np.isnan(poses[3]).all()
    good = np.arange(32) != 3
    np.testing.assert_allclose(poses[good], trained.lifted[:32][good], atol=1e-4)


def test_the_rest_client_tells_what_the_server_refuses(server, inputs):
    client = example("rest_client")
    keypoints = inputs["keypoints"][:2].tolist()
    with pytest.raises(client.ServerError, match="intrinsics"):
        client.lift(keypoints, server=server["rest"])
    with pytest.raises(client.ServerError, match="no model 'other'"):
        client.lift(keypoints, server=server["rest"], model="other")


def test_rest_by_rows_and_its_status(server, inputs, trained):
    url = f"{server['rest']}/v1/models/synpose"
    with urllib.request.urlopen(url) as response:
        assert json.load(response)["model_version_status"][0]["state"] == "AVAILABLE"
    rows = [{name: a[i].tolist() for name, a in inputs.items()} for i in range(3)]
    for signature in ("serving_default", "lift_and_reproject"):
        body = json.dumps({"signature_name": signature, "instances": rows}).encode()
        with urllib.request.urlopen(f"{url}:predict", body) as response:
            answers = json.load(response)["predictions"]
        if signature == "lift_and_reproject":
            assert set(answers[0]) == {"poses", "reprojected"}
            answers = [answer["poses"] for answer in answers]
        np.testing.assert_allclose(answers, trained.lifted[:3], atol=1e-4)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[1, 2", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 200_000, "no JSON"),
        ([1, 2], 'either "instances" or "inputs"'),
        ({}, 'either "instances" or "inputs"'),
        ({"instances": [], "inputs": {}}, 'either "instances" or "inputs"'),
        ({"instances": []}, "one or more rows"),
        ({"instances": 5}, "one or more rows"),
        ({"instances": [[[1, 2]] * 17]}, "takes ['intrinsics', 'keypoints']: name the inputs"),
        ({"inputs": [[[1, 2]] * 17]}, "takes ['intrinsics', 'keypoints']: name the inputs"),
        ({"inputs": None}, "name the inputs"),
        ({"instances": [{"keypoints": [[1, 2]] * 17}]}, "instances[0]: expected an object of"),
        ({"instances": [{}, 3]}, "instances[0]: expected an object of"),
        ({"inputs": {"keypoints": [[[1, 2]] * 17]}}, "takes ['intrinsics', 'keypoints'], found"),
        ({"inputs": {"keypoints": [[1, 2], [3]], "intrinsics": [1]}}, "keypoints: expected lists"),
        ({"inputs": {"keypoints": [["1", "2"]], "intrinsics": [1]}}, "keypoints: expected lists"),
        ({"inputs": {"keypoints": [[None, 2]], "intrinsics": [1]}}, "keypoints: expected lists"),
        ({"inputs": {"keypoints": [[10**400]], "intrinsics": [1]}}, "keypoints: expected lists"),
        ({"inputs": {"keypoints": {}, "intrinsics": [1]}}, "keypoints: expected lists"),
        ({"inputs": {}, "signature_name": 3}, "signature_name is '3'"),
        ({"inputs": {}, "signature_name": "dance"}, "no signature 'dance'"),
    ],
)
def test_rest_refuses_in_words_and_keeps_the_connection(body, words, server, rest_connection):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    rest_connection.request("POST", "/v1/models/synpose:predict", body)
    answer = rest_connection.getresponse()
    text = json.loads(answer.read())["error"]
    assert answer.status == 400
    assert words in text
    rest_connection.request("GET", "/v1/models/synpose")
    assert json.loads(rest_connection.getresponse().read())["model_version_status"]


@pytest.fixture
def rest_connection(server):
    address = server["rest"].removeprefix("http://")
    with contextlib.closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        yield connection


def test_rest_refuses_a_body_of_unknown_length(rest_connection):
    rest_connection.putrequest("POST", "/v1/models/synpose:predict")
    rest_connection.putheader("Transfer-Encoding", "chunked")
    rest_connection.endheaders()  # It is refused before a body; one that is sent may meet a reset.
    answer = rest_connection.getresponse()
    assert (answer.status, b"Content-Length" in answer.read()) == (411, True)


@pytest.mark.parametrize("path", ["/v1/models/synpose/versions/7:predict", "/v1", "/:predict"])
def test_rest_knows_one_version_at_one_place(path, rest_connection):
    rest_connection.request("POST", path, b"{}")
    answer = rest_connection.getresponse()
    assert (answer.status, "error" in json.loads(answer.read())) == (404, True)


@pytest.mark.parametrize("named", [True, False])
def test_a_single_input_needs_no_name(named):
    """As TensorFlow Serving's REST API has it, in row and in column format."""
    keypoints = np.arange(3 * 17 * 2).reshape(3, 17, 2).tolist()
    rows = [{"keypoints": pose} for pose in keypoints] if named else keypoints
    columns = {"keypoints": keypoints} if named else keypoints
    for body, by_row in (({"instances": rows}, True), ({"inputs": columns}, False)):
        request = rest_request.parse(json.dumps(body).encode(), lambda signature: ["keypoints"])
        assert (request.signature, request.by_row) == ("serving_default", by_row)
        np.testing.assert_array_equal(request.inputs["keypoints"], keypoints)
        assert request.inputs["keypoints"].dtype == np.float32


def test_a_server_of_a_single_input_lifts_without_names(saved_models, lifters):
    servable = Servable("synpose", 1, SavedModel(saved_models["paper"]))
    rest = serve_rest(servable, "localhost", 0)
    url = f"http://localhost:{rest.server_port}/v1/models/synpose/versions/1:predict"
    keypoints = lifters["paper"].inputs["keypoints"][:3].tolist()
    try:
        for asked, told in (("instances", "predictions"), ("inputs", "outputs")):
            with urllib.request.urlopen(url, json.dumps({asked: keypoints}).encode()) as response:
                answers = json.load(response)[told]
            np.testing.assert_allclose(answers, lifters["paper"].lifted[:3], atol=1e-4)
    finally:
        rest.shutdown()
        rest.server_close()


def test_concurrent_clients_get_their_own_poses(server, inputs, trained):
    """Eight at once; `benchmarks/serving.py` does the same for a minute."""
    client = example("grpc_client")
    stub = client.connect(server["grpc"])
    end = time.monotonic() + 3.0
    sent, wrong = [0] * CLIENTS, []

    def run(number):
        rng = np.random.default_rng(number)
        while time.monotonic() < end:
            rows = rng.integers(0, len(inputs["keypoints"]), rng.integers(1, 65))
            keypoints, intrinsics = inputs["keypoints"][rows], inputs["intrinsics"][rows]
            poses = client.lift(stub, keypoints, intrinsics, timeout=120)
            if not np.allclose(poses, trained.lifted[rows], atol=1e-4):
                wrong.append((number, rows))
            sent[number] += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert min(sent) > 0


def test_the_models_config_is_tensorflow_servings():
    config = text_format.Parse(
        (EXAMPLES / "models.config").read_text(), model_server_config_pb2.ModelServerConfig()
    )
    (model,) = config.model_config_list.config
    assert model.name == "synpose"
    assert model.model_platform == "tensorflow"


def test_the_server_needs_a_version_folder(tmp_path):
    finished = subprocess.run(
        [sys.executable, "-m", "synpose_tf.export.serve", f"--model={tmp_path}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 1
    assert "no version folder there" in finished.stderr
