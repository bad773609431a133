"""How fast the lift command is, and what memory it takes.

  python benchmarks/lift_speed.py
  python benchmarks/lift_speed.py --people=3 --formats=npz
  python benchmarks/lift_speed.py --people=10 --frames=450000 --formats=npz --poses=0  # 2 GB

Prints the seconds of 10,000 poses once the lifter is there; and for videos of some lengths,
streamed from AlphaPose's JSON, seconds and peak memory (VmHWM) of the whole command. That of one
frame is the time from the command's start to its first result.
"""

import json
import os
import pathlib
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "tests"))

import measured_process
import numpy as np
from absl import app, flags

from synpose_tf.completion.gaussian import PoseDistribution
from synpose_tf.inference.lifter import Lifter
from synpose_tf.keypoints.layouts import COCO_17
from synpose_tf.structures.skeleton import H36M_17, joint_map

flags.DEFINE_integer("poses", 10_000, "Of the first figure; 0 leaves it out.")
flags.DEFINE_list("frames", ["1", "10800", "108000"], "Lengths of videos.")
flags.DEFINE_integer("people", 1, "In each frame, numbered by the detector where there are more.")
flags.DEFINE_string("formats", "npz,json,png,html", "What the command writes.")
FLAGS = flags.FLAGS

INTRINSICS = np.array([1145.0, 1143.0, 512.0, 515.0, 0, 0, 0, 0, 0])


def people(count: int, seed: int = 0) -> np.ndarray:
    """(count, 17, 2), pixels: poses drawn from the distribution of the package."""
    distribution = PoseDistribution.pretrained()
    noise = np.random.default_rng(seed).multivariate_normal(
        np.zeros(34), distribution.covariance, count, method="eigh"
    )
    return (distribution.mean + noise.reshape(-1, 17, 2)) * 90.0 + [500.0, 400.0]


def lifting_seconds(mode: str, count: int, missing: list[str]) -> tuple[float, float]:
    """(wall seconds, processor seconds), the best of three."""
    lifter, keypoints = Lifter.from_pretrained(mode), people(count)
    keypoints[:, [H36M_17.index(name) for name in missing]] = np.nan
    intrinsics = INTRINSICS if mode == "camera" else None
    lifter.lift(keypoints[:10], intrinsics)
    seconds = []
    for _ in range(3):
        start = time.perf_counter(), time.process_time()
        lifter.lift(keypoints, intrinsics)
        seconds.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    return min(seconds)


def write_video(path: pathlib.Path, frames: int, count: int) -> None:
    """AlphaPose results of people side by side in COCO's 17 joints."""
    order = joint_map(H36M_17, COCO_17)
    joints = people(1000)[:, [index or 0 for index in order]]
    confidence = [float(index is not None) for index in order]
    texts = []
    for pose in joints:
        for person in range(count):
            placed = pose + [300.0 * person, 0.0]
            numbers = np.column_stack([placed, confidence]).round(3).ravel().tolist()
            entry = {"category_id": 1, "keypoints": numbers, "score": 2.9}
            texts.append(json.dumps(entry | ({"idx": person + 1} if count > 1 else {}))[1:])
    with path.open("w", encoding="utf-8") as handle:
        for frame in range(frames):
            for person in range(count):
                handle.write(",\n" if frame or person else "[")
                text = texts[frame % 1000 * count + person]
                handle.write(f'{{"image_id": "{frame}.jpg", {text}')
        handle.write("]")


def main(_):
    print(f"{os.cpu_count()} cores; {FLAGS.poses:,} poses once the lifter is there:")
    for mode in ("paper", "camera") if FLAGS.poses else ():
        for name, missing in (("all joints", []), ("COCO's", ["Spine", "Thorax", "Head", "Hip"])):
            wall, processor = lifting_seconds(mode, FLAGS.poses, missing)
            print(f"  {mode:7}{name:12}{wall:7.2f} s wall {processor:7.2f} s processor")
    print(f"the command, AlphaPose JSON of {FLAGS.people} people to {FLAGS.formats}:")
    print(f"  {'frames':>8} {'JSON':>9} {'wall':>9} {'processor':>11} {'peak memory':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for frames in map(int, FLAGS.frames):
            path = pathlib.Path(folder) / "alphapose-results.json"
            write_video(path, frames, FLAGS.people)
            size = path.stat().st_size / 1e6
            output = f"--output={path.parent}/out"
            taken = measured_process.run("lift", str(path), output, f"--formats={FLAGS.formats}")
            row = f"{size:6,.1f} MB {taken.wall:7.2f} s {taken.processor:9.2f} s"
            row += f" {taken.memory:9.0f} MB"
            print(f"  {frames:8,} {row}", flush=True)


if __name__ == "__main__":
    app.run(main)
