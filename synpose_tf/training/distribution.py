"""Training on several devices or machines as on one.

Of every global batch, replica r of R takes the r-th part, with the random draws that belong to
those examples: both are computed for the whole batch, from (seed, step), and cut. Gradients
are of the mean over the global batch, and batch normalisation sees the statistics of all of
it. So R replicas compute what one device does, up to the order of sums.
"""

import contextlib
import functools
import json
import os
import pathlib
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

from synpose_tf.errors import SynposeError

STRATEGIES = ("one_device", "mirrored", "multi_worker", "tpu")
CLUSTER_EXAMPLE = (
    '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
)


# === Strategies ===
def make_strategy(name: str, replicas: int | None = None) -> tf.distribute.Strategy:
    """The strategy of a name of `STRATEGIES`; before anything else is done with TensorFlow.

    Args:
        name: `one_device`; `mirrored`, the GPUs of this machine; `multi_worker`, the machines
            that TF_CONFIG lists; `tpu`, the one that TPU_NAME names, or this machine's own.
        replicas: devices of `mirrored`, None for all. Where there is no GPU, the CPU is divided
            into so many virtual devices.

    Raises:
        SynposeError: TF_CONFIG is malformed, or the devices are not there.
    """
    if name == "mirrored":
        return tf.distribute.MirroredStrategy(_devices(replicas))
    if name == "multi_worker":
        read_cluster(os.environ.get("TF_CONFIG"))
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()
        except (tf.errors.OpError, RuntimeError, ValueError) as error:
            raise SynposeError(
                f"--strategy=multi_worker: the workers of TF_CONFIG do not come together ({error})."
            ) from error
    if name == "tpu":
        try:
            resolver = tf.distribute.cluster_resolver.TPUClusterResolver()
            tf.config.experimental_connect_to_cluster(resolver)
            tf.tpu.experimental.initialize_tpu_system(resolver)
        except (tf.errors.OpError, RuntimeError, ValueError) as error:
            raise SynposeError(
                f"--strategy=tpu: no TPU is there ({error}). Set TPU_NAME, or run on a TPU machine."
            ) from error
        return tf.distribute.TPUStrategy(resolver)
    return tf.distribute.get_strategy()


def _devices(replicas):
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        parts = [tf.config.LogicalDeviceConfiguration() for _ in range(replicas or 1)]
        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(cpu, parts)
        return [device.name for device in tf.config.list_logical_devices("CPU")]
    if replicas is not None and replicas > len(gpus):
        raise SynposeError(f"--replicas={replicas}: this machine has {len(gpus)} GPU(s).")
    return [f"GPU:{i}" for i in range(replicas or len(gpus))]


def read_cluster(text: str | None) -> tuple[list[str], int]:
    """The workers' addresses and this process's index, from a TF_CONFIG.

    Raises:
        SynposeError: it is missing or malformed.
    """

    def wrong(what):
        return SynposeError(
            f"--strategy=multi_worker: TF_CONFIG {what}; found {text!r}. It must be such as "
            f"{CLUSTER_EXAMPLE}, with another index in each process. To try it on this machine: "
            "python -m synpose_tf.launch --workers=2 -- FLAGS"
        )

    if not text:
        raise wrong("is not set")
    try:
        config = json.loads(text)
    except ValueError as error:
        raise wrong(f"is not valid JSON ({error})") from None
    workers = _get(config, "cluster", "worker")
    index = _get(config, "task", "index")
    if not isinstance(workers, list) or not workers or not all(map(_is_address, workers)):
        raise wrong("has no list of host:port under cluster.worker")
    if set(config["cluster"]) != {"worker"} or _get(config, "task", "type") != "worker":
        raise wrong("has tasks other than `worker`")
    if not str(index).isdecimal() or int(index) >= len(workers):
        raise wrong(f"has no task.index from 0 to {len(workers) - 1}")
    return workers, int(index)


def _get(tree, *keys):
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def _is_address(text):
    host, colon, port = str(text).rpartition(":")
    return bool(host and colon and port.isdecimal())


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes the run's files: all do but workers 1 and up."""
    resolver = strategy.cluster_resolver
    return getattr(resolver, "task_type", None) != "worker" or resolver.task_id == 0


def part_size(strategy: tf.distribute.Strategy, batch_size: int) -> int:
    """Examples a replica.

    Raises:
        SynposeError: the replicas do not divide the batch.
    """
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise SynposeError(
            f"--batch_size={batch_size} does not divide among {replicas} replicas. Give a multiple "
            f"of {replicas}, such as {max(1, batch_size // replicas) * replicas}."
        )
    return batch_size // replicas


