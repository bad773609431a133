"""How fast a training step is, and how near to what the machine can do.

  python benchmarks/train_step.py

Prints, from one process: the step's arithmetic (counted from the matrix products in its
graph), its time with XLA on and off, the machine's matrix-multiply peak (2048³, float32)
measured in turn with the steps, the fraction of that peak which the step reaches, and how
many poses a second the input pipeline delivers by itself. Medians over the repetitions.
"""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from absl import app, flags
from random_views import random_views

from synpose_tf.config import load_config
from synpose_tf.training import input_pipeline, loop

flags.DEFINE_string("config", "default", "Training configuration.")
flags.DEFINE_enum("normalization", "camera", ["paper", "camera"], "Normalisation mode.")
flags.DEFINE_integer("repetitions", 60, "Timed steps with XLA on and with XLA off each.")
flags.DEFINE_integer("views", 200_000, "Views of the data set behind the input pipeline.")
FLAGS = flags.FLAGS

PEAK_SIZE = 2048


def matrix_product_flops(model, batch) -> int:
    """Floating-point operations of all matrix products in one training step's graph."""
    shapes = {key: tf.TensorSpec(value.shape, value.dtype) for key, value in batch.items()}
    graph = tf.function(model.update).get_concrete_function(shapes).graph
    total = 0
    for op in graph.get_operations():
        if op.type not in ("MatMul", "BatchMatMulV2"):
            continue
        transposed = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
        inner = op.inputs[0].shape[-2 if transposed else -1]
        total += 2 * inner * op.outputs[0].shape.num_elements()
    return total


def time_once(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def stepper(config, xla, batch):
    """A compiled model, and a function that does one training step and waits for it."""
    model = loop.new_model(config.override(jit_compile=xla))
    iterator = iter(tf.data.Dataset.from_tensors(batch).repeat())
    model.make_train_function()
    return model, lambda: model.train_function(iterator)["critic_loss"].numpy()


def main(_):
    config = load_config(FLAGS.config).override(mode=FLAGS.normalization)
    batch = {key: tf.constant(a) for key, a in random_views(config.batch_size).items()}
    matrix = tf.random.normal((PEAK_SIZE, PEAK_SIZE), seed=0)
    multiply = tf.function(lambda: tf.matmul(matrix, matrix)[0, 0])
    steps = {xla: stepper(config, xla, batch) for xla in (True, False)}
    work = matrix_product_flops(steps[False][0], batch)
    timed = {"peak": lambda: multiply().numpy(), True: steps[True][1], False: steps[False][1]}
    seconds = {name: [] for name in timed}
    for function in timed.values():
        function()
    for _ in range(FLAGS.repetitions):
        for name, function in timed.items():
            seconds[name].append(time_once(function))

    median = {name: float(np.median(values)) for name, values in seconds.items()}
    peak = 2 * PEAK_SIZE**3 / median["peak"]
    print(f"{os.cpu_count()} cores, TensorFlow {tf.__version__}, config {FLAGS.config}")
    print(f"matrix-multiply peak       {peak / 1e9:8.1f} GFLOP/s")
    print(f"one step, {config.batch_size} poses        {work / 1e9:8.2f} GFLOP")
    for xla in (True, False):
        rate = work / median[xla]
        print(
            f"XLA {'on ' if xla else 'off'}  {1e3 * median[xla]:6.1f} ms/step  "
            f"{1 / median[xla]:6.2f} steps/s  {config.batch_size / median[xla]:7.0f} poses/s  "
            f"{rate / 1e9:6.1f} GFLOP/s  {100 * rate / peak:5.1f} % of peak"
        )
    consumed = config.batch_size / min(median[True], median[False])
    delivered = pipeline_rate(config)
    print(
        f"input pipeline alone {delivered:,.0f} poses/s: {delivered / consumed:.0f} x what "
        "training consumes"
    )


def pipeline_rate(config, batches: int = 500) -> float:
    """Poses a second that the input pipeline delivers to nobody."""
    views = random_views(FLAGS.views)
    iterator = iter(input_pipeline.training_batches(views, config.batch_size, 0))
    next(iterator)
    elapsed = time_once(lambda: [next(iterator) for _ in range(batches)])
    return batches * config.batch_size / elapsed


if __name__ == "__main__":
    app.run(main)
