"""The lifter over time, trained on true poses: corrections of what single frames gave."""

from typing import Any

import keras
import tensorflow as tf

from synpose_tf.geometry import normalization
from synpose_tf.models import losses
from synpose_tf.models.base import LiftingModel
from synpose_tf.models.folded import packaged_weights
from synpose_tf.models.folded_temporal import features
from synpose_tf.models.networks import Generator
from synpose_tf.models.temporal import TemporalGenerator


@keras.saving.register_keras_serializable(package="synpose_tf")
class TemporalModel(LiftingModel):
    """A lifter of single frames, which stays as it is, and a network that corrects it in time.

    x, y and z are corrected: a lifted pose's x and y are its 2D input's, noise and all, which no
    window of depths could calm. The loss is the mean distance of joints, as a share of the true
    pose's mean root distance, and `motion_weight` times that of their steps from frame to frame.
    Adam, as Martinez et al.

    Args:
        mode, distance, average, seed: see `LiftingModel`; `distance` must be the single lifter's.
        single: name of the lifter of single frames, of the package; empty for the mode's.
        temporal_width: units of the hidden layers.
        blocks: of temporal convolutions: a pose depends on 3 to that power frames.
        frames: consecutive poses of a window that are judged, with their steps.
        causal: the frames before a pose alone tell about it; else those after it as well.
        motion_weight: of the steps from frame to frame.
        dropout: rate after each activation.

    Raises:
        ValueError: an unknown mode, or fewer than 2 frames.

    Reference:
        Pavllo, Feichtenhofer, Grangier, Auli, *3D human pose estimation in video with temporal
        convolutions and semi-supervised training*, CVPR 2019.
    """

    default_learning_rate = 1e-3

    def __init__(
        self,
        mode: str = "paper",
        distance: float = 0.0,
        single: str = "",
        temporal_width: int = 192,
        blocks: int = 3,
        frames: int = 9,
        causal: bool = False,
        motion_weight: float = 2.0,
        dropout: float = 0.0,
        average: float = 0.0,
        seed: int = 0,
        **kwargs: Any,
    ):
        if frames < 2:
            raise ValueError(f"frames must be at least 2, found {frames!r}")
        network: dict[str, Any] = {"blocks": blocks, "causal": causal, "dropout": dropout}
        generator = TemporalGenerator(temporal_width, **network, name="generator")
        reported = ("pose_loss", "motion_loss")
        super().__init__(generator, reported, mode, distance, average, seed, **kwargs)
        self._config |= {
            "single": single,
            "temporal_width": temporal_width,
            "frames": frames,
            "motion_weight": motion_weight,
            **network,
        }
        self.frames = frames
        self.motion_weight = motion_weight
        self.window = generator.receptive_field + frames - 1
        weights = packaged_weights(single or mode)
        # A kernel and four of batch norm for each hidden layer, kernel and bias of the last.
        blocks_of_single = (len(weights) - 2) // 10
        self.single = Generator(weights[0].shape[1], blocks_of_single, name="single")
        self.single.build()
        self.single.set_weights(weights)
        self.single.trainable = False
        self.build()

    @property
    def receptive_field(self) -> int:
        """Frames that a pose depends on."""
        return self.generator.receptive_field

    @property
    def after(self) -> int:
        """How many of them come after it."""
        return self.generator.after

    # === Inference ===
    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Lifts the pose of each window that `after` frames come after.

        Args:
            inputs: `windows_2d` (batch, `receptive_field`, 17, 2), pixels; in `camera` mode
                `intrinsics` (batch, 9).

        Returns:
            (batch, 17, 3), as `LiftingModel`.
        """
        windows = {"keypoints_2d": inputs["windows_2d"]}
        if "intrinsics" in inputs:
            windows["intrinsics"] = tf.repeat(
                inputs["intrinsics"][:, None], self.receptive_field, axis=1
            )
        poses, frame = self._lift(windows, self.averaged_generator, training=False)
        return normalization.to_camera_frame(poses[:, 0], frame, keras.ops)

    def _lift(self, windows, generator, training):
        """Poses (batch, frames, 17, 3) of windows, and the `ImageFrame` of each."""
        flat = {
            key: _flat(windows[key]) for key in ("keypoints_2d", "intrinsics") if key in windows
        }
        poses_2d, frame = self._normalize_2d(flat)
        depths = self.single(poses_2d, training=False)
        seen = windows.get("seen")
        seen = tf.ones_like(poses_2d[..., 0]) if seen is None else _flat(seen)
        length = windows["keypoints_2d"].shape[1]
        inputs = features(poses_2d, depths, seen, keras.ops)
        corrections = generator(_windows(inputs, length), training=training)
        poses_2d, depths, perspective = (
            self._judged(_windows(tensor, length))
            for tensor in (poses_2d, depths, frame.perspective)
        )
        poses = normalization.lift(
            poses_2d + corrections[..., :2], depths + corrections[..., 2], perspective, keras.ops
        )
        if frame.rotation is not None:
            rotation = self._judged(_windows(frame.rotation, length))
            frame = normalization.ImageFrame(None, None, None, rotation[:, 0])
        return poses, frame

    def _judged(self, windows):
        """The frames that have a pose, of windows (batch, T, …)."""
        before = self.receptive_field - 1 - self.after
        return windows[:, before : windows.shape[1] - self.after]

    # === Training ===
    def update(self, data: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step on windows: `keypoints_2d` (batch, `window`, 17, 2), and so on."""
        flat = _flat(data["keypoints_3d"])
        truth, _ = normalization.normalize_3d(flat, self.mode, keras.ops)
        truth = self._judged(_windows(truth, self.window))
        with tf.GradientTape() as tape:
            poses, _ = self._lift(data, self.generator, training=True)
            pose_loss, motion_loss = losses.window_losses(poses, truth)
            loss = pose_loss + self.motion_weight * motion_loss
        self._apply({"generator": tape.gradient(loss, self.generator.trainable_variables)})
        return {"pose_loss": pose_loss, "motion_loss": motion_loss}


def _flat(windows):
    """(batch, T, …) as (batch · T, …)."""
    return tf.reshape(windows, (-1, *windows.shape[2:]))


def _windows(flat, length):
    """The inverse of `_flat`."""
    return tf.reshape(flat, (-1, length, *flat.shape[1:]))
