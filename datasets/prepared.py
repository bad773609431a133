"""Prepares data sets and reads them.

A prepared set is read once into memory, batched: Human3.6M's 2.1 million views take 0.7 GB.
"""

import dataclasses
import hashlib
import pathlib
from collections.abc import Collection

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

import synpose_tf.datasets
from synpose_tf.errors import SynposeError

TRAINING_KEYS = ("keypoints_2d", "keypoints_3d", "intrinsics", "up")
_READ_BATCH = 8192
_FROM = "from_"  # Begins the name of a folder of sets that were made from the user's files.


@dataclasses.dataclass(frozen=True)
class Source:
    """Which prepared data set to read.

    Args:
        name: TFDS name, with its config where it has several: `h36m/gt`.
        manual_dir: the user's own files; None where the set needs none.
        data_dir: where prepared sets lie; None for TFDS's own default.
        joint_map: a JSON file of joint names, for a set that takes one (`bvh_motion`).
    """

    name: str
    manual_dir: str | None = None
    data_dir: str | None = None
    joint_map: str | None = None


def prepare(source: Source) -> tfds.core.DatasetBuilder:
    """Prepares a data set unless that is done already, and returns its builder.

    Sets made from different files are kept apart: below `data_dir` lies a folder for each
    content of `manual_dir`, named by a hash of its file names, sizes and times, and of what
    `joint_map` says.

    Raises:
        SynposeError: an unknown data set, or files that are missing or wrong.
    """
    name = source.name.split("/")[0]
    if name not in synpose_tf.datasets.BUILDERS:
        known = ", ".join(sorted(synpose_tf.datasets.BUILDERS))
        raise SynposeError(f"--dataset: unknown data set {source.name!r}; known are: {known}.")
    joint_map = _joint_map(source)
    data_dir = pathlib.Path(source.data_dir or tfds.core.constants.DATA_DIR).expanduser()
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    if source.manual_dir is not None:
        manual_dir = pathlib.Path(source.manual_dir).expanduser()
        if not manual_dir.is_dir() or not any(manual_dir.iterdir()):
            found = "is empty" if manual_dir.is_dir() else "is not a folder"
            instructions = synpose_tf.datasets.BUILDERS[name].MANUAL_DOWNLOAD_INSTRUCTIONS
            raise SynposeError(f"--manual_dir={source.manual_dir} {found}.\n{instructions or ''}")
        data_dir = data_dir / f"{_FROM}{_fingerprint(manual_dir, joint_map)}"
        config = dataclasses.replace(config, manual_dir=manual_dir.resolve())
    try:
        given = {} if joint_map is None else {"joint_map": joint_map}
        builder = tfds.builder(source.name, data_dir=data_dir, **given)
    except ValueError as error:
        configs = ", ".join(synpose_tf.datasets.BUILDERS[name].builder_configs) or "none"
        raise SynposeError(
            f"--dataset={source.name}: {name} has no such config; it has: {configs}."
        ) from error
    builder.download_and_prepare(download_config=config)
    return builder


def _takes_joint_map(name):
    builder = synpose_tf.datasets.BUILDERS.get(name.split("/")[0])
    return builder is not None and builder.TAKES_JOINT_MAP


def _joint_map(source):
    """The file's path, or None where none is given."""
    if source.joint_map is None:
        return None
    path = pathlib.Path(source.joint_map).expanduser()
    if not _takes_joint_map(source.name):
        raise SynposeError(
            f"--joint_map={source.joint_map}: {source.name} has joints of its own. A data set that "
            "takes names of yours is bvh_motion."
        )
    if source.manual_dir is None:
        raise SynposeError(
            f"--joint_map={source.joint_map}: it names joints of the files in a folder. Name that "
            "with --manual_dir."
        )
    if not path.is_file():
        raise SynposeError(f"--joint_map={source.joint_map}: no such file.")
    return path


def made_from(builder: tfds.core.DatasetBuilder) -> str | None:
    """What tells the files that `prepare` made a data set from; None for a set that needs none."""
    name = builder.data_path.parents[builder.info.full_name.count("/")].name
    return name if name.startswith(_FROM) else None


