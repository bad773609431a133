"""Makes a trained run a lifter that comes with the package.

  python -m synpose_tf.publish --workdir=runs/… --manual_dir=FOLDER --command="python -m …"

Evaluates the run's lifter, as it will be shipped (half precision), on the test split of its
first data set, and writes weights and model card into `synpose_tf/weights`, where
`Lifter.from_pretrained` finds them. `synpose_tf.fit_completion` makes what lies beside them.
"""

from absl import flags

from synpose_tf import cli
from synpose_tf.errors import SynposeError

cli.define_data_flags(dataset=None)
flags.DEFINE_string("workdir", None, "The folder of a training run.")
flags.DEFINE_string("name", None, "What the lifter is called. Default: its normalisation.")
flags.DEFINE_string("command", None, "The command that trained it, for the model card.")
flags.DEFINE_string(
    "unseen",
    None,
    "What `benchmarks/unseen.py --workdir=… --json=FILE` wrote of this run, for the model card.",
)
flags.DEFINE_string("output", None, "Folder of the weights. Default: the package's own.")
flags.mark_flag_as_required("workdir")
flags.mark_flag_as_required("command")
FLAGS = flags.FLAGS

LICENCE = "Apache-2.0; the terms of the data that trained it hold as well"
LIMITS = (
    "It may fail on people who do something else, and under cameras of elsewhere. One pose at a "
    "time, without temporal context. The size of a person is not known from one view: millimetres "
    "follow from an assumed body height."
)


def main() -> None:
    import pathlib

    import synpose_tf
    from synpose_tf.datasets import prepared
    from synpose_tf.evaluation import metrics, protocols
    from synpose_tf.export import trained
    from synpose_tf.inference import pretrained
    from synpose_tf.inference.lifter import Lifter
    from synpose_tf.training import checkpoint

    workdir = checkpoint.Workdir(FLAGS.workdir)
    run = workdir.run()
    unseen = _unseen(workdir.path)
    folder = pathlib.Path(FLAGS.output or pathlib.Path(synpose_tf.__file__).parent / "weights")
    loaded = workdir.load("last")
    if loaded.window > 1:
        _publish_temporal(folder, workdir, loaded, run)
        return
    model = trained.check_lifter(loaded, f"--workdir={FLAGS.workdir}")
    name = FLAGS.name or model.mode
    pretrained.weights_file(folder, name)  # Refuses a name before anything long starts.
    builders = _training_sets(run)
    test = builders[0]
    if FLAGS.dataset:
        test = prepared.prepare_all(
            FLAGS.dataset, FLAGS.manual_dir, FLAGS.data_dir, FLAGS.joint_map
        )[0]
    views = prepared.read_split(test, "test", protocols.KEYS)
    generator = pretrained.half_precision(model.averaged_generator)
    lifter = Lifter(generator.get_weights(), model.mode, model.distance)
    lifted = lifter.lift(views["keypoints_2d"], views["intrinsics"]).poses
    figures = metrics.pose_metrics(lifted, views["keypoints_3d"])
    card = {
        "name": name,
        "mode": model.mode,
        "distance": model.distance,
        **_card(run, workdir.history(), builders, model.mode),
        "test_split": f"{test.info.full_name}, {len(lifted)} views",
        "metrics": {key: round(float(values.mean()), 2) for key, values in figures.items()},
        **unseen,
    }
    path = pretrained.save(folder, model.averaged_generator, card)
    print(f"written: {path} and .json")
    for key, value in card["metrics"].items():
        print(f"  {protocols.COLUMNS[key]:8} {value:.2f}")


def _publish_temporal(folder, workdir, model, run):
    """What corrects a lifter of the package in time; it lies beside it."""
    from synpose_tf.inference import pretrained

    single = model.get_config()["single"] or model.mode
    history = workdir.history()
    card = {
        "corrects": single,
        "mode": model.mode,
        "frames": model.receptive_field,
        "frames_after": model.after,
        "bound": model.bound,
        **_card(run, history, _training_sets(run), model.mode),
        "input": "of each frame its normalised 2D pose, the depths of the lifter of single frames "
        "and which joints were seen",
        "output": "corrections of x, y and z in the unit of the normalised pose",
        "limits": "It learnt at 20 to 40 frames a second.",
        "validation": {
            key: round(value, 2) for key, value in history[-1].items() if key.startswith("val_")
        },
    }
    path = pretrained.save_temporal(folder, single, model.averaged_generator, card)
    print(f"written: {path} and .json")


