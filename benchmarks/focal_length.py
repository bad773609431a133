"""How well people's walk tells a camera's focal length, of CMU's motion and random cameras.

  python benchmarks/focal_length.py CMU_FOLDER

Each clip in which somebody goes 1.2 m and more is seen by a camera of its own: 2.5 to 6.5 m away,
0.7 to 2.3 m high, of a focal length of 0.5 to 2 of the picture's longer side (each as likely).
2D joints have errors of 1.4 % of the body's size in the picture, most of which stay for a while, as
a detector's do; spine and head top are missed. It prints the share of their way that lifted feet go
at the true focal length, the median of which is `focal._SHARE`, and how far off
`synpose_tf.inference.focal.estimate` is.
"""

import pathlib
import sys

import numpy as np

from synpose_tf.datasets.cmu_mocap import sources
from synpose_tf.geometry import camera
from synpose_tf.inference import focal
from synpose_tf.inference.lifter import Lifter
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import KeypointTrack

SIDES = 1920, 1080
FRAMES = 600
LEAST_WAY_MM = 1200.0
MISSED = [H36M_17.index(name) for name in ("Spine", "Head")]
STAYING, PASSING, STEADY = 0.012, 0.008, 0.9


def look(points, rng):
    """A clip (F, 17, 3), millimetres, z up, before a random camera: its track and focal length.

    None where the person stays too near, or in fewer than nine of ten frames in the picture.
    """
    size = SIDES if rng.random() < 0.5 else SIDES[::-1]
    pixels = max(size) * np.exp(rng.uniform(np.log(0.5), np.log(2.0)))
    heading, away = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(2500.0, 6500.0)
    middle = np.median(points[:, H36M_17.root], axis=0)
    place = middle + away * np.array([np.cos(heading), np.sin(heading), 0.0])
    place[2] = points[..., 2].min() + rng.uniform(700.0, 2300.0)
    forward = (middle - place) / np.linalg.norm(middle - place)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    seen = (points - place) @ np.stack([right, np.cross(forward, right), forward]).T
    if seen[..., 2].min() < 800.0:
        return None
    joints = camera.project(seen, focal.intrinsics(pixels, size))
    inside = ((joints > 0) & (joints < size)).all((1, 2))
    if inside.mean() < 0.9:
        return None
    extent = np.linalg.norm(np.ptp(joints, axis=1), axis=-1).mean()
    errors = rng.normal(0.0, STAYING * extent, joints.shape)
    for frame in range(1, len(errors)):
        errors[frame] = STEADY * errors[frame - 1] + np.sqrt(1 - STEADY**2) * errors[frame]
    joints = joints + errors + rng.normal(0.0, PASSING * extent, joints.shape[1:])
    joints[:, MISSED] = np.nan
    joints[~inside] = np.nan
    track = KeypointTrack(
        name="one",
        keypoints=joints.astype(np.float32),
        confidence=np.isfinite(joints).all(-1).astype(np.float32),
        frames=np.arange(len(joints)),
        times=np.arange(len(joints)) / 30.0,
        layout=H36M_17,
        image_size=size,
    )
    return track, pixels


def main(folder):
    splits = sources.read_clips(pathlib.Path(folder))
    rng, lifter = np.random.default_rng(0), Lifter.from_pretrained("camera")
    shares, found, usual, walked = [], [], [], []
    for clip in (clip for clips in splits.values() for clip in clips):
        points = 1000.0 * clip.positions[:FRAMES].astype(np.float64)
        if np.linalg.norm(np.ptp(points[:, H36M_17.root, :2], axis=0)) < LEAST_WAY_MM:
            continue
        view = next((view for _ in range(50) if (view := look(points, rng)) is not None), None)
        if view is None:
            continue
        track, pixels = view
        lifted = lifter.lift_track(track, focal.intrinsics(pixels, track.image_size))
        if share := focal.share(*focal.way(lifted.poses, lifted.root, lifted.times)):
            shares.append(share[0])
        length = focal.estimate([track])
        found.append(np.log(length.pixels / pixels))
        walked.append(length.source == "walk")
        usual.append(np.log(focal.typical(track.image_size).pixels / pixels))
    low, share, high = np.percentile(shares, [25, 50, 75])
    print(
        f"{len(found)} clips; {len(shares)} walk: {share:.2f} of the way ({low:.2f} to {high:.2f})"
    )
    for title, chosen in (("all", np.ones(len(found), bool)), ("told by a walk", np.array(walked))):
        for name, errors in (("usual", usual), ("estimated", found)):
            off = np.abs(errors)[chosen]
            middle, mean = np.expm1([np.median(off), np.sqrt((off**2).mean())])
            print(
                f"{title:15} {chosen.sum():4} {name:10} off by {100 * middle:.0f} % (median), "
                f"{100 * mean:.0f} % (root mean square)"
            )


if __name__ == "__main__":
    main(sys.argv[1])
