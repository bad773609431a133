"""Peak memory and speed of lifting a large archive by Beam, and whether it gives the same.

    python benchmarks/beam_lift.py --poses=100000,1000000  # on Linux
    python benchmarks/beam_lift.py --poses=100000,1000000 --archive=npz

Writes synthetic poses with 2 % of the joints missed into a .npy file, or a compressed .npz with
their confidence, lifts it by `synpose_tf.beam_lift` on the DirectRunner and by `synpose_tf.lift`,
each in a process of its own, and compares every array of every pose. Flags of Beam's are handed
on.
"""

import json
import pathlib
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "tests"))

import measured_process
import numpy as np
from absl import app, flags

from synpose_tf.datasets.synthetic_pose import synthetic_pose_dataset_builder

POSES = flags.DEFINE_list("poses", ["100000", "1000000"], "How many, one run each, increasing.")
ARCHIVE = flags.DEFINE_enum("archive", "npy", ["npy", "npz"], "What is written and lifted.")
KEYS = ("poses", "keypoints", "inferred", "frames", "times")


def write_archive(path, count):
    rng = np.random.default_rng(0)
    views = synthetic_pose_dataset_builder.views("test", range(20), 0)
    base = np.concatenate([view.keypoints_2d for view in views]).astype(np.float32)
    rows = path.with_suffix(".npy")
    array = np.lib.format.open_memmap(rows, "w+", np.float32, (count, 17, 2))
    for start in range(0, count, 65_536):
        piece = array[start : start + 65_536]
        piece[:] = base[rng.integers(0, len(base), len(piece))]
        piece += rng.normal(0, 1, piece.shape)
        piece[rng.random(piece.shape[:2]) < 0.02] = np.nan
    array.flush()
    if path.suffix == ".npz":
        seen = np.isfinite(array[..., 0])
        np.savez_compressed(path, keypoints=array, confidence=seen.astype(np.float32))


def differing(folder, plain):
    """The arrays in which the two results differ."""
    manifest = json.loads((folder / "manifest.json").read_text())
    bad, start = set(), 0
    with np.load(plain, allow_pickle=False) as archive:
        wanted = {key: archive[key] for key in KEYS}
    for part in manifest:
        with np.load(folder / part["name"], allow_pickle=False) as piece:
            stop = start + part["frames"]
            for key in KEYS:
                if not np.array_equal(piece[key], wanted[key][start:stop], equal_nan=True):
                    bad.add(key)
        start = stop
    return sorted(bad | ({"length"} if start != len(wanted["frames"]) else set()))


def main(argv):
    for count in map(int, POSES.value):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            archive = folder / f"keypoints.{ARCHIVE.value}"
            write_archive(archive, count)
            both = [str(archive), "--layout=h36m"]
            beam = measured_process.run("beam_lift", *both, f"--output={folder}/beam", *argv[1:])
            print(f"{count:>9,} poses, beam_lift: {beam.wall:6.1f} s, peak {beam.memory:5.0f} MB")
            plain = measured_process.run("lift", *both, f"--output={folder}/plain", "--formats=npz")
            print(f"{count:>9,} poses, lift:      {plain.wall:6.1f} s, peak {plain.memory:5.0f} MB")
            bad = differing(folder / "beam", folder / "plain" / "keypoints.npz")
            equal = f"differ in {', '.join(bad)}" if bad else "equal, bit for bit"
            print(f"{count:>9,} poses, {equal}")
            sys.stdout.flush()
            if bad:
                raise SystemExit(1)


if __name__ == "__main__":
    app.run(main, flags_parser=lambda argv: flags.FLAGS(argv, known_only=True))
