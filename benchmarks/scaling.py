"""Time and communication of a distributed training step: predicted, simulated and measured.

  python benchmarks/scaling.py --figures=FILE.json  # all, some six minutes
  python benchmarks/scaling.py --figures=FILE.json --measure=compute,together  # or in parts,
  python benchmarks/scaling.py --figures=FILE.json --measure=workers,mirrored
  python benchmarks/scaling.py --figures=FILE.json --measure=         # and the tables again

The prediction for N workers is  compute(B / N) + exchange(N):

- compute(n), of a replica with n poses, is measured on this machine for each n, on one core, XLA
  off as it is in distributed training;
- exchange(N) is `ring.exchange` of the step's all-reduces: the gradients of each network, batch
  normalisation's statistics forward and backward, the losses. TensorFlow does them one after
  another.

The simulation (`ring.simulate`) draws each worker's time from those that were measured, so it
waits for the slowest. Two workers on this machine, over loopback, and two virtual devices of one
process check both. For that their all-reduces are timed, large and small, and so are steps of two
processes that share the machine and nothing else: its cores may share caches and more, which
separate machines don't. Needs two cores, on Linux: each worker is bound to one.
"""

import json
import os
import pathlib
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
from ring import Network, exchange, simulate

from synpose_tf.config import load_config
from synpose_tf.models import replicas
from synpose_tf.training import distribution, loop

PARTS = ("compute", "together", "workers", "mirrored")
flags.DEFINE_string("config", "default", "Training configuration.")
flags.DEFINE_string("figures", None, "File of what was measured.", required=True)
flags.DEFINE_list("measure", list(PARTS), "What to measure; the rest is taken from the file.")
flags.DEFINE_integer("repetitions", 30, "Timed steps of each kind; the fastest third counts.")
flags.DEFINE_float("hop", None, "Microseconds of a message in the tables; default: loopback's.")
flags.DEFINE_string("part", None, "Be the process that measures; the script starts them itself.")
FLAGS = flags.FLAGS

WORKERS = (1, 2, 4, 8, 16, 32, 64)
GBITS = (1, 10, 100)
CHAIN = 20  # All-reduces one after another, to time one of them.
SIMULATED = 300  # Steps.


