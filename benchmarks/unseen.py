"""Real people that trained nothing, as the judge of lifters.

  python benchmarks/unseen.py [--workdir=RUN --workdir=RUN] [--pretrained=camera,paper]

From Python, with benchmarks/ on the path: `unseen.evaluate(lifter)`.

**S9.** Human3.6M's subject S9, Walking and Sitting, by Stacked Hourglass from four cameras
(`--sh`). A joint of a moment is triangulated from the views that agree within 18 px, three or
four of them. A moment counts when this gives all of the joints that are scored: 14 that mean
the same point in MPII's layout and in Human3.6M's (hip, hips, knees, ankles, thorax, shoulders,
elbows, wrists), or 15 "with head". Spine and nose are left out because nothing measures them:
MPII has neither. What is lifted, as `lift` does:

  detections   each view's, whatever the detector made of it
  agreeing     the same, but only views in which every scored joint is within 18 px of the
               projected truth: without the views in which the detector itself failed
  projections  the triangulated joints as each camera sees them, all moments of `detections`

The head top is never given: the file's reader does not believe it, and of projections it is left
out so that the detector's noise alone is the difference. `views disagree` is of all moments, as
`view_consistency.py` has it. All frames are lifted, 50 a second; every fifth counts (10 Hz, as in
the literature). `jitter` is the mean length of a joint's second difference in time, from every
second frame: 25 Hz, of the four cameras 30 Hz; mm/frame². The people's own motion is in it.

`--temporal=centred` or `causal` judges the lifters as `lift` uses them for recordings, `--smooth`
with the One-Euro filter.

Measured outside this project for the first `camera` lifter: Walking 67.0 / 54.2, Sitting 97.5 /
70.5, by another triangulation whose set of joints is not known. Nearest is `agreeing`.

**Four cameras.** A person under MediaPipe (`--four_cameras`, Pose2Sim's demonstration) against
joints that were fitted to all four views: 12 joints and the midpoint of the hips, of all frames.
`confident` leaves out joints that MediaPipe is less than half sure of (`lift
--min_confidence=0.5`), as the figures measured outside do; `detections` is what `lift` does by
default. Beside them, MediaPipe's own 3D.

MPJPE is of root-relative poses at the true mean root distance, P-MPJPE after Procrustes, both
over the scored joints: millimetres, mean over frames of all views (S9), mean of the four cameras'
means (four cameras).
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import dataclasses
import functools
import json
import pathlib

import numpy as np
import s9
from absl import flags

from synpose_tf import cli, keypoints
from synpose_tf.evaluation import metrics, motion
from synpose_tf.inference import pretrained, smoothing
from synpose_tf.inference.lifter import Lifter
from synpose_tf.io import files
from synpose_tf.keypoints.conversion import carried
from synpose_tf.keypoints.layouts import MEDIAPIPE_33
from synpose_tf.structures.skeleton import H36M_17, MPII_16
from synpose_tf.structures.tracks import KeypointTrack

SHARED = pathlib.Path(__file__).resolve().parent.parent.parent / "shared" / "data"
S9 = SHARED / "h36m_sh" / "S9"
FOUR_CAMERAS = SHARED / "four_cameras"
STRIDE = 5
BOUND_PX = 18.0
MIN_CONFIDENCE = {"confident": 0.5, "detections": 0.0}

HEAD = H36M_17.index("Head")
# Human3.6M's joints that MPII measures.
WITH_HEAD = [joint for joint, source in enumerate(carried(MPII_16)) if source is not None]
JOINTS = [joint for joint in WITH_HEAD if joint != HEAD]


@dataclasses.dataclass(frozen=True)
class Moments:
    """An action of S9, F frames.

    Args:
        tracks: of each camera, what the detector saw.
        projected: of each camera, the true joints as a detector without errors would see them.
        truth: (views, F, 17, 3), camera frame, millimetres; NaN where not triangulated.
        errors: (views, F, 17), pixels, of the detections; NaN where not triangulated.
    """

    tracks: list[KeypointTrack]
    projected: list[KeypointTrack]
    truth: np.ndarray
    errors: np.ndarray


@functools.cache
def moments(folder, action: str, stride: int) -> Moments:
    """Reads and triangulates an action.

    Raises:
        SynposeError: a file is missing or damaged.
    """
    tracks = s9.read_views(folder, action, stride)
    points = s9.read_detections(folder, action, stride)
    world = s9.triangulate_robustly(points, s9.CAMERAS, BOUND_PX)
    truth = np.stack([camera.to_camera(world) for camera in s9.CAMERAS])
    projected = []
    for track, camera, joints in zip(tracks, s9.CAMERAS, truth, strict=True):
        pixels = camera.project(joints)
        pixels[:, MPII_16.index("Head")] = np.nan
        projected.append(dataclasses.replace(track, keypoints=pixels))
    errors = s9.reprojection_errors(world, points, s9.CAMERAS)
    return Moments(tracks, projected, _h36m(truth), _h36m(errors[..., None])[..., 0])


def _h36m(values):
    """MPII's joints (..., 16, d) as Human3.6M's (..., 17, d), NaN for those that MPII lacks."""
    order = carried(MPII_16)
    moved = values[..., [source or 0 for source in order], :]
    moved[..., [source is None for source in order], :] = np.nan
    return moved


def errors_of(poses, truth) -> np.ndarray:
    """MPJPE and P-MPJPE of poses (n, J, 3), root first: (2, n), millimetres."""
    scaled = metrics.scale_to_truth(poses, truth)
    return np.stack([metrics.mpjpe(scaled, truth), metrics.p_mpjpe(poses, truth)])


def evaluate_s9(
    lifter, folder=S9, stride: int = STRIDE, smooth: bool = False
) -> dict[str, tuple[float, ...]]:
    """Figures as `evaluate`, of S9."""
    figures = {}
    for action in s9.ACTIONS:
        data = moments(folder, action, stride)
        whole = s9.lift_views(lifter, s9.read_views(folder, action), smooth)
        lifts = {"detections": whole[:, ::stride]}
        if lifter.temporal is None and not smooth:
            lifts["projections"] = s9.lift_views(lifter, data.projected)
        else:  # They need all moments.
            projected = moments(folder, action, 1).projected
            lifts["projections"] = s9.lift_views(lifter, projected, smooth)[:, ::stride]
        figures[f"{action.lower()} jitter"] = (motion.jitter(whole[:, ::2]),)
        lifts["agreeing"] = lifts["detections"]
        for suffix, joints in (("", JOINTS), (" with head", WITH_HEAD)):
            known = np.isfinite(data.truth[..., joints, :]).all((-1, -2))
            agreeing = known & (data.errors[..., joints] <= BOUND_PX).all(-1)
            for condition, poses in lifts.items():
                chosen = agreeing if condition == "agreeing" else known
                truth = data.truth[chosen][:, joints]
                errors = errors_of(poses[chosen][:, joints], truth).mean(-1)
                figures[f"{action.lower()} {condition}{suffix}"] = tuple(errors.tolist())
        disagreement = float(np.median(s9.disagreement(lifts["detections"])))
        figures[f"{action.lower()} views disagree"] = (disagreement,)
    return figures


@functools.cache
def reference(folder) -> dict[str, np.ndarray]:
    """The four cameras and the joints fitted to them, as `reference.npz` has them."""
    with np.load(pathlib.Path(folder) / "reference.npz") as file:
        return dict(file)


def _with_hip(joints, names):
    """Joints (n, J, 3) behind the midpoint of the hips: (n, 1 + J, 3)."""
    hips = [names.index(name) for name in ("LHip", "RHip")]
    return np.concatenate([joints[:, hips].mean(1, keepdims=True), joints], axis=1)


def true_joints(folder, camera):
    """(frames, 13, 3), camera frame, millimetres, and the names of all but the hip."""
    data = reference(folder)
    names = data["names"].tolist()
    world = _with_hip(data["joints"].astype(np.float64), names)
    return world @ data["rotation"][camera].T + data["translation"][camera], names


def four_figures(condition, errors):
    """Each camera's, and their mean, of one (2,) a camera."""
    figures = {f"four_cameras {condition}": tuple(np.mean(errors, axis=0).tolist())}
    for number, pair in enumerate(errors, 1):
        figures[f"four_cameras {condition}, camera {number}"] = tuple(pair.tolist())
    return figures


