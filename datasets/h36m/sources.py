"""Finds the forms of Human3.6M that lie in a folder and reads them as one."""

import itertools
import os
import pathlib
from collections.abc import Sequence
from typing import Protocol

from absl import logging

from synpose_tf.datasets.h36m import clips, martinez, official, videopose3d
from synpose_tf.errors import SynposeError
from synpose_tf.io import files

INSTRUCTIONS = """\
The folder, or any folder below it, must hold poses in one of these forms:
  - Poses_D3_Positions_S1.tgz and those of S5, S6, S7, S8, S9 and S11, packed or unpacked
    (S1/MyPoseFeatures/D3_Positions/Directions 1.cdf), from http://vision.imar.ro/human3.6m
    after registration: Download, Poses, D3 Positions;
  - data_3d_h36m.npz of VideoPose3D;
  - h36m.zip of Martinez et al., packed or unpacked (S1/MyPoses/3D_positions/Directions 1.h5).
Every configuration but `gt` also needs 2D detections:
  - data_2d_h36m_<kind>.npz of VideoPose3D, such as data_2d_h36m_cpn_ft_h36m_dbb.npz, or
  - h36m.zip, packed or unpacked (S1/StackedHourglass/Directions_1.54138969.h5), or
    stacked_hourglass_fined_tuned_240.tar.gz.
Forms may lie together; some subjects are enough."""


class Source(Protocol):
    """One form of the data set. Arrays come checked, in one unit and order of joints."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of detections."""

    def positions(self, subjects: Sequence[str]) -> dict[tuple[str, str], clips.Poses]:
        """Poses by (subject, take)."""

    def detections(
        self, kind: str, subjects: Sequence[str]
    ) -> dict[tuple[str, str, str], clips.Detections]:
        """Detections by (subject, take, camera)."""

    def list_positions(self) -> set[tuple[str, str]]:
        """The keys of `positions`, found quickly and unchecked."""

    def list_detections(self, kind: str) -> set[tuple[str, str, str]]:
        """The keys of `detections`, found quickly and unchecked."""


def find(folder: pathlib.Path) -> list[Source]:
    """The sources in a folder and below it, the most trusted first.

    Raises:
        SynposeError: there is none, or an archive is damaged.
    """
    found = look(folder)
    if not found:
        others = sorted(_files(folder))
        some = ", ".join(path.name for path in others[:5]) or "nothing"
        raise SynposeError(
            f"{folder}: holds no form of Human3.6M. Found {some}{', ...' * (len(others) > 5)}.\n"
            f"{INSTRUCTIONS}"
        )
    return found


def look(folder: pathlib.Path) -> list[Source]:
    """As `find`, but gives an empty list where there is none."""
    paths = sorted(_files(folder))
    return [*official.find(paths), *martinez.find(paths), *videopose3d.find(paths)]


def _files(folder):
    """Every visible file below a folder; links are followed, but no folder is entered twice."""
    entered = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(root)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        yield from files.visible(pathlib.Path(root, name) for name in names)


def kinds(sources: Sequence[Source]) -> list[str]:
    """The kinds of detections that the sources hold."""
    return sorted(set(itertools.chain.from_iterable(source.kinds for source in sources)))


def resolve_kind(sources: Sequence[Source], name: str) -> str:
    """The kind of detections that a name, or the beginning of one, means.

    Raises:
        SynposeError: no kind that was found begins so, or more than one does.
    """
    found = kinds(sources)
    matches = [name] if name in found else [kind for kind in found if kind.startswith(name)]
    if len(matches) != 1:
        raise SynposeError(
            f"Detections {name!r}: {'found several such' if matches else 'none found'}. The "
            f"folder holds {', '.join(found) or 'no detections'}. Choose h36m/gt"
            f"{''.join(f' or h36m/{kind}' for kind in found)}, or add a file.\n{INSTRUCTIONS}"
        )
    return matches[0]


def read_positions(
    sources: Sequence[Source], subjects: Sequence[str]
) -> dict[tuple[str, str], clips.Poses]:
    """Poses by (subject, take), each subject's from the first source that has it.

    Raises:
        SynposeError: a file is damaged, or no source has poses.
    """
    found = _first(sources, subjects, lambda source, missing: source.positions(missing))
    if not found:
        raise SynposeError(
            f"There are no poses of {', '.join(subjects)}. Found only "
            f"{', '.join(source.name for source in sources)}.\n{INSTRUCTIONS}"
        )
    return found


def read_detections(
    sources: Sequence[Source], kind: str, subjects: Sequence[str]
) -> dict[tuple[str, str, str], clips.Detections]:
    """Detections by (subject, take, camera), each subject's from the first source that has it.

    Raises:
        SynposeError: a file is damaged.
    """
    return _first(sources, subjects, lambda source, missing: source.detections(kind, missing))


def _first(sources, subjects, read):
    found: dict = {}
    for source in sources:
        have = {key[0] for key in found}
        if missing := [subject for subject in subjects if subject not in have]:
            new = read(source, missing)
            if new:
                logging.info("Read %d arrays of %s", len(new), source.name)
            found |= new
    return found
