"""TFDS builders of 2D-3D human poses; importing this package registers them.

>>> import synpose_tf.datasets, tensorflow_datasets as tfds
>>> tfds.load("synthetic_pose", split="test")
"""

# Absolute names: a test runner that imports this folder as `datasets` must not register
# the builders a second time.
from synpose_tf.datasets.cmu_mocap import cmu_mocap_dataset_builder as _cmu_mocap
from synpose_tf.datasets.synthetic_pose import synthetic_pose_dataset_builder as _synthetic_pose

BUILDERS = {
    module.Builder.name: module.Builder for module in (_cmu_mocap, _synthetic_pose)
}
