"""The feature schema that every pose data set shares, and the builder they derive from.

A data set describes itself as *views*: one motion clip as one camera sees it, as arrays
over frames. `PoseDatasetBuilder` checks them and writes one example a frame.
"""

import dataclasses
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import tensorflow_datasets as tfds

from synpose_tf.errors import SynposeError
from synpose_tf.skeleton import H36M_17

JOINTS = len(H36M_17)


@dataclasses.dataclass(frozen=True)
class View:
    """One clip through one camera: F frames of Human3.6M-17 joints.

    Args:
        subject, action, camera: as the data set names them.
        keypoints_2d: (F, 17, 2), pixels.
        keypoints_3d: (F, 17, 3), camera frame, millimetres; None where the set has no 3D.
        intrinsics: (9,), see `synpose_tf.camera`; zeros where unknown.
        up: (3,), unit vector, the world's up in the camera frame; zeros where unknown.
        frames: (F,), the frame numbers in the source file.
        confidence: (F, 17) in [0, 1], where the source has it; 0 is a joint not seen.
    """

    subject: str
    action: str
    camera: str
    keypoints_2d: np.ndarray
    keypoints_3d: np.ndarray | None
    intrinsics: np.ndarray
    up: np.ndarray
    frames: np.ndarray
    confidence: np.ndarray | None = None

    @property
    def name(self) -> str:
        return f"{self.subject} {self.action} camera {self.camera}"


# One shard of a split: called once, it yields the shard's views in order.
Shard = Callable[[], Iterator[View]]


def pose_features(has_3d: bool = True, has_confidence: bool = False):
    """The shared schema, one example a frame and camera; `View` gives units and frames."""
    arrays = {"keypoints_2d": (JOINTS, 2), "intrinsics": (9,), "up": (3,)}
    if has_3d:
        arrays["keypoints_3d"] = (JOINTS, 3)
    if has_confidence:
        arrays["confidence"] = (JOINTS,)
    return tfds.features.FeaturesDict(
        {key: tfds.features.Tensor(shape=s, dtype=np.float32) for key, s in arrays.items()}
        | {key: tfds.features.Text() for key in ("subject", "action", "camera")}
        | {"frame": tfds.features.Scalar(dtype=np.int64)}
    )


def manual_dir(dl_manager) -> pathlib.Path:
    """The folder that the user's own files lie in.

    Raises:
        SynposeError: it is missing or empty; repeats the builder's instructions.
    """
    try:
        return pathlib.Path(dl_manager.manual_dir)
    except AssertionError as error:  # TFDS's own; its text names the folder and instructs.
        raise SynposeError(
            f"{error}\nName the folder with --manual_dir, or in Python with "
            "tfds.download.DownloadConfig(manual_dir=...)."
        ) from None


class PoseDatasetBuilder(tfds.core.ShardBasedBuilder, skip_registration=True):
    """Writes views as examples; a data set gives `_info` and `_shards`."""

    def _shards(self, dl_manager) -> Mapping[str, Sequence[Shard]]:
        """The shards of each split. Each shard becomes one file."""
        raise NotImplementedError

    def _shard_iterators_per_split(self, dl_manager):
        return {
            split: [_ShardExamples(shard, self.info.features) for shard in shards]
            for split, shards in self._shards(dl_manager).items()
        }


@dataclasses.dataclass(frozen=True)
class _ShardExamples:
    shard: Shard
    features: tfds.features.FeaturesDict

    def __call__(self):
        for view in self.shard():
            check_view(view)
            yield from _examples(view, self.features)


def check_view(view: View) -> None:
    """Refuses a view that would poison training.

    Raises:
        SynposeError: a wrong shape, or a coordinate that is NaN or infinite; names the
            view and the first bad frame.
    """
    count = len(view.frames)
    shapes = {"keypoints_2d": (count, JOINTS, 2), "intrinsics": (9,), "up": (3,)}
    if view.keypoints_3d is not None:
        shapes["keypoints_3d"] = (count, JOINTS, 3)
    if view.confidence is not None:
        shapes["confidence"] = (count, JOINTS)
    for key, shape in shapes.items():
        values = np.asarray(getattr(view, key))
        if values.shape != shape:
            raise SynposeError(f"{view.name}: {key} has shape {values.shape}, expected {shape}.")
        if not np.isfinite(values).all():
            bad = np.argwhere(~np.isfinite(values))[0]
            raise SynposeError(
                f"{view.name}: {key} is not finite at index {tuple(int(i) for i in bad)} "
                f"(frame {int(view.frames[bad[0]]) if len(values) == count else '-'}). "
                "Repair or remove this clip."
            )


def _examples(view, features):
    fixed = {key: getattr(view, key) for key in ("subject", "action", "camera")}
    fixed |= {key: np.asarray(getattr(view, key), np.float32) for key in ("intrinsics", "up")}
    arrays = {
        key: np.asarray(getattr(view, key), np.float32)
        for key in ("keypoints_2d", "keypoints_3d", "confidence")
        if key in features
    }
    for i, frame in enumerate(view.frames):
        key = f"{view.subject}/{view.action}/{view.camera}/{frame}"
        yield key, fixed | {k: v[i] for k, v in arrays.items()} | {"frame": int(frame)}
