"""What it costs to derive the joints that COCO-17 and MediaPipe lack, as `docs/mobile.md` does.

  python benchmarks/derived_joints.py --lifter=lifter.tflite --manual_dir=FOLDER

Fits the factors of spine, thorax and head to training poses, and prints them with the MPJPE on
the test split, with the true joints and with the derived ones.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from absl import app, flags

from synpose_tf import cli
from synpose_tf.datasets import prepared
from synpose_tf.evaluation import metrics, protocols
from synpose_tf.export.tflite import litert
from synpose_tf.structures.skeleton import H36M_17

cli.define_data_flags(dataset="cmu_mocap")
flags.DEFINE_string("lifter", None, "A .tflite lifter.")
flags.mark_flag_as_required("lifter")
FLAGS = flags.FLAGS

# From the middle of the hips: along the trunk to the middle of the shoulders, and to the nose.
BASES = {"Spine": ("trunk",), "Thorax": ("trunk",), "Head": ("trunk", "nose")}


def bases(keypoints):
    """The middle of the hips (n, 2), and the vectors of `BASES` from it."""
    left_hip, right_hip, left, right, nose = (
        keypoints[:, H36M_17.index(name)]
        for name in ("LHip", "RHip", "LShoulder", "RShoulder", "Nose")
    )
    hip = (left_hip + right_hip) / 2
    return hip, {"trunk": (left + right) / 2 - hip, "nose": nose - hip}


def fit(keypoints) -> dict[str, np.ndarray]:
    """Least-squares factors of each joint."""
    hip, vectors = bases(keypoints)
    factors = {}
    for joint, names in BASES.items():
        columns = np.stack([vectors[name].ravel() for name in names], axis=1)
        wanted = (keypoints[:, H36M_17.index(joint)] - hip).ravel()
        factors[joint] = np.linalg.lstsq(columns, wanted, rcond=None)[0]
    return factors


def derive(keypoints, factors):
    """Keypoints (n, 17, 2) with hip, spine, thorax and head derived from the others."""
    hip, vectors = bases(keypoints)
    derived = keypoints.copy()
    derived[:, H36M_17.root] = hip
    for joint, values in factors.items():
        parts = zip(values, BASES[joint], strict=True)
        derived[:, H36M_17.index(joint)] = hip + sum(f * vectors[name] for f, name in parts)
    return derived


def main(_):
    builder = prepared.prepare(
        prepared.Source(FLAGS.dataset, FLAGS.manual_dir, FLAGS.data_dir, FLAGS.joint_map)
    )
    factors = fit(prepared.read_split(builder, "train", ("keypoints_2d",))["keypoints_2d"])
    print("factors:", {joint: [round(float(f), 3) for f in fs] for joint, fs in factors.items()})
    views = prepared.read_split(builder, "test", protocols.KEYS)
    lifter = litert.Lifter(FLAGS.lifter)
    for label, keypoints in (
        ("true joints", views["keypoints_2d"]),
        ("derived joints", derive(views["keypoints_2d"], factors)),
    ):
        poses = lifter(keypoints, views["intrinsics"])
        truth = metrics.root_relative(views["keypoints_3d"])
        error = metrics.mpjpe(metrics.scale_to_truth(poses, truth), truth).mean()
        print(f"{label:15} MPJPE {error:.2f} mm")


if __name__ == "__main__":
    app.run(main)
