"""Test vectors of lifting for other languages: `tests/vectors/*.json`.

  python tests/write_vectors.py

The page (`export/web`), the Kotlin of `examples/android` and the Swift of `examples/ios` follow
them. All people are those of `synthetic_pose`. Null is a joint that is missed, or a frame without a
pose.
"""

import json
import pathlib
import sys

import numpy as np

from synpose_tf.completion.network import Completion
from synpose_tf.datasets.synthetic_pose import synthetic_pose_dataset_builder as synthetic_pose
from synpose_tf.geometry import normalization
from synpose_tf.inference import pretrained
from synpose_tf.inference.lifter import BONES_PER_STATURE, bone_sum
from synpose_tf.inference.smoothing import one_euro
from synpose_tf.keypoints.conversion import to_h36m
from synpose_tf.keypoints.following import follow
from synpose_tf.keypoints.layouts import LAYOUTS
from synpose_tf.models.folded import Forward
from synpose_tf.output import bvh_file
from synpose_tf.structures.skeleton import COCO_17, H36M_17
from synpose_tf.structures.tracks import KeypointTrack, PoseTrack

FOLDER = pathlib.Path(__file__).parent / "vectors"
BODY_HEIGHT = 1700.0
DISTORTION = (-0.2, 0.25, -0.001, -0.0015, 0.01)  # k1, k2, p1, p2, k3: as strong as Human3.6M's.


def vectors(scratch: pathlib.Path) -> dict[str, dict]:
    """The content of each file, by its name.

    Args:
        scratch: a folder for files that are read again.
    """
    pixels, poses, intrinsics = _people()
    return {
        "layouts": _layouts(),
        "joints": _joints(),
        "normalization": _normalization(pixels, intrinsics),
        "completion": _completion(pixels),
        "lifting": _lifting(pixels),
        "smoothing": _smoothing(poses),
        "tracking": _tracking(pixels),
        "bvh": _bvh(poses, scratch),
    }


def _people():
    """Eight people: pixels (8, 17, 2), millimetres relative to the hip (8, 17, 3), intrinsics."""
    views = list(synthetic_pose.views("train", range(8), seed=0))[::4][:8]
    pixels = np.stack([view.keypoints_2d[0] for view in views]).astype(np.float64)
    points = np.stack([view.keypoints_3d[0] for view in views]).astype(np.float64)
    intrinsics = np.stack([np.asarray(view.intrinsics, np.float64) for view in views])
    intrinsics[:, 4:] = DISTORTION
    return np.round(pixels, 3), np.round(points - points[:, :1], 2), np.round(intrinsics, 6)


def _layouts():
    return {name: list(layout.joints) for name, layout in LAYOUTS.items()}


def _joints():
    """Detectors' joints to Human3.6M's 17: as Python does it, and as a phone without completion."""
    rng = np.random.default_rng(1)
    cases = []
    for name in ("coco", "mediapipe", "body25", "halpe26"):
        layout = LAYOUTS[name]
        points = np.round(rng.uniform(0.0, 1000.0, (len(layout), 2)), 2)
        points[layout.index("RWrist")] = np.nan
        whole = np.where(np.isfinite(points), points, 500.0)
        track = KeypointTrack("", points[None], None, np.arange(1), np.zeros(1), layout)
        case = {"layout": name, "points": points, "joints": to_h36m(track)[0][0]}
        if name in ("coco", "mediapipe"):
            case |= {"whole": whole, "derived": _derived(whole, layout)}
        cases.append(case)
    return {"cases": cases}


def _derived(points, layout):
    """All 17 joints by docs/mobile.md's table, of a detector that gives four of them not."""
    at = {name: points[layout.index(name)] for name in COCO_17.joints}
    hip = (at["LHip"] + at["RHip"]) / 2
    torso = (at["LShoulder"] + at["RShoulder"]) / 2 - hip
    at |= {"Hip": hip, "Spine": hip + 0.46 * torso, "Thorax": hip + 0.86 * torso}
    at["Head"] = hip + 0.69 * torso + 0.59 * (at["Nose"] - hip)
    return np.stack([at[name] for name in H36M_17.joints])


def _normalization(pixels, intrinsics):
    """Normalised poses, and what depths make of them: mean radii, then millimetres."""
    depths = np.round(np.random.default_rng(2).normal(0.0, 0.5, pixels.shape[:2]), 4)
    depths[:, 0] = 0.0
    cases = []
    for mode, distance in (("paper", 13.0), ("paper", 0.0), ("camera", 0.0)):
        normalized, frame = normalization.normalize_2d(pixels, mode, intrinsics, distance)
        lifted = normalization.lift(normalized, depths, frame.perspective)
        lifted = normalization.to_camera_frame(lifted, frame)
        for i in range(4):
            cases.append(
                {
                    "mode": mode,
                    "distance": distance,
                    "pixels": pixels[i],
                    "intrinsics": intrinsics[i] if mode == "camera" else None,
                    "normalized": normalized[i],
                    "depths": depths[i],
                    "lifted": lifted[i],
                    "millimetres": _millimetres(lifted[i : i + 1])[0],
                }
            )
    return {"body_height": BODY_HEIGHT, "cases": cases}


def _millimetres(lifted):
    return lifted * (BODY_HEIGHT * BONES_PER_STATURE / bone_sum(lifted))[:, None, None]


