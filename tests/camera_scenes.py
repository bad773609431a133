"""People of the kinematic model before Human3.6M's four cameras, for tests of several views."""

import dataclasses

import numpy as np
from scipy.interpolate import CubicSpline

from synpose_tf.datasets.synthetic_pose import kinematics, motions
from synpose_tf.datasets.synthetic_pose.synthetic_pose_dataset_builder import perform
from synpose_tf.geometry.camera import h36m_cameras
from synpose_tf.reconstruction import tracks
from synpose_tf.reconstruction.people import Placed
from synpose_tf.reconstruction.rig import Observations, Rig, focal_of, ideal_pixels

CAMERAS = tuple(h36m_cameras()["S1"].values())
RATE = 30.0


def truth() -> Rig:
    """The cameras as they are."""
    rotation = np.array([camera.rotation for camera in CAMERAS])
    centres = np.array([camera.position for camera in CAMERAS])
    focal = np.array([focal_of(camera.intrinsics) for camera in CAMERAS])
    return Rig(rotation, -np.einsum("vij,vj->vi", rotation, centres), focal)


def walker(frames: int, seed: int = 0, motion: str = "walking") -> np.ndarray:
    """(frames, 17, 3), world, millimetres: a synthetic person in motion."""
    rng = np.random.default_rng(seed)
    world = perform(rng, kinematics.sample_body(rng), motions.MOTIONS[motion])
    # The model's own steps are those of a few poses a second.
    steps = np.arange(frames) / 4.0
    back = np.concatenate([world, world[-2:0:-1]])  # Forth and back, so that nothing jumps.
    key = np.tile(back, (int(steps[-1]) // len(back) + 2, 1, 1))
    return CubicSpline(np.arange(len(key)), key)(steps)


def seen_by(camera, world, rng, noise: float = 2.0) -> np.ndarray:
    """(frames, 17, 2), pixels, as a detector sees people."""
    pixels = camera.project(camera.to_camera(world))
    return pixels + rng.normal(0.0, noise, pixels.shape)


def in_room(world: np.ndarray):
    """A person's joints (frames, 17, 3) as the track of a reconstruction that has no error."""
    views = (len(CAMERAS), *world.shape[:2])
    nowhere = np.zeros(views, bool)
    times = np.arange(len(world)) / RATE
    placed = Placed(times, world, nowhere[0], nowhere, np.zeros(views))
    return tracks.pose_track(placed, "person 1", CAMERAS[0], 1700.0)


def observations(world, noise: float = 2.0, seed: int = 0) -> Observations:
    """What all cameras see of one person."""
    rng = np.random.default_rng(seed)
    points = np.stack([ideal_pixels(seen_by(c, world, rng, noise), c.intrinsics) for c in CAMERAS])
    times = np.arange(len(world)) / RATE
    return Observations(
        points=points,
        confidence=np.ones(points.shape[:-1]),
        velocity=np.gradient(points, axis=1) * RATE,
        noise=np.full(points.shape[:-1], 4.0),
        times=times,
        person=np.zeros(len(world), int),
    )


def similarity(points, target):
    """`points` (n, 3) laid on a target by the best scale, rotation and shift; and these."""
    centres = points.mean(0), target.mean(0)
    left, _, right = np.linalg.svd((target - centres[1]).T @ (points - centres[0]))
    rotation = left @ np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))]) @ right
    turned = (points - centres[0]) @ rotation.T
    scale = ((target - centres[1]) * turned).sum() / (turned**2).sum()
    return scale * turned + centres[1], scale, rotation


def swapped(seen: Observations, view: int, moments, mirror) -> Observations:
    """With left and right of some moments of a view exchanged."""
    points = seen.points.copy()
    points[view, moments] = points[view, moments][:, list(mirror)]
    return dataclasses.replace(seen, points=points)
