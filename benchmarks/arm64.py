"""The steps of `arm64.sh`: poses to lift, lifting them, comparing what two machines lifted.

  python arm64.py poses POSES.npz
  python arm64.py lift LIFTER.tflite POSES.npz LIFTED.npz
  python arm64.py compare LIFTED.npz LIFTED.npz

`lift` needs NumPy and ai-edge-litert alone.
"""

import importlib.util
import pathlib
import platform
import sys

import numpy as np

# Mean image radii. Floats are added up in another order on another processor; 8 bits may be
# rounded to the neighbouring one of 256 levels.
TOLERANCE = {"float32": 1e-4, "8 bits": 0.1}


def write_poses(output):
    """256 views of synthetic people through Human3.6M's cameras."""
    from synpose_tf.datasets.synthetic_pose import synthetic_pose_dataset_builder as builder

    views = list(builder.views("test", range(4), seed=0))
    keypoints = np.concatenate([view.keypoints_2d for view in views])
    intrinsics = np.concatenate([np.tile(view.intrinsics, (len(view.frames), 1)) for view in views])
    chosen = np.linspace(0, len(keypoints) - 1, 256).astype(int)
    np.savez(output, keypoints=keypoints[chosen], intrinsics=intrinsics[chosen])


def lift(file, poses, output):
    """Lifts the poses one by one, as a phone does."""
    litert = _litert()
    lifter = litert.Lifter(file)
    with np.load(poses) as archive:
        keypoints, intrinsics = archive["keypoints"], archive["intrinsics"]
    pairs = zip(np.split(keypoints, len(keypoints)), np.split(intrinsics, len(intrinsics)))  # noqa: B905
    lifted = np.concatenate([lifter(*pair) for pair in pairs])
    types = {d["dtype"].__name__ for d in lifter._interpreter.get_tensor_details()}
    kind = "8 bits" if "int8" in types else "float32"
    np.savez(output, poses=lifted, machine=platform.machine(), kind=kind)


def _litert():
    file = pathlib.Path(__file__).resolve().parent.parent / "export" / "tflite" / "litert.py"
    spec = importlib.util.spec_from_file_location("litert", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compare(one, two):
    """Prints the difference; exits with 1 where it is more than rounding."""
    with np.load(one) as a, np.load(two) as b:
        machines, kind = f"{a['machine']} and {b['machine']}", str(a["kind"])
        difference = np.abs(a["poses"] - b["poses"])
        same = (difference.max(axis=(1, 2)) == 0.0).sum()
    print(
        f"{machines}, {kind}: {len(difference)} poses, {same} of them equal to the last bit; "
        f"coordinates differ by at most {difference.max():.3g}, on average {difference.mean():.3g} "
        "mean image radii"
    )
    if not difference.max() <= TOLERANCE[kind]:
        sys.exit(f"error: more than rounding explains ({TOLERANCE[kind]}).")


if __name__ == "__main__":
    steps = {"poses": write_poses, "lift": lift, "compare": compare}
    steps[sys.argv[1]](*sys.argv[2:])
