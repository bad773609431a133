"""The feature schema that every pose data set shares, and the builder they derive from.

A data set describes itself as *views*: one motion clip as one camera sees it, as arrays
over frames. `PoseDatasetBuilder` checks them and writes one example a frame.
"""

import dataclasses
import functools
import pathlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from etils import epath
from tensorflow_datasets.core import dataset_builder, writer
from tensorflow_datasets.core.utils import tqdm_utils

from synpose_tf.errors import SynposeError
from synpose_tf.structures.skeleton import H36M_17

JOINTS = len(H36M_17)


@dataclasses.dataclass(frozen=True)
class View:
    """One clip through one camera: F frames of Human3.6M-17 joints.

    Args:
        subject, action, camera: as the data set names them.
        keypoints_2d: (F, 17, 2), pixels.
        keypoints_3d: (F, 17, 3), camera frame, millimetres; None where the set has no 3D.
        intrinsics: (9,), see `synpose_tf.geometry.camera`; zeros where unknown.
        up: (3,), unit vector, the world's up in the camera frame; zeros where unknown.
        frames: (F,), the frame numbers in the source file.
        confidence: (F, 17) in [0, 1], where the source has it; 0 is a joint not seen, or, in a
            `DETECTED` set, one whose 3D place is not believed.
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


def pose_features(has_3d: bool = True, has_confidence: bool = False) -> tfds.features.FeaturesDict:
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


def manual_dir(dl_manager: tfds.download.DownloadManager) -> pathlib.Path:
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


class PoseDatasetBuilder(dataset_builder.FileReaderBuilder, skip_registration=True):  # type: ignore[call-arg]
    """Writes views as examples; a data set gives `_info` and `_shards`.

    Memory holds what `_shards` keeps and one view more. TFDS writes into a folder of its own
    and renames it when all is done, so a build that is interrupted leaves no data set.

    With `DownloadConfig(beam_runner=…)` or `(beam_options=…)` Apache Beam writes the shards, in
    parallel, into the same files.
    """

    # What the card of a lifter that was trained on the set must say of its makers.
    CREDIT = ""
    # Whether the 2D joints are a detector's own beside 3D: a training must not project them anew.
    DETECTED = False
    # Whether the builder has an argument `joint_map`, a file that says what joints are called.
    TAKES_JOINT_MAP = False

    @property
    def rate(self) -> float | None:
        """Frames a second of a clip's examples; None for single pictures, or unknown."""
        return None

    def _shards(self, dl_manager: tfds.download.DownloadManager) -> Mapping[str, Sequence[Shard]]:
        """The shards of each split. Each shard becomes one file."""
        raise NotImplementedError

    def _download_and_prepare(self, dl_manager, download_config=None):
        splits = self._shards(dl_manager)
        files = {name: self._get_filename_template(split_name=name) for name in splits}
        shards = [
            (str(path), shard)
            for name in splits
            for path, shard in zip(
                files[name].sharded_filepaths(num_shards=len(splits[name])),
                splits[name],
                strict=True,
            )
        ]
        lengths = self._write_shards(shards, download_config)
        infos = []
        for name in splits:
            paths = files[name].sharded_filepaths(num_shards=len(splits[name]))
            infos.append(
                tfds.core.SplitInfo(
                    name=name,
                    shard_lengths=[lengths[str(path)] for path in paths],
                    num_bytes=sum(path.stat().length for path in paths),
                    filename_template=files[name],
                )
            )
        self.info.set_splits(tfds.core.SplitDict(infos))

    def _write_shards(self, shards, download_config):
        """Writes a file for each (path, shard): here, or by Beam where the user asks for it."""
        write = functools.partial(
            write_shard, keys=frozenset(self.info.features), file_format=self.info.file_format
        )
        options = download_config and download_config.beam_options
        runner = download_config and download_config.beam_runner
        if options or runner:
            try:
                from synpose_tf.datasets import beam_shards
            except ModuleNotFoundError:
                raise SynposeError(
                    "apache-beam is not installed, which a build by Beam needs. "
                    "Install it: pip install 'synpose_tf[beam]'"
                ) from None

            return beam_shards.write(shards, write, self.data_path, runner, options)
        with tqdm_utils.tqdm(shards, unit=" shards", desc=self.info.full_name) as progress:
            return {path: write(path, shard) for path, shard in progress}


def write_shard(
    path: str, shard: Shard, keys: Collection[str], file_format: tfds.core.FileFormat
) -> int:
    """Writes a shard's views as a file of examples and returns how many there are.

    Args:
        path: the file.
        shard: gives the views.
        keys: the schema's.
        file_format: a `tfds.core.FileFormat`.

    Raises:
        SynposeError: a view that `check_view` refuses, or the file can't be written.
    """
    count = 0

    def records():
        nonlocal count
        for view in shard():
            check_view(view)
            for record in _serialize(view, keys):
                yield count, record
                count += 1

    try:
        writer.ExampleWriter(file_format).write(epath.Path(path), records())
    except tf.errors.OpError as error:
        raise SynposeError(
            f"{path}: cannot be written: {error.message}. Is the disk full? Free space, or "
            "name another folder with --data_dir."
        ) from error
    return count


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


def _serialize(view, keys):
    """Yields a serialized `tf.train.Example` for each frame.

    TFDS's own serializer is an order of magnitude slower. This one rests on two properties of
    protocol buffers: messages merge when their bytes are joined, and the values of a packed
    float list stand at its end, little-endian.
    """
    shared = _example(
        {key: getattr(view, key).encode() for key in ("subject", "action", "camera")}
        | {key: np.asarray(getattr(view, key), "<f4") for key in ("intrinsics", "up")}
    )
    heads, rows = [], []
    for key in ("keypoints_2d", "keypoints_3d", "confidence"):
        if key in keys:
            values = np.asarray(getattr(view, key), "<f4")
            zeros = np.zeros(values.shape[1:], values.dtype)
            heads.append(_example({key: zeros.ravel()})[: -zeros.nbytes])
            rows.append(values)
    for frame, *arrays in zip(view.frames, *rows, strict=True):
        record = [shared, _frame(int(frame))]
        for head, values in zip(heads, arrays, strict=True):
            record += (head, values.tobytes())
        yield b"".join(record)


@functools.lru_cache(maxsize=1 << 16)  # The frame numbers of one clip recur in the next.
def _frame(number):
    return _example({"frame": number})


def _example(values):
    return tf.train.Example(
        features=tf.train.Features(feature={k: _feature(v) for k, v in values.items()})
    ).SerializeToString()


def _feature(value):
    if isinstance(value, bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
    if isinstance(value, int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    return tf.train.Feature(float_list=tf.train.FloatList(value=value))
