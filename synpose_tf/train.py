"""Trains the lifter.

  python -m synpose_tf.train                        the built-in synthetic poses
  python -m synpose_tf.train --dataset=cmu_mocap --manual_dir=FOLDER
                                                    real motion capture
  python -m synpose_tf.train --dataset=cmu_mocap,multiview --manual_dir=FOLDER,RECORDINGS \
    --config=robust --normalization=camera --init=camera
                                                    a lifter of the package, trained further, also
                                                    on recordings of several cameras

A run lives in its --workdir: checkpoints, history.csv, pictures of lifted validation poses,
TensorBoard files. The same command again goes on where the last one stopped, killed or not, and
ends with the weights that it would have had. SIGTERM saves a checkpoint and ends with exit code
143; Windows has no such signal, and a run that is ended there goes on from its last checkpoint.
"""

from absl import flags

from synpose_tf import cli
from synpose_tf.config import load_config, parse_arguments
from synpose_tf.models.methods import DEFAULT, METHODS
from synpose_tf.version import __version__

cli.define_data_flags(dataset="synthetic_pose")
flags.DEFINE_string(
    "workdir",
    None,
    "The run's folder. Default: runs/<dataset>_<config>_<normalization>, "
    "with _<method> unless that is synchronized.",
)
flags.DEFINE_enum(
    "method",
    None,
    list(METHODS),
    "What trains the lifter: `synchronized`, the adversarial model; `supervised`, true depths "
    "(Martinez et al.); `repnet` (Wandt and Rosenhahn); `mean`, each joint at its mean depth; "
    "`flat`, z = 0. What a configuration says to its own method's model only is left out for "
    "another. Default: the config's.",
)
flags.DEFINE_string(
    "config",
    "default",
    "Training configuration: default (recommended), paper (the paper's text to the letter), small "
    "(minutes on a laptop), or the path of a Python file with get_config().",
)
flags.DEFINE_enum(
    "normalization",
    None,
    ["paper", "camera"],
    "What the lifter is given: `paper`, pixels only; `camera`, pixels and the camera's "
    "intrinsics, which is more accurate wherever they are known. Default: the config's.",
)
flags.DEFINE_integer("steps", None, "Training steps. Default: the config's.")
flags.DEFINE_integer("batch_size", None, "Poses a step. Default: the config's.")
flags.DEFINE_integer("validate_every", None, "Steps between validations. Default: the config's.")
flags.DEFINE_float(
    "learning_rate", None, "Of every network. Default: the config's.", lower_bound=0.0
)
flags.DEFINE_enum(
    "decay",
    None,
    ["none", "linear", "cosine"],
    "How the learning rate falls to zero by the last of --steps. Such a run can't go on with "
    "more --steps. Default: the config's.",
)
flags.DEFINE_float(
    "noise",
    None,
    "Gaussian noise on the training examples' 2D joints: standard deviation in pixels.",
    lower_bound=0.0,
)
flags.DEFINE_integer("seed", None, "Fixes weights, data order and random turns. Default: 0.")
flags.DEFINE_bool("xla", None, "Compile the training step with XLA. Default: the config's.")
flags.DEFINE_bool(
    "mixed_precision",
    None,
    "Multiply in bfloat16 where hidden layers meet: faster on GPUs and TPUs that have it. Weights, "
    "normalisation, KCS and losses stay in float32. Default: the config's.",
)
flags.DEFINE_multi_string(
    "set",
    [],
    "NAME=VALUE, an argument of the model in place of the config's, such as --set=axis=camera_y or "
    "--set=generator_width=256; may be repeated.",
)
flags.DEFINE_list(
    "actions",
    [],
    "Train on these actions only, separated by commas. Default: all. Validation sees them all.",
)
flags.DEFINE_list(
    "detections",
    [],
    "Keypoint files of a detector, or folders of them, as `lift` reads them: real 2D poses whose "
    "truth nobody knows. Half of each step's inputs are taken from them; the real pairs of the "
    "critic and the depth loss come from --dataset. --method=synchronized only.",
)
flags.DEFINE_list(
    "detections_intrinsics",
    None,
    "fx,fy,cx,cy in pixels of the camera that took --detections, and where known "
    "k1,k2,p1,p2,k3. --normalization=camera needs them.",
)
flags.DEFINE_float(
    "detected_share",
    0.5,
    "Of each step's examples, the share from data sets whose 2D joints are a detector's "
    "(multiview), where --dataset names others beside them. They are not augmented.",
)
flags.DEFINE_string(
    "init",
    None,
    "Begin with the weights of a lifter of the package, by its name, such as camera, or of "
    "another run, by its --workdir. It must have this run's normalisation and width. The critic "
    "and all optimizers begin anew.",
)
flags.DEFINE_bool(
    "resume",
    True,
    "Go on with the run in --workdir. --noresume: begin a new one, and refuse a folder with a run.",
)
flags.DEFINE_integer("keep", 3, "Checkpoints that are kept, besides the best.", lower_bound=1)
flags.DEFINE_integer(
    "checkpoint_every",
    None,
    "Steps between checkpoints, besides those that each validation makes.",
    lower_bound=1,
)
flags.DEFINE_enum(
    "on_divergence",
    "stop",
    ["stop", "rollback"],
    "When a loss is not finite or explodes: `stop`, or go on from the last checkpoint with half "
    "the learning rate and other batches, at most 3 times.",
)
flags.DEFINE_enum(
    "strategy",
    "one_device",
    ["one_device", "mirrored", "multi_worker", "tpu"],
    "Where to train: `mirrored`, all GPUs of this machine; `multi_worker`, the machines that "
    "TF_CONFIG lists (see synpose_tf.launch); `tpu`. The weights are those of `one_device` with "
    "the same --batch_size, which is that of all replicas together.",
)
flags.DEFINE_integer(
    "replicas",
    None,
    "GPUs that --strategy=mirrored uses. Default: all. Without a GPU: virtual CPU devices.",
    lower_bound=1,
)
FLAGS = flags.FLAGS


