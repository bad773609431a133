"""Lifted people for the tests of the outputs: synthetic motion seen by a Human3.6M camera."""

import dataclasses

import numpy as np

from synpose_tf.datasets.synthetic_pose import kinematics, motions
from synpose_tf.datasets.synthetic_pose.synthetic_pose_dataset_builder import perform
from synpose_tf.geometry.camera import h36m_cameras
from synpose_tf.structures.tracks import PoseTrack

CAMERA = h36m_cameras()["S1"]["54138969"]


def pose_track(
    name="walker", motion="walking", frames=60, rate=30.0, path=True, seed=0, unseen=(), **fields
) -> PoseTrack:
    """A person in motion, with the true pose for the lifted one.

    Args:
        path: whether the root's path is known.
        unseen: indices of frames without a pose.
        fields: fields of the track to put in place of the made ones.
    """
    rng = np.random.default_rng(seed)
    world = perform(rng, kinematics.sample_body(rng), motions.MOTIONS[motion])
    world = np.tile(world, (frames // len(world) + 1, 1, 1))[:frames]
    points = CAMERA.to_camera(world)
    keypoints = CAMERA.project(points)
    inferred = rng.random(keypoints.shape[:2]) < 0.05
    root, poses = points[:, 0], points - points[:, :1]
    for array in (root, poses, keypoints):
        array[list(unseen)] = np.nan
    made = {
        "name": name,
        "poses": poses.astype(np.float32),
        "root": root.astype(np.float32) if path else None,
        "keypoints": keypoints.astype(np.float32),
        "inferred": inferred,
        "frames": np.arange(frames),
        "times": np.arange(frames) / rate,
        "body_height": 1700.0,
        "image_size": CAMERA.image_size,
    }
    return PoseTrack(**(made | fields))


def noisy(track, rng, millimetres=40.0):
    """As lifting gives it: bones that change their length."""
    noise = rng.normal(0, millimetres, track.poses.shape)
    noise[:, 0] = 0
    return dataclasses.replace(track, poses=(track.poses + noise).astype(np.float32))
