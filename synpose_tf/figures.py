"""Draws lifted poses of a data set: its 2D input, the true 3D pose where there is one, ours.

  python -m synpose_tf.figures --dataset=cmu_mocap --manual_dir=FOLDER --workdir=runs/…
  python -m synpose_tf.figures --dataset=mpii --manual_dir=FOLDER
                                              2D only, by the lifter that comes with the package

Joints that a data set does not have, as the nose and the spine of MPII, are filled in. Drawn are
poses that miss the fewest.
"""

from absl import flags

from synpose_tf import cli
from synpose_tf.errors import SynposeError

CHOICES = ("even", "best", "median", "worst")

cli.define_data_flags(dataset="synthetic_pose")
flags.DEFINE_string("workdir", None, "The folder of a training run.")
flags.DEFINE_string(
    "pretrained",
    None,
    "In place of --workdir: a lifter of the package, `paper` (default), `camera`, which needs "
    "intrinsics, …",
)
cli.define_old_name("normalization", "pretrained")
flags.DEFINE_string("split", "test", "Split of the data set.")
flags.DEFINE_list("actions", [], "Draw these actions only, separated by commas. Default: all.")
flags.DEFINE_integer("count", 8, "Poses to draw.", lower_bound=1, upper_bound=200)
flags.DEFINE_enum(
    "choose",
    "even",
    CHOICES,
    "Poses evenly spread over the split, or those with the lowest, median or highest MPJPE, one "
    "a clip and camera at most.",
)
flags.DEFINE_string("output", "poses.png", "The picture, a PNG file.")
flags.mark_flags_as_mutual_exclusive(["workdir", "pretrained"])
FLAGS = flags.FLAGS


def main() -> None:
    import pathlib

    from synpose_tf.datasets import prepared
    from synpose_tf.visualization import plotting

    output = pathlib.Path(FLAGS.output)
    if output.suffix != ".png":
        raise SynposeError(f"--output={output}: the picture is a PNG file; end its name in .png.")
    lifter = _lifter()
    source = prepared.Source(FLAGS.dataset, FLAGS.manual_dir, FLAGS.data_dir, FLAGS.joint_map)
    builder = prepared.prepare(source)
    views = _views(builder)
    keypoints, lifted, truth, errors = _lift(lifter, views, builder.info.full_name)
    chosen = _choose(errors, views)
    titles = [str(views["subject" if errors is None else "action"][i])[:18] for i in chosen]
    if errors is not None:
        titles = [f"{t}, {errors[i]:.0f} mm" for t, i in zip(titles, chosen, strict=True)]
    figure = plotting.lifting_grid(
        keypoints[chosen], lifted[chosen], None if truth is None else truth[chosen], titles
    )
    plotting.save_figure(figure, output)
    print(f"{builder.info.full_name}, {FLAGS.split}: {len(chosen)} of {len(keypoints)} poses")
    if errors is not None:
        print(f"MPJPE {errors[chosen].mean():.1f} mm, of all {errors.mean():.1f} mm")
    print(f"written: {output}")


def _lifter():
    from synpose_tf.inference.lifter import Lifter

    if FLAGS.workdir is None:
        return Lifter.from_pretrained(FLAGS.pretrained or "paper")
    return Lifter.from_workdir(FLAGS.workdir)


def _views(builder):
    """Views that miss the fewest joints; a missed one is NaN."""
    import numpy as np

    from synpose_tf.datasets import actions, prepared

    optional = [key for key in ("keypoints_3d", "confidence") if key in builder.info.features]
    keys = ("keypoints_2d", "intrinsics", "subject", "action", "camera", *optional)
    views = prepared.read_split(builder, FLAGS.split, keys)
    views = actions.select_actions(views, FLAGS.actions)
    if "confidence" not in views:
        return views
    missed = views["confidence"] <= 0
    complete = missed.sum(-1) == missed.sum(-1).min()
    views["keypoints_2d"] = np.where(missed[..., None], np.nan, views["keypoints_2d"])
    return {key: values[complete] for key, values in views.items()}


def _lift(lifter, views, name):
    """2D poses, lifted and true 3D poses, MPJPE; the last two None where nothing is true."""
    from synpose_tf.evaluation import metrics

    intrinsics = views["intrinsics"]
    if lifter.mode == "camera" and not intrinsics.any(-1).all():
        raise SynposeError(
            f"{name} has no intrinsics, and this lifter needs them (camera normalisation). Take "
            "one of paper normalisation: --pretrained=paper, or a --workdir trained so."
        )
    result = lifter.lift(views["keypoints_2d"], intrinsics)
    if "keypoints_3d" not in views:
        return result.keypoints, result.poses, None, None
    truth = metrics.root_relative(views["keypoints_3d"])
    scaled = metrics.scale_to_truth(result.poses, truth)
    return result.keypoints, scaled, truth, metrics.mpjpe(scaled, truth)


def _choose(errors, views):
    """Indices of the poses to draw."""
    import numpy as np

    count = len(views["keypoints_2d"])
    if FLAGS.choose == "even":
        return np.linspace(0, count - 1, min(count, FLAGS.count)).astype(int)
    if errors is None:
        raise SynposeError(f"--choose={FLAGS.choose}: the data set has no true 3D; take even.")
    keys = {
        "best": errors,
        "worst": -errors,
        "median": np.abs(errors - np.median(errors)),
    }
    order = np.argsort(keys[FLAGS.choose], kind="stable")
    # Neighbouring frames are nearly the same pose.
    takes = np.stack([views[key] for key in ("subject", "action", "camera")], axis=-1)
    _, firsts = np.unique(takes[order], axis=0, return_index=True)
    return order[np.sort(firsts)[: FLAGS.count]]


if __name__ == "__main__":
    cli.run(main)