def main() -> None:
    arguments = parse_arguments(FLAGS.set)
    if FLAGS.mixed_precision is not None:
        arguments["mixed_precision"] = FLAGS.mixed_precision
    config = load_config(FLAGS.config).override(
        steps=FLAGS.steps,
        batch_size=FLAGS.batch_size,
        validate_every=FLAGS.validate_every,
        seed=FLAGS.seed,
        mode=FLAGS.normalization,
        noise=FLAGS.noise,
        learning_rate=FLAGS.learning_rate,
        jit_compile=FLAGS.xla,
        decay=FLAGS.decay,
    )
    # Flags and configuration are refused before the seconds that TensorFlow takes to import.
    from synpose_tf.training import distribution, loop

    arguments |= {"paired": False} if FLAGS.detections else {}
    config = loop.with_method(config, FLAGS.method or config.method)
    config = config.override(model=arguments)
    strategy = distribution.make_strategy(FLAGS.strategy, FLAGS.replicas)
    distribution.part_size(strategy, config.batch_size)
    with strategy.scope():
        model = loop.new_model(config)
    detections = _detections(config, model.mode) if FLAGS.detections else None
    initial = _start(model, strategy) if FLAGS.init else None
    with distribution.clear_failures(strategy):
        _train(config, model, strategy, detections, initial)


def _start(model, strategy):
    from synpose_tf.inference import initial

    found = initial.load(FLAGS.init)
    with strategy.scope():
        initial.start(model, found)
    return found


def _detections(config, mode):
    from synpose_tf.errors import SynposeError
    from synpose_tf.geometry.camera import parse_intrinsics
    from synpose_tf.training.detections import read_detections

    if config.method != "synchronized":
        raise SynposeError(
            f"--detections: method {config.method} learns nothing from poses without a truth. "
            "Leave them out, or train --method=synchronized."
        )
    if mode == "camera" and FLAGS.detections_intrinsics is None:
        raise SynposeError(
            "--detections: camera mode needs --detections_intrinsics=fx,fy,cx,cy, of the camera "
            "that took them."
        )
    lens = FLAGS.detections_intrinsics
    lens = lens and parse_intrinsics(lens, "--detections_intrinsics")
    return read_detections(FLAGS.detections, lens)


def _train(config, model, strategy, detections, initial):
    from synpose_tf.datasets import prepared
    from synpose_tf.training import checkpoint, distribution, loop
    from synpose_tf.training.examples import read_examples

    workdir = checkpoint.Workdir(FLAGS.workdir or _default_workdir(model.mode, config.method))
    with distribution.chief_first(strategy):
        builders = prepared.prepare_all(
            FLAGS.dataset, FLAGS.manual_dir, FLAGS.data_dir, FLAGS.joint_map
        )
        run = _run(config, builders, detections, initial)
        if distribution.is_chief(strategy):
            workdir.open_for(run, resume=FLAGS.resume)
        workdir.check(run)
    with strategy.scope():
        resumed = workdir.resume()
    if distribution.is_chief(strategy) and resumed is not None:
        _announce_resumed(resumed, workdir)

    examples = read_examples(builders, model, FLAGS.actions, FLAGS.detected_share)
    precautions = loop.Precautions(
        keep=FLAGS.keep,
        checkpoint_every=FLAGS.checkpoint_every,
        rollback=FLAGS.on_divergence == "rollback",
    )
    session = loop.Training(
        model, examples.arrays, examples.views, workdir, config, strategy, precautions, resumed,
        detections, examples.clips, examples.pairs,
    )  # fmt: skip
    if not distribution.is_chief(strategy):
        session.run()
        return
    _announce(builders, examples, session.model, workdir, config)
    _summarize(session.run(), examples.views, session.model, workdir)


