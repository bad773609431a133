"""Trains and evaluates every run of a table, and prints the table.

  python -m synpose_tf.sweep --dataset=cmu_mocap --manual_dir=FOLDER --seeds=0,1,2
                                          the ablation: table 5
  python -m synpose_tf.sweep --suite=methods --dataset=cmu_mocap --manual_dir=FOLDER
                                          flat, mean, supervised, RepNet, and the four

Suites: `ablation`, separate or synchronized training x KCS or wKCS; `methods`; `switches`, each
choice beyond the paper against the configuration's own; `noise`, table 3; `generalization`,
trained on one half of the actions and tested on the other.

Each run is a process of its own, `python -m synpose_tf.train` and then `evaluate`, in its folder
below --workdir. The same command again skips what is finished and goes on with what was cut off
or has failed; suites share the runs that they have in common. The table is written there as
text, Markdown, CSV, JSON and PNG.
"""

from absl import flags

from synpose_tf import cli
from synpose_tf.config import load_config
from synpose_tf.errors import SynposeError

SUITES = ("ablation", "methods", "switches", "noise", "generalization")

cli.define_data_flags(dataset="synthetic_pose")
flags.DEFINE_enum("suite", "ablation", SUITES, "Which runs.")
flags.DEFINE_string(
    "workdir",
    None,
    "The sweep's folder. Default: runs/sweep_<dataset>_<config>_<normalization>.",
)
flags.DEFINE_string("config", "default", "Of every run, as in `python -m synpose_tf.train`.")
flags.DEFINE_enum(
    "normalization", None, ["paper", "camera"], "Of every run. Default: the config's."
)
flags.DEFINE_integer("steps", None, "Training steps of every run. Default: the config's.")
flags.DEFINE_integer("batch_size", None, "Poses a step. Default: the config's.")
flags.DEFINE_integer("validate_every", None, "Steps between checkpoints. Default: the config's.")
flags.DEFINE_integer(
    "width", None, "Units of every hidden layer. Default: the config's.", lower_bound=1
)
flags.DEFINE_list("seeds", ["0"], "Seeds, separated by commas: each run is trained with each.")
flags.DEFINE_list(
    "runs", [], "Only these of the suite's runs, by the names of their folders. Default: all."
)
flags.DEFINE_integer(
    "jobs",
    1,
    "Runs at a time. With several, they share the processor's cores.",
    lower_bound=1,
)
FLAGS = flags.FLAGS


def main() -> None:
    config = load_config(FLAGS.config).override(
        steps=FLAGS.steps, batch_size=FLAGS.batch_size, mode=FLAGS.normalization
    )
    seeds = _seeds()
    import signal

    from synpose_tf.datasets import prepared

    # So that `kill` ends the trainings as well.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    mode = config.model.get("mode", "paper")
    # Trained on all, tested on the first. Prepared here, and not by each run at once.
    builder, *_ = prepared.prepare_all(
        FLAGS.dataset, FLAGS.manual_dir, FLAGS.data_dir, FLAGS.joint_map
    )
    runs = _chosen(_runs(config, builder))
    sweep = _sweep(builder, mode)
    tasks = sweep.tasks(runs, seeds)
    missing = [task for task in tasks if sweep.result(task) is None]
    print(
        f"{FLAGS.suite}: {len(tasks)} runs of {config.steps:,} steps in {sweep.folder}, "
        f"{len(tasks) - len(missing)} of them finished",
        flush=True,
    )
    failed = []

    def report(task, error):
        if error is not None:
            failed.append(str(task))
        print(f"failed: {error}" if error else f"finished: {task}", flush=True)

    try:
        sweep.run(missing, FLAGS.jobs, report)
    finally:
        _write(sweep, runs, tasks, config, builder)
    if failed:
        raise SynposeError(
            f"{len(failed)} of {len(tasks)} runs failed: {'; '.join(failed)}. The same command "
            "again tries them again and keeps the others."
        )


def _seeds():
    try:
        seeds = [int(seed) for seed in FLAGS.seeds]
    except ValueError:
        seeds = []
    if not seeds or min(seeds) < 0 or len(set(seeds)) < len(seeds):
        raise SynposeError(
            f"--seeds={','.join(FLAGS.seeds)}: give different integers from 0, such as 0,1,2."
        )
    return seeds


