"""Evaluates a trained lifter, per action.

  python -m synpose_tf.evaluate --workdir=runs/… --dataset=cmu_mocap --manual_dir=FOLDER

Prints MPJPE (protocol 1, prediction scaled by the true mean root distance), P-MPJPE
(protocol 2, Procrustes), P-z (what of that is error in depth), N-MPJPE (optimal scale), all in
millimetres, and PCK@150 mm and AUC in percent; writes the table as Markdown, CSV and JSON into
the workdir.

With --table, in the paper's form, and with its own rows where the data set is the paper's:
1 and 2, protocols 1 and 2 by action, a row for each of --dataset=h36m/gt,h36m/cpn; 3, under noise;
4, 3DPCK and AUC by activity. Table 5 is `python -m synpose_tf.sweep`.
"""

from absl import flags

from synpose_tf import cli
from synpose_tf.errors import SynposeError

cli.define_data_flags(dataset=None)
flags.DEFINE_string("workdir", None, "The folder of a training run.")
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
flags.DEFINE_string("output", None, "Folder for the tables. Default: <workdir>/evaluation.")
flags.mark_flag_as_required("workdir")
FLAGS = flags.FLAGS


def main():
    if FLAGS.table == "5":
        raise SynposeError("--table=5 takes many runs: python -m synpose_tf.sweep makes it.")
    from synpose_tf.datasets import prepared
    from synpose_tf.training import checkpoint

    workdir = checkpoint.Workdir(FLAGS.workdir)
    run = workdir.run()
    model = workdir.load(FLAGS.checkpoint)
    datasets = FLAGS.dataset or _dataset_name(run)
    builders = prepared.prepare_all(datasets, FLAGS.manual_dir, FLAGS.data_dir)
    views = {"/".join(_name(builder)): _views(builder) for builder in builders}
    if FLAGS.table:
        _write_paper_table(int(FLAGS.table), workdir, model, views)
    else:
        for builder in builders:
            _write_table(workdir, run, model, builder, views["/".join(_name(builder))])


def _name(builder):
    """The data set's name and, where it has several, its config."""
    return builder.info.full_name.split("/")[:-1]


def _views(builder):
    from synpose_tf.datasets import actions, prepared
    from synpose_tf.evaluation import protocols

    views = prepared.read_split(builder, FLAGS.split, (*protocols.KEYS, "action"))
    return protocols.add_noise(actions.select_actions(views, FLAGS.actions), FLAGS.noise)


def _about(workdir, model):
    return (
        f"{workdir.path}, checkpoint {FLAGS.checkpoint}, step {int(model.iterations)}; "
        f"{model.mode} normalisation"
        + (f"; {', '.join(FLAGS.actions)} only" if FLAGS.actions else "")
        + (f"; 2D with noise of {FLAGS.noise:g} px" if FLAGS.noise else "")
    )


def _output(workdir):
    import pathlib

    return pathlib.Path(FLAGS.output or workdir.path / "evaluation")


def _write_table(workdir, run, model, builder, views):
    from synpose_tf.evaluation import protocols
    from synpose_tf.io import files

    caption = f"{builder.info.full_name}, {FLAGS.split}; {_about(workdir, model)}"
    truth = views["keypoints_3d"]
    table = protocols.tabulate(protocols.lift(model, views), truth, views["action"], caption)
    bounds = {
        "flat pose (z = 0)": protocols.flat_poses(views, model.mode),
        "perfect z": protocols.perfect_depth_poses(views, model.mode, model.distance),
    }
    bounds = {name: float(_mpjpe(poses, truth)) for name, poses in bounds.items()}
    print(table.text())
    print("\nMPJPE of all poses, for comparison:")
    for name, figure in bounds.items():
        print(f"  {name:18} {figure:.2f}")

    stem = "_".join((*_name(builder), FLAGS.split, FLAGS.checkpoint))
    path = _output(workdir) / stem
    about = {"step": int(model.iterations), "run": run, "mpjpe_for_comparison": bounds}
    files.write_text(path.with_name(f"{stem}.csv"), table.csv())
    files.write_text(path.with_name(f"{stem}.md"), table.markdown())
    files.write_text(path.with_name(f"{stem}.json"), table.json(**about))
    print(f"written: {path}.csv, .md and .json")


def _write_paper_table(number, workdir, model, views):
    from synpose_tf.evaluation import paper_tables, protocols, table_figures
    from synpose_tf.experiments import suites
    from synpose_tf.visualization import plotting

    def measured(views):
        lifted = protocols.lift(model, views)
        return protocols.tabulate(lifted, views["keypoints_3d"], views["action"])

    about = f"{', '.join(views)}, {FLAGS.split}; {_about(workdir, model)}"
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
    path = _output(workdir) / f"table_{number}_{name.replace('/', '_')}_{FLAGS.split}"
    print(table.text())
    table.write(path)
    if figure is not None:
        plotting.save_figure(figure, path.with_name(f"{path.name}.png"))
    print(f"written: {path}.txt, .md, .csv, .json" + (" and .png" if figure is not None else ""))


def _mpjpe(poses, truth):
    from synpose_tf.evaluation import metrics

    return metrics.pose_metrics(poses, truth)["mpjpe"].mean()


def _dataset_name(run):
    # full_name is name/version or name/config/version.
    return "/".join(run["dataset"].split("/")[:-1])


if __name__ == "__main__":
    cli.run(main)
