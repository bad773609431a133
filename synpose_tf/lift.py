"""Lifts people in photos and videos, or a detector's 2D keypoints, to 3D poses.

  python -m synpose_tf.lift walk.mp4
  python -m synpose_tf.lift keypoints.json
  python -m synpose_tf.lift openpose_folder/ --fps=25 --smooth --output=walk
  python -m synpose_tf.lift keypoints.json --intrinsics=1145,1143,512,515

Takes photos, videos and folders of photos, in which MediaPipe finds the people (docs/video.md;
pip install 'synpose_tf[video]'), and files, and folders of files, as detectors write them: COCO
or AlphaPose results, COCO annotations, OpenPose, MMPose, MediaPipe landmarks, Ultralytics YOLO,
easy_ViTPose, NumPy arrays, VideoPose3D's and Martinez's, DeepLabCut, SLEAP, and the npz that this
command writes. Format and layout of the joints are recognised. Joints that the detector missed,
or is too unsure of, are inferred, and marked in the output. Exchanged sides are put back, a rolled
camera is levelled; notes say what was done. Memory hardly grows with the length of a recording:
joints lie in a temporary file (TMPDIR) meanwhile. docs/lift.md has formats, layouts and rules.
"""

import dataclasses

from absl import flags

from synpose_tf import cli
from synpose_tf.detection import picture_flags