def _default_workdir(mode, method):
    import pathlib

    name = pathlib.Path(FLAGS.config).name.removesuffix(".py")
    dataset = FLAGS.dataset.replace("/", "_").replace(",", "_")
    suffix = "" if method == DEFAULT else f"_{method}"
    return f"runs/{dataset}_{name}_{mode}{suffix}"


def _run(config, builders, detections, initial):
    import dataclasses
    import hashlib

    from synpose_tf.datasets import prepared
    from synpose_tf.training.examples import is_detected

    first, *others = builders
    run = {
        "version": __version__,
        "dataset": first.info.full_name,
        "data": prepared.made_from(first),
        "config": dataclasses.asdict(config),
    }
    run |= {"mixed_with": [b.info.full_name for b in others]} if others else {}
    detected = [prepared.made_from(builder) for builder in builders if is_detected(builder)]
    if detected:
        run["detected"] = {"data": detected}
        run["detected"] |= {"share": FLAGS.detected_share} if len(detected) < len(builders) else {}
    if initial is not None:
        run["init"] = initial.identity
    if detections is not None:
        digest = hashlib.sha256(b"".join(array.tobytes() for array in detections.values()))
        poses = len(detections["up"])
        run["detections"] = {"poses": poses, "sha256": digest.hexdigest()[:16]}
    return run | ({"actions": FLAGS.actions} if FLAGS.actions else {})


def _announce_resumed(resumed, workdir):
    for path, reason in resumed.damaged.items():
        print(f"warning: {path} is damaged ({reason}); set aside as {path.name}.damaged")
    workdir.set_aside(resumed)
    step = int(resumed.model.iterations.numpy())
    print(f"going on with {workdir.path} from step {step} ({resumed.path.name})")


def _announce(builders, examples, model, workdir, config):
    from synpose_tf.training import loop

    parameters = sum(network.count_params() for network in model.networks.values())
    for builder in builders:
        print(f"data set   {builder.info.full_name}")
        about = builder.info.metadata or {}
        for split in ("train", "test"):
            if split in about:
                print(f"  {split:8} {_describe(about[split])}")
        for note in about.get("notes", ()):
            print(f"  note     {note}")
    print(
        f"training   {examples.count:,} views{_mixture(examples)}\n"
        f"validation {len(examples.views['keypoints_2d']):,} views, evenly from the test split of "
        f"{builders[0].info.full_name}\n"
        f"method     {config.method}\n"
        f"model      {model.mode} normalisation, {parameters / 1e6:.1f} M parameters\n"
        f"workdir    {workdir.path}"
    )
    if not loop.CAN_BE_ASKED_TO_END:
        print(
            "note       this system ends a process without asking it, so no checkpoint is saved "
            "then; --checkpoint_every makes them more frequent"
        )


def _mixture(examples):
    if examples.pairs is None:
        return ""
    if examples.arrays is None:
        return ", all by a detector and not augmented"
    share = f"{100 * examples.pairs.share:g} % of each step"
    return f"; {len(examples.pairs.arrays['up']):,} by a detector, {share}, not augmented"


def _describe(summary):
    return ", ".join(
        f"{len(value) if isinstance(value, list) else value} {name}"
        for name, value in summary.items()
    )


def _summarize(history, views, model, workdir):
    from synpose_tf.evaluation import metrics, protocols

    if not history:
        print("Nothing to train: the run has had all its --steps.")
        return
    flat = protocols.flat_poses(views, model.mode)
    flat_error = metrics.pose_metrics(flat, views["keypoints_3d"])["mpjpe"].mean()
    last = history[-1]
    share = 100 * last["val_mpjpe"] / flat_error
    data = "".join(
        f" --{name}={FLAGS[name].value}"
        for name in ("dataset", "manual_dir", "data_dir", "joint_map")
        if FLAGS[name].value
    )
    print(
        f"\nafter {last['step']:.0f} steps and {last['seconds']:.0f} s of training\n"
        f"validation MPJPE {last['val_mpjpe']:.1f} mm, {share:.0f} % "
        f"of the flat pose's (z = 0) {flat_error:.1f} mm; P-MPJPE {last['val_p_mpjpe']:.1f} mm\n"
        f"(protocol 1 with the true mean root distance as scale)\n\n"
        f"What next:\n"
        f"  look       {workdir.pictures}/step_{last['step']:07.0f}.png\n"
        f"  curves     tensorboard --logdir={workdir.tensorboard}\n"
        f"  evaluate   python -m synpose_tf.evaluate --workdir={workdir.path}{data}\n"
        f"  go on      the same command with more --steps"
    )


if __name__ == "__main__":
    cli.run(main)
