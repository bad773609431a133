"""Lifts a detector's 2D keypoints to 3D poses.

  python -m synpose_tf.lift keypoints.json
  python -m synpose_tf.lift openpose_folder/ --fps=25 --smooth --output=walk
  python -m synpose_tf.lift keypoints.json --intrinsics=1145,1143,512,515

Takes files, and folders of files, as detectors write them: COCO or AlphaPose results, COCO
annotations, OpenPose, MMPose, MediaPipe landmarks, Ultralytics YOLO, easy_ViTPose, NumPy arrays,
VideoPose3D's and Martinez's, DeepLabCut, SLEAP, and the npz that this command writes.
Format and layout of the joints are recognised. Joints that the detector missed, or is too unsure
of, are inferred, and marked in the output. Exchanged sides are put back, a rolled camera is
levelled; notes say what was done. Memory hardly grows with the length of a recording: joints lie
in a temporary file (TMPDIR) meanwhile. docs/lift.md has formats, layouts and rules.
"""

from absl import flags

from synpose_tf import cli

flags.DEFINE_string("output", None, "Folder of the results. Default: lifted/<name of the input>.")
flags.DEFINE_list(
    "formats",
    ["npz", "json", "png", "html"],
    "What is written: npz, json, csv, png, html, bvh, c3d, trc, glb, gif, mp4.",
)
flags.DEFINE_string("format", None, "Format of the input. Default: recognised.")
flags.DEFINE_string(
    "layout",
    None,
    "Layout of the joints: h36m, coco, mpii, body25, openpose18, mediapipe or halpe26. Default: "
    "recognised.",
)
flags.DEFINE_string(
    "pretrained",
    None,
    "Which lifter of the package: `paper` needs pixels only, `camera` the intrinsics too and is "
    "more accurate; `paper_synchronized` and `camera_synchronized` learnt by the paper's losses "
    "alone. Default: camera where there are --intrinsics, else paper.",
)
cli.define_old_name("mode", "pretrained")
flags.DEFINE_list(
    "intrinsics",
    None,
    "The camera's fx,fy,cx,cy in pixels, and where known OpenCV's distortion k1,k2,p1,p2,k3. They "
    "also give the root's path.",
)
flags.DEFINE_string("workdir", None, "A training run to take instead of a lifter of the package.")
flags.DEFINE_float("fps", None, "Frames a second. Default: the file's, or 30.", lower_bound=1e-3)
flags.DEFINE_list(
    "image_size", None, "Width and height in pixels, for keypoints that are fractions of them."
)
flags.DEFINE_string(
    "units",
    None,
    "Of the keypoints: pixels; fractions (0 to 1); centred (-1 to 1 in x and y); centred_by_width "
    "(VideoPose3D's: -1 to 1 in x, y by the width too). Default: the format's, or pixels and "
    "fractions by the numbers.",
)
flags.DEFINE_float(
    "min_confidence",
    None,
    "Joints that the detector is less sure of count as missed and are inferred. Default: a "
    "quarter of the recording's usual confidence; 0 believes all.",
    lower_bound=0.0,
)
flags.DEFINE_float(
    "body_height",
    1700.0,
    "Millimetres, the stature that gives poses their size.",
)
flags.DEFINE_float(
    "roll",
    None,
    "Degrees by which upright people are tilted clockwise in the picture, because the camera was "
    "not level. Taken out before lifting and put back after. Default: estimated, where people "
    "stand.",
    lower_bound=-180.0,
    upper_bound=180.0,
)
flags.DEFINE_enum(
    "rotate",
    "0",
    ["0", "90", "180", "270"],
    "Degrees by which the picture is turned clockwise, for a camera that was held otherwise. "
    "--intrinsics and --image_size are those of the picture before.",
)
flags.DEFINE_bool("smooth", False, "Smooth the poses in time, by the One-Euro filter.")
flags.mark_flags_as_mutual_exclusive(["workdir", "pretrained"])
FLAGS = flags.FLAGS


def main(paths: list[str]) -> None:
    from synpose_tf import output
    from synpose_tf.errors import SynposeError
    from synpose_tf.geometry.camera import parse_intrinsics
    from synpose_tf.inference.lifter import check_body_height
    from synpose_tf.output import results

    texts = FLAGS.intrinsics
    intrinsics = None if texts is None else parse_intrinsics(texts)
    check_body_height(FLAGS.body_height)
    kinds = _formats(output.FORMATS)
    folder, stem = results.place(paths, FLAGS.output)
    lifter = _lifter(intrinsics)
    recording = _read(paths)
    lifted = _lift(lifter, recording.tracks, intrinsics)
    print(_summary(lifted))
    if not any(track.lifted.any() for track in lifted):
        raise SynposeError(
            "no frame has enough joints to be lifted; nothing is written. Was --min_confidence or "
            "--layout right?"
        )
    results.claim(folder, stem, paths)
    written = []
    for kind in kinds:
        written += kind.write(lifted, folder / f"{stem}{kind.suffix}")
    print("written:")
    for path in written:
        print(f"  {path}")
    for path in written:
        if path.suffix == ".html":
            print(f"open {path} in a browser to look at it.")


