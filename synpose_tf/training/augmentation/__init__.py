"""What training may change in its examples: other bodies, more views, and 2D joints as detectors
give them.

Works on batches of the pipeline, in pixels and millimetres, before normalisation. All draws
follow from the seed that the pipeline gives (its own and the step), so a resumed run draws
what it would have drawn.
"""

import dataclasses
import math

import keras
import tensorflow as tf

from synpose_tf.errors import SynposeError
from synpose_tf.geometry import camera
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.training.augmentation import bodies, cameras, detectors, windows

__all__ = ["Augmentation", "bodies", "cameras", "detectors", "turn_people", "windows"]


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Which changes are made, in this order.

    The first five need exact joints and intrinsics: they take the 2D joints anew from the camera,
    and real detections are lost.

    Args:
        stretch: standard deviation of the factor by which each bone is stretched.
        exchange: probability that an arm, or both legs, are another person's.
        bend: standard deviation, radians, of a further turn of every large joint.
        turn: turn each person about the vertical by a random angle, and mirror every second one.
        cameras: share of the poses that a camera of anywhere sees in place of the data set's.
        noise: Gaussian noise on the 2D joints, standard deviation in pixels.
        detector_noise: noise as a detector has it: standard deviation of each pose uniform
            between 0 and this share of its mean image radius, with outliers.
        slide: standard deviation of a move along its limb, of elbows, wrists, knees and ankles,
            as a share of the limb's length in the image.
        sides: probability that a detector takes left for right, in legs or arms.
        missing: share of the 2D joints that are missed in every second pose. They are
            filled in (`synpose_tf.completion`), as they are when lifting, and so are the joints
            that the layouts of common detectors lack, again in every second pose.
        missing_limbs: share of the whole limbs that are missed, beside single joints.

    Raises:
        SynposeError: a negative value, or a share of 1 or more.
    """

    stretch: float = 0.0
    exchange: float = 0.0
    bend: float = 0.0
    turn: bool = False
    cameras: float = 0.0
    noise: float = 0.0
    detector_noise: float = 0.0
    slide: float = 0.0
    sides: float = 0.0
    missing: float = 0.0
    missing_limbs: float = 0.0

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value, unbounded = getattr(self, field.name), field.name == "noise"
            whole = 1.0 if field.name == "cameras" else math.nextafter(1.0, 0.0)
            if not value >= 0.0 or not (unbounded or field.name == "turn" or value <= whole):
                allowed = "at least 0" + ("" if unbounded else " and below 1")
                raise SynposeError(
                    f"augmentation: {field.name} must be {allowed}, found {value!r}."
                )

    def __call__(self, batch: dict[str, tf.Tensor], seed: tf.Tensor) -> dict[str, tf.Tensor]:
        """Changes a batch.

        Args:
            batch: `keypoints_2d` (n, 17, 2), `keypoints_3d` (n, 17, 3), `intrinsics` (n, 9),
                `up` (n, 3); or windows of them, (n, T, …), which then have one person, one camera
                and mistakes that last.
            seed: (2,), integers.

        Returns:
            The batch; of windows also `seen` (n, T, 17), 1.0 where a joint is seen, else 0.0.
        """
        if batch["keypoints_2d"].shape.rank == 3:
            return self._change(dict(batch), seed, 1)[0]
        frames = batch["keypoints_2d"].shape[1]
        flat = {key: tf.reshape(t, (-1, *t.shape[2:])) for key, t in batch.items()}
        flat, seen = self._change(flat, seed, frames)
        flat["seen"] = seen
        return {key: tf.reshape(t, (-1, frames, *t.shape[1:])) for key, t in flat.items()}

    def _change(self, batch, seed, frames):
        seeds = tf.unstack(tf.random.split(seed, 10))
        if self.stretch or self.exchange or self.bend or self.turn or self.cameras:
            self._see_anew(batch, seeds, frames)
        pixels = batch["keypoints_2d"]
        if self.noise:
            pixels += self.noise * tf.random.stateless_normal(tf.shape(pixels), seeds[4])
        if self.detector_noise:
            pixels = detectors.add_noise(pixels, self.detector_noise, seeds[5], frames)
        if self.slide:
            pixels = detectors.slide_along_limbs(pixels, self.slide, seeds[6], frames)
        if self.sides:
            pixels = detectors.exchange_sides(pixels, self.sides, seeds[7], frames)
        seen = tf.ones_like(pixels[..., 0])
        if self.missing or self.missing_limbs:
            pixels, seen = detectors.miss_joints(
                pixels, self.missing, self.missing_limbs, seeds[8], frames
            )
        return batch | {"keypoints_2d": pixels}, seen

    def _see_anew(self, batch, seeds, frames):
        points, up, intrinsics = batch["keypoints_3d"], batch["up"], batch["intrinsics"]
        if self.stretch:
            points = bodies.stretch_bones(points, self.stretch, seeds[0], frames)
        if self.exchange:
            points = bodies.exchange_limbs(points, self.exchange, seeds[1], frames)
        if self.bend:
            points = bodies.bend(points, self.bend, seeds[9], frames)
        if self.turn:
            points = turn_people(points, up, seeds[2], frames)
        if self.cameras:
            points, up, intrinsics = cameras.see_anew(
                points, up, intrinsics, self.cameras, seeds[3], frames
            )
        pixels = camera.project(points, intrinsics, keras.ops)
        batch.update(keypoints_3d=points, up=up, intrinsics=intrinsics, keypoints_2d=pixels)


def turn_people(points: tf.Tensor, up: tf.Tensor, seed: tf.Tensor, frames: int = 1) -> tf.Tensor:
    """Turns people about the vertical through their root, U[-π, π], and mirrors every second.

    Args:
        points: (n, 17, 3), camera frame.
        up: (n, 3), unit vectors; the camera's own -y is taken where they are 0.
        seed: (2,), integers.
        frames: of a window (`windows`), which turns as one. The root's path stays as it was: turned
            with the person it would end behind the camera.
    """
    known = tf.reduce_any(up != 0.0, axis=-1, keepdims=True)
    up = tf.where(known, up, tf.constant([[0.0, -1.0, 0.0]]))
    draws = tf.random.stateless_uniform((2, tf.shape(up)[0] // frames, 1), seed)
    mirrored, angles = (windows.shared(draw, frames) for draw in tf.unstack(draws))
    root = points[:, H36M_17.root : H36M_17.root + 1]
    poses = points - root
    poses = tf.where(mirrored[..., None] < 0.5, _mirror(poses, up), poses)
    return camera.turn(poses, up, (2.0 * angles - 1.0) * math.pi, keras.ops) + root


def _mirror(poses, up):
    # Any mirror that holds the vertical will do, since the turn is random.
    forward = tf.broadcast_to(tf.constant([0.0, 0.0, 1.0]), tf.shape(up))
    sideways, _ = tf.linalg.normalize(tf.linalg.cross(up, forward), axis=-1)
    sideways = sideways[:, None]
    across = tf.reduce_sum(poses * sideways, axis=-1, keepdims=True)
    return tf.gather(poses - 2.0 * across * sideways, H36M_17.mirror, axis=1)
