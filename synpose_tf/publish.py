"""Makes a trained run the lifter that comes with the package.

  python -m synpose_tf.publish --workdir=runs/… --manual_dir=FOLDER

Evaluates the run's lifter, as it will be shipped (half precision), on the test split of its
first data set, and writes weights and model card into `synpose_tf/weights`, where
`Lifter.from_pretrained` finds them. `synpose_tf.fit_completion` makes what lies beside them.
"""

from absl import flags

from synpose_tf import cli

cli.define_data_flags(dataset=None)
flags.DEFINE_string("workdir", None, "The folder of a training run.")
flags.DEFINE_string("command", None, "The command that trained it, for the model card.")
flags.DEFINE_string("output", None, "Folder of the weights. Default: the package's own.")
flags.mark_flag_as_required("workdir")
flags.mark_flag_as_required("command")
FLAGS = flags.FLAGS

CREDIT = (
    "The data used in this project was obtained from mocap.cs.cmu.edu. The database was created "
    "with funding from NSF EIA-0196217."
)
LIMITS = (
    "Trained on 89 clips of motion capture (walking, running, jumping, football, basketball, "
    "directing traffic, ...) and on synthetic people who stand, walk, sit, reach, crouch and turn; "
    "not on people who lie, climb or do gymnastics. One pose at a time, without temporal context. "
    "The size of a person is not known from one view: millimetres follow from an assumed body "
    "height. Cameras at chest to head height, looking down by at most some 20 degrees."
)


def main():
    import pathlib

    import synpose_tf
    from synpose_tf.datasets import prepared
    from synpose_tf.evaluation import metrics, protocols
    from synpose_tf.inference import pretrained
    from synpose_tf.inference.lifter import Lifter
    from synpose_tf.training import checkpoint

    workdir = checkpoint.Workdir(FLAGS.workdir)
    run = workdir.run()
    names = [full.rsplit("/", 1)[0] for full in (run["dataset"], *run.get("mixed_with", ()))]
    dataset = FLAGS.dataset or ",".join(names)
    builders = prepared.prepare_all(dataset, FLAGS.manual_dir, FLAGS.data_dir)
    folder = pathlib.Path(FLAGS.output or pathlib.Path(synpose_tf.__file__).parent / "weights")
    model = workdir.load("last")
    generator = pretrained.half_precision(model.averaged_generator)
    lifter = Lifter(generator.get_weights(), model.mode, model.distance)
    views = prepared.read_split(builders[0], "test", protocols.KEYS)
    lifted = lifter.lift(views["keypoints_2d"], views["intrinsics"]).poses
    figures = metrics.pose_metrics(lifted, views["keypoints_3d"])
    history = workdir.history()
    card = {
        "name": f"synpose_tf, {model.mode} mode",
        "mode": model.mode,
        "distance": model.distance,
        "input": "2D pixels of Human3.6M's 17 joints"
        + (" and the camera's intrinsics" if model.mode == "camera" else ""),
        "output": "root-relative 3D pose, camera frame (x right, y down, z forward), no metric "
        "scale",
        "trained_on": [run["dataset"], *run.get("mixed_with", ())],
        "credit": CREDIT,
        "licence": "Apache-2.0",
        "command": FLAGS.command,
        "config": run["config"],
        "steps": int(history[-1]["step"]),
        "training_seconds": round(history[-1]["seconds"]),
        "test_split": f"{run['dataset']}, {len(lifted)} views",
        "metrics": {name: round(float(values.mean()), 2) for name, values in figures.items()},
        "limits": LIMITS,
    }
    pretrained.save(folder, model.averaged_generator, card)
    print(f"written: {folder / model.mode}.npz and .json")
    for name, value in card["metrics"].items():
        print(f"  {protocols.COLUMNS[name]:8} {value:.2f}")


if __name__ == "__main__":
    cli.run(main)
