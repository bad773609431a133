"""Motion of any folder of BVH files, seen through Human3.6M's cameras."""

import pathlib
from typing import Any

import tensorflow_datasets as tfds
from absl import logging
from etils import epath

from synpose_tf.datasets import motion_views
from synpose_tf.datasets.bvh_motion import sources
from synpose_tf.datasets.pose_dataset import PoseDatasetBuilder, manual_dir, pose_features


class Builder(PoseDatasetBuilder):
    """Views of the motions.

    Protocol: that of `synpose_tf.datasets.motion_views`, and
        - 30 Hz: the frames nearest to 30 moments a second; of a slower clip all.
        - Rest poses and T-poses at the start of a clip are left out.
        - The floor, 5 % of the lowest joints, lies an ankle's height below the ankles.
        - Which clips test: `split.json`, else a fifth of them, by a checksum of their names.

    `info.metadata` tells the source, what was assumed about the files, and for each split its
    clips, frames and subjects.

    Args:
        joint_map: a file as `joint_map.json` in the folder, which it goes before.
        **others: as of every TFDS builder.
    """

    pkg_dir_path = epath.Path(__file__).parent
    code_path = epath.Path(__file__)
    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Eleven conventions of names, and own tables."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = sources.INSTRUCTIONS
    TAKES_JOINT_MAP = True

    def __init__(self, *, joint_map: str | pathlib.Path | None = None, **others: Any):
        self._joint_map = None if joint_map is None else pathlib.Path(joint_map)
        super().__init__(**others)

    @property
    def rate(self) -> float:
        return motion_views.RATE

    def _info(self):
        return self.dataset_info_from_configs(
            features=pose_features(), metadata=tfds.core.MetadataDict()
        )

    def _shards(self, dl_manager):
        folder = manual_dir(dl_manager)
        source = sources.read(folder, self._joint_map)
        self.info.metadata["source"] = str(folder.resolve())
        self.info.metadata["assumed"] = source.assumed
        for split, about in motion_views.describe(source.splits).items():
            self.info.metadata[split] = about
        logging.info("Read %s", self.info.metadata)
        return motion_views.shards(source.splits)