@functools.cache
def landmarks(folder, camera: int, min_confidence: float) -> KeypointTrack:
    """What MediaPipe saw, as `lift` reads it."""
    path = pathlib.Path(folder) / f"cam{camera + 1:02}.landmarks.json"
    (track,) = keypoints.read([path], min_confidence=min_confidence).tracks
    return track


def evaluate_four_cameras(
    lifter, folder=FOUR_CAMERAS, smooth: bool = False
) -> dict[str, tuple[float, ...]]:
    """Figures as `evaluate`, of the four cameras."""
    figures = {}
    for condition, confidence in MIN_CONFIDENCE.items():
        errors, jitters = [], []
        for camera, intrinsics in enumerate(reference(folder)["intrinsics"]):
            truth, names = true_joints(folder, camera)
            track = landmarks(folder, camera, confidence)
            lifted = lifter.lift_track(track, intrinsics if lifter.mode == "camera" else None)
            if smooth:
                lifted = smoothing.smooth_track(lifted)
            joints = [H36M_17.root, *map(H36M_17.index, names)]
            pairs = errors_of(lifted.poses[:, joints], truth[track.frames])
            errors.append(pairs[:, lifted.lifted].mean(-1))
            jitters.append(motion.jitter(lifted.poses[::2]))
        figures |= four_figures(condition, errors)
        figures[f"four_cameras {condition} jitter"] = (float(np.mean(jitters)),)
    return figures


