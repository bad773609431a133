"""What models of windows share: a lifter of single frames, and what corrects it in time."""

import dataclasses
import importlib.resources
import json
from typing import Any

import keras
import tensorflow as tf

from synpose_tf.geometry import normalization
from synpose_tf.models.base import LiftingModel
from synpose_tf.models.folded import packaged_weights
from synpose_tf.models.folded_temporal import features, limit
from synpose_tf.models.networks import Generator
from synpose_tf.models.temporal import TemporalGenerator


@dataclasses.dataclass(frozen=True)
class Windows:
    """Lifted windows.

    Args:
        poses: (batch, frames, 17, 3), normalised.
        perspective: (batch, frames, 1), see `normalization.ImageFrame`.
        rotation: (batch, frames, 3, 3), camera to virtual camera; None in `paper` mode.
    """

    poses: tf.Tensor
    perspective: tf.Tensor
    rotation: tf.Tensor | None


class WindowedModel(LiftingModel):
    """A lifter of single frames, which stays as it is, and a network that corrects it in time.

    x, y and z are corrected: a lifted pose's x and y are its 2D input's, noise and all, which no
    window of depths could calm.

    Args:
        losses, mode, distance, average, seed: see `LiftingModel`; `distance` must be the single
            lifter's.
        single: name of the lifter of single frames, of the package; empty for the mode's.
        temporal_width: units of the hidden layers.
        blocks: of temporal convolutions: a pose depends on 3 to that power frames.
        frames: consecutive poses of a window that are judged, with their steps.
        causal: the frames before a pose alone tell about it; else those after it as well.
        dropout: rate after each activation.

    Raises:
        ValueError: an unknown mode, fewer than 2 frames, or a single lifter that is none or of
            another mode or distance.
    """

    bound: float = 0.0  # Of the corrections of x and y; 0 for none.

    def __init__(
        self,
        losses: tuple[str, ...],
        mode: str,
        distance: float,
        single: str,
        temporal_width: int,
        blocks: int,
        frames: int,
        causal: bool,
        dropout: float,
        average: float,
        seed: int,
        **kwargs: Any,
    ):
        if frames < 2:
            raise ValueError(f"frames must be at least 2, found {frames!r}")
        network: dict[str, Any] = {"blocks": blocks, "causal": causal, "dropout": dropout}
        generator = TemporalGenerator(temporal_width, **network, name="generator")
        super().__init__(generator, losses, mode, distance, average, seed, **kwargs)
        self._config |= {
            "single": single,
            "temporal_width": temporal_width,
            "frames": frames,
            **network,
        }
        self.frames = frames
        self.window = generator.receptive_field + frames - 1
        weights = _single_weights(single or mode, mode, distance)
        # A kernel and four of batch norm for each hidden layer, kernel and bias of the last.
        blocks_of_single = (len(weights) - 2) // 10
        self.single = Generator(weights[0].shape[1], blocks_of_single, name="single")
        self.single.build()
        self.single.set_weights(weights)
        self.single.trainable = False

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
        lifted = self._lift(windows, self.averaged_generator, training=False)
        frame = normalization.ImageFrame(None, None, None, _first(lifted.rotation))
        return normalization.to_camera_frame(lifted.poses[:, 0], frame, keras.ops)

    def _lift(self, windows, generator, training):
        """`Windows` of the frames that are judged."""
        flat = {
            key: flatten(windows[key]) for key in ("keypoints_2d", "intrinsics") if key in windows
        }
        poses_2d, frame = self._normalize_2d(flat)
        depths = self.single(poses_2d, training=False)
        seen = windows.get("seen")
        seen = tf.ones_like(poses_2d[..., 0]) if seen is None else flatten(seen)
        length = windows["keypoints_2d"].shape[1]
        inputs = to_windows(features(poses_2d, depths, seen, keras.ops), length)
        corrections = limit(generator(inputs, training=training), self.bound, keras.ops)
        poses_2d, depths, perspective = (
            self._judged(to_windows(tensor, length))
            for tensor in (poses_2d, depths, frame.perspective)
        )
        poses = normalization.lift(
            poses_2d + corrections[..., :2], depths + corrections[..., 2], perspective, keras.ops
        )
        rotation = frame.rotation
        if rotation is not None:
            rotation = self._judged(to_windows(rotation, length))
        return Windows(poses, perspective, rotation)

    def _judged(self, windows):
        """The frames that have a pose, of windows (batch, T, …)."""
        before = self.receptive_field - 1 - self.after
        return windows[:, before : windows.shape[1] - self.after]

    def _true_poses(self, data):
        """Normalised, of the frames that are judged."""
        truth, _ = normalization.normalize_3d(flatten(data["keypoints_3d"]), self.mode, keras.ops)
        return self._judged(to_windows(truth, self.window))


def flatten(windows: tf.Tensor) -> tf.Tensor:
    """(batch, T, …) as (batch · T, …)."""
    return tf.reshape(windows, (-1, *windows.shape[2:]))


def to_windows(flat: tf.Tensor, length: int) -> tf.Tensor:
    """The inverse of `flatten`."""
    return tf.reshape(flat, (-1, length, *flat.shape[1:]))


def _first(rotation):
    return None if rotation is None else rotation[:, 0]


def _single_weights(name, mode, distance):
    """Of a lifter of the package, if it is one for this normalisation."""
    card = importlib.resources.files("synpose_tf").joinpath("weights").joinpath(f"{name}.json")
    if not card.is_file():
        raise ValueError(f"single={name!r}: no such lifter comes with the package")
    about = json.loads(card.read_text("utf-8"))
    assumed = about["distance"] if mode == "paper" else distance  # `camera` mode assumes none.
    if (about["mode"], assumed) != (mode, distance):
        raise ValueError(
            f"single={name!r} is a lifter of mode {about['mode']!r}, distance "
            f"{about['distance']:g}; found mode {mode!r}, distance {distance:g}"
        )
    return packaged_weights(name)
