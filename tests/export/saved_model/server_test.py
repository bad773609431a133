"""Clients over gRPC and REST against a server process that runs the exported SavedModel."""

import importlib.util
import json
import pathlib
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import grpc
import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from synpose_tf.export import verification

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
    return verification.inputs_of(trained)


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
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{url}:predict", b"[1, 2")
    assert refused.value.code == 400


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
