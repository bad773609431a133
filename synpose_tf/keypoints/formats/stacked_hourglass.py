"""Martinez et al.'s stacked hourglass detections of Human3.6M, `Walking.54138969.h5`.

One dataset `poses`, (frames, 16, 2), pixels, MPII's joints, 50 frames a second.

The head top counts as missed. Triangulated from Human3.6M's four cameras, it comes back 12 to
36 pixels from where each detection had it (median, S9 Walking), every other joint 3 to 7:
`benchmarks/view_consistency.py` prints both.
"""

import pathlib

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io import hdf5
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import whole_tracks
from synpose_tf.keypoints.detections import Person
from synpose_tf.structures.skeleton import MPII_16

NAME = "stacked hourglass HDF5"
FPS = 50.0


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The people of a file, which shows one at a time.

    Raises:
        SynposeError: the file is damaged, or holds something else.
    """
    poses = hdf5.read(path, path, "poses")
    if poses.ndim != 3 or poses.shape[1:] != (len(MPII_16), 2) or poses.dtype.kind not in "iuf":
        raise SynposeError(
            f"{path}: poses are {poses.dtype} of shape {poses.shape}. Expected (frames, 16, 2)."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        joints = np.concatenate([poses, np.ones_like(poses[..., :1])], axis=-1).astype(np.float32)
    joints[:, MPII_16.index("Head"), 2] = 0.0
    frames = np.arange(len(poses))
    person = Person(name="", frames=frames, joints=joints, where=str(path), fps=FPS, layout=MPII_16)
    return whole_tracks.alone(person, scratch)
