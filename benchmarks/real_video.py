"""A person under MediaPipe in four cameras, each alone: what depth and camera do to the poses.

  python benchmarks/real_video.py [--detect]

Pose2Sim's demonstration (`--four_cameras`), 12 joints and the root, all frames, as
`benchmarks/unseen.py` scores them: MPJPE / P-MPJPE, millimetres, mean over frames, then cameras.
Landmarks are those that lie beside the videos, with MediaPipe's world landmarks of
`reference.npz`; `--detect` finds them anew in the videos, as `lift` does. All else is `lift`'s
default.

Rows are MediaPipe's own 3D, the lifter alone (`--lifter_only`), and with MediaPipe's depths
(`fused`); of `paper` mode, and of `camera` mode with the `true` intrinsics, the `usual` focal
length, and the `estimated` one, which is what `lift` does where nobody says more. Then the focal
lengths as shares of the true ones, of these cameras and of Human3.6M's S9 (`--sh`); `wide` has them
in a picture twice as large, as of a wide lens, and `tele` in one half as large. And what they do to
S9's poses (views and joints that `unseen.py` calls `agreeing`).
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import dataclasses
import json
import pathlib
import tempfile

import numpy as np
import s9
import unseen
from absl import flags

from synpose_tf import cli, keypoints
from synpose_tf.inference import focal
from synpose_tf.inference.lifter import Lifter
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import KeypointTrack

P_MPJPE_MM, MPJPE_MM, SHARE = 78.0, 118.0, 0.9  # At most; SHARE of MediaPipe's own.
SHIPPED = "camera estimated, fused"
CAMERAS = {
    "true": lambda track, true: true,
    "usual": lambda track, true: _intrinsics(track, focal.typical(track.image_size)),
    "estimated": lambda track, true: _intrinsics(track, focal.estimate([track])),
}


def _intrinsics(track, length):
    return focal.intrinsics(length.pixels, track.image_size)


def stored(folder, camera: int) -> KeypointTrack:
    """The landmarks that lie beside a video, with the world landmarks of the reference."""
    file = pathlib.Path(folder) / f"cam{camera + 1:02}.landmarks.json"
    tree = json.loads(file.read_text("utf-8"))
    worlds = unseen.reference(folder)["mediapipe_world"][camera]
    for frame, world in zip(tree["frames"], worlds.tolist(), strict=True):
        (person,) = frame["people"]
        person["world"] = world
    with tempfile.TemporaryDirectory() as temporary:
        path = pathlib.Path(temporary) / file.name
        path.write_text(json.dumps(tree), "utf-8")
        (track,) = keypoints.read([path]).tracks
    return track


def detected(folder, camera: int, model, people: int | None) -> KeypointTrack:
    """Found anew in the video, one of so many people, or of any number."""
    from synpose_tf.detection.session import Session

    video = pathlib.Path(folder) / f"cam{camera + 1:02}.mp4"
    with tempfile.TemporaryDirectory() as temporary:
        with Session(
            [video], pathlib.Path(temporary), video.stem, model=model, people=people
        ) as found:
            paths = found.finish()
            track, *_ = keypoints.read(paths, titles=found.titles).tracks
        found.discard()
    return track


def figures(folder, tracks, lifter, camera=None, lifter_only=False) -> dict:
    """As `unseen.evaluate`, of the four cameras, lifted with the intrinsics of one of `CAMERAS`."""
    errors = []
    for number, (track, true) in enumerate(
        zip(tracks, unseen.reference(folder)["intrinsics"], strict=True)
    ):
        given = camera and CAMERAS[camera](track, true)
        lifted = lifter.lift_track(track, given, lifter_only=lifter_only)
        truth, names = unseen.true_joints(folder, number)
        joints = [H36M_17.root, *map(H36M_17.index, names)]
        pairs = unseen.errors_of(lifted.poses[:, joints], truth[track.frames])
        errors.append(pairs[:, lifted.lifted].mean(-1))
    return unseen.four_figures("detections", errors)


def evaluate(folder, tracks) -> dict[str, dict]:
    """Of every row its figures."""
    table = {"MediaPipe's own": unseen.mediapipe_figures(folder)}
    ways = [("paper", None), *(("camera", camera) for camera in CAMERAS)]
    for suffix, alone in ((", alone", True), (", fused", False)):
        for mode, camera in ways:
            lifter = Lifter.from_pretrained(mode, "centred")  # As `lift` does.
            name = f"{mode} {camera or ''}".strip() + suffix
            table[name] = figures(folder, tracks, lifter, camera, alone)
    return table


def print_focal_lengths(name, tracks, true):
    """Estimated and usual focal lengths as shares of the true ones."""
    for lens, times in (("", 1.0), ("wide", 2.0), ("tele", 0.5)):
        seen = [resized(track, times) for track in tracks]
        for title, tell in (("usual", _usual), ("estimated", lambda one: focal.estimate([one]))):
            found = [tell(track) for track in seen]
            shares = np.array([length.pixels for length in found]) / true
            print(
                f"{name:13}{lens:5}{title:10}{' '.join(f'{share:.2f}' for share in shares)}; off "
                f"by {100 * np.expm1(np.abs(np.log(shares)).mean()):3.0f} %; told by "
                f"{', '.join(length.source for length in found)}"
            )


def _usual(track):
    return focal.typical(track.image_size)


def resized(track, times):
    """A track in a picture so many times as large, about the same middle."""
    size = np.array(track.image_size)
    keypoints = track.keypoints + ((times - 1.0) * size / 2.0).astype(np.float32)
    larger = tuple(int(side) for side in times * size)
    return dataclasses.replace(track, keypoints=keypoints, image_size=larger)


def print_s9(folder, stride: int):
    """Focal lengths of S9's cameras, and what they do to the poses."""
    true = np.array([camera.intrinsics[0] for camera in s9.CAMERAS])
    for action in s9.ACTIONS:
        tracks = [
            dataclasses.replace(track, image_size=camera.image_size)
            for track, camera in zip(s9.read_views(folder, action), s9.CAMERAS, strict=True)
        ]
        print_focal_lengths(f"S9 {action}", tracks, true)
        data = unseen.moments(folder, action, stride)
        truth = data.truth[..., unseen.JOINTS, :]
        counts = np.isfinite(truth).all((-1, -2))
        counts &= (data.errors[..., unseen.JOINTS] <= unseen.BOUND_PX).all(-1)
        for mode, camera in (("paper", None), *(("camera", camera) for camera in CAMERAS)):
            lifter, views = Lifter.from_pretrained(mode), []
            for whole, track, known in zip(tracks, data.tracks, s9.CAMERAS, strict=True):
                given = camera and CAMERAS[camera](whole, known.intrinsics)
                views.append(lifter.lift_track(track, given).poses[:, unseen.JOINTS])
            errors = unseen.errors_of(np.stack(views)[counts], truth[counts]).mean(-1)
            row = f"{mode} {camera or ''}"
            print(f"{'':13}{row:17} {errors[0]:5.1f} / {errors[1]:.1f}")


