"""What a server computes of recordings: pixels in, 3D poses out, corrected by the frames around."""

import keras
import tensorflow as tf

from synpose_tf.export.recordings import RecordingsLifter
from synpose_tf.export.saved_model.serving_graph import (
    LARGEST_REQUEST,
    ServedLifter,
    check_count,
    or_nan,
)
from synpose_tf.geometry import normalization
from synpose_tf.models.folded_temporal import features
from synpose_tf.models.networks import JOINTS


class ServedRecordings(ServedLifter):
    """A lifter of recordings as functions of pixels.

    Each row of a request is a recording of one person by one camera, or a piece of one. Beyond its
    ends it goes on as it is there. A frame in which nobody can be lifted (`ServedLifter`) gives
    NaN, and the others are lifted as if it were not there, as `inference.over_time` does.

    Args:
        trained: with the network that corrects poses in time.
    """

    _leading = (None, None)

    def __init__(self, trained: RecordingsLifter):
        super().__init__(trained.model)
        self._network = trained.network
        self._reprojection = None

    def lift(
        self, keypoints: tf.Tensor, intrinsics: tf.Tensor | None = None
    ) -> dict[str, tf.Tensor]:
        """`poses` (n, T, 17, 3), camera frame, root-relative.

        Args:
            keypoints: (n, T, 17, 2), pixels, of consecutive frames at about 30 a second.
            intrinsics: (n, 9), of each recording's camera, in camera mode.
        """
        keypoints = tf.ensure_shape(keypoints, (None, None, JOINTS, 2), name="keypoints")
        count, frames = tf.unstack(tf.shape(keypoints)[:2])
        tf.debugging.assert_less_equal(
            count * frames,
            LARGEST_REQUEST,
            f"keypoints: a request may have {LARGEST_REQUEST} frames at most; send several",
        )
        if intrinsics is not None:
            intrinsics = tf.ensure_shape(intrinsics, (None, 9), name="intrinsics")
            check_count(intrinsics, count, "recording")
            intrinsics = tf.repeat(intrinsics, frames, axis=0)
        flat = tf.reshape(keypoints, (-1, JOINTS, 2))
        poses_2d, frame, valid = self._normalize(flat, intrinsics)
        depths = self._generator(poses_2d, training=False)
        seen = tf.ones_like(depths)  # A frame with a missed joint is not lifted.
        inputs = features(poses_2d, depths, seen, keras.ops)
        inputs = tf.reshape(inputs, (count, frames, inputs.shape[-1]))
        change = self._corrections(inputs, tf.reshape(valid, (count, frames)))
        change = tf.reshape(change, (-1, JOINTS, 3))
        lifted = normalization.lift(
            poses_2d + change[..., :2], depths + change[..., 2], frame.perspective, keras.ops
        )
        lifted = or_nan(valid, normalization.to_camera_frame(lifted, frame, keras.ops))
        return {"poses": tf.reshape(lifted, (count, frames, JOINTS, 3))}

    def _corrections(self, inputs, valid):
        """(n, T, 17, 3) from features (n, T, 67) and which frames have a pose (n, T)."""
        # Frames with a pose first, in their order, then the others.
        order = tf.argsort(tf.cast(~valid, tf.int32), axis=1, stable=True)
        last = tf.reduce_sum(tf.cast(valid, tf.int32), axis=1, keepdims=True) - 1
        before = self._network.receptive_field - 1 - self._network.after
        places = tf.range(-before, tf.shape(inputs)[1] + self._network.after)[None]
        places = tf.clip_by_value(places, 0, tf.maximum(last, 0))
        rows = tf.gather(order, places, batch_dims=1)
        windows = tf.gather(inputs, rows, batch_dims=1)
        change = self._network(windows, keras.ops)
        return tf.gather(change, tf.argsort(order, axis=1), batch_dims=1)
