"""Evaluates a lifter, per action: a training run's, or one that comes with the package.

  python -m synpose_tf.evaluate --workdir=runs/… --dataset=cmu_mocap --manual_dir=FOLDER
  python -m synpose_tf.evaluate --pretrained=camera --dataset=h36m/gt --manual_dir=FOLDER

Prints MPJPE (protocol 1, prediction scaled by the true mean root distance), P-MPJPE
(protocol 2, Procrustes), P-z (what of that is error in depth), N-MPJPE (optimal scale), all in
millimetres, and PCK@150 mm and AUC in percent; writes the table as Markdown, CSV and JSON. Of data
sets with 20 frames a second or more also how the clips move: MPJVE, acceleration error, jitter and
by how much bones change their length. The caption says which lifter it was and, of the package's,
what trained it.

With --table, in the paper's form, and with its own rows where the data set is the paper's:
1 and 2, protocols 1 and 2 by action, a row for each of --dataset=h36m/gt,h36m/cpn; 3, under noise;
4, 3DPCK and AUC by activity. Table 5 is `python -m synpose_tf.sweep`.
"""

from absl import flags

from synpose_tf import cli
from synpose_tf.errors import SynposeError

cli.define_data_flags(dataset=None)
flags.DEFINE_string("workdir", None, "The folder of a training run.")
flags.DEFINE_string(
    "pretrained",
    None,
    "In place of --workdir: a lifter that comes with the package, `paper`, `camera`, … Needs "
    "--dataset.",
)
flags.DEFINE_enum(
    "temporal",
    "off",
    ["off", "centred", "causal"],
    "With --pretrained: correct the poses of each clip in time, by the frames around a pose or by "
    "those before it.",
)
flags.DEFINE_string("split", "test", "Split of the data set.")
flags.DEFINE_enum(
    "checkpoint",
    "last",
    ["last", "best"],
    "`best` had the lowest validation MPJPE. Where validation looks at the test split, a figure "
    "to report is `last`'s.",
)
flags.DEFINE_list("actions", [], "Evaluate these actions only, separated by commas. Default: all.")
flags.DEFINE_float(
    "noise",
    0.0,
    "Standard deviation, pixels, of Gaussian noise that is added to each 2D coordinate first.",
    lower_bound=0.0,
)
flags.DEFINE_enum("table", None, ["1", "2", "3", "4", "5"], "One of the paper's tables.")
flags.DEFINE_string(
    "output",
    None,
    "Folder for the tables. Default: <workdir>/evaluation or evaluation/<pretrained>.",
)
flags.mark_flags_as_mutual_exclusive(["workdir", "pretrained"])
FLAGS = flags.FLAGS


def main() -> None:
    if FLAGS.table == "5":
        raise SynposeError("--table=5 takes many runs: python -m synpose_tf.sweep makes it.")
    lifter = _lifter()

    from synpose_tf.datasets import prepared

    datasets = FLAGS.dataset or lifter.dataset
    builders = prepared.prepare_all(datasets, FLAGS.manual_dir, FLAGS.data_dir, FLAGS.joint_map)
    views = {_name(builder): _views(builder, lifter) for builder in builders}
    if FLAGS.table:
        _write_paper_table(int(FLAGS.table), lifter, views)
    else:
        for builder in builders:
            _write_table(lifter, builder, views[_name(builder)])


def _lifter():
    if not (FLAGS.workdir or FLAGS.pretrained):
        raise SynposeError(
            "which lifter? Name a run with --workdir=RUN, or one of the package with "
            "--pretrained=camera."
        )
    if FLAGS.pretrained and not FLAGS.dataset:
        raise SynposeError(
            f"--pretrained={FLAGS.pretrained}: on which data set? Name one, such as "
            "--dataset=cmu_mocap."
        )
    if FLAGS.pretrained and FLAGS["checkpoint"].present:
        raise SynposeError("--checkpoint: a lifter of the package has none. Leave the flag out.")
    if FLAGS.workdir and FLAGS.temporal != "off":
        raise SynposeError(
            f"--temporal={FLAGS.temporal} is for --pretrained; a run of --method=temporal corrects "
            "in time by itself. Leave the flag out."
        )
    from synpose_tf.inference import evaluated_lifter

    if FLAGS.pretrained:
        temporal = "" if FLAGS.temporal == "off" else FLAGS.temporal
        return evaluated_lifter.from_pretrained(FLAGS.pretrained, temporal)
    return evaluated_lifter.from_workdir(FLAGS.workdir, FLAGS.checkpoint)


def _name(builder):
    """The data set's name and, where it has several, its config: `h36m/gt`."""
    return builder.info.full_name.rpartition("/")[0]


