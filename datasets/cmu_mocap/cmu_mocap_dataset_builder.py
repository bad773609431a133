"""Real human motion of the CMU database, seen through Human3.6M's cameras."""

import functools
import pathlib
import urllib.request
import zlib
from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow_datasets as tfds
from absl import logging
from etils import epath

from synpose_tf.datasets.cmu_mocap import sources
from synpose_tf.datasets.pose_dataset import (
    PoseDatasetBuilder,
    View,
    manual_dir,
    pose_features,
)
from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import h36m_cameras
from synpose_tf.structures.skeleton import H36M_17

URL = f"http://mocap.cs.cmu.edu/{sources.ARCHIVE}"
CAMERA_SUBJECTS = {"train": ("S1", "S5"), "test": ("S9",)}
SEED = 0
MAX_RADIUS = 1.5  # metres from the world's origin, horizontally, to the root
SCALE_RANGE = (0.93, 1.07)
SHARD_EXAMPLES = 20_000


class Builder(PoseDatasetBuilder):
    """Views of CMU's motions.

    Protocol:
        - Training clips are seen by the eight cameras of Human3.6M's S1 and S5, test clips
          by the four of S9. A camera is named `S1.54138969`.
        - A clip is turned about the vertical by one random heading. A training clip's body
          and path are scaled by one factor of ±7 %. Both depend on the clip's key alone.
        - The root's path is centred on its mean; in frames where it still lies farther than
          1.5 m from the origin, the whole pose is moved radially back to 1.5 m.
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
        for split, clips in splits.items():
            self.info.metadata[split] = {
                "clips": len(clips),
                "frames": sum(len(clip.frames) for clip in clips),
                "subjects": sorted({clip.subject for clip in clips}),
            }
        logging.info("Read %s", self.info.metadata)
        return {
            split: [
                functools.partial(views, split, shard)
                for shard in group(clips, len(_cameras(split)))
            ]
            for split, clips in splits.items()
        }


def _source(dl_manager) -> pathlib.Path:
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


def _cameras(split):
    """(name, camera) of each camera that sees a split."""
    return [
        (f"{subject}.{name}", camera)
        for subject in CAMERA_SUBJECTS[split]
        for name, camera in h36m_cameras()[subject].items()
    ]


def group(clips, cameras: int) -> list[list[sources.Clip]]:
    """Consecutive clips whose views are together at most `SHARD_EXAMPLES`, or one longer clip."""
    groups, room = [], 0
    for clip in clips:
        examples = len(clip.frames) * cameras
        if examples > room:
            groups.append([])
            room = SHARD_EXAMPLES
        groups[-1].append(clip)
        room -= examples
    return groups


def place(clip: sources.Clip, split: str) -> np.ndarray:
    """Puts a clip in front of the cameras, as the builder's protocol says.

    Returns:
        (F, 17, 3), world, metres, z up.
    """
    rng = np.random.default_rng([SEED, zlib.crc32(clip.key.encode())])
    angle = rng.uniform(-np.pi, np.pi)
    scale = rng.uniform(*SCALE_RANGE) if split == "train" else 1.0
    cos, sin = np.cos(angle), np.sin(angle)
    heading = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    points = scale * clip.positions.astype(np.float64) @ heading.T
    root = points[:, H36M_17.root, :2]
    path = root - root.mean(axis=0)
    distance = np.linalg.norm(path, axis=-1, keepdims=True)
    path = path * np.minimum(1.0, MAX_RADIUS / np.maximum(distance, MAX_RADIUS))
    points[..., :2] += (path - root)[:, None]
    return points


def views(split: str, clips: Iterable[sources.Clip]) -> Iterator[View]:
    """Each clip, placed, as each camera of the split sees it.

    Raises:
        SynposeError: a joint lies behind a camera; names the clip's file and key.
    """
    for clip in clips:
        world = 1000.0 * place(clip, split)
        for name, camera in _cameras(split):
            points = camera.to_camera(world)
            if points[..., 2].min() <= 0:
                raise SynposeError(
                    f"{clip.file}: a joint of {clip.key!r} lies behind camera {name}. Are the "
                    "positions in metres, z up?"
                )
            yield View(
                subject=clip.subject,
                action=clip.action,
                camera=name,
                keypoints_2d=camera.project(points),
                keypoints_3d=points,
                intrinsics=camera.intrinsics,
                up=camera.up,
                frames=clip.frames,
            )