def _read(paths):
    import tqdm

    from synpose_tf import keypoints
    from synpose_tf.io.scratch import Scratch

    recording = keypoints.read(
        paths,
        format=FLAGS.format,
        layout=FLAGS.layout,
        fps=FLAGS.fps,
        image_size=_image_size(),
        min_confidence=FLAGS.min_confidence,
        units=FLAGS.units,
        rotate=int(FLAGS.rotate),
        scratch=Scratch(),
        progress=lambda files: tqdm.tqdm(files, "reading", disable=None, leave=False),
    )
    tracks = recording.tracks
    layouts = sorted({track.layout.name for track in tracks})
    people = len(tracks)
    print(f"{recording.format}, {' and '.join(layouts)}; {people} {'track' + 's' * (people > 1)}:")
    for track in tracks[:10]:
        seconds = f"{track.times[0]:.2f} to {track.times[-1]:.2f} s"
        print(f"  {_printable(track.name)}: {len(track.frames)} frames, {seconds}")
    if people > 10:
        print(f"  … and {people - 10} more")
    for note in recording.notes:
        print(f"note: {note}.")
    return recording


def _lifter(intrinsics):
    from synpose_tf.errors import SynposeError
    from synpose_tf.inference.lifter import Lifter

    if FLAGS.workdir:
        lifter, origin = Lifter.from_workdir(FLAGS.workdir), f"--workdir={FLAGS.workdir}"
    else:
        name = FLAGS.pretrained or ("paper" if intrinsics is None else "camera")
        lifter, origin = Lifter.from_pretrained(name), f"--pretrained={name}"
    if lifter.mode == "camera" and intrinsics is None:
        raise SynposeError(
            f"{origin} was trained in camera mode. Give --intrinsics=fx,fy,cx,cy of the camera in "
            "pixels, or take a lifter of paper mode, such as --pretrained=paper."
        )
    print(f"lifter: {origin}, {lifter.mode} mode")
    return lifter


def _lift(lifter, tracks, intrinsics):
    import tqdm

    from synpose_tf.inference import smoothing

    lifted = []
    for track in tqdm.tqdm(tracks, "lifting", disable=None, leave=False):
        turned = _turned(intrinsics, track)
        poses = lifter.lift_track(track, turned, FLAGS.body_height, FLAGS.roll)
        lifted.append(smoothing.smooth_track(poses) if FLAGS.smooth else poses)
        if poses.roll and FLAGS.roll is None:
            tqdm.tqdm.write(
                f"note: {_printable(track.name)}: people are tilted by {poses.roll:.0f} degrees, "
                "taken for the camera's roll; --roll sets another, --roll=0 none."
            )
    return lifted


def _turned(intrinsics, track):
    """The camera's, of its picture as it is turned."""
    from synpose_tf.errors import SynposeError
    from synpose_tf.geometry import camera

    degrees = int(FLAGS.rotate)
    if intrinsics is None or not degrees:
        return intrinsics
    if track.image_size is None:
        raise SynposeError(
            f"--rotate={degrees} with --intrinsics: give --image_size=WIDTH,HEIGHT of the picture "
            "before it is turned."
        )
    width, height = track.image_size if degrees == 180 else track.image_size[::-1]
    return camera.turn_intrinsics(intrinsics, degrees, (width, height))


def _summary(lifted):
    frames = sum(len(track.frames) for track in lifted)
    posed = sum(int(track.lifted.sum()) for track in lifted)
    inferred = sum(
        int(piece.inferred[piece.lifted].sum()) for track in lifted for piece in track.pieces()
    )
    text = f"{posed} of {frames} frames lifted"
    if posed:
        text += f"; {inferred / posed:.1f} of 17 joints inferred in each, on average"
    return text + (", smoothed" if FLAGS.smooth else "")


def _image_size():
    import math

    from synpose_tf.errors import SynposeError

    if FLAGS.image_size is None:
        return None
    try:
        size = [float(side) for side in FLAGS.image_size]
    except ValueError:
        size = []
    if len(size) != 2 or not all(map(math.isfinite, size)) or min(size) < 1:
        raise SynposeError(
            f"--image_size={','.join(FLAGS.image_size)}: expected WIDTH,HEIGHT in pixels."
        )
    return tuple(int(side) for side in size)


def _formats(known):
    from synpose_tf.errors import SynposeError

    for name in FLAGS.formats:
        if name not in known:
            raise SynposeError(
                f"--formats: {name!r} is not known. Expected some of {','.join(known)}."
            )
    return [known[name] for name in FLAGS.formats]


def _printable(name):
    return "".join(c if c.isprintable() else "?" for c in name)[:80]


if __name__ == "__main__":
    cli.run(main, arguments=True)
