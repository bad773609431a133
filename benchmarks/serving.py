"""Concurrent clients against a server process that runs an exported SavedModel.

  python benchmarks/serving.py --model=FOLDER/saved_model

Each client sends requests of 1 to --largest poses over gRPC, one after another, and compares
every answer with what the SavedModel gave for those poses when they were asked alone. Prints how
many requests were lost or answered with another's poses, and the latency.
"""

import collections
import pathlib
import re
import subprocess
import sys
import threading
import time

import numpy as np
from absl import flags

from synpose_tf import cli
from synpose_tf.datasets.synthetic_pose import synthetic_pose_dataset_builder as synthetic_pose

flags.DEFINE_string("model", None, "Folder with version folders that synpose_tf.export wrote.")
flags.DEFINE_integer("clients", 8, "Clients at once.", lower_bound=1)
flags.DEFINE_float("seconds", 60.0, "How long they send.")
flags.DEFINE_integer("largest", 64, "Poses in the largest request.", lower_bound=1)
flags.mark_flag_as_required("model")
FLAGS = flags.FLAGS


def main():
    sys.path.append(str(pathlib.Path(__file__).parent.parent / "examples" / "serving"))
    import grpc_client

    from synpose_tf.export.saved_model.c_api import SavedModel
    from synpose_tf.export.versions import versions

    folder = pathlib.Path(FLAGS.model)
    model = SavedModel(folder / str(versions(folder)[-1]))
    inputs = _poses("intrinsics" in model.signatures["serving_default"][0])
    expected = model.run("serving_default", inputs)["poses"]
    command = [sys.executable, "-m", "synpose_tf.export.serve", f"--model={folder}"]
    with subprocess.Popen(
        [*command, "--port=0", "--rest_port=0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as server:  # fmt: skip
        try:
            said = "".join(iter(server.stdout.readline, "Stop with Ctrl-C.\n"))
            address = re.search(r"gRPC +(\S+)", said)[1]
            counts, latencies = _send(grpc_client, address, inputs, expected)
        finally:
            server.terminate()
    _print(counts, latencies)


def _poses(with_intrinsics):
    """Inputs of 3,840 synthetic poses."""
    views = list(synthetic_pose.views("test", range(20), seed=0))
    inputs = {"keypoints": np.concatenate([view.keypoints_2d for view in views])}
    if with_intrinsics:
        rows = [np.tile(view.intrinsics, (len(view.frames), 1)) for view in views]
        inputs["intrinsics"] = np.concatenate(rows)
    return {name: array.astype(np.float32) for name, array in inputs.items()}


def _send(grpc_client, address, inputs, expected):
    """Lets the clients send: counts of what became of the requests, and seconds of each."""
    counts, latencies, lock = collections.Counter(), [], threading.Lock()
    end = time.monotonic() + FLAGS.seconds

    def client(number):
        stub, rng = grpc_client.connect(address), np.random.default_rng(number)
        while time.monotonic() < end:
            rows = rng.integers(0, len(expected), rng.integers(1, FLAGS.largest + 1))
            start = time.perf_counter()
            try:
                chosen = {name: array[rows] for name, array in inputs.items()}
                poses = grpc_client.lift(stub, **chosen, timeout=60)
                right = poses.shape == expected[rows].shape
                right = right and np.abs(poses - expected[rows]).max() < 1e-4
                fate = "right" if right else "mixed up"
            except grpc_client.grpc.RpcError:
                fate = "lost"
            with lock:
                counts.update({fate: 1, "sent": 1, "poses": len(rows)})
                latencies.append(time.perf_counter() - start)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(FLAGS.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counts, latencies


def _print(counts, latencies):
    middle, high = 1e3 * np.percentile(latencies, [50, 99])
    print(
        f"{FLAGS.clients} clients, {FLAGS.seconds:g} s, 1 to {FLAGS.largest} poses a request\n"
        f"sent {counts['sent']:,} requests with {counts['poses']:,} poses, "
        f"{counts['sent'] / FLAGS.seconds:.0f} requests/s, "
        f"{counts['poses'] / FLAGS.seconds:.0f} poses/s\n"
        f"lost {counts['lost']}, mixed up {counts['mixed up']}\n"
        f"latency {middle:.1f} ms median, {high:.1f} ms at the 99th percentile"
    )
    if counts["right"] != counts["sent"]:
        sys.exit(1)


if __name__ == "__main__":
    cli.run(main)
