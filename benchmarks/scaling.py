"""Time and communication of a distributed training step, predicted and measured.

  python benchmarks/scaling.py [--config=default --bandwidth=10 --latency=30]

The prediction is  step(R) = compute(B / R) + exchange(R):

- compute(n), of a replica with n poses, is measured on this machine for each n, in a process with
  `--threads` threads, XLA off as in distributed training;
- exchange(R) of R workers in a ring is 2 (R - 1) / R times the gradients' bytes over the
  bandwidth, and R - 1 times a small all-reduce's time between two workers for each of the step's
  collective operations: the gradients of each network, batch normalisation's statistics forward
  and backward, the losses.

Two workers on this machine, over loopback, check it: their all-reduces are timed first, large and
small, and give the bandwidth and the latency for the prediction of their step.
"""

import json
import os
import socket
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from random_views import random_views

from synpose_tf import distribution, training
from synpose_tf.config import load_config

flags.DEFINE_string("config", "default", "Training configuration.")
flags.DEFINE_float("bandwidth", 10.0, "Of the network between workers, Gbit/s.")
flags.DEFINE_float("latency", 50.0, "Of an all-reduce of 4 bytes between two workers, µs.")
flags.DEFINE_integer("threads", 1, "Threads of each worker.")
flags.DEFINE_integer("repetitions", 15, "Timed steps of each kind; the fastest third counts.")
flags.DEFINE_bool("worker", False, "Be a worker of the check; the script starts them itself.")
FLAGS = flags.FLAGS

WORKERS = (1, 2, 4, 8, 16, 32, 64)


def typical(seconds) -> float:
    """The median of the fastest third: other work on the machine only ever adds."""
    return float(np.median(sorted(seconds)[: max(1, len(seconds) // 3)]))


def timed(function, repetitions: int) -> float:
    function()
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return typical(seconds)


def step_time(config, poses: int, strategy) -> float:
    """Of a training step with so many poses in all."""
    with strategy.scope():
        model = training.new_model(config.override(jit_compile=False))
    distribution.synchronize_batch_norm(model, strategy)
    step = distribution.make_step_function(model, strategy)
    batch = {key: tf.constant(a) for key, a in random_views(poses).items()}
    batches = tf.data.Dataset.from_tensors(batch).repeat()
    size = distribution.part_size(strategy, poses)
    iterator = iter(distribution.distribute(batches, strategy, size))
    return timed(lambda: next(iter(step(iterator).values())).numpy(), FLAGS.repetitions)


def exchanged(config) -> tuple[int, int]:
    """Bytes of gradients and number of collective operations of a step."""
    model = training.new_model(config)
    variables = [v for net in model.networks.values() for v in net.trainable_variables]
    norms = sum(
        isinstance(layer, keras.layers.BatchNormalization)
        for net in model.networks.values()
        for layer in net._flatten_layers()
    )
    # Sum, sum of squares and count forward; the gradients of the first two backward.
    operations = len(model.networks) + 5 * norms + len(model.trackers)
    return sum(4 * int(np.prod(v.shape)) for v in variables), operations


def all_reduce_time(strategy, numbers: int) -> float:
    @tf.function
    def reduce():
        return strategy.reduce("SUM", strategy.run(lambda: tf.ones(numbers)), axis=None)

    return timed(lambda: reduce().numpy(), FLAGS.repetitions)


def exchange_time(workers, size, operations, bandwidth, latency) -> float:
    """Seconds; bandwidth in bytes a second."""
    ring = 2 * (workers - 1) / workers * size / bandwidth
    return ring + operations * latency * (workers - 1)


# === Two workers ===
def work(config) -> None:
    strategy = distribution.make_strategy("multi_worker")
    size, _ = exchanged(config)
    figures = {
        "large": all_reduce_time(strategy, size // 4),
        "small": all_reduce_time(strategy, 1),
        "step": step_time(config, config.batch_size, strategy),
    }
    if distribution.is_chief(strategy):
        print(json.dumps(figures), flush=True)


def measure_two() -> dict[str, float]:
    sockets = [socket.socket() for _ in range(2)]
    for held in sockets:
        held.bind(("localhost", 0))
    addresses = [f"localhost:{held.getsockname()[1]}" for held in sockets]
    for held in sockets:
        held.close()
    processes = []
    for index in range(2):
        task = {"type": "worker", "index": index}
        environment = {"TF_CONFIG": json.dumps({"cluster": {"worker": addresses}, "task": task})}
        processes.append(
            subprocess.Popen(
                [sys.executable, *sys.argv, "--worker"],
                env=os.environ | environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
    output = [process.communicate()[0] for process in processes][0]
    return json.loads(output.splitlines()[-1])


def main(_):
    tf.config.threading.set_intra_op_parallelism_threads(FLAGS.threads)
    tf.config.threading.set_inter_op_parallelism_threads(FLAGS.threads + 1)
    config = load_config(FLAGS.config)
    if FLAGS.worker:
        work(config)
        return
    size, operations = exchanged(config)
    batch = config.batch_size
    one = tf.distribute.get_strategy()
    compute = {n: step_time(config, batch // n, one) for n in WORKERS}
    two = measure_two()

    print(f"config {FLAGS.config}, {batch} poses a step, {FLAGS.threads} thread(s) a worker")
    print(f"gradients {size / 1e6:.1f} MB, {operations} collective operations a step")
    bandwidth = size / two["large"]  # 2 (R - 1) / R = 1 for two workers
    print(
        f"loopback: {8e-9 * bandwidth:.1f} Gbit/s, {1e6 * two['small']:.0f} µs a small all-reduce"
    )
    predicted = compute[2] + exchange_time(2, size, operations, bandwidth, two["small"])
    print(f"1 worker,  measured {1e3 * compute[1]:7.1f} ms a step")
    print(f"2 workers, measured {1e3 * two['step']:7.1f} ms, predicted {1e3 * predicted:7.1f} ms")

    print(f"\nnetwork of {FLAGS.bandwidth:.0f} Gbit/s, {FLAGS.latency:.0f} µs; ms a step")
    print("          sent MB  exchange |  the same batch of all   | the same batch a worker")
    print("workers  a worker        ms |  poses compute step  eff. |  poses   step  eff.")
    for workers in WORKERS:
        exchange = exchange_time(
            workers, size, operations, FLAGS.bandwidth * 1e9 / 8, FLAGS.latency * 1e-6
        )
        strong, weak = compute[workers] + exchange, compute[1] + exchange
        print(
            f"{workers:7}  {2e-6 * (workers - 1) / workers * size:8.1f}  {1e3 * exchange:8.1f} | "
            f"{batch:6} {1e3 * compute[workers]:7.1f} {1e3 * strong:5.0f} "
            f"{100 * compute[1] / strong / workers:4.0f} % | "
            f"{batch * workers:6} {1e3 * weak:6.0f} {100 * compute[1] / weak:4.0f} %"
        )


if __name__ == "__main__":
    app.run(main)
