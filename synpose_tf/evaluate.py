"""Evaluates a trained lifter, per action.

  python -m synpose_tf.evaluate --workdir=runs/… --dataset=cmu_mocap --manual_dir=FOLDER

Prints MPJPE (protocol 1, prediction scaled by the true mean root distance), P-MPJPE
(protocol 2, Procrustes), P-z (what of that is error in depth), N-MPJPE (optimal scale), all in
millimetres, and PCK@150 mm and AUC in percent; writes the table as CSV and JSON into the workdir.
"""

from absl import flags

from synpose_tf import cli

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
flags.DEFINE_string("output", None, "Folder for the tables. Default: <workdir>/evaluation.")
flags.mark_flag_as_required("workdir")
FLAGS = flags.FLAGS


def main():
    import pathlib

    from synpose_tf import actions, checkpoint, evaluation, files, pipeline

    workdir = checkpoint.Workdir(FLAGS.workdir)
    run = workdir.run()
    model = workdir.load(FLAGS.checkpoint)
    dataset = FLAGS.dataset or _dataset_name(run)
    builder = pipeline.prepare(pipeline.Source(dataset, FLAGS.manual_dir, FLAGS.data_dir))
    views = pipeline.read_split(builder, FLAGS.split, (*evaluation.KEYS, "action"))
    views = evaluation.add_noise(actions.select_actions(views, FLAGS.actions), FLAGS.noise)

    step = int(model.iterations)
    caption = (
        f"{builder.info.full_name}, {FLAGS.split}; {workdir.path}, checkpoint {FLAGS.checkpoint}, "
        f"step {step}; {model.mode} normalisation"
        + (f"; {', '.join(FLAGS.actions)} only" if FLAGS.actions else "")
        + (f"; 2D with noise of {FLAGS.noise:g} px" if FLAGS.noise else "")
    )
    truth = views["keypoints_3d"]
    table = evaluation.tabulate(evaluation.lift(model, views), truth, views["action"], caption)
    bounds = {
        "flat pose (z = 0)": evaluation.flat_poses(views, model.mode),
        "perfect z": evaluation.perfect_depth_poses(views, model.mode, model.distance),
    }
    bounds = {name: float(_mpjpe(poses, truth)) for name, poses in bounds.items()}
    print(table.text())
    print("\nMPJPE of all poses, for comparison:")
    for name, figure in bounds.items():
        print(f"  {name:18} {figure:.2f}")

    output = pathlib.Path(FLAGS.output or workdir.path / "evaluation")
    stem = f"{builder.info.full_name.split('/')[0]}_{FLAGS.split}_{FLAGS.checkpoint}"
    files.write_text(output / f"{stem}.csv", table.csv())
    about = {"step": step, "run": run, "mpjpe_for_comparison": bounds}
    files.write_text(output / f"{stem}.json", table.json(**about))
    print(f"written: {output / stem}.csv and .json")


def _mpjpe(poses, truth):
    from synpose_tf import metrics

    return metrics.pose_metrics(poses, truth)["mpjpe"].mean()


def _dataset_name(run):
    # full_name is name/version or name/config/version.
    return "/".join(run["dataset"].split("/")[:-1])


if __name__ == "__main__":
    cli.run(main)
