"""What the scale of real poses is worth: the question that section 3.6 leaves open.

  python benchmarks/pose_scale.py --manual_dir=FOLDER [--dataset=cmu_mocap --steps=1000]

Trains `--config=paper` three times from the same seed, with a narrower critic and a moving
average, and prints the errors on 5,000 test views:

  planar        real poses divided by their mean distance from the root in the image plane,
                what `synpose_tf.geometry.normalization` does
  spatial       by their mean distance in space, the text read to the letter
  renormalized  spatial, and generated poses divided by theirs before the critic sees them
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import dataclasses

import keras
import tensorflow as tf
from absl import app, flags

from synpose_tf import cli
from synpose_tf.config import load_config
from synpose_tf.datasets import prepared
from synpose_tf.evaluation import metrics, protocols
from synpose_tf.models import adversarial
from synpose_tf.training import input_pipeline, monitor

cli.define_data_flags(dataset="cmu_mocap")
flags.DEFINE_integer("steps", 1000, "Training steps of each run.")
FLAGS = flags.FLAGS


def spatial_radius(poses):
    """Mean distance in space of the joints from the root: (batch, 1, 1)."""
    distances = tf.sqrt(tf.reduce_sum(poses[:, 1:] ** 2, axis=-1, keepdims=True) + 1e-12)
    return tf.reduce_mean(distances, axis=1, keepdims=True)


class SpatialScale(adversarial.SynchronizedAdversarialModel):
    """Real poses at their mean distance in space."""

    def _normalize(self, data):
        sample = super()._normalize(data)
        poses_3d = sample.poses_3d / spatial_radius(sample.poses_3d)
        return dataclasses.replace(sample, poses_3d=poses_3d)


class RenormalizedScale(SpatialScale):
    """Generated poses as well."""

    def _critic_inputs(self, poses_3d, poses_2d):
        return super()._critic_inputs(poses_3d / spatial_radius(poses_3d), poses_2d)


MODELS = {
    "planar": adversarial.SynchronizedAdversarialModel,
    "spatial": SpatialScale,
    "renormalized": RenormalizedScale,
}


def main(_):
    source = prepared.Source(FLAGS.dataset, FLAGS.manual_dir, FLAGS.data_dir, FLAGS.joint_map)
    builder = prepared.prepare(source)
    arrays = prepared.read_split(builder, "train", prepared.TRAINING_KEYS)
    views = monitor.validation_sample(prepared.read_split(builder, "test", prepared.TRAINING_KEYS))
    config = load_config("paper").override(steps=FLAGS.steps)
    arguments = {**config.model, "critic_width": 256, "average": 0.999}
    for name, model_class in MODELS.items():
        keras.utils.set_random_seed(config.seed)
        model = model_class(**arguments)
        model.compile()
        batches = iter(input_pipeline.training_batches(arrays, config.batch_size, config.seed))
        model.make_train_function()
        for _ in range(config.steps):
            model.train_function(batches)
        figures = metrics.pose_metrics(protocols.lift(model, views), views["keypoints_3d"])
        print(
            f"{name:13} after {config.steps} steps: MPJPE {figures['mpjpe'].mean():6.1f} mm, "
            f"P-MPJPE {figures['p_mpjpe'].mean():6.1f} mm",
            flush=True,
        )


if __name__ == "__main__":
    app.run(main)