def main():
    args = flags.FLAGS
    folder = pathlib.Path(args.four_cameras)
    if args.detect:
        model = pathlib.Path(args.detector_model)
        tracks = [detected(folder, camera, model, args.people) for camera in range(4)]
    else:
        tracks = [stored(folder, camera) for camera in range(4)]
    table = evaluate(folder, tracks)
    unseen.print_four_cameras(table)
    own, shipped = (
        np.array(table[n]["four_cameras detections"]) for n in (next(iter(table)), SHIPPED)
    )
    bounds = np.minimum([MPJPE_MM, P_MPJPE_MM], SHARE * own)
    print(
        f"\nshipped: {shipped[0]:.1f} / {shipped[1]:.1f}, wanted at most {bounds[0]:.1f} / "
        f"{bounds[1]:.1f}: {'holds' if (shipped <= bounds).all() else 'FAILS'}\n"
    )
    true = unseen.reference(folder)["intrinsics"][:, 0]
    print_focal_lengths("four cameras", tracks, true)
    if pathlib.Path(args.sh).is_dir():
        print_s9(pathlib.Path(args.sh), unseen.STRIDE)


if __name__ == "__main__":
    flags.DEFINE_string("four_cameras", str(unseen.FOUR_CAMERAS), "Folder of the four cameras.")
    flags.DEFINE_string("sh", str(unseen.S9), "Folder of S9's detections.")
    flags.DEFINE_bool("detect", False, "Find the landmarks in the videos.")
    flags.DEFINE_integer("people", None, "As `lift` takes it, of the videos.", lower_bound=1)
    flags.DEFINE_string(
        "detector_model",
        str(unseen.SHARED / "mediapipe" / "pose_landmarker_full.task"),
        "MediaPipe's model bundle.",
    )
    cli.run(main)
