"""People before several cameras that nobody calibrated: what each camera's detector saw, and where
the joints are by all of them."""

import tensorflow_datasets as tfds
from absl import logging
from etils import epath

from synpose_tf.datasets.multiview import recordings
from synpose_tf.datasets.pose_dataset import PoseDatasetBuilder, manual_dir, pose_features
from synpose_tf.errors import SynposeError


class Builder(PoseDatasetBuilder):
    """Pairs without motion capture, of recordings that `synpose_tf.multiview` put together.

    Protocol:
        - An example is a frame of one camera in which views agree on the hip and on 12 of the 17
          joints in all; `confidence` is 1 for those, 0 for joints that come from the lifts.
        - 2D joints are the detector's own, missed ones filled in as lifting does.
        - Splits are by recording: `split.json`, else a fifth of them tests, by a checksum of their
          names; one recording alone trains.

    `info.metadata` tells the source and, for each split, its recordings, cameras and frames.
    """

    pkg_dir_path = epath.Path(__file__).parent
    code_path = epath.Path(__file__)
    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = recordings.INSTRUCTIONS
    DETECTED = True

    def _info(self):
        return self.dataset_info_from_configs(
            features=pose_features(has_confidence=True), metadata=tfds.core.MetadataDict()
        )

    def _shards(self, dl_manager):
        folder = manual_dir(dl_manager)
        paths = recordings.find(folder)
        if not paths:
            raise SynposeError(f"{folder}: no recording is here.\n{recordings.INSTRUCTIONS}")
        splits = recordings.split(folder, paths)
        self.info.metadata["source"] = str(folder.resolve())
        self.info.metadata["notes"] = []
        for name, keys in splits.items():
            about, note = recordings.describe(paths, keys)
            self.info.metadata[name] = about
            self.info.metadata["notes"].append(f"{name}: {note}")
        logging.info("Read %s", self.info.metadata)
        return {name: recordings.shards(paths, keys) for name, keys in splits.items()}
