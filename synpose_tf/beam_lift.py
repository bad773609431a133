"""Lifts keypoint archives of any size, by Apache Beam.

  python -m synpose_tf.beam_lift keypoints.npy --output=poses
  python -m synpose_tf.beam_lift archive/ --output=poses --direct_num_workers=8 \
      --direct_running_mode=multi_processing
  python -m synpose_tf.beam_lift archive/ --output=poses --runner=FlinkRunner \
      --flink_master=localhost:8081

Takes what `synpose_tf.lift` takes and writes its npz, split into files of --frames_per_file
frames. A .npy or .npz file of one person is read in such pieces, every other file by one worker.
Flags that are not listed here go to Beam; write them --name=value. Needs: pip install
'synpose_tf[beam]'. docs/beam.md has files, memory and runners.
"""

from absl import flags

from synpose_tf import cli

flags.DEFINE_string("output", None, "Folder of the results, which holds none yet.", required=True)
flags.DEFINE_string("layout", None, "Layout of the joints, as synpose_tf.lift takes it.")
flags.DEFINE_string(
    "pretrained",
    None,
    "Which lifter of the package, as synpose_tf.lift takes it. Default: camera with --intrinsics, "
    "else paper.",
)
cli.define_old_name("mode", "pretrained")
flags.DEFINE_list("intrinsics", None, "fx,fy,cx,cy in pixels, and OpenCV's k1,k2,p1,p2,k3.")
flags.DEFINE_string("workdir", None, "A training run to take instead; where workers find it, too.")
flags.DEFINE_list("image_size", None, "Width and height, for keypoints that are fractions.")
flags.DEFINE_string("units", None, "Of the keypoints, as synpose_tf.lift takes it.")
flags.DEFINE_float("fps", None, "Frames a second. Default: the file's, or 30.", lower_bound=1e-3)
flags.DEFINE_float(
    "min_confidence",
    None,
    "Joints that the detector is less sure of count as missed. Default: a quarter of the usual "
    "confidence of a file's first frames; 0 believes all.",
    lower_bound=0.0,
)
flags.DEFINE_float("body_height", 1700.0, "Millimetres, the stature.")
flags.DEFINE_float(
    "roll",
    None,
    "Degrees by which upright people are tilted clockwise in the picture, as synpose_tf.lift takes "
    "it. Default: estimated, of a file that is cut by its first frames.",
    lower_bound=-180.0,
    upper_bound=180.0,
)
flags.DEFINE_enum(
    "rotate",
    "0",
    ["0", "90", "180", "270"],
    "Degrees by which the picture is turned clockwise, as synpose_tf.lift takes it.",
)
flags.DEFINE_enum(
    "temporal", "auto", ["auto", "off"], "Correct poses in time, as synpose_tf.lift takes it."
)
flags.DEFINE_integer(
    "frames_per_file", 65_536, "Of the results, and what a worker holds at once.", lower_bound=2_048
)
flags.mark_flags_as_mutual_exclusive(["workdir", "pretrained"])
FLAGS = flags.FLAGS


def main(arguments: list[str]) -> None:
    from synpose_tf.errors import SynposeError
    from synpose_tf.geometry.camera import parse_intrinsics

    try:
        from synpose_tf.inference import beam_pipeline
        from synpose_tf.inference.lifter import check_body_height
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "apache_beam":
            raise
        raise SynposeError(
            "apache-beam is not installed, which this command needs. "
            "Install it: pip install 'synpose_tf[beam]'"
        ) from None

    paths = [text for text in arguments if not text.startswith("-")]
    beam_flags = [text for text in arguments if text.startswith("-")]
    if beam_flags:
        print(f"for Beam: {' '.join(beam_flags)}")
    if FLAGS.frames_per_file % 2048:
        raise SynposeError(
            f"--frames_per_file={FLAGS.frames_per_file}: expected a multiple of 2048, the lifter's "
            "batch."
        )
    check_body_height(FLAGS.body_height)
    intrinsics = FLAGS.intrinsics and tuple(parse_intrinsics(FLAGS.intrinsics).tolist())
    pretrained = FLAGS.pretrained or ("camera" if intrinsics else "paper")
    if _mode(pretrained) == "camera" and intrinsics is None:
        origin = f"workdir={FLAGS.workdir}" if FLAGS.workdir else f"pretrained={pretrained}"
        raise SynposeError(
            f"--{origin} was trained with camera normalisation: give --intrinsics=fx,fy,cx,cy of "
            "the camera in pixels."
        )
    settings = beam_pipeline.Settings(
        pretrained=pretrained,
        workdir=FLAGS.workdir,
        intrinsics=intrinsics,
        layout=FLAGS.layout,
        fps=FLAGS.fps,
        image_size=_image_size(),
        min_confidence=FLAGS.min_confidence,
        units=FLAGS.units,
        body_height=FLAGS.body_height,
        roll=FLAGS.roll,
        rotate=int(FLAGS.rotate),
        temporal=FLAGS.temporal == "auto",
    )
    pieces = beam_pipeline.plan(paths, FLAGS.frames_per_file, settings)
    print(
        f"{len(pieces)} pieces, of at most {FLAGS.frames_per_file} frames where they can be split"
    )
    done = beam_pipeline.run(pieces, settings, FLAGS.output, beam_flags)
    lifted = [part for part in done if "error" not in part]
    frames = [sum(part[key] for part in lifted) for key in ("lifted", "frames")]
    print(f"{frames[0]} of {frames[1]} frames lifted; {len(lifted)} files in {FLAGS.output}")
    if any(part["corrected"] for part in lifted):
        print("poses are corrected by the frames around them (--temporal=off leaves them alone)")
    _print_notes(lifted)
    failed = [part["error"] for part in done if "error" in part]
    if failed:
        raise SynposeError(
            f"{len(failed)} of {len(done)} pieces failed; the others are written:\n"
            + "\n".join(failed[:10])
        )


def _print_notes(parts):
    """The first ten; all are in the manifest."""
    notes = [(part, note) for part in parts for note in part["notes"]]
    for part, note in notes[:10]:
        cut = part["stop"] is not None
        frames = f", rows {part['start']} to {part['stop'] - 1}" if cut else ""
        print(f"note: {part['path']}{frames}: {note}.")
    if len(notes) > 10:
        print(f"  … and {len(notes) - 10} notes more, in {FLAGS.output}/manifest.json")


def _mode(pretrained):
    """The lifter's; says what is wrong with it before any worker starts."""
    from synpose_tf.inference.lifter import Lifter

    if FLAGS.workdir:
        return Lifter.from_workdir(FLAGS.workdir).mode
    return Lifter.from_pretrained(pretrained).mode


def _image_size():
    from synpose_tf.errors import SynposeError

    texts = FLAGS.image_size
    if texts is None:
        return None
    try:
        numbers = tuple(float(text) for text in texts)
    except ValueError:
        numbers = ()
    if len(numbers) != 2 or not all(0 < number < 1e6 for number in numbers):
        raise SynposeError(f"--image_size={','.join(texts)}: expected two positive numbers.")
    return numbers


if __name__ == "__main__":
    cli.run(main, arguments=True, unknown_flags=True)
