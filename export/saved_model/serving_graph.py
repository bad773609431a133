"""What a server computes: pixels in, 3D poses out, and NaN for what can't be lifted.

A server takes what strangers send. So a request has a bound, its shapes are checked in the
graph (TensorFlow Serving checks none), and a pose that is not one gives NaN, in its own row
only, and never a pose that looks right.
"""

import keras
import tensorflow as tf

from synpose_tf.geometry import camera, normalization
from synpose_tf.models.networks import JOINTS, ReprojectionNetwork

LARGEST_REQUEST = 65_536  # poses
LARGEST_PIXEL = 1e6
# Mean distance from the hip, of the largest coordinate: float32 resolves it to 1 %.
LEAST_RADIUS = 1e-5
# How far an undistorted and distorted joint may be from where it was, pixels.
LENS_ERROR = 1.0


class ServedLifter:
    """A trained lifter as functions of pixels.

    Args:
        model: see `trained.check_lifter`.

    A pose is NaN, all of it, if

    - a coordinate or an intrinsic parameter is NaN, infinite or beyond `LARGEST_PIXEL`,
    - the joints lie on one point: the mean distance from the hip is below `LEAST_RADIUS` of
      the largest coordinate,
    - in camera mode, a focal length is not positive, the lens's distortion can't be undone at
      a joint, or a joint is seen a right angle or more away from the hip.
    """

    _leading: tuple[None, ...] = (None,)  # Axes of `keypoints` before a pose's own.

    def __init__(self, model: keras.Model):
        self.mode = model.mode
        self._distance = model.distance
        self._generator = model.averaged_generator
        reprojection = getattr(model, "reprojection", None)
        self._reprojection = reprojection if isinstance(reprojection, ReprojectionNetwork) else None
        networks = [n for n in (self._generator, self._reprojection) if n is not None]
        self._weights = [weight.value for network in networks for weight in network.weights]

    def module(self) -> tf.Module:
        """The weights, for `tf.saved_model.save`, which would write those of a network twice."""
        module = tf.Module()
        module.weights = self._weights
        return module

    def signatures(self) -> dict:
        """Signature name to concrete function, as `tf.saved_model.save` takes them.

        `serving_default` gives `poses`; `lift_and_reproject`, which a lifter has that was
        trained with a reprojection network, `poses` and `reprojected`.
        """
        specs = self._specs()
        functions = {"serving_default": self.lift}
        if self._reprojection is not None:
            functions["lift_and_reproject"] = self.lift_and_reproject
        return {  # Nothing in them branches on a tensor, which is what autograph is for.
            name: tf.function(function, autograph=False).get_concrete_function(*specs)
            for name, function in functions.items()
        }

    def _specs(self):
        specs = [tf.TensorSpec((*self._leading, JOINTS, 2), tf.float32, name="keypoints")]
        if self.mode == "camera":
            specs.append(tf.TensorSpec((None, 9), tf.float32, name="intrinsics"))
        return specs

    def lift(
        self, keypoints: tf.Tensor, intrinsics: tf.Tensor | None = None
    ) -> dict[str, tf.Tensor]:
        """`poses` (n, 17, 3), camera frame, root-relative, from `keypoints` (n, 17, 2), px.

        Args:
            keypoints: (n, 17, 2), pixels.
            intrinsics: (n, 9), see `synpose_tf.geometry.camera`; in camera mode.
        """
        lifted, frame, valid = self._lift(keypoints, intrinsics)
        return {"poses": or_nan(valid, normalization.to_camera_frame(lifted, frame, keras.ops))}

    def lift_and_reproject(
        self, keypoints: tf.Tensor, intrinsics: tf.Tensor | None = None
    ) -> dict[str, tf.Tensor]:
        """Besides `poses`, `reprojected` (n, 17, 2): their 2D by the reprojection network, px."""
        assert self._reprojection is not None
        lifted, frame, valid = self._lift(keypoints, intrinsics)
        reprojected = self._reprojection(lifted, training=False)
        pixels = normalization.restore_2d(reprojected, frame, keras.ops)
        poses = normalization.to_camera_frame(lifted, frame, keras.ops)
        return {"poses": or_nan(valid, poses), "reprojected": or_nan(valid, pixels)}

    def _lift(self, keypoints, intrinsics):
        """Normalised lifted poses, what normalising took away, and which rows are poses."""
        keypoints = _checked(keypoints, (None, JOINTS, 2), "keypoints")
        if self.mode == "camera":
            intrinsics = _checked(intrinsics, (None, 9), "intrinsics")
            check_count(intrinsics, tf.shape(keypoints)[0], "pose")
        poses, frame, valid = self._normalize(keypoints, intrinsics)
        depths = self._generator(poses, training=False)
        return normalization.lift(poses, depths, frame.perspective, keras.ops), frame, valid

    def _normalize(self, keypoints, intrinsics):
        """Normalised 2D poses, what normalising took away, and which rows are poses."""
        poses, frame = normalization.normalize_2d(
            keypoints, self.mode, intrinsics, self._distance, keras.ops
        )
        valid = _is_pose(keypoints)
        if self.mode == "camera":
            valid &= _is_seen(keypoints, poses, frame)
        return poses, frame, valid


def _checked(tensor, shape, name):
    """The tensor, with checks of its shape that run with each request."""
    tf.debugging.assert_less_equal(
        tf.shape(tensor)[0],
        LARGEST_REQUEST,
        f"{name}: a request may have {LARGEST_REQUEST} poses at most; send several",
    )
    return tf.ensure_shape(tensor, shape, name=name)


def _bounded(tensor, bound):
    """(n,): all values of a row are numbers within the bound. NaN is within none."""
    return tf.reduce_all(tf.abs(tensor) <= bound, axis=list(range(1, len(tensor.shape))))


def _is_pose(keypoints):
    centred = keypoints - keypoints[:, normalization.ROOT : normalization.ROOT + 1]
    radius = normalization.planar_radius(centred, keras.ops)[:, 0, 0]
    largest = tf.reduce_max(tf.abs(keypoints), axis=(1, 2))
    return _bounded(keypoints, LARGEST_PIXEL) & (radius >= LEAST_RADIUS * largest) & (radius > 1e-6)


def _is_seen(keypoints, poses, frame):
    """(n,): the camera can see the pixels that were normalised to `poses`, and see them at once."""
    focal = tf.reduce_all(frame.intrinsics[:, 0:2] > 0.0, axis=-1)
    undone = normalization.restore_2d(poses, frame, keras.ops) - keypoints
    virtual = tf.pad(poses * frame.scale, [[0, 0], [0, 0], [0, 1]], constant_values=1.0)
    ahead = camera.unrotate(virtual, frame.rotation, keras.ops)[..., 2] > 0.0
    return (
        _bounded(frame.intrinsics, LARGEST_PIXEL)
        & focal
        & _bounded(undone, LENS_ERROR)
        & tf.reduce_all(ahead, axis=-1)
    )


def check_count(intrinsics: tf.Tensor, count: tf.Tensor, what: str) -> None:
    """Checks, with each request, that there are intrinsics for each pose or recording."""
    tf.debugging.assert_equal(
        tf.shape(intrinsics)[0], count, f"intrinsics needs one row for each {what} of keypoints"
    )


def or_nan(valid: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Values (n, 17, …), NaN in rows that are not valid (n,)."""
    return tf.where(valid[:, None, None], values, float("nan"))