def mediapipe_figures(folder=FOUR_CAMERAS) -> dict[str, tuple[float, ...]]:
    """The same figures of MediaPipe's own 3D."""
    errors = []
    for camera, world in enumerate(reference(folder)["mediapipe_world"]):
        truth, names = true_joints(folder, camera)
        joints = [MEDIAPIPE_33.index(name) for name in names]
        own = _with_hip(1000.0 * world[:, joints].astype(np.float64), names)
        errors.append(errors_of(own, truth).mean(-1))
    return four_figures("detections", errors)


def evaluate(
    lifter: Lifter,
    s9_folder=S9,
    four_cameras=FOUR_CAMERAS,
    stride: int = STRIDE,
    smooth: bool = False,
) -> dict[str, tuple[float, ...]]:
    """Every figure of a lifter, of the data that are there.

    Args:
        lifter: of any mode.
        s9_folder, four_cameras: folders; None or a missing one is skipped.
        stride: of S9, take every n-th frame.
        smooth: smooth the poses in time by the One-Euro filter.

    Raises:
        SynposeError: a file is missing or damaged.

    Returns:
        (MPJPE, P-MPJPE), millimetres, by what was lifted, `walking detections`, `sitting
        agreeing with head`, `four_cameras confident, camera 2`, …; and (median,), millimetres, of
        `walking views disagree` and `sitting views disagree`; and (mm/frame²,) of `walking
        jitter`, `four_cameras detections jitter`, ….
    """
    figures = {}
    if s9_folder and pathlib.Path(s9_folder).is_dir():
        figures |= evaluate_s9(lifter, s9_folder, stride, smooth)
    if four_cameras and pathlib.Path(four_cameras).is_dir():
        figures |= evaluate_four_cameras(lifter, four_cameras, smooth)
    return figures


# Columns of the tables: heading, and the figure's name behind the condition.
S9_CONDITIONS = ("detections", "agreeing", "projections")
CAMERA_NUMBERS = (1, 2, 3, 4)