def typical(seconds) -> float:
    """The median of the fastest third: other work on the machine only ever adds."""
    return float(np.median(sorted(seconds)[: max(1, len(seconds) // 3)]))


# === Measured, each in a process of its own ===
def timed(function) -> list[float]:
    function()
    function()
    seconds = []
    for _ in range(FLAGS.repetitions):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return seconds


def step_times(config, poses: int, strategy, xla: bool = False) -> list[float]:
    """Of training steps with so many poses in all."""
    with strategy.scope():
        model = loop.new_model(config.override(jit_compile=xla))
    distribution.synchronize_batch_norm(model, strategy)
    step = distribution.make_step_function(model, strategy)
    batch = {key: tf.constant(a) for key, a in random_views(poses).items()}
    batches = tf.data.Dataset.from_tensors(batch).repeat()
    size = distribution.part_size(strategy, poses)
    iterator = iter(distribution.distribute(batches, strategy, size))
    return timed(lambda: next(iter(step(iterator).values())).numpy())


def all_reduce_time(strategy, numbers: int) -> float:
    """Of one among many: what starting a graph takes does not count."""

    def chain(length):
        def replica():
            value = tf.ones(numbers)
            for _ in range(length):
                value = replicas.mean(value)
            return value[0]

        run = tf.function(lambda: strategy.reduce("MEAN", strategy.run(replica), axis=None))
        return typical(timed(lambda: run().numpy()))

    return (chain(1 + CHAIN) - chain(1)) / CHAIN


def measure_here(part, config) -> dict:
    if part == "compute":
        one = tf.distribute.get_strategy()
        sizes = [config.batch_size // n for n in WORKERS]
        steps = {str(size): step_times(config, size, one) for size in sizes}
        return {"steps": steps, "xla": step_times(config, config.batch_size, one, xla=True)}
    if part == "together":
        return {"step": step_times(config, config.batch_size // 2, tf.distribute.get_strategy())}
    strategy = distribution.make_strategy({"workers": "multi_worker"}.get(part, part), 2)
    bytes_each = [size for size, _ in all_reduces(loop.new_model(config))]
    return {
        "large": all_reduce_time(strategy, max(bytes_each) // 4),
        "large_bytes": max(bytes_each),
        "small": all_reduce_time(strategy, 1),
        "step": step_times(config, config.batch_size, strategy),
    }


def all_reduces(model) -> list[tuple[int, str]]:
    """Bytes of each all-reduce of a step, and what for, as replicas of `distribution` do them."""
    found = []
    for name, network in model.networks.items():
        size = sum(4 * int(np.prod(v.shape)) for v in network.trainable_variables)
        found.append((size, f"gradients of the {name}"))
        for layer in network._flatten_layers():
            if isinstance(layer, keras.layers.BatchNormalization):
                # Sum, sum of squares and count forward; the gradients of the first two backward.
                found += 5 * [(4 * layer.gamma.shape[0], "batch normalisation")]
    return found + len(model.trackers) * [(4, "losses")]


# === The processes ===
def measure(part) -> dict:
    """What the (first) process of a part has measured."""
    processes = []
    environments = {"together": [{}, {}], "workers": _cluster()}.get(part, [{}])
    for index, environment in enumerate(environments):
        cores = {0, 1} if part == "mirrored" else {index}
        processes.append(
            subprocess.Popen(
                [sys.executable, *sys.argv, f"--part={part}"],
                env=os.environ | environment,
                stdout=subprocess.PIPE,
                text=True,
                preexec_fn=lambda cores=cores: os.sched_setaffinity(0, cores),
            )
        )
    output = [process.communicate()[0] for process in processes][0]
    if any(process.returncode for process in processes):
        raise SystemExit(f"--measure={part} failed")
    return json.loads(output.splitlines()[-1])


def _cluster():
    sockets = [socket.socket() for _ in range(2)]
    for held in sockets:
        held.bind(("localhost", 0))
    addresses = [f"localhost:{held.getsockname()[1]}" for held in sockets]
    for held in sockets:
        held.close()
    tasks = [{"type": "worker", "index": index} for index in range(2)]
    cluster = {"worker": addresses}
    return [{"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})} for task in tasks]


# === Tables ===
def network_of(measured) -> Network:
    """What two replicas' all-reduces tell: of 4 bytes two hops, of many the bandwidth besides."""
    seconds = max(measured["large"] - measured["small"], 1e-9)
    return Network(measured["large_bytes"] / seconds, measured["small"] / 2)


class Step:
    """Steps of this model on this machine's cores, by the number of workers."""

    def __init__(self, config, figures):
        self.batch = config.batch_size
        self.reduces = all_reduces(loop.new_model(config))
        self.sizes = [size for size, _ in self.reduces]
        self.measured = {int(n): np.array(t) for n, t in figures["compute"]["steps"].items()}

    def compute(self, poses) -> float:
        return typical(self.measured[poses])

    def predicted(self, compute, workers, network) -> float:
        """From the times that a step was measured to take without others."""
        return typical(compute) + exchange(self.sizes, workers, network)

    def simulated(self, compute, workers, network) -> float:
        """The mean of steps whose workers take times that were measured."""
        drawn = np.random.default_rng(0).choice(compute, (SIMULATED, workers))
        return float(simulate(drawn, self.sizes, network).mean())


def print_step(step, figures, config):
    kinds = {}
    for size, what in step.reduces:
        count, total = kinds.get(what, (0, 0))
        kinds[what] = count + 1, total + size
    print(f"{FLAGS.config}: {step.batch} poses a step, one core a worker\nall-reduces of a step:")
    for what, (count, total) in kinds.items():
        print(f"  {count:3} {total / 1e6:8.3f} MB  {what}")
    sizes = sorted(step.measured)
    times = [1e3 * step.compute(n) for n in sizes]
    slope, fixed = np.polyfit(sizes, times, 1)
    print("a replica's step: " + ", ".join(f"{t:.1f}" for t in times) + " ms")
    print("  with            " + ", ".join(map(str, sizes)) + " poses")
    print(f"  about {fixed:.1f} ms that do not shrink, and {slope:.3f} ms a pose")
    print(f"  with XLA, on one device: {1e3 * typical(figures['compute']['xla']):.1f} ms")


def print_check(step, figures):
    one, half = step.compute(step.batch), step.batch // 2
    together = figures["together"]["step"]
    print(
        f"\n{half} poses: {1e3 * step.compute(half):.1f} ms, {1e3 * typical(together):.1f} ms with "
        "another such process on the other core, of which the check makes its prediction"
    )
    print("ms a step      measured (mean)  predicted  off | simulated  off")
    print(f"1 {'':10} {1e3 * one:10.1f}")
    for part in ("workers", "mirrored"):
        network, seconds = network_of(figures[part]), figures[part]["step"]
        found, mean = typical(seconds), float(np.mean(seconds))
        predicted = step.predicted(together, 2, network)
        simulated = step.simulated(together, 2, network)
        print(
            f"2 {part:10} {1e3 * found:10.1f} {1e3 * mean:7.1f} {1e3 * predicted:9.1f} "
            f"{100 * (predicted / found - 1):+4.0f} % |{1e3 * simulated:9.1f} "
            f"{100 * (simulated / mean - 1):+4.0f} %"
        )
        print(
            f"  {8e-9 * network.bandwidth:.1f} Gbit/s, {1e6 * network.hop:.0f} µs a message; "
            f"{1e3 * exchange(step.sizes, 2, network):.1f} ms of it is exchange"
        )


def print_table(step, network):
    one = step.compute(step.batch)
    print(
        f"\n{8e-9 * network.bandwidth:.0f} Gbit/s, {1e6 * network.hop:.0f} µs a message; ms a step"
    )
    print("                   |      the same batch of all        | the same batch a worker")
    print("workers  MB  exch. | poses compute predicted sim.  eff. |  poses predicted sim.  eff.")
    for workers in WORKERS:
        poses, both = step.batch // workers, (step.predicted, step.simulated)
        strong = [f(step.measured[poses], workers, network) for f in both]
        weak = [f(step.measured[step.batch], workers, network) for f in both]
        sent = 2e-6 * (workers - 1) / workers * sum(step.sizes)
        print(
            f"{workers:7} {sent:4.0f} {1e3 * exchange(step.sizes, workers, network):5.0f} | "
            f"{poses:5} {1e3 * step.compute(poses):7.0f} {1e3 * strong[0]:9.0f} "
            f"{1e3 * strong[1]:5.0f} {100 * one / strong[0] / workers:4.0f} % | "
            f"{step.batch * workers:6} {1e3 * weak[0]:9.0f} {1e3 * weak[1]:5.0f} "
            f"{100 * one / weak[0]:4.0f} %"
        )


def main(_):
    config = load_config(FLAGS.config)
    if FLAGS.part:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(2)
        print(json.dumps(measure_here(FLAGS.part, config)), flush=True)
        return
    file = pathlib.Path(FLAGS.figures)
    figures = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    for part in filter(None, FLAGS.measure):
        figures[part] = measure(part)
        file.write_text(json.dumps(figures), encoding="utf-8")
    if absent := [part for part in PARTS if part not in figures]:
        print(f"{file} has no {', '.join(absent)} yet: --measure={','.join(absent)}")
        return
    step = Step(config, figures)
    print_step(step, figures, config)
    print_check(step, figures)
    hop = network_of(figures["workers"]).hop if FLAGS.hop is None else 1e-6 * FLAGS.hop
    for gbits in GBITS:
        print_table(step, Network(gbits * 1e9 / 8, hop))


if __name__ == "__main__":
    app.run(main)