flags.DEFINE_string("output", None, "Folder of the results. Default: lifted/<name of the input>.")
flags.DEFINE_list(
    "formats",
    ["npz", "json", "png", "html"],
    "What is written: npz, json, csv, png, html, bvh, c3d, trc, glb, gif, mp4.",
)
picture_flags.define()
flags.DEFINE_string(
    "background",
    None,
    "Video, photo or folder of photos that html, png, gif and mp4 show behind the 2D joints; "
    "`none` for none. Its pictures are frames 0, 1, …. Default: the input, where it is pictures.",
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
    "Which lifter of the package: `paper` needs pixels only, `camera` the camera too and is more "
    "accurate; `paper_synchronized` and `camera_synchronized` learnt by the paper's losses alone. "
    "Default: camera where --intrinsics are given or the picture's size is known, else paper.",
)
cli.define_old_name("mode", "pretrained")
flags.DEFINE_list(
    "intrinsics",
    None,
    "The camera's fx,fy,cx,cy in pixels, and where known OpenCV's distortion k1,k2,p1,p2,k3. They "
    "also give the root's path.",
)
flags.DEFINE_string(
    "focal",
    None,
    "The focal length in pixels of a camera without distortion that looks at the picture's middle. "
    "Default, and auto: estimated, from people who walk, or a usual one.",
)
flags.DEFINE_bool(
    "lifter_only", False, "Leave out the depths of a detector that has some, such as MediaPipe."
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
flags.DEFINE_enum(
    "temporal",
    "auto",
    ["auto", "off"],
    "Correct the poses of a recording by the frames around each. `auto`: where it has 20 frames a "
    "second or more; of a --webcam by those before. `off`: each frame alone.",
)
flags.DEFINE_bool(
    "causal", False, "Correct poses by the frames before them alone, as must be done live."
)
flags.DEFINE_bool("smooth", False, "Smooth the poses in time, by the One-Euro filter.")
flags.mark_flags_as_mutual_exclusive(["workdir", "pretrained"])
flags.mark_flags_as_mutual_exclusive(["intrinsics", "focal"])
FLAGS = flags.FLAGS


def main(paths: list[str]) -> None:
    from synpose_tf import output
    from synpose_tf.errors import SynposeError
    from synpose_tf.geometry.camera import parse_focal, parse_intrinsics
    from synpose_tf.inference.lifter import check_body_height
    from synpose_tf.output import results

    if FLAGS.causal and FLAGS.temporal == "off":
        raise SynposeError(
            "--causal corrects poses in time, --temporal=off does not. Leave one out."
        )
    texts = FLAGS.intrinsics
    intrinsics = None if texts is None else parse_intrinsics(texts)
    pixels = None if FLAGS.focal in (None, "auto") else parse_focal(FLAGS.focal)
    check_body_height(FLAGS.body_height)
    if FLAGS.webcam is not None:
        return _watch(paths, intrinsics, pixels)
    kinds = _formats(output.FORMATS)
    folder, stem = results.place(paths, FLAGS.output)
    opening, background = _shown(paths, kinds)
    with picture_flags.session(paths, folder, stem, int(FLAGS.rotate), opening) as session:
        if session is not None and intrinsics is None and FLAGS.focal is None:
            intrinsics = _told_intrinsics(session)
        lifter = _lifter(intrinsics)
        for kind in kinds:
            kind.load()  # While people are found.
        recording = _read(paths, session)
    lifter = lifter or _usual_lifter(recording.tracks)
    if any(map(lifter.corrects, recording.tracks)):
        seen = "before" if lifter.temporal.causal else "around"
        print(f"poses are corrected by the frames {seen} them (--temporal=off leaves them alone)")
    if opening is output.Backdrop and session is not None:
        (background,) = session.pictures
    cameras = _cameras(lifter, recording.tracks, intrinsics, pixels)
    lifted = _lift(lifter, recording.tracks, cameras)
    print(_summary(lifted))
    if not any(track.lifted.any() for track in lifted):
        raise SynposeError(
            "no frame has enough joints to be lifted; nothing is written. Was --min_confidence or "
            "--layout right?"
        )
    results.claim(folder, stem, paths)
    written = []
    for kind in kinds:
        written += kind.write(lifted, folder / f"{stem}{kind.suffix}", background)
    if session is not None:
        session.discard()
    print("written:")
    for path in written:
        print(f"  {path}")
    for path in written:
        if path.suffix == ".html":
            print(f"open {path} in a browser to look at it.")


def _shown(paths, kinds):
    """What to open the inputs' pictures with, and what `--background` names, if that is shown."""
    from synpose_tf.output import Backdrop
    from synpose_tf.video.pictures import open_pictures

    shown = FLAGS.background != "none" and any(kind.has_backdrop for kind in kinds)
    if not shown or FLAGS.background is None:
        return Backdrop if shown and len(paths) == 1 else open_pictures, None
    return open_pictures, Backdrop(FLAGS.background, int(FLAGS.rotate))


def _watch(paths, intrinsics, pixels):
    """What a camera sees, on a page."""
    from synpose_tf.errors import SynposeError
    from synpose_tf.live import watching

    if paths:
        raise SynposeError(f"--webcam: {paths[0]} is one input too many. Leave it out.")
    lifter = _lifter(intrinsics) or _usual_lifter([])
    detector = picture_flags.detector()
    given = {} if FLAGS.min_confidence is None else {"least": FLAGS.min_confidence}
    given |= {"intrinsics": intrinsics, "pixels": pixels, "body_height": FLAGS.body_height}
    watching.run(FLAGS.webcam, detector, lifter, **given)


def _told_intrinsics(session):
    """A photo's own by EXIF, or None."""
    from synpose_tf.geometry import camera

    told = session.intrinsics
    if told is None or (FLAGS.pretrained or "").startswith("paper"):
        return None
    text = ",".join(f"{number:.6g}" for number in told)
    print(
        f"note: --intrinsics={text} by the photo's EXIF, if the lens does not distort; "
        "--pretrained=paper goes without."
    )
    return camera.pinhole(told[:2], told[2:])


def _read(paths, session):
    import tqdm

    from synpose_tf import keypoints
    from synpose_tf.geometry import camera
    from synpose_tf.io.scratch import Scratch

    titles = None
    if session is not None:
        paths, titles = session.finish(), session.titles
    recording = keypoints.read(
        paths,
        format=FLAGS.format,
        layout=FLAGS.layout,
        fps=FLAGS.fps,
        image_size=FLAGS.image_size and camera.parse_image_size(FLAGS.image_size),
        min_confidence=FLAGS.min_confidence,
        units=FLAGS.units,
        rotate=0 if session is not None else int(FLAGS.rotate),
        titles=titles,
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
    """The one that is named; None where the recording decides."""
    if FLAGS.workdir:
        lifter, origin = _of_workdir(), f"--workdir={FLAGS.workdir}"
    elif name := FLAGS.pretrained or (None if intrinsics is None else "camera"):
        lifter, origin = _pretrained(name), f"--pretrained={name}"
    else:
        return None
    print(f"lifter: {origin}, {lifter.mode} normalisation")
    return lifter


def _usual_lifter(tracks):
    sized = FLAGS.focal is not None or all(track.image_size for track in tracks)
    name = "camera" if sized else "paper"
    print(f"lifter: --pretrained={name}, {name} normalisation")
    if not sized:
        print("note: with --image_size the camera lifter could be taken, which is more accurate.")
    return _pretrained(name)


def _of_workdir():
    from synpose_tf.errors import SynposeError
    from synpose_tf.inference.lifter import Lifter

    lifter = Lifter.from_workdir(FLAGS.workdir)
    if FLAGS.causal and (lifter.temporal is None or not lifter.temporal.causal):
        raise SynposeError(
            f"--causal: the run of --workdir={FLAGS.workdir} has no causal network over time. "
            "Train one with --config=robust_temporal --set=causal=true, or leave --causal out."
        )
    if FLAGS.temporal == "off":
        lifter.temporal = None
    return lifter


def _pretrained(name):
    """A lifter of the package, with what corrects it in time where that comes with it."""
    from synpose_tf.inference import pretrained
    from synpose_tf.inference.lifter import Lifter

    if FLAGS.causal:  # Asked for by name: `from_pretrained` says where there is none.
        return Lifter.from_pretrained(name, "causal")
    kind = "centred" if FLAGS.webcam is None else "causal"
    wanted = FLAGS.temporal != "off" and pretrained.has_temporal(name, kind)
    return Lifter.from_pretrained(name, kind if wanted else "")


def _cameras(lifter, tracks, intrinsics, pixels):
    """Of each track the intrinsics of its camera, and what told them."""
    from synpose_tf.inference import focal
    from synpose_tf.inference.roll import turned_intrinsics

    if intrinsics is not None:
        degrees = int(FLAGS.rotate)
        return [(turned_intrinsics(intrinsics, degrees, track), "given") for track in tracks]
    if lifter.mode == "paper" and FLAGS.focal is None:
        return [(None, "")] * len(tracks)
    cameras, notes = focal.cameras(tracks, pixels)
    for note in notes:
        print(f"note: {note}.")
    return cameras


def _lift(lifter, tracks, cameras):
    import tqdm

    from synpose_tf.inference import smoothing
    from synpose_tf.keypoints import gaps, upright

    lifted = []
    progress = tqdm.tqdm(tracks, "lifting", disable=None, leave=False)
    for track, (intrinsics, source) in zip(progress, cameras, strict=True):
        poses = lifter.lift_track(
            track, intrinsics, FLAGS.body_height, FLAGS.roll, FLAGS.lifter_only
        )
        poses = dataclasses.replace(poses, camera_from=source)
        lifted.append(smoothing.smooth_track(poses) if FLAGS.smooth else poses)
        if poses.roll and FLAGS.roll is None:
            tqdm.tqdm.write(f"note: {_printable(track.name)}: {upright.roll_note(poses.roll)}.")
        if poses.mended:
            told = gaps.mended_note(poses.mended, len(poses.frames))
            tqdm.tqdm.write(f"note: {_printable(track.name)}: {told}.")
    return lifted


def _summary(lifted):
    frames = sum(len(track.frames) for track in lifted)
    posed = sum(int(track.lifted.sum()) for track in lifted)
    inferred = sum(
        int(piece.inferred[piece.lifted].sum()) for track in lifted for piece in track.pieces()
    )
    text = f"{posed} of {frames} frames lifted"
    if posed:
        text += f"; {inferred / posed:.1f} of 17 joints inferred in each, on average"
    with_depth = [track for track in lifted if track.fused is not None]
    if fused := sum(int(piece.fused.sum()) for track in with_depth for piece in track.pieces()):
        text += f"; the detector's own depth is in {fused} of them (--lifter_only leaves it out)"
    return text + (", smoothed" if FLAGS.smooth else "")


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
