"""Human3.6M, from the files that people have."""

from typing import Any

import tensorflow_datasets as tfds
from absl import logging
from etils import epath

from synpose_tf.datasets.h36m import join, sources
from synpose_tf.datasets.h36m.config import H36mConfig
from synpose_tf.datasets.pose_dataset import PoseDatasetBuilder, manual_dir, pose_features

FRAME_RATE = 50.0
KINDS = (
    "gt",
    "sh",
    "cpn",
    "sh_pt_mpii",
    "sh_ft_h36m",
    "cpn_ft_h36m_dbb",
    "detectron_ft_h36m",
)


class Builder(PoseDatasetBuilder):
    """Views of Human3.6M; `H36mConfig` says which, and every config's name says it again.

    Protocol:
        - S1, S5, S6, S7 and S8 train, S9 and S11 test, at 50 Hz, unless the config says else.
        - `gt` projects the poses through the real cameras, with distortion. Any other config
          takes a detector's joints; confidence 0 marks those that it does not give.
        - `action` is the take, such as `Walking 1`: its first word is the action. `frame` counts
          from 0 in the source.
        - S11 Directions is left out and S9's shifted takes are kept, as published code does.
          `info.metadata["notes"]` says so, and what else was left out.
    """

    pkg_dir_path = epath.Path(__file__).parent
    code_path = epath.Path(__file__)
    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "The official, VideoPose3D's and Martinez's files."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = sources.INSTRUCTIONS
    CREDIT = (
        "Human3.6M: Ionescu, Papava, Olaru and Sminchisescu, IEEE TPAMI 36(7), 2014; Ionescu, Li "
        "and Sminchisescu, ICCV 2011."
    )
    BUILDER_CONFIGS = [H36mConfig(detections=kind) for kind in KINDS]

    def __init__(self, *, config: str | H36mConfig | None = None, **kwargs: Any):
        # TFDS knows the listed names only; here every name that follows the grammar is one.
        if isinstance(config, str):
            config = H36mConfig.from_name(config)
        if config is not None:
            config = self.builder_configs.get(config.name, config)
        super().__init__(config=config, **kwargs)

    @property
    def rate(self) -> float:
        return FRAME_RATE / self.builder_config.every

    def _info(self):
        return self.dataset_info_from_configs(
            features=pose_features(has_confidence=self.builder_config.detections != "gt"),
            homepage="http://vision.imar.ro/human3.6m",
            metadata=tfds.core.MetadataDict(),
        )

    def _shards(self, dl_manager):
        config = self.builder_config
        found = sources.find(manual_dir(dl_manager))
        subjects = config.train_subjects + config.test_subjects
        detections = None
        if config.detections != "gt":
            kind = sources.resolve_kind(found, config.detections)
            detections = sources.read_detections(found, kind, subjects)
            self.info.metadata["detections"] = kind
        poses = sources.read_positions(found, subjects)
        splits, notes = join.shards(poses, detections, config)
        for note in notes:
            logging.warning("h36m/%s: %s", config.name, note)
        self.info.metadata["notes"] = notes
        return splits
