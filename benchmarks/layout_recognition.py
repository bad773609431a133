"""How often the body's symmetry tells which 17 joints a few frames have, and how often wrongly.

  python benchmarks/layout_recognition.py CMU_FOLDER

Takes frames of every view of CMU's clips, in Human3.6M's and in COCO's layout (with eyes and ears
beside the nose), and asks `synpose_tf.keypoints.layout_recognition`.
"""

import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from synpose_tf.datasets.cmu_mocap import cmu_mocap_dataset_builder, sources
from synpose_tf.keypoints.layout_recognition import MARGIN, asymmetry
from synpose_tf.keypoints.layouts import COCO_17
from synpose_tf.structures.skeleton import H36M_17, joint_map

DRAWS = 6  # Of each view.
FACE = {"LEye": (8, -8), "REye": (-8, -8), "LEar": (16, -4), "REar": (-16, -4)}  # Pixels.


def in_layout(points, layout):
    """Human3.6M-17 points (F, 17, 2) in a layout's order."""
    order = [index or 0 for index in joint_map(H36M_17, layout)]
    moved = points[:, order].astype(float)
    for joint, offset in FACE.items() if layout is COCO_17 else ():
        moved[:, layout.index(joint)] = moved[:, layout.index("Nose")] + offset
    return moved


def main(folder):
    clips = sources.read_clips(pathlib.Path(folder))
    views = [
        view.keypoints_2d
        for split in clips
        for view in cmu_mocap_dataset_builder.views(split, clips[split])
    ]
    for count in (1, 5, 30):
        for truth, other in ((H36M_17, COCO_17), (COCO_17, H36M_17)):
            rng, ratios = np.random.default_rng(0), []
            for view in views:
                for start in rng.integers(0, max(1, len(view) - count), DRAWS):
                    points = in_layout(view[start : start + count], truth)
                    ratios.append(asymmetry(points, other) / asymmetry(points, truth))
            ratios = np.array(ratios)
            wrong, told = ratios <= 1 / MARGIN, ratios >= MARGIN
            print(
                f"{count:3} frames, {truth.name:13} {len(ratios)} draws: told {told.mean():.2%}, "
                f"in doubt {(~told & ~wrong).mean():.2%}, wrong {wrong.mean():.2%}"
            )


if __name__ == "__main__":
    main(sys.argv[1])
