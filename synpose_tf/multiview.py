"""Puts several cameras' views of people together, without a calibration.

  python -m synpose_tf.multiview cam01.json cam02.json cam03.json cam04.json
  python -m synpose_tf.multiview cam01.json cam02.json --intrinsics=1145,1143,512,515
  python -m synpose_tf.multiview cam*.json --calibration=cameras.toml --refine

Takes keypoints or videos as `synpose_tf.lift` does, one for each camera. Finds the cameras'
places and clocks and who is who from the people alone, and writes poses in the room, `cameras.toml`
in Pose2Sim's form, and a report. docs/multiview.md tells how to record, and what can't be told.
"""

import os

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
flags.DEFINE_string("detector", "mediapipe", "What finds people in videos, as for synpose_tf.lift.")
flags.DEFINE_string("detector_model", None, "MediaPipe's model bundle. Default: downloaded once.")
flags.DEFINE_integer("seed", 0, "Of the draws; the same give the same result.")
flags.mark_flags_as_mutual_exclusive(["calibration", "intrinsics"])
FLAGS = flags.FLAGS


def main(paths: list[str]) -> None:
    # Before NumPy is imported: on the adjustment's small matrices threads wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from synpose_tf.errors import SynposeError
    from synpose_tf.inference.lifter import check_body_height
    from synpose_tf.output import results
    from synpose_tf.reconstruction import inputs

    if len(paths) < 2:
        raise SynposeError(
            "give keypoints, or a video, of two cameras or more: a file or folder for each."
        )
    check_body_height(FLAGS.body_height)
    kinds = _formats()
    names = inputs.names_of(paths)
    settings, lenses = _settings(names)
    folder, stem = results.place(paths, FLAGS.output)
    with _found_in_videos(paths, folder, stem) as session:
        files = paths if session is None else session.finish()
        cameras = _read(files, names, lenses)
        scene, placed = _reconstruct(cameras, settings)
        _write(paths, folder, stem, kinds, scene, placed)
        if session is not None:
            session.discard()


def _found_in_videos(paths, folder, stem):
    """A context of the people that are found in videos; of None where inputs are keypoints."""
    import contextlib
    import pathlib

    from synpose_tf.detection import session

    if not session.are_pictures(paths):
        return contextlib.nullcontext()
    model = FLAGS.detector_model and pathlib.Path(FLAGS.detector_model)
    return session.Session(paths, folder, stem, detector=FLAGS.detector, model=model)


def _formats():
    from synpose_tf import output
    from synpose_tf.errors import SynposeError

    for name in FLAGS.formats:
        if name not in output.FORMATS:
            raise SynposeError(
                f"--formats: {name!r} is not known. Expected some of {','.join(output.FORMATS)}."
            )
    return [output.FORMATS[name] for name in FLAGS.formats]


def _reconstruct(cameras, settings):
    import numpy as np
    import tqdm

    from synpose_tf.errors import SynposeError
    from synpose_tf.reconstruction import people, pipeline, report

    scene = pipeline.find_scene(cameras, settings, np.random.default_rng(FLAGS.seed))
    reason = report.hopeless(scene)
    if reason:
        raise SynposeError(f"{reason} Record longer, with people who move, or add a camera.")
    placed = people.place(
        scene, lambda numbers: tqdm.tqdm(numbers, "placing", disable=None, leave=False)
    )
    print(report.text(scene, placed))
    for note in report.warnings(scene):
        print(f"note: {note}.")
    return scene, placed


def _write(paths, folder, stem, kinds, scene, placed):
    from synpose_tf.output import results
    from synpose_tf.reconstruction import report, tracks

    found = report.calibrated(scene)
    lifted = [
        tracks.pose_track(person, f"person {number}", found[0], FLAGS.body_height)
        for number, person in enumerate(placed, 1)
    ]
    results.claim(folder, stem, paths)
    written = []
    for kind in kinds:
        written += kind.write(lifted, folder / f"{stem}{kind.suffix}", cameras=found)
    written += _write_report(folder, stem, scene, placed, found)
    print("written:")
    for path in written:
        print(f"  {path}")


def _write_report(folder, stem, scene, placed, found):
    import numpy as np

    from synpose_tf.reconstruction import calibration_files, camera_views, report
    from synpose_tf.structures import camera_views as views_file

    written = [
        folder / name
        for name in (
            "cameras.toml",
            f"{stem}.report.json",
            f"{stem}.reprojection.csv",
            f"{stem}.reprojection.png",
            f"{stem}{views_file.SUFFIX}",
        )
    ]
    error = float(np.nanmedian(report.reprojection_errors(placed)))
    calibration_files.write(written[0], found, error)
    report.write_json(written[1], scene, placed)
    report.write_table(written[2], scene, placed)
    report.write_picture(written[3], scene, placed)
    views_file.write(written[4], camera_views.camera_views(scene, placed))
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

    from synpose_tf.geometry.camera import parse_image_size
    from synpose_tf.inference.lifter import Lifter
    from synpose_tf.reconstruction import inputs

    lifter, cameras = Lifter.from_pretrained("camera"), []
    size = FLAGS.image_size and parse_image_size(FLAGS.image_size)
    options = {"fps": FLAGS.fps, "layout": FLAGS.layout, "image_size": size}
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
