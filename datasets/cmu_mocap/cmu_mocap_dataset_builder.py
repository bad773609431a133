"""Real human motion of the CMU database, seen through Human3.6M's cameras."""

import pathlib
import urllib.request

import tensorflow_datasets as tfds
from absl import logging
from etils import epath

from synpose_tf.datasets import motion_views
from synpose_tf.datasets.cmu_mocap import sources
from synpose_tf.datasets.pose_dataset import (
    PoseDatasetBuilder,
    manual_dir,
    pose_features,
)
from synpose_tf.errors import SynposeError

URL = f"http://mocap.cs.cmu.edu/{sources.ARCHIVE}"


class Builder(PoseDatasetBuilder):
    """Views of CMU's motions.

    Protocol: that of `synpose_tf.datasets.motion_views`, and
        - 30 Hz: every fourth frame of an official clip, which counts as recorded at 120 Hz.
        - Which clips test: `split.json`, else the subjects whose number is 2 modulo 5.

    `info.metadata` tells the source and, for each split, its clips, frames and subjects.
    """

    pkg_dir_path = epath.Path(__file__).parent
    code_path = epath.Path(__file__)
    VERSION = tfds.core.Version("2.0.0")
    RELEASE_NOTES = {
        "2.0.0": "Wrists 0.6 along the wrist bone, thorax halfway along lowerneck: before, the "
        "wrist lay in the middle of the forearm and the thorax 5 to 15 cm too low.",
        "1.0.0": "Official tree and archive, and archives of positions.",
    }
    MANUAL_DOWNLOAD_INSTRUCTIONS = sources.INSTRUCTIONS
    CREDIT = (
        "The data used in this project was obtained from mocap.cs.cmu.edu. The database was "
        "created with funding from NSF EIA-0196217."
    )

    @property
    def rate(self) -> float:
        return motion_views.RATE

    def _info(self):
        return self.dataset_info_from_configs(
            features=pose_features(),
            homepage="http://mocap.cs.cmu.edu",
            metadata=tfds.core.MetadataDict(),
        )

    def _shards(self, dl_manager):
        path = _source(dl_manager)
        splits = sources.read_clips(path)
        self.info.metadata["source"] = str(path.resolve())
        for split, about in motion_views.describe(splits).items():
            self.info.metadata[split] = about
        logging.info("Read %s", self.info.metadata)
        return motion_views.shards(splits)


def _source(dl_manager: tfds.download.DownloadManager) -> pathlib.Path:
    """The user's folder or, where none is named, the official archive."""
    default = dl_manager.download_dir / "manual"  # TFDS looks here when none is named.
    try:
        folder = manual_dir(dl_manager)
        if folder != pathlib.Path(default) or sources.has_clips(folder):
            return folder
    except SynposeError as error:
        if f"{default} " not in str(error):
            raise
    try:
        # TFDS retries for minutes where there is no network at all; ask once before.
        urllib.request.urlopen(urllib.request.Request(URL, method="HEAD"), timeout=20).close()
        return pathlib.Path(dl_manager.download(URL))
    except (OSError, tfds.download.DownloadError) as error:
        raise SynposeError(
            f"{URL} cannot be downloaded ({error}). Fetch it by other means and name its folder "
            f"with --manual_dir.\n{sources.INSTRUCTIONS}"
        ) from error