def _views(builder, lifter):
    from synpose_tf.datasets import actions, prepared
    from synpose_tf.evaluation import protocols
    from synpose_tf.training import clips

    optional = [key for key in ("confidence",) if key in builder.info.features]
    moves = lifter.over_time or _moves(builder)
    keys = dict.fromkeys((*protocols.KEYS, "action", *optional, *(clips.KEYS if moves else ())))
    views = prepared.read_split(builder, FLAGS.split, tuple(keys))
    if moves:
        found = clips.Clips.find(views, builder.rate, builder.info.full_name)
        views |= {"clip": found.first, "rate": found.rate}
    return protocols.add_noise(actions.select_actions(views, FLAGS.actions), FLAGS.noise)


def _moves(builder):
    """Whether the data set's frames follow fast enough to be a motion."""
    from synpose_tf.models.folded_temporal import LEAST_RATE

    return builder.rate is not None and builder.rate >= LEAST_RATE


def _caption(lifter, *datasets):
    """What is evaluated on what, and whatever makes the figures flatter."""
    caption = (
        f"{', '.join(datasets)}, {FLAGS.split}; {lifter.description}; {lifter.mode} normalisation"
        + (f"; {', '.join(FLAGS.actions)} only" if FLAGS.actions else "")
        + (f"; 2D with noise of {FLAGS.noise:g} px" if FLAGS.noise else "")
    )
    warnings = [lifter.warning(name, FLAGS.split) for name in datasets]
    return "\n".join(filter(None, dict.fromkeys([caption, *warnings])))


def _output(lifter):
    import pathlib

    return pathlib.Path(FLAGS.output or lifter.folder)


def _write_table(lifter, builder, views):
    from synpose_tf.evaluation import protocols
    from synpose_tf.io import files

    truth, lifted = views["keypoints_3d"], lifter.lift(views)
    caption = _caption(lifter, builder.info.full_name)
    table = protocols.tabulate(lifted, truth, views["action"], caption)
    poses = {
        "flat pose (z = 0)": protocols.flat_poses(views, lifter.mode),
        "perfect z": protocols.perfect_depth_poses(views, lifter.mode, lifter.distance),
    }
    bounds = {name: float(_mpjpe(other, truth)) for name, other in poses.items()}
    print(table.text())
    print("\nMPJPE of all poses, for comparison:")
    for name, figure in bounds.items():
        print(f"  {name:18} {figure:.2f}")

    stem = "_".join((*_name(builder).split("/"), FLAGS.split, lifter.label))
    path = _output(lifter) / stem
    about = {**lifter.about, "mpjpe_for_comparison": bounds}
    files.write_text(path.with_name(f"{stem}.csv"), table.csv())
    files.write_text(path.with_name(f"{stem}.md"), table.markdown())
    files.write_text(path.with_name(f"{stem}.json"), table.json(**about))
    print(f"written: {path}.csv, .md and .json")
    if "clip" in views:
        _write_motion(lifted, views, path.with_name(f"{stem}_motion"), caption)


def _write_motion(lifted, views, path, caption):
    """How the clips move, beside how near each pose is."""
    import dataclasses

    import numpy as np

    from synpose_tf.evaluation import motion
    from synpose_tf.io import files

    rows = np.searchsorted(views["clip"], views["clip"])  # Of the views that were selected.
    rate = float(views["rate"][0])
    table = motion.tabulate(lifted, views["keypoints_3d"], views["action"], rows, rate)
    if not table.rows:
        return
    print(f"\n{table.text()}")
    table = dataclasses.replace(table, caption=f"{caption}\n{table.caption}")
    files.write_text(path.with_name(f"{path.name}.md"), table.markdown())
    files.write_text(path.with_name(f"{path.name}.csv"), table.csv())
    print(f"written: {path}.csv and .md")


def _write_paper_table(number, lifter, views):
    from synpose_tf.evaluation import paper_tables, protocols, table_figures
    from synpose_tf.experiments import suites
    from synpose_tf.visualization import plotting

    def measured(views):
        return protocols.tabulate(lifter.lift(views), views["keypoints_3d"], views["action"])

    about = _caption(lifter, *views)
    name, first = next(iter(views.items()))
    figure = None
    if number in paper_tables.BY_ACTION:
        found = {name: measured(one) for name, one in views.items()}
        table = paper_tables.by_action(number, found, about)
    elif number == 3:
        noisy = {px: protocols.add_noise(first, px) for px in suites.NOISE_PX}
        found = {px: measured(one) for px, one in noisy.items()}
        table = paper_tables.robustness(name, found, about)
        series = paper_tables.robustness_curves(found)
        figure = table_figures.noise_curves(series, suites.NOISE_PX)
    else:
        table = paper_tables.pck_by_activity(name, measured(first), about)
    path = _output(lifter) / f"table_{number}_{name.replace('/', '_')}_{FLAGS.split}"
    print(table.text())
    table.write(path)
    if figure is not None:
        plotting.save_figure(figure, path.with_name(f"{path.name}.png"))
    print(f"written: {path}.txt, .md, .csv, .json" + (" and .png" if figure is not None else ""))


def _mpjpe(poses, truth):
    from synpose_tf.evaluation import metrics

    return metrics.pose_metrics(poses, truth)["mpjpe"].mean()


if __name__ == "__main__":
    cli.run(main)
