"""What the frames around a pose are worth: CMU's test clips with noise as detectors have it.

  python benchmarks/temporal.py --manual_dir=FOLDER [--data_dir=DIR] [--seeds=0,1,2]
  python benchmarks/temporal.py --manual_dir=FOLDER --pretrained= --workdirs=RUN,RUN

The 2D joints of each clip, exact ones, get the noise that training adds (`detectors.add_noise` at
0.07, remembered as measured; no joint is missed), by `--seeds` other draws. Rows are the lifters of
the package: each frame alone, with the One-Euro filter, corrected by the frames before, and by
those around. With --workdirs, one row for each run of a method over time.

MPJPE and P-MPJPE in millimetres; MPJVE, the mean error of a joint's step from frame to frame
(Pavllo et al.), mm/frame at 30 Hz; jitter, the mean length of a joint's second difference, and of
the true poses', mm/frame². All at the true mean root distance of each pose, mean over seeds, with
the standard deviation over them where there are several. `exact` is without noise.

It takes minutes. Then the seconds for 10,000 frames.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pathlib
import time

import numpy as np
import tensorflow as tf
from absl import flags

from synpose_tf import cli
from synpose_tf.datasets import prepared
from synpose_tf.evaluation import metrics, motion
from synpose_tf.inference import pretrained, smoothing
from synpose_tf.inference.lifter import Lifter
from synpose_tf.training import clips
from synpose_tf.training.augmentation import detectors

NOISE = 0.07
KINDS = ("alone", "One-Euro", "causal", "centred")
COLUMNS = ("MPJPE", "P-MPJPE", "MPJVE", "jitter", "jitter of the truth")


def read_clips(builder):
    """Of each test clip 2D and 3D joints, intrinsics and times."""
    keys = (*prepared.TRAINING_KEYS, *clips.KEYS)
    views = prepared.read_split(builder, "test", keys)
    found = clips.Clips.find(views, builder.rate, builder.info.full_name)
    for first in np.unique(found.first):
        rows = slice(first, found.last[first] + 1)
        times = np.arange(rows.stop - first) / builder.rate
        yield *(views[key][rows] for key in ("keypoints_2d", "keypoints_3d", "intrinsics")), times


def make_noisy(pixels, seed, number):
    seeds = tf.constant([seed, number], tf.int64)
    return detectors.add_noise(tf.constant(pixels), NOISE, seeds, frames=len(pixels)).numpy()


def lift(lifter, kind, pixels, intrinsics, times, truth):
    """(F, 17, 3), millimetres."""
    poses = lifter.lift(pixels, intrinsics, times=times).poses
    poses = metrics.scale_to_truth(poses, truth)
    return smoothing.one_euro(poses, times) if kind == "One-Euro" else poses


def figures(poses, truth):
    """Of a clip, in the order of `COLUMNS`; means over frames."""
    truth = metrics.root_relative(truth)
    steps = np.linalg.norm(np.diff(poses, axis=0) - np.diff(truth, axis=0), axis=-1)
    errors = metrics.mpjpe(poses, truth), metrics.p_mpjpe(poses, truth)
    return *(e.mean() for e in errors), steps.mean(), motion.jitter(poses), motion.jitter(truth)


def measure(lifter, kind, recordings, seed):
    """Means over all frames; `seed` None for exact joints."""
    rows, weights = [], []
    for number, (pixels, truth, intrinsics, times) in enumerate(recordings):
        seen = pixels if seed is None else make_noisy(pixels, seed, number)
        rows.append(figures(lift(lifter, kind, seen, intrinsics, times, truth), truth))
        weights.append(len(times))
    return np.average(rows, axis=0, weights=weights)


def print_row(name, runs):
    mean, spread = np.mean(runs, axis=0), np.std(runs, axis=0)
    cells = [
        f"{m:.1f}" + (f" ± {s:.1f}" if len(runs) > 1 else "")
        for m, s in zip(mean, spread, strict=True)
    ]
    print(f"{name:32}" + "".join(f"{cell:>20}" for cell in cells), flush=True)


def print_speed(recordings):
    pixels = np.concatenate([r[0] for r in recordings])[:10_000]
    for kind in ("", "causal", "centred"):
        lifter, times = Lifter.from_pretrained("paper", kind), np.arange(len(pixels)) / 30.0
        lifter.lift(pixels[:100], times=times[:100])
        begin = time.perf_counter()
        lifter.lift(pixels, times=times)
        print(f"{len(pixels):,} frames, {kind or 'alone'}: {time.perf_counter() - begin:.2f} s")


def main():
    args = flags.FLAGS
    (builder,) = prepared.prepare_all("cmu_mocap", args.manual_dir, args.data_dir)
    recordings = list(read_clips(builder))
    print(f"{builder.info.full_name}, test: {len(recordings)} clips")
    print(f"{'':32}" + "".join(f"{column:>20}" for column in COLUMNS))
    for mode in args.pretrained:
        for kind in KINDS:
            temporal = kind if kind in pretrained.TEMPORAL else ""
            if temporal and not pretrained.has_temporal(mode, temporal):
                continue
            lifter = Lifter.from_pretrained(mode, temporal)
            noisy = [measure(lifter, kind, recordings, int(seed)) for seed in args.seeds]
            print_row(f"{mode}, {kind}", noisy)
            print_row(f"{mode}, {kind}, exact", [measure(lifter, kind, recordings, None)])
    for workdir in args.workdirs:
        lifter = Lifter.from_workdir(workdir)
        noisy = [measure(lifter, "corrected", recordings, int(seed)) for seed in args.seeds]
        print_row(pathlib.Path(workdir).name, noisy)
    if args.pretrained:
        print_speed(recordings)


if __name__ == "__main__":
    flags.DEFINE_string("manual_dir", None, "Folder of CMU's motion.", required=True)
    flags.DEFINE_string("data_dir", None, "Where prepared data sets are kept.")
    flags.DEFINE_list("pretrained", ["camera", "paper"], "Lifters that come with the package.")
    flags.DEFINE_list("workdirs", [], "Folders of training runs.")
    flags.DEFINE_list("seeds", ["0", "1", "2"], "Of the noise.")
    cli.run(main)
