"""TFDS builders of 2D-3D human poses; importing this package registers them.

Examples:
    >>> import synpose_tf.datasets, tensorflow_datasets as tfds
    >>> tfds.load("synthetic_pose", split="test")

Look into a folder of your own files before anything long starts:

    python -m synpose_tf.datasets --manual_dir=FOLDER
"""

# Absolute names: a test runner that imports this folder as `datasets` must not register
# the builders a second time.
from synpose_tf.datasets.bvh_motion import bvh_motion_dataset_builder as _bvh_motion
from synpose_tf.datasets.cmu_mocap import cmu_mocap_dataset_builder as _cmu_mocap
from synpose_tf.datasets.h36m import h36m_dataset_builder as _h36m
from synpose_tf.datasets.mpi_inf_3dhp import mpi_inf_3dhp_dataset_builder as _mpi_inf_3dhp
from synpose_tf.datasets.mpii import mpii_dataset_builder as _mpii
from synpose_tf.datasets.multiview import multiview_dataset_builder as _multiview
from synpose_tf.datasets.synthetic_pose import synthetic_pose_dataset_builder as _synthetic_pose

__all__ = [
    "BUILDERS",
    "actions",
    "cmu_mocap",
    "h36m",
    "mpi_inf_3dhp",
    "mpii",
    "multiview",
    "pose_dataset",
    "prepared",
    "survey",
    "synthetic_pose",
]

BUILDERS = {
    module.Builder.name: module.Builder
    for module in (
        _bvh_motion,
        _cmu_mocap,
        _h36m,
        _mpi_inf_3dhp,
        _mpii,
        _multiview,
        _synthetic_pose,
    )
}
