"""Puts several cameras' views of people together, without a calibration.

  python -m synpose_tf.multiview cam01.json cam02.json cam03.json cam04.json
  python -m synpose_tf.multiview cam01.json cam02.json --intrinsics=1145,1143,512,515
  python -m synpose_tf.multiview cam*.json --calibration=cameras.toml --refine

Takes keypoints as `synpose_tf.lift` does, one file or folder for each camera. Finds the cameras'
places and clocks and who is who from the people alone, and writes poses in the room, `cameras.toml`
in Pose2Sim's form, and a report. docs/multiview.md tells how to record, and what can't be told.
"""

from absl import flags

from synpose_tf import cli

flags.DEFINE_string("output", None, "Folder of the results. Default: lifted/<name of the input>.")
flags.DEFINE_list(
    "formats",
    ["npz", "json", "trc", "html"],
    "What is written: npz, json, csv, png, html, bvh, c3d, trc, glb, gif, mp4.",
)
flags.DEFINE_string(
    "intrinsics",
    None,
    "fx,fy,cx,cy in pixels, and where known OpenCV's k1,k2,p1,p2,k3: one for all cameras, or one a "
    "camera with ; between. Or a calibration file, of which only the lenses are taken. Default: "
    "focal lengths are found too.",
)
flags.DEFINE_string(
    "calibration",
    None,
    "File of calibrated cameras: of Pose2Sim, Anipose, OpenCV, Qualisys, or EasyMocap's folder; "
    "h36m/S9 is that of a subject of Human3.6M.",
)
flags.DEFINE_bool(
    "refine", False, "Let calibrated cameras move, and say by how much they were off."
)
flags.DEFINE_bool("synchronized", False, "The recordings' times are of one clock; don't search.")
flags.DEFINE_bool("shared_focal", False, "All cameras have one focal length, which is to be found.")
flags.DEFINE_bool(
    "refine_focal", False, "Focal lengths of --intrinsics are first guesses, and are found."
)
flags.DEFINE_float("fps", None, "Frames a second. Default: the files', or 30.", lower_bound=1e-3)
flags.DEFINE_list("image_size", None, "Width and height in pixels, where the files do not tell.")
flags.DEFINE_string("layout", None, "Layout of the joints, as synpose_tf.lift takes it.")
flags.DEFINE_float(
    "body_height", 1700.0, "Millimetres, people's mean stature, which gives lengths their scale."
)
flags.DEFINE_list(
    "camera_distance",
    None,
    "A known distance, which gives the scale instead: two cameras' numbers from 1, and "
    "millimetres, such as 1,2,3050.",
)
flags.DEFINE_integer("seed", 0, "Of the draws; the same give the same result.")
flags.mark_flags_as_mutual_exclusive(["calibration", "intrinsics"])
FLAGS = flags.FLAGS


def main(paths):
    import numpy as np
    import tqdm

    from synpose_tf import output
    from synpose_tf.errors import SynposeError
    from synpose_tf.inference.lifter import check_body_height
    from synpose_tf.output import results
    from synpose_tf.reconstruction import inputs, people, pipeline, report, tracks

    if len(paths) < 2:
        raise SynposeError("give a keypoint file, or a folder of them, for each of two cameras.")
    check_body_height(FLAGS.body_height)
    unknown = [name for name in FLAGS.formats if name not in output.FORMATS]
    if unknown:
        raise SynposeError(
            f"--formats: {unknown[0]!r} is not known. Expected some of {','.join(output.FORMATS)}."
        )
    names = inputs.names_of(paths)
    settings, lenses = _settings(names)
    folder, stem = results.place(paths, FLAGS.output)
    cameras = _read(paths, names, lenses)
    scene = pipeline.find_scene(cameras, settings, np.random.default_rng(FLAGS.seed))
    reason = report.hopeless(scene)
    if reason:
        raise SynposeError(f"{reason} Record longer, with people who move, or add a camera.")
    placed = people.place(
        scene, lambda numbers: tqdm.tqdm(numbers, "placing", disable=None, leave=False)
    )
    for line in report.text(scene, placed).splitlines():
        print(line)
    for note in report.warnings(scene):
        print(f"note: {note}.")
    found = report.calibrated(scene)
    lifted = [
        tracks.pose_track(person, f"person {number}", found[0], FLAGS.body_height)
        for number, person in enumerate(placed, 1)
    ]
    results.claim(folder, stem, paths)
    written = []
    for name in FLAGS.formats:
        kind = output.FORMATS[name]
        written += kind.write(lifted, folder / f"{stem}{kind.suffix}")
    written += _write_report(folder, stem, scene, placed, found)
    print("written:")
    for path in written:
        print(f"  {path}")


