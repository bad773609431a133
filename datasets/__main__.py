"""Looks into a folder of your own files before anything long starts.

  python -m synpose_tf.datasets --manual_dir=FOLDER
  python -m synpose_tf.datasets --manual_dir=FOLDER --dataset=h36m/cpn_ft_h36m_dbb

Says which data sets, subjects, actions and detections it found, what is missing and what that
would enable, and what to run next. Draws one example, the 2D skeleton beside the 3D one, from
what can be prepared first or from --dataset.
"""

import pathlib
import textwrap

from absl import flags

from synpose_tf import cli, datasets
from synpose_tf.errors import SynposeError

cli.define_data_flags(dataset=None)
flags.DEFINE_string("picture", "preview.png", "Where to write the example's picture.")
FLAGS = flags.FLAGS


def main() -> None:
    if FLAGS.manual_dir is None:
        raise SynposeError(f"Name the folder of your files with --manual_dir.\n{_looked_for()}")
    folder = pathlib.Path(FLAGS.manual_dir).expanduser()
    if not folder.is_dir() or not any(folder.iterdir()):
        found = "is empty" if folder.is_dir() else "is not a folder"
        raise SynposeError(f"--manual_dir={FLAGS.manual_dir} {found}.\n{_looked_for()}")
    print(f"{folder}\n")
    found, damaged = _surveys(folder)
    for survey in found:
        print(_text(survey))
    if not found and not damaged:
        raise SynposeError(f"{folder}: holds nothing known.\n{_looked_for()}")
    ready = [ready for survey in found for ready in survey.ready]
    if chosen := _chosen(ready):
        _preview(chosen, pathlib.Path(FLAGS.picture).expanduser())
    if damaged:
        raise SynposeError("\n".join(damaged))


def _modules():
    """The module `survey` of each data set that --dataset asks for, by the set's name."""
    from synpose_tf.datasets.bvh_motion import survey as bvh_motion
    from synpose_tf.datasets.cmu_mocap import survey as cmu_mocap
    from synpose_tf.datasets.h36m import survey as h36m
    from synpose_tf.datasets.mpi_inf_3dhp import survey as mpi_inf_3dhp
    from synpose_tf.datasets.mpii import survey as mpii
    from synpose_tf.datasets.multiview import survey as multiview

    modules = {
        "h36m": h36m, "mpi_inf_3dhp": mpi_inf_3dhp, "mpii": mpii, "cmu_mocap": cmu_mocap,
        "bvh_motion": bvh_motion, "multiview": multiview,
    }  # fmt: skip
    if FLAGS.dataset is None:
        return modules
    name = FLAGS.dataset.split("/")[0]
    if name not in modules:
        raise SynposeError(
            f"--dataset={FLAGS.dataset}: no data set that reads files. Those are "
            f"{', '.join(modules)}."
        )
    return {name: modules[name]}


def _looked_for():
    modules = _modules()
    if FLAGS.dataset is not None:
        (name,) = modules
        return datasets.BUILDERS[name].MANUAL_DOWNLOAD_INSTRUCTIONS
    lines = [f"  {name:14}{module.FILES}" for name, module in modules.items()]
    return "\n".join(["Looked for", *lines, "The set synthetic_pose needs no files."])


def _surveys(folder):
    """The surveys of what lies in the folder, and errors of what cannot be read."""
    found, damaged = [], []
    for name, module in _modules().items():
        given = [pathlib.Path(file).expanduser()] if (file := _joint_map(name)) else []
        try:
            found.append(module.survey(folder, *given))
        except SynposeError as error:
            damaged.append(str(error))
    return [survey for survey in found if survey is not None], damaged


def _joint_map(name):
    """--joint_map, for a data set that takes one."""
    takes_one = datasets.BUILDERS[name.split("/")[0]].TAKES_JOINT_MAP
    return FLAGS.joint_map if takes_one else None


def _text(survey):
    lines = [survey.title, "  found"]
    for line in survey.found:
        lines += _wrap(line)
    if survey.missing:
        lines.append("  missing")
    for what, enables in survey.missing:
        lines += [*_wrap(what), *_wrap(f"  -> {enables}")]
    if survey.notes:
        lines.append("  note")
    for note in survey.notes:
        lines += _wrap(note)
    lines.append("  next" if survey.ready else "  next: nothing can be prepared from this alone")
    for ready in survey.ready:
        lines.append(
            f"    {ready.command(FLAGS.manual_dir, FLAGS.data_dir, _joint_map(ready.name))}"
        )
    return "\n".join(lines) + "\n"


def _wrap(line):
    return textwrap.wrap(
        line, 98, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False
    )


def _chosen(ready):
    """The one to draw: --dataset's configuration, else the first."""
    if FLAGS.dataset is None or "/" not in FLAGS.dataset:
        return ready[0] if ready else None
    for candidate in ready:
        if candidate.name == FLAGS.dataset:
            return candidate
    names = ", ".join(candidate.name for candidate in ready) or "nothing"
    raise SynposeError(f"--dataset={FLAGS.dataset}: the folder suffices for {names}.")


def _preview(ready, path):
    from synpose_tf.datasets.pose_dataset import check_view
    from synpose_tf.visualization import plotting

    view = ready.example()
    check_view(view)
    middle = len(view.frames) // 2
    plotting.save_figure(_figure(view, middle), path)
    print(f"example of {ready.name}: {view.name}, frame {view.frames[middle]}, drawn in {path}")


def _figure(view, index):
    from matplotlib.figure import Figure

    from synpose_tf.visualization import plotting

    azimuths = {} if view.keypoints_3d is None else {"3D": -75.0, "3D, from the side": 0.0}
    columns = 1 + len(azimuths)
    figure = Figure(figsize=(3.4 * columns, 3.9), layout="constrained")
    axes = figure.add_subplot(1, columns, 1, title="2D")
    points = view.keypoints_2d[index]
    plotting.draw_2d(axes, points)
    if view.confidence is not None:
        unseen = points[view.confidence[index] == 0]
        axes.plot(*unseen.T, "o", color="black", fillstyle="none", label="not seen, or derived")
        figure.legend(loc="outside lower left", fontsize=8)
    for column, (title, azimuth) in enumerate(azimuths.items(), 2):
        axes = figure.add_subplot(1, columns, column, projection="3d", title=title)
        plotting.draw_3d(axes, view.keypoints_3d[index], azimuth)
        axes.set_box_aspect((1, 1, 1), zoom=1.2)
    title = f"{view.name}, frame {view.frames[index]}\nred is the person's left"
    figure.suptitle(title, fontsize=10)
    return figure


if __name__ == "__main__":
    cli.run(main)