def _runs(config, builder):
    from synpose_tf.datasets import actions, prepared
    from synpose_tf.experiments import suites

    if FLAGS.suite == "generalization":
        takes = {s: prepared.read_split(builder, s, ("action",)) for s in ("train", "test")}
        known = {s: sorted(set(actions.action_names(v["action"]))) for s, v in takes.items()}
        return suites.generalization(suites.halves(builder.name, known))
    return {
        "ablation": lambda: suites.FOUR,
        "methods": lambda: suites.BASELINES + suites.FOUR,
        "switches": lambda: suites.switches(config),
        "noise": suites.noise,
    }[FLAGS.suite]()


def _chosen(runs):
    names = [run.name for run in runs]
    unknown = [name for name in FLAGS.runs if name not in names]
    if unknown:
        raise SynposeError(
            f"--runs: suite {FLAGS.suite} has no {', '.join(unknown)}; it has: {', '.join(names)}."
        )
    return tuple(run for run in runs if not FLAGS.runs or run.name in FLAGS.runs)


def _sweep(builder, mode):
    import os
    import pathlib

    from synpose_tf.datasets import prepared
    from synpose_tf.experiments.runner import Sweep

    config = pathlib.Path(FLAGS.config).name.removesuffix(".py")
    dataset = FLAGS.dataset.replace("/", "_").replace(",", "_")
    folder = FLAGS.workdir or f"runs/sweep_{dataset}_{config}_{mode}"
    return Sweep(
        pathlib.Path(folder),
        data=_given("manual_dir", "data_dir", "joint_map"),
        training=(
            f"--normalization={mode}",
            *_given("dataset", "config", "steps", "batch_size", "validate_every"),
        ),
        width=FLAGS.width,
        identity={
            "dataset": builder.info.full_name,
            "data": prepared.made_from(builder),
        },
        threads=max(1, os.cpu_count() // FLAGS.jobs) if FLAGS.jobs > 1 else None,
    )


def _given(*names):
    return tuple(f"--{n}={FLAGS[n].value}" for n in names if FLAGS[n].value is not None)


def _write(sweep, runs, tasks, config, builder):
    from synpose_tf.evaluation import protocols, table_figures, tables
    from synpose_tf.experiments import suites
    from synpose_tf.experiments import tables as sweep_tables
    from synpose_tf.visualization import plotting

    results: sweep_tables.Results = {}
    for task in tasks:
        result = sweep.result(task)
        if result is not None:
            results.setdefault(task.run.name, {})[task.seed] = result["evaluations"]
    if not results:
        return
    # Human3.6M's figures are means of actions; other sets have no such custom.
    over = protocols.ALL_POSES
    if builder.name == "h36m":
        over = protocols.MEAN_OF_ACTIONS
    width = f", {FLAGS.width} wide" if FLAGS.width else ""
    caption = (
        f"{FLAGS.suite} on {builder.info.full_name}, test split, {over}: mean ± standard deviation "
        f"over seeds; {config.model.get('mode', 'paper')} normalisation, config {FLAGS.config}, "
        f"{config.steps:,} steps of {config.batch_size} poses{width}; PCK and AUC in percent, "
        f"all else in mm"
    )
    if FLAGS.suite == "noise":
        table = sweep_tables.robustness(results, over, caption, builder.name)
        series = {row.name: row.cells for row in table.rows if row.source == tables.MEASURED}
        figure = table_figures.noise_curves(series, suites.NOISE_PX)
    else:
        table = sweep_tables.comparison(results, runs, over, caption, builder.name)
        figure = table_figures.bars(table)
    print(f"\n{table.text()}")
    path = sweep.folder / FLAGS.suite
    table.write(path, trainings=[sweep.describe(task) for task in tasks if sweep.result(task)])
    plotting.save_figure(figure, path.with_name(f"{FLAGS.suite}.png"))
    print(f"written: {path}.txt, .md, .csv, .json and .png", flush=True)


if __name__ == "__main__":
    cli.run(main)
