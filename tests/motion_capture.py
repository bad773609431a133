"""A small archive of motion in cmu_mocap's format, made with the kinematic model."""

import json
import pathlib

import numpy as np

from synpose_tf.datasets.synthetic_pose import kinematics, motions
from synpose_tf.datasets.synthetic_pose.synthetic_pose_dataset_builder import perform

SPLIT = {
    "train": ["subject_01/walking_01", "subject_01/sitting_01"],
    "test": ["subject_02/walking_01", "subject_02/standing_01"],
}
FRAMES = 32  # of each clip
VIEWS = {"train": 2 * FRAMES * 8, "test": 2 * FRAMES * 4}  # 8 cameras see training clips, 4 test


def write_archive(folder: pathlib.Path, **replaced: np.ndarray) -> pathlib.Path:
    """Writes `positions.npz` and `split.json` into a new folder.

    Args:
        folder: is made.
        replaced: clips by their action's name, to put in place of the good ones.
    """
    folder.mkdir(parents=True)
    clips = {}
    for key in (key for keys in SPLIT.values() for key in keys):
        subject, clip = key.split("/")
        action = clip.removesuffix("_01")
        rng = np.random.default_rng(int(subject.removeprefix("subject_")))
        body = kinematics.sample_body(rng)
        clips[key] = perform(rng, body, motions.MOTIONS[action]) / 1000.0
        clips[key] = replaced.get(action, clips[key])
    np.savez(folder / "positions.npz", **clips)
    (folder / "split.json").write_text(json.dumps(SPLIT))
    return folder
