"""Recordings of a synthetic walker with what goes wrong in the field."""

import json
import pathlib

import numpy as np
from keypoint_files import in_layout
from pose_tracks import pose_track

from synpose_tf import keypoints
from synpose_tf.inference.lifter import Lifter
from synpose_tf.keypoints.layouts import COCO_17

_CLIP = 32  # Frames of a synthetic motion.


def walker(frames=30, motion="walking", seed=0, shift=(0.0, 0.0)):
    """(F, 17, 3): COCO's joints of a person who walks, eyes and ears missed, score 0.9.

    After a second the person walks back as in a film that runs backwards.
    """
    pixels = pose_track(motion=motion, frames=_CLIP, seed=seed).keypoints + np.array(shift)
    there_and_back = np.abs((np.arange(frames) + _CLIP - 1) % (2 * _CLIP - 2) - _CLIP + 1)
    pixels = pixels[there_and_back]
    joints = in_layout(np.concatenate([pixels, np.full((frames, 17, 1), 0.9)], -1), COCO_17)
    return np.nan_to_num(joints)


def entries(joints, frames=None, **more):
    """COCO results of a person (F, J, 3)."""
    frames = range(len(joints)) if frames is None else frames
    return [
        {"image_id": int(f), "category_id": 1, "keypoints": pose.ravel().tolist(), **more}
        for f, pose in zip(frames, joints, strict=True)
    ]


def read(folder, tree, **wanted):
    """What `keypoints.read` makes of JSON."""
    path = pathlib.Path(folder) / "recording.json"
    path.write_text(json.dumps(tree))
    return keypoints.read([path], **wanted)


def lifted(track):
    """The track's poses (F, 17, 3)."""
    return Lifter.from_pretrained().lift_track(track).poses


def apart(poses, others):
    """(F,), mean distance of the joints of poses, millimetres."""
    return np.linalg.norm(poses - others, axis=-1).mean(-1)