def prepare_all(
    names: str,
    manual_dir: str | None = None,
    data_dir: str | None = None,
    joint_map: str | None = None,
) -> list[tfds.core.DatasetBuilder]:
    """Prepares several data sets, named with commas between; the first is the main one.

    `manual_dir` is for those that are made from the user's own files: one folder for all, or one
    for each, with commas between. `joint_map` is for those that take one.

    Raises:
        SynposeError: as `prepare`, a name that stands twice, or another number of folders.
    """
    listed = [name.strip() for name in names.split(",")]
    if len(set(listed)) != len(listed):
        raise SynposeError(f"--dataset={names}: a data set is named twice.")
    folders = _folders(listed, manual_dir)
    # Where no set takes a map, the first says so.
    mapped = [name for name in listed if _takes_joint_map(name)] or listed[:1]
    builders = []
    for name in listed:
        source = Source(name, folders[name], data_dir)
        if name in mapped:
            source = dataclasses.replace(source, joint_map=joint_map)
        builders.append(prepare(source))
    return builders


def _folders(listed, manual_dir):
    """The folder of each data set, None where it needs none."""
    needing = [name for name in listed if len(listed) == 1 or _needs_files(name)]
    folders = [manual_dir] * len(needing)
    whole = manual_dir is None or pathlib.Path(manual_dir).expanduser().exists()
    if len(needing) > 1 and not whole and "," in manual_dir:
        folders = [folder.strip() for folder in manual_dir.split(",")]
        if len(folders) != len(needing):
            raise SynposeError(
                f"--manual_dir={manual_dir}: {len(folders)} folders for {len(needing)} data sets "
                f"that are made from files, {', '.join(needing)}. Name one for each, in that "
                "order, or one for all."
            )
    return dict.fromkeys(listed) | dict(zip(needing, folders, strict=True))


def _needs_files(name):
    builder = synpose_tf.datasets.BUILDERS.get(name.split("/")[0])
    return builder is not None and bool(builder.MANUAL_DOWNLOAD_INSTRUCTIONS)


def read_splits(
    builders: list[tfds.core.DatasetBuilder], split: str, keys: Collection[str]
) -> dict[str, np.ndarray]:
    """Reads a split of each data set, one after another, as `read_split` does."""
    parts = [read_split(builder, split, keys) for builder in builders]
    return {key: np.concatenate([part[key] for part in parts]) for key in keys}


def _fingerprint(folder: pathlib.Path, joint_map: pathlib.Path | None) -> str:
    """A name for a folder's content that changes when a file in it does, or the joints' names."""
    digest = hashlib.sha256(str(folder.resolve()).encode())
    if joint_map is not None:
        digest.update(joint_map.read_bytes())
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        stat = path.stat()
        digest.update(f"{path.relative_to(folder)}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return f"{folder.resolve().name}_{digest.hexdigest()[:12]}"


def read_split(
    builder: tfds.core.DatasetBuilder, split: str, keys: Collection[str]
) -> dict[str, np.ndarray]:
    """Reads features of a whole split, in the order in which they were written.

    Args:
        builder: a prepared builder.
        split: `train`, `test`, …
        keys: names of the features wanted.

    Returns:
        name to array (examples, …); text as arrays of `str`.

    Raises:
        SynposeError: the set has no such split or feature, the split is empty or its files
            are damaged.
    """
    if split not in builder.info.splits:
        raise SynposeError(
            f"{builder.info.full_name} has no split {split!r}; it has {list(builder.info.splits)}."
        )
    specs = builder.info.features.get_serialized_info()
    missing = [key for key in keys if key not in specs]
    if missing:
        raise SynposeError(
            f"{builder.info.full_name} has no {', '.join(missing)}: it holds {', '.join(specs)}."
        )
    parsing = {key: tf.io.FixedLenFeature(specs[key].shape, specs[key].tf_dtype) for key in keys}
    files = [str(path) for path in builder.info.splits[split].filepaths]
    records = tf.data.TFRecordDataset(files).batch(_READ_BATCH)
    parsed = records.map(lambda r: tf.io.parse_example(r, parsing), num_parallel_calls=2)
    chunks = _read(parsed, builder, split)
    arrays = {key: np.concatenate([chunk[key] for chunk in chunks]) for key in keys}
    return {key: a.astype(str) if a.dtype == object else a for key, a in arrays.items()}


def _read(batches, builder, split):
    expected = builder.info.splits[split].num_examples
    if not expected:
        raise SynposeError(f"{builder.info.full_name}: split {split!r} is empty.")
    try:
        chunks = list(batches.as_numpy_iterator())
    except tf.errors.OpError as error:
        raise _damaged(builder, split, error.message) from error
    found = sum(len(next(iter(chunk.values()))) for chunk in chunks)
    if found != expected:
        raise _damaged(builder, split, f"{found} of {expected} views are left")
    return chunks


def _damaged(builder, split, reason):
    return SynposeError(
        f"{builder.data_path}: split {split!r} is damaged ({reason}). Delete this folder; the next "
        "run prepares the data set again."
    )