def _write_report(folder, stem, scene, placed, found):
    import numpy as np

    from synpose_tf.reconstruction import calibration_files, report

    written = [
        folder / name
        for name in (
            "cameras.toml",
            f"{stem}.report.json",
            f"{stem}.reprojection.csv",
            f"{stem}.reprojection.png",
        )
    ]
    error = float(np.nanmedian(report.reprojection_errors(placed)))
    calibration_files.write(written[0], found, error)
    report.write_json(written[1], scene, placed)
    report.write_table(written[2], scene, placed)
    report.write_picture(written[3], scene, placed)
    return written


def _settings(names):
    """What is known, and each camera's lens, None where it is not."""
    from synpose_tf.errors import SynposeError
    from synpose_tf.reconstruction import inputs, pipeline

    rig, lenses, focal = None, inputs.intrinsics_of(FLAGS.intrinsics, names), "known"
    if FLAGS.calibration:
        calibrated = inputs.calibrated(FLAGS.calibration, names)
        rig, lenses = inputs.rig_of(calibrated), [camera.intrinsics for camera in calibrated]
    elif FLAGS.refine:
        raise SynposeError("--refine: give the --calibration that shall be refined.")
    elif FLAGS.intrinsics is None or FLAGS.refine_focal or FLAGS.shared_focal:
        focal = "shared" if FLAGS.shared_focal else "each"
    settings = pipeline.Settings(
        focal=focal,
        synchronized=FLAGS.synchronized,
        rig=rig,
        refine=FLAGS.refine,
        camera_distance=_camera_distance(len(names)),
    )
    return settings, lenses


def _read(paths, names, lenses):
    import tqdm

    from synpose_tf.inference.lifter import Lifter
    from synpose_tf.reconstruction import inputs

    lifter, cameras = Lifter.from_pretrained("camera"), []
    options = {"fps": FLAGS.fps, "layout": FLAGS.layout, "image_size": _image_size()}
    both = list(zip(paths, names, lenses, strict=True))
    for path, name, lens in tqdm.tqdm(both, "lifting", disable=None, leave=False):
        camera, notes = inputs.read(path, name, lens, lifter, FLAGS.body_height, **options)
        cameras.append(camera)
        frames = sum(len(track.frames) for track in camera.tracks)
        count = len(camera.tracks)
        print(f"{name}: {count} {'track' + 's' * (count > 1)}, {frames} frames")
        for note in notes:
            print(f"note: {name}: {note}.")
    return cameras


def _image_size():
    from synpose_tf.errors import SynposeError

    if FLAGS.image_size is None:
        return None
    try:
        width, height = (int(side) for side in FLAGS.image_size)
    except ValueError:
        width = height = 0
    if min(width, height) < 1:
        raise SynposeError(
            f"--image_size={','.join(FLAGS.image_size)}: expected WIDTH,HEIGHT in pixels."
        )
    return width, height


def _camera_distance(count):
    from synpose_tf.errors import SynposeError

    if FLAGS.camera_distance is None:
        return None
    try:
        one, two, length = (float(text) for text in FLAGS.camera_distance)
    except ValueError:
        one = two = length = 0.0
    known = range(1, count + 1)
    if one not in known or two not in known or one == two or not 10.0 < length < 1e6:
        raise SynposeError(
            f"--camera_distance={','.join(FLAGS.camera_distance)}: expected two cameras' numbers, "
            f"1 to {count}, and millimetres, such as 1,2,3050."
        )
    return int(one) - 1, int(two) - 1, length


if __name__ == "__main__":
    cli.run(main, arguments=True)
