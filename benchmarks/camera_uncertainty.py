"""Whether the standard deviations that `multiview` tells of its cameras are right.

  python benchmarks/camera_uncertainty.py [--pieces=16]

Pieces of a few frames to some hundred, and two, three or four of the cameras, drawn at random: of
the one person before four phones (`--four_cameras`), and of Human3.6M's S9, Walking and Sitting
(`--sh`). Lenses are given, clocks are not. For each camera but the first: how far its rotation and
place, seen from the first, and its clock are off, and that divided by what was told. With right
standard deviations the root mean square of the quotient is 1. Lengths have the scale of the joints'
best fit. Clocks are those that motion told; where the time stamps were taken, there is none.
"""

import dataclasses

import multiview
import numpy as np
from absl import flags

from synpose_tf import cli
from synpose_tf.errors import SynposeError
from synpose_tf.reconstruction import report

flags.DEFINE_integer("pieces", 16, "Of each recording.", lower_bound=1)
FLAGS = flags.FLAGS


@dataclasses.dataclass(frozen=True)
class Known:
    """A recording whose cameras and joints are known.

    Args:
        name: to print.
        cameras: as `multiview` takes them.
        rotations, centres: (V, 3, 3) and (V, 3), of the cameras.
        joints: indices of the joints that `truth` has.
        truth: (F, J, 3), millimetres.
        rate: frames a second.
        lengths: of pieces, frames.
    """

    name: str
    cameras: list
    rotations: np.ndarray
    centres: np.ndarray
    joints: list[int]
    truth: np.ndarray
    rate: float
    lengths: tuple[int, ...]


def four_cameras():
    data = multiview.FourCameras(FLAGS.four_cameras)
    rotations = data.reference["rotation"]
    centres = -np.einsum("vji,vj->vi", rotations, data.reference["translation"])
    truth = data.reference["joints"].astype(float)
    return Known(
        "four cameras", data.cameras, rotations, centres, data.joints, truth, 60.0, (15, 30, 60, 99)
    )


def of_s9(action):
    rig, (joints, sources) = multiview.s9_rig(), multiview.s9_joints()
    world = multiview.triangulated(action)[:, sources]
    cameras, lengths = multiview.s9_cameras(action), (60, 150, 400, 900)
    return Known(f"S9 {action}", cameras, rig.rotation, rig.centres, joints, world, 50.0, lengths)


def piece_of(camera, start, length):
    (track,) = camera.tracks
    columns = {
        name: values[start : start + length]
        for name in track.columns
        if (values := getattr(track, name)) is not None
    }
    return dataclasses.replace(camera, tracks=[dataclasses.replace(track, **columns)])


def relative(rotations, centres):
    """Rotations and places seen from the first camera."""
    return rotations @ rotations[0].T, (centres - centres[0]) @ rotations[0].T


def errors(known, start, length, views):
    """(3, 2, V - 1), degrees, millimetres and frames: of each camera but the first how far off.

    And as told. None if refused.
    """
    cameras = [piece_of(known.cameras[view], start, length) for view in views]
    try:
        scene, placed, _ = multiview.solve(cameras, synchronized=False)
    except SynposeError:
        return None
    if report.hopeless(scene):
        return None
    person = placed[0]
    frames = start + np.rint((person.times - start_time(cameras[0])) * known.rate)
    joints = person.joints[:, known.joints].astype(float)
    truth = known.truth[frames.astype(int).clip(0, len(known.truth) - 1)]
    both = np.isfinite(joints).all(-1) & np.isfinite(truth).all(-1)
    scale = multiview.similarity(joints[both], truth[both])[0]
    found = relative(scene.rig.rotation, scale * scene.rig.centres)
    right = relative(known.rotations[views], known.centres[views])
    cosines = (np.trace(found[0] @ np.swapaxes(right[0], 1, 2), axis1=1, axis2=2) - 1.0) / 2.0
    degrees = np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))
    millimetres = np.linalg.norm(found[1] - right[1], axis=-1)
    middle = start_time(cameras[0]) + length / known.rate / 2.0
    late = np.array([known.rate * abs(clock.own(middle) - middle) for clock in scene.clocks])
    told = scene.spread
    pairs = [
        (degrees, told.degrees),
        (millimetres, scale * told.millimetres),
        (late, known.rate * told.clocks),
    ]
    return np.array(pairs)[..., 1:]


def start_time(camera):
    return float(camera.tracks[0].times[0])


def judge(known, rng):
    rows, refused = [], 0
    for _ in range(FLAGS.pieces):
        length = int(rng.choice(known.lengths))
        start = int(rng.integers(0, len(known.truth) - length + 1))
        views = sorted(rng.choice(4, int(rng.integers(2, 5)), replace=False).tolist())
        found = errors(known, start, length, views)
        refused += found is None
        rows += [] if found is None else [found]
    table = np.concatenate(rows, axis=2)
    for name, (off, told) in zip(("degrees", "mm", "frames"), table, strict=True):
        off, told = off[told > 0], told[told > 0]
        ratio = off / told
        print(
            f"{known.name:13} {name:8} {np.median(off):7.1f} {np.median(told):7.1f} "
            f"{np.sqrt((ratio**2).mean()):7.2f} {(ratio < 2).mean():7.0%} {len(ratio):8} "
            f"{refused:8}",
            flush=True,
        )


def main():
    columns = ("off", "told", "rms", "< 2")
    print(f"{'medians':22}", *(f"{c:>7}" for c in columns), f"{'cameras':>8} {'refused':>8}")
    for known in (four_cameras(), of_s9("Walking"), of_s9("Sitting")):
        judge(known, np.random.default_rng(0))


if __name__ == "__main__":
    cli.run(main)