def _training_sets(run):
    """Builders of the run's data sets, the main one first."""
    from synpose_tf.datasets import prepared

    wanted = [run["dataset"], *run.get("mixed_with", ())]
    names = ",".join(full_name.rpartition("/")[0] for full_name in wanted)
    builders = prepared.prepare_all(names, FLAGS.manual_dir, FLAGS.data_dir, FLAGS.joint_map)
    for builder, full_name in zip(builders, wanted, strict=True):
        if builder.info.full_name != full_name:
            raise SynposeError(
                f"--workdir={FLAGS.workdir}: was trained on {full_name}, but the set is "
                f"{builder.info.full_name} now. Its card would tell of other data; train it again."
            )
    return builders


def _card(run, history, builders, mode):
    """What the run and its data sets say of themselves."""
    from synpose_tf.inference import pretrained

    if not history:
        raise SynposeError(f"--workdir={FLAGS.workdir}: history.csv is missing or empty.")
    data = [_training_data(builder, run.get("actions")) for builder in builders]
    credits = dict.fromkeys(type(builder).CREDIT for builder in builders)
    begun = run.get("init", {}).get("from")
    if begun in pretrained.NAMES:
        credits[pretrained.card(begun)["credit"]] = None
    return {
        "input": "2D pixels of Human3.6M's 17 joints"
        + (" and the camera's intrinsics" if mode == "camera" else ""),
        "output": "root-relative 3D pose, camera frame (x right, y down, z forward), no metric "
        "scale",
        "method": run["config"]["method"],
        "trained_on": [about["name"] for about in data],
        "training_data": data,
        **{key: run[key] for key in ("detections", "detected", "init") if key in run},
        "credit": " ".join(filter(None, credits)),
        "licence": LICENCE,
        "command": FLAGS.command,
        "config": run["config"],
        "steps": int(history[-1]["step"]),
        "training_seconds": round(history[-1]["seconds"]),
        "limits": f"Trained on {'; and on '.join(map(_sentence, data))}. {LIMITS}",
    }


def _training_data(builder, chosen):
    """A data set's training split in figures and names."""
    from synpose_tf.datasets import actions, prepared

    views = prepared.read_split(builder, "train", ("action",))
    takes = actions.select_actions(views, chosen)["action"]
    names = set(actions.action_names(takes).tolist())
    # A clip that has only a number, as CMU's own have, names no action.
    named = {name for name in names if name[:1].isalpha()}
    clips = (builder.info.metadata or {}).get("train", {}).get("clips")
    return {
        "name": builder.info.full_name,
        "views": len(takes),
        **({"clips": clips} if clips and not chosen else {}),
        "actions": [*sorted(named), *(["others"] if names - named else [])],
    }


def _sentence(data):
    clips = f"{data['clips']} clips, " if "clips" in data else ""
    actions = f" ({', '.join(data['actions'])})" if data["actions"] else ""
    return f"{data['name']}, {clips}{data['views']:,} views{actions}"


def _unseen(workdir):
    """The run's figures in --unseen, as an entry of the card; empty without the flag."""
    import json
    import pathlib

    if FLAGS.unseen is None:
        return {}
    try:
        table = json.loads(pathlib.Path(FLAGS.unseen).read_bytes())
        found = {
            name: {key: [round(value, 1) for value in pair] for key, pair in figures.items()}
            for name, figures in table.items()
        }
    except (ValueError, AttributeError, TypeError) as error:
        raise SynposeError(
            f"--unseen={FLAGS.unseen}: is not what benchmarks/unseen.py --json writes ({error})."
        ) from error
    for name, figures in found.items():
        if pathlib.Path(name).expanduser().resolve() == workdir.resolve():
            about = "MPJPE and P-MPJPE, mm, of people who trained nothing; benchmarks/unseen.py"
            return {"unseen": {"about": about, **figures}}
    raise SynposeError(
        f"--unseen={FLAGS.unseen}: has no figures of {workdir}, only of {', '.join(found)}. Run "
        f"benchmarks/unseen.py --workdir={workdir} --json=FILE."
    )


if __name__ == "__main__":
    cli.run(main)