_GAPS = ((), ("Spine", "Thorax", "Head"), ("RWrist", "LAnkle", "Nose"), ("Hip", "RHip", "RKnee"))


def _gapped(pixels):
    """Four people with gaps, the last one with a head on a foot as well."""
    gapped = pixels[:4].copy()
    for pose, names in zip(gapped, _GAPS, strict=True):
        pose[[H36M_17.index(name) for name in names]] = np.nan
    gapped[3, H36M_17.index("Head")] = gapped[3, H36M_17.index("LAnkle")] + (3.0, 1.0)
    return gapped


def _completion(pixels):
    completion = Completion.pretrained()
    gapped = _gapped(pixels)
    seen = np.isfinite(gapped).all(-1)
    known = np.where(seen[..., None], gapped, 0.0)
    outliers = completion.distribution.outliers(known, seen)
    guessed = completion.distribution.complete(known, seen.astype(np.float64))
    complete = completion.complete(known, seen.astype(np.float64))
    names = ("pixels", "outliers", "guessed", "complete")
    rows = zip(gapped, outliers, guessed, complete, strict=True)
    return {"cases": [dict(zip(names, row, strict=True)) for row in rows]}


def _lifting(pixels):
    """The whole way of the `paper` lifter, with the depths that its network gives."""
    model, completion = pretrained.load("paper"), Completion.pretrained()
    gapped = _gapped(pixels)
    seen = np.isfinite(gapped).all(-1)
    known = np.where(seen[..., None], gapped, 0.0)
    seen &= ~completion.distribution.outliers(known, seen)
    complete = completion.complete(known, seen.astype(np.float64)).astype(np.float64)
    poses, frame = normalization.normalize_2d(complete, model.mode, distance=model.distance)
    depths = np.pad(Forward.from_weights(model.weights)(poses.reshape(-1, 34)), ((0, 0), (1, 0)))
    lifted = normalization.lift(poses, depths.astype(np.float64), frame.perspective)
    names = ("pixels", "complete", "inferred", "normalized", "depths", "millimetres")
    rows = zip(gapped, complete, ~seen, poses, depths, _millimetres(lifted), strict=True)
    return {
        "mode": model.mode,
        "distance": model.distance,
        "body_height": BODY_HEIGHT,
        "cases": [dict(zip(names, row, strict=True)) for row in rows],
    }


def _moving(pose, frames, seed):
    rng = np.random.default_rng(seed)
    path = np.cumsum(rng.normal(0.0, 25.0, (frames, *pose.shape)), axis=0)
    return np.round(pose + path - path[:, :1], 2)


def _times(frames):
    return np.round(np.arange(frames) / 30.0, 6)


def _smoothing(poses):
    moving, times = _moving(poses[0], 8, seed=3), _times(8)
    return {"times": times, "poses": moving, "smooth": one_euro(moving, times)}


def _tracking(pixels):
    """Two people who walk in and out of the picture; numbers are given frame by frame."""
    rng = np.random.default_rng(4)
    size = np.ptp(pixels[0], axis=0)
    frames, numbers, points = [], [], []
    for frame in range(8):
        people = [pixels[0] + frame * 4.0, pixels[0] + (2.0 * size[0] - frame * 4.0, 0.0)]
        for pose in people if frame not in (2, 3) else people[1:]:
            numbers.append(frame)
            points.append(np.round(pose + rng.normal(0.0, 2.0, pose.shape), 2))
    labels, _ = follow(np.array(numbers), np.stack(points))
    for frame in range(8):
        rows = [row for row, number in enumerate(numbers) if number == frame]
        frames.append({"people": [points[row] for row in rows], "numbers": labels[rows]})
    return {"frames": frames}


def _bvh(poses, scratch):
    """Two people, one of whom has no pose in three frames, as `lift --formats=bvh` writes them."""
    motions, times = [_moving(poses[1], 6, seed=5), _moving(poses[2], 6, seed=6)], _times(6)
    motions[1][[0, 3, 4]] = np.nan
    tracks = [
        PoseTrack(
            name=f"person {number}",
            poses=motion,
            root=None,
            keypoints=motion[..., :2],
            inferred=np.zeros(motion.shape[:2], bool),
            frames=np.arange(6),
            times=times,
            body_height=BODY_HEIGHT,
        )
        for number, motion in enumerate(motions, 1)
    ]
    files = [path.read_text("ascii") for path in bvh_file.write(tracks, scratch / "vectors.bvh")]
    people = [{"times": times, "poses": motion} for motion in motions]
    return {"people": people, "files": [text.splitlines() for text in files]}


def plain(value):
    """A tree of lists, numbers and null, as JSON holds it; 10 digits are beyond 1e-6 mm."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list):
        listed = [plain(inner) for inner in value]
        return None if listed and all(inner is None for inner in listed) else listed
    if isinstance(value, float | np.floating):
        return float(f"{value:.10g}") if np.isfinite(value) else None
    return value


def text(tree) -> str:
    """The JSON of a file, a case or frame a line."""
    lines = json.dumps(plain(tree), separators=(",", ":"), allow_nan=False)
    return lines.replace("},{", "},\n{") + "\n"


def main():
    import tempfile

    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name, tree in vectors(pathlib.Path(scratch)).items():
            (FOLDER / f"{name}.json").write_text(text(tree), encoding="utf-8")
            print(FOLDER / f"{name}.json")


if __name__ == "__main__":
    sys.exit(main())
