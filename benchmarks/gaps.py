"""What it is worth to mend jumps and short gaps of joints in time (`synpose_tf.keypoints.gaps`).

  python benchmarks/gaps.py --manual_dir=FOLDER [--data_dir=DIR]

CMU's test clips, exact 2D joints at 30 Hz, lifted frame by frame by `camera`, MPJPE / P-MPJPE in
millimetres, with and without mending: as they are; with jumps (5 % of the joints, for a frame, by
0.3 of the body's size in any direction); with gaps (5 % of the joints begin one, of 1 to 8 frames).
`changed` is the share of the joints that were changed, `found` that of the wrong or missed ones
which were. Then S9's detections (`--sh`), all views, as `benchmarks/unseen.py` scores them.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pathlib

import numpy as np
import s9
import temporal
import unseen
from absl import flags

from synpose_tf import cli
from synpose_tf.datasets import prepared
from synpose_tf.evaluation import metrics
from synpose_tf.inference.lifter import Lifter
from synpose_tf.keypoints import gaps
from synpose_tf.keypoints.conversion import to_h36m

SHARE, DISTANCE, LONGEST = 0.05, 0.3, 8


def with_jumps(pixels, rng):
    """Damaged pixels (F, 17, 2), and where."""
    size = np.linalg.norm(np.ptp(pixels, axis=1), axis=-1)[:, None, None]
    angles = rng.uniform(0.0, 2.0 * np.pi, pixels.shape[:2])
    aside = DISTANCE * size * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    wrong = rng.uniform(size=pixels.shape[:2]) < SHARE
    return np.where(wrong[..., None], pixels + aside, pixels), wrong


def with_gaps(pixels, rng):
    begins = rng.uniform(size=pixels.shape[:2]) < SHARE
    lengths = rng.integers(1, LONGEST + 1, pixels.shape[:2])
    missed = np.zeros_like(begins)
    for frame, joint in np.argwhere(begins):
        missed[frame : frame + lengths[frame, joint], joint] = True
    return np.where(missed[..., None], np.nan, pixels), missed


DAMAGES = {
    "exact": lambda pixels, rng: (pixels, np.zeros(pixels.shape[:2], bool)),
    "jumps": with_jumps,
    "gaps": with_gaps,
}


def measure(lifter, recordings, damage):
    """MPJPE and P-MPJPE without and with mending, and the shares changed and found."""
    rng, errors, counts = np.random.default_rng(0), [], np.zeros(4)
    for pixels, truth, intrinsics, times in recordings:
        seen, wrong = damage(pixels, rng)
        mended, changed = gaps.mend(seen, times)
        pair = [lifter.lift(p, intrinsics, doubt=True).poses for p in (seen, mended)]
        errors.append(
            [e for p in pair for e in (metrics.mpjpe(metrics.scale_to_truth(p, truth), truth),
                                       metrics.p_mpjpe(p, truth))]
        )  # fmt: skip
        counts += changed.sum(), changed.size, (changed & wrong).sum(), wrong.sum()
    shares = counts[0] / counts[1], counts[2] / max(counts[3], 1.0)
    return np.concatenate(errors, axis=1).mean(-1), shares


def print_row(name, errors, shares=None):
    row = f"{name:20}{errors[0]:7.1f} / {errors[1]:.1f}{errors[2]:9.1f} / {errors[3]:.1f}"
    if shares is not None:
        row += f"{100 * shares[0]:12.2f} %{100 * shares[1]:10.1f} %"
    print(row, flush=True)


def s9_errors(lifter, folder, action):
    """MPJPE and P-MPJPE of an action without and with mending."""
    data, views = unseen.moments(folder, action, unseen.STRIDE), s9.read_views(folder, action)
    known = np.isfinite(data.truth[..., unseen.JOINTS, :]).all((-1, -2))
    truth, found = data.truth[known][:, unseen.JOINTS], []
    for change in (lambda points, times: points, lambda *given: gaps.mend(*given)[0]):
        lifted = [
            lifter.lift(change(to_h36m(t)[0], t.times), camera.intrinsics, doubt=True).poses
            for t, camera in zip(views, s9.CAMERAS, strict=True)
        ]
        poses = np.stack(lifted)[:, :: unseen.STRIDE][known][:, unseen.JOINTS]
        found += unseen.errors_of(poses, truth).mean(-1).tolist()
    return found


def main():
    args = flags.FLAGS
    lifter = Lifter.from_pretrained("camera")
    (builder,) = prepared.prepare_all("cmu_mocap", args.manual_dir, args.data_dir)
    recordings = list(temporal.read_clips(builder))
    print(f"{'':20}{'as they came':>14}{'mended':>16}{'changed':>14}{'found':>12}")
    for name, damage in DAMAGES.items():
        print_row(f"CMU, {name}", *measure(lifter, recordings, damage))
    if pathlib.Path(args.sh).is_dir():
        for action in s9.ACTIONS:
            print_row(f"S9, {action}", s9_errors(lifter, args.sh, action))
    else:
        print(f"S9 is skipped: there is no folder {args.sh}.")


if __name__ == "__main__":
    flags.DEFINE_string("manual_dir", None, "Folder of CMU's motion.", required=True)
    flags.DEFINE_string("data_dir", None, "Where prepared data sets are kept.")
    flags.DEFINE_string("sh", str(unseen.S9), "Folder of S9's detections.")
    cli.run(main)