def print_s9(table):
    """One row a lifter and condition."""
    heads = [f"{action}{head}" for action in s9.ACTIONS for head in ("", ", head")]
    print("\nS9, MPJPE / P-MPJPE, mm; views disagree (Walking, Sitting), mm")
    print(
        f"{'':24} {'':12}"
        + "".join(f"{head:>16}" for head in heads)
        + f"{'disagree':>16}{'jitter':>16}"
    )
    for name, figures in table.items():
        for condition in S9_CONDITIONS:
            keys = [
                f"{action.lower()} {condition}{suffix}"
                for action in s9.ACTIONS
                for suffix in ("", " with head")
            ]
            row = "".join(f"{_pair(figures[key]):>16}" for key in keys)
            if condition == "detections":
                apart = [figures[f"{a.lower()} views disagree"][0] for a in s9.ACTIONS]
                shaken = [figures[f"{a.lower()} jitter"][0] for a in s9.ACTIONS]
                row += f"{_pair(apart):>16}{_pair(shaken):>16}"
            print(f"{name[-24:]:24} {condition:12}{row}")


def print_four_cameras(table):
    """One row a lifter and condition."""
    print("\nFour cameras, MPJPE / P-MPJPE, mm")
    heads = ["mean", *(f"camera {number}" for number in CAMERA_NUMBERS), "jitter"]
    print(f"{'':24} {'':12}" + "".join(f"{head:>16}" for head in heads))
    for name, figures in table.items():
        for condition in MIN_CONFIDENCE:
            key = f"four_cameras {condition}"
            if key in figures:
                keys = [key, *(f"{key}, camera {number}" for number in CAMERA_NUMBERS)]
                row = "".join(f"{_pair(figures[key]):>16}" for key in keys)
                shaken = figures.get(f"four_cameras {condition} jitter", ())
                print(f"{name[-24:]:24} {condition:12}{row}{_pair(shaken):>16}")


def _pair(figures):
    return " / ".join(f"{figure:.1f}" for figure in figures)


def define_flags():
    """Not on import, where they would meet the flags of whoever imports `evaluate`."""
    flags.DEFINE_string("sh", str(S9), "Folder of S9's detections.")
    flags.DEFINE_string("four_cameras", str(FOUR_CAMERAS), "Folder of the four cameras.")
    flags.DEFINE_list("pretrained", ["camera", "paper"], "Lifters that come with the package.")
    flags.DEFINE_enum(
        "temporal", "off", ["off", *pretrained.TEMPORAL], "Correct these in time, as `lift` does."
    )
    flags.DEFINE_bool("smooth", False, "Smooth all poses in time by the One-Euro filter.")
    flags.DEFINE_multi_string("workdir", [], "A training run; may be given many times.")
    flags.DEFINE_integer("stride", STRIDE, "Of S9, take every n-th frame.", lower_bound=1)
    flags.DEFINE_string("json", None, "File for the figures.")


def main():
    args = flags.FLAGS
    temporal = "" if args.temporal == "off" else args.temporal
    lifters = {
        " ".join(filter(None, ("pretrained", name, temporal))): Lifter.from_pretrained(
            name, temporal
        )
        for name in args.pretrained
    }
    lifters |= {path: Lifter.from_workdir(path) for path in args.workdir}
    table = {
        name: evaluate(lifter, args.sh, args.four_cameras, args.stride, args.smooth)
        for name, lifter in lifters.items()
    }
    if pathlib.Path(args.sh).is_dir():
        for action in s9.ACTIONS:
            known = np.isfinite(moments(args.sh, action, args.stride).truth[0])
            counts = [known[:, joints].all((1, 2)).sum() for joints in (JOINTS, WITH_HEAD)]
            print(f"{action}: of {len(known)} moments {counts[0]} count, {counts[1]} with head")
        print_s9(table)
    else:
        print(f"S9 is skipped: there is no folder {args.sh}.")
    if pathlib.Path(args.four_cameras).is_dir():
        table["MediaPipe's own 3D"] = mediapipe_figures(args.four_cameras)
        print_four_cameras(table)
    else:
        print(f"The four cameras are skipped: there is no folder {args.four_cameras}.")
    if args.json:
        files.write_text(pathlib.Path(args.json), json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    define_flags()
    cli.run(main)