# === The parts of a batch ===
def distribute(
    batches: tf.data.Dataset, strategy: tf.distribute.Strategy, size: int, count: int = 1
) -> tf.data.Dataset:
    """Divides global batches among the replicas.

    Args:
        batches: dicts of tensors (count × replicas × size, …).
        strategy: of the training; one replica gets the batches as they are.
        size: examples of each batch for a replica, from `part_size`.
        count: batches of a step, which stand one after another; each is divided.
    """
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return batches

    def local_parts(context):
        local = replicas // context.num_input_pipelines
        first = context.input_pipeline_id * local

        def cut(tensor):
            return replica_parts(tensor, replicas, size, count)[first : first + local]

        parts = batches.map(lambda batch: {key: cut(value) for key, value in batch.items()})
        return parts.unbatch().prefetch(2 * local)

    return strategy.distribute_datasets_from_function(local_parts)


def replica_parts(batches: tf.Tensor, replicas: int, size: int, count: int) -> tf.Tensor:
    """Every replica's part of a step's batches.

    Args:
        batches: (count × replicas × size, …), `count` batches one after another.

    Returns:
        (replicas, count × size, …): its part of each batch, one after another.
    """
    parts = tf.reshape(batches, (count, replicas, size, *batches.shape[1:]))
    return tf.reshape(
        tf.stack(tf.unstack(parts), axis=1), (replicas, count * size, *batches.shape[1:])
    )


def synchronize_batch_norm(model: keras.Model, strategy: tf.distribute.Strategy) -> None:
    """Makes batch normalisation take its statistics over the global batch."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = strategy.num_replicas_in_sync > 1


# === The step ===
def make_step_function(
    model: keras.Model, strategy: tf.distribute.Strategy
) -> Callable[[Iterator], dict[str, tf.Tensor]]:
    """The compiled step: takes an iterator of (distributed) batches, gives that step's losses.

    XLA compiles it on one device only, if the model was compiled so: TensorFlow refuses it
    under `mirrored` and `multi_worker`, and a TPU has it always.
    """
    single = strategy.num_replicas_in_sync == 1 and not is_multi_worker(strategy)
    # Nothing in a step branches on a tensor: to rewrite its source for that would take seconds.
    compiled = functools.partial(tf.function, autograph=False)
    update = compiled(model.update, jit_compile=model.jit_compile and single)

    @compiled
    def step(batches):
        losses = strategy.run(update, args=(next(batches),))
        return {
            name: strategy.reduce(tf.distribute.ReduceOp.MEAN, loss, axis=None)
            for name, loss in losses.items()
        }

    return step


def is_multi_worker(strategy: tf.distribute.Strategy) -> bool:
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


# === Agreement of workers; all must call these at the same step ===
def total(strategy: tf.distribute.Strategy, value: float) -> float:
    """The sum of a number over the workers."""
    if not is_multi_worker(strategy):
        return value

    values = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(value, tf.float64)
    )
    local = len(strategy.experimental_local_results(values))
    return float(strategy.reduce(tf.distribute.ReduceOp.SUM, values, axis=None)) / local


def barrier(strategy: tf.distribute.Strategy) -> None:
    """Waits for every worker to come here."""
    total(strategy, 0.0)


@contextlib.contextmanager
def chief_first(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Lets the chief do the block before the others: what it writes, they find."""
    if is_chief(strategy):
        yield
        barrier(strategy)
    else:
        barrier(strategy)
        yield


@contextlib.contextmanager
def clear_failures(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Says so when another worker is gone, which TensorFlow's heartbeats tell within seconds.

    Raises:
        SynposeError: a worker is gone.
    """
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.InternalError) as error:
        if not is_multi_worker(strategy):
            raise
        raise SynposeError(
            f"another worker is gone, training can't go on ({_reason(error)}). Start all workers "
            "again with the same command: they go on from the last checkpoint."
        ) from error


def _reason(error):
    lines = [line.strip() for line in error.message.splitlines() if "job:worker" in line]
    return lines[0] if lines else error.message.strip().partition("\n")[0]


def check_agreement(
    strategy: tf.distribute.Strategy, step: int, workdir: pathlib.Path | str
) -> None:
    """Checks that all workers go on from the same step.

    Raises:
        SynposeError: they do not.
    """
    workers = total(strategy, 1.0)
    if total(strategy, float(step)) != step * workers:
        raise SynposeError(
            f"--workdir={workdir}: the workers found different checkpoints there; this one, step "
            f"{step}. The folder must be one that all workers see, on a shared file system."
        )
