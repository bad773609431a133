"""The lifter as a SavedModel: pixels in, 3D poses out."""

import pathlib

import keras
import tensorflow as tf

from synpose_tf import normalization
from synpose_tf.export.trained import TrainedLifter
from synpose_tf.networks import JOINTS


def write(trained: TrainedLifter, folder: pathlib.Path) -> None:
    """Writes the SavedModel into an empty folder."""
    model = trained.model

    def lift(keypoints, intrinsics=None):
        poses, frame = normalization.normalize_2d(
            keypoints, model.mode, intrinsics, model.distance, keras.ops
        )
        depths = model.averaged_generator(poses, training=False)
        lifted = normalization.lift(poses, depths, frame.perspective, keras.ops)
        return {"poses": normalization.to_camera_frame(lifted, frame, keras.ops)}

    specs = [tf.TensorSpec((None, JOINTS, 2), tf.float32, name="keypoints")]
    if model.mode == "camera":
        specs.append(tf.TensorSpec((None, 9), tf.float32, name="intrinsics"))
    archive = keras.export.ExportArchive()
    archive.track(model.averaged_generator)
    archive.add_endpoint("serving_default", lift, input_signature=specs)
    archive.write_out(str(folder), verbose=False)
