"""Finds and reads the clips of the CMU database in the forms that people have it.

Every form gives `Clip`s of Human3.6M-17 joints at 30 Hz, keyed `<group>/<clip>`:

- the official tree, `subjects/NN/NN.asf` and `NN_MM.amc`, also below `all_asfamc/`;
- the official archive `allasfamc.zip`, which holds that tree and is read without unpacking;
- `.npz` archives of positions with a `split.json` beside them.
"""

import functools
import pathlib
import re
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import tqdm
from absl import logging

from synpose_tf.datasets import split_file
from synpose_tf.datasets.cmu_mocap import asf_amc
from synpose_tf.datasets.motion_views import SPLITS, Clip
from synpose_tf.errors import SynposeError
from synpose_tf.io import files
from synpose_tf.structures.skeleton import H36M_17

ARCHIVE = "allasfamc.zip"
AMC_STRIDE = 4  # 120 Hz to 30 Hz
INSTRUCTIONS = f"""\
The folder must hold one of
  - all_asfamc/subjects/ or subjects/, unpacked from http://mocap.cs.cmu.edu/{ARCHIVE};
    some subjects are enough, each with its skeleton: subjects/02/02.asf, subjects/02/02_01.amc;
  - {ARCHIVE} itself;
  - .npz archives of (frames, 17, 3) Human3.6M-17 positions, metres, z up, 30 Hz, with keys
    <group>/<clip>, and a {split_file.NAME}: {{"train": ["<group>/<clip>", ...], "test": [...]}}.
Beside the first two, {split_file.NAME} is optional and names clips subject_02/02_01."""


def has_clips(path: pathlib.Path) -> bool:
    """Whether a folder, which may hold other data too, has a form of the database."""
    return _find_subjects(path) is not None or (path / split_file.NAME).is_file()


def read_clips(path: pathlib.Path) -> dict[str, list[Clip]]:
    """Reads and checks every clip of both splits, in the order of their keys.

    Args:
        path: the folder that `INSTRUCTIONS` describes, or the official archive. The forms are
            looked for in the order given there.

    Raises:
        SynposeError: no form of the database is there, a split has no clip, or a file is
            broken; names the file and the key or line.
    """
    splits = find_clips(path)
    for name, loaders in splits.items():
        if not loaders:
            raise SynposeError(
                f"{path}: no clip is for {name!r}. The subjects whose number is 2 modulo 5 test, "
                f"the others train, unless {path / split_file.NAME} says otherwise."
            )
    return {name: _load(f"Reading {name} clips", splits[name]) for name in SPLITS}


def find_clips(path: pathlib.Path) -> dict[str, dict[str, Callable[[], Clip]]]:
    """What reads each clip of either split, by the clip's key; no clip is read yet.

    Args, Raises: as `read_clips`, but a split may have no clip.
    """
    subjects = _find_subjects(path)
    loaders = _npz_clips(path) if subjects is None else _official_clips(subjects)
    if not loaders:
        raise SynposeError(f"{path}: no clip of the CMU database is here.\n{INSTRUCTIONS}")
    if (path / split_file.NAME).is_file():
        split = split_file.read(path / split_file.NAME, loaders)
    elif subjects is not None:
        split = _split_by_subject(loaders)
    else:
        raise SynposeError(
            f"{path / split_file.NAME}: is missing beside the archive.\n{INSTRUCTIONS}"
        )
    unused = len(loaders) - sum(len(keys) for keys in split.values())
    if unused:
        logging.info("%s leaves out %d of %d clips.", path / split_file.NAME, unused, len(loaders))
    return {name: {key: loaders[key] for key in sorted(split[name])} for name in SPLITS}


def _load(title, loaders):
    with tqdm.tqdm(loaders.values(), title, unit=" clips") as progress:
        return [load() for load in progress]


# === The official tree and archive ===


def _find_subjects(path):
    """The tree's `subjects` folder, which may lie inside the archive, or None."""
    roots = [path]
    for archive in (path, path / ARCHIVE):
        if archive.is_file():
            try:
                roots.append(zipfile.Path(archive))
            except (OSError, zipfile.BadZipFile) as error:
                raise SynposeError(
                    f"{archive}: is no readable zip ({error}); it may be cut off. Delete it and "
                    "fetch it again."
                ) from error
    for root in roots:
        for folder in (root / "all_asfamc" / "subjects", root / "subjects"):
            if folder.is_dir():
                return folder
    return None


def _official_clips(subjects):
    loaders = {}
    for folder in subjects.iterdir():
        if folder.is_dir() and folder.name.isdecimal():
            for file in files.visible(folder.iterdir()):
                if file.name.endswith(".amc"):
                    clip = file.name.removesuffix(".amc")
                    key = f"subject_{folder.name}/{clip}"
                    loaders[key] = functools.partial(_read_official, key, folder)
    return loaders


def _read_official(key, folder):
    amc = folder / f"{key.split('/')[1]}.amc"
    asf = folder / f"{folder.name}.asf"
    if not asf.is_file():
        raise SynposeError(
            f"{amc}: its skeleton {asf} is missing; a motion cannot be read without it. Put it "
            "there or remove the motion."
        )
    skeleton = asf_amc.read_asf(asf)
    motion = asf_amc.read_amc(amc, skeleton)
    frames = np.arange(0, len(motion), AMC_STRIDE)
    positions = asf_amc.h36m_17(skeleton, motion[frames]).astype(np.float32)
    return Clip(key, positions, frames, file=amc)


def _split_by_subject(keys):
    """A fifth of the subjects test: those whose number leaves 2 when divided by 5."""
    split: dict[str, list[str]] = {name: [] for name in SPLITS}
    for key in keys:
        number = int(key.split("/")[0].removeprefix("subject_"))
        split["test" if number % 5 == 2 else "train"].append(key)
    return split


# === Archives of positions ===


def _npz_clips(folder):
    loaders = {}
    for path in sorted(files.visible(folder.glob("*.npz"))):
        try:
            archive = np.load(path, allow_pickle=False)
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise SynposeError(f"{path}: is no readable npz archive ({error}).") from error
        for key in archive.files:
            if key in loaders:
                raise SynposeError(f"{path}: {key!r} is in another archive too. Rename one.")
            loaders[key] = functools.partial(_read_array, path, archive, key)
    return loaders


def _read_array(path, archive, key):
    if not re.fullmatch(r"[^/]+/[^/]+", key):
        raise SynposeError(f"{path}: expected keys <group>/<clip>, found {key!r}.")
    try:
        positions = archive[key]
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise SynposeError(f"{path}: {key!r} cannot be read ({error}).") from error
    shape, kind = positions.shape, positions.dtype
    if kind.kind != "f" or len(shape) != 3 or shape[0] == 0 or shape[1:] != (len(H36M_17), 3):
        raise SynposeError(
            f"{path}: {key!r} is {kind} of shape {shape}, expected floating-point "
            f"(frames, {len(H36M_17)}, 3): {H36M_17.name} positions in metres, z up."
        )
    bad = np.argwhere(~np.isfinite(positions))
    if len(bad):
        frame, joint, _ = bad[0]
        raise SynposeError(
            f"{path}: {key!r} is not finite at frame {frame}, joint {H36M_17.joints[joint]}. "
            f"Repair the clip or take it out of {split_file.NAME}."
        )
    return Clip(key, positions, np.arange(len(positions)), file=path)
