"""The files of Martinez et al.: `h36m.zip`, unpacked or not, and their tuned detections.

    S1/MyPoses/3D_positions/Directions 1.h5         `3D_positions`, (96, frames), world, mm
    S1/StackedHourglass/Directions_1.54138969.h5    `poses`, (frames, 16, 2), pixels, MPII-16
    S1/StackedHourglassFineTuned240/...             the same, from an archive of its own

The hourglass files are also met without the folder that tells how the detector was trained.
"""

import dataclasses
import functools
import io
import pathlib
import re
from collections.abc import Iterator, Sequence

from synpose_tf.datasets.h36m import archives, clips, takes
from synpose_tf.errors import SynposeError
from synpose_tf.io import hdf5
from synpose_tf.structures.skeleton import MPII_16

ARCHIVE = re.compile(r"h36m\.zip|stacked_hourglass\w*\.(tgz|tar\.gz)")
POSES = r"(?:^|/)({subjects})/MyPoses/3D_positions/([^/._][^/]*)\.h5$"
DETECTIONS = r"(?:^|/)({subjects})/{folder}([^/._][^/.]*)\.(\d+)\.h5$"
# By the names that VideoPose3D gave to the same detections.
FOLDERS = {
    "sh_pt_mpii": "StackedHourglass/",
    "sh_ft_h36m": "StackedHourglassFineTuned240/",
    "sh": "",
}


@dataclasses.dataclass(frozen=True)
class Martinez:
    """Archives and unpacked files. A subject in an archive goes before the same one unpacked.

    Args:
        archives: `h36m.zip` and the archive of the tuned detections.
        files: unpacked HDF5 files.
        kinds: the kinds of detections that they hold.
    """

    archives: tuple[pathlib.Path, ...]
    files: tuple[pathlib.Path, ...]
    kinds: tuple[str, ...]
    name = "h36m.zip of Martinez et al."

    def positions(self, subjects: Sequence[str]) -> dict[tuple[str, str], clips.Poses]:
        """Poses by (subject, take).

        Raises:
            SynposeError: a file is damaged, has no `3D_positions`, or holds something else.
        """
        found: dict[tuple[str, str], clips.Poses] = {}
        for where, match, file in self._matches(_pattern(POSES, subjects)):
            key = match[1], takes.take_named(match[2], where)
            _refuse_second(found, key, where)
            numbers = hdf5.read(where, file, "3D_positions")
            if numbers.ndim != 2 or len(numbers) != 96:
                raise SynposeError(
                    f"{where}: 3D_positions has shape {numbers.shape}. Expected (96, frames)."
                )
            found[key] = clips.poses(where, numbers.T.reshape(-1, 32, 3))
        return found

    def detections(
        self, kind: str, subjects: Sequence[str]
    ) -> dict[tuple[str, str, str], clips.Detections]:
        """Detections by (subject, take, camera).

        Raises:
            SynposeError: a file is damaged, has no `poses`, or holds something else.
        """
        found: dict[tuple[str, str, str], clips.Detections] = {}
        if kind in self.kinds:
            for where, match, file in self._matches(_pattern(DETECTIONS, subjects, kind)):
                if match[3] not in takes.CAMERAS:
                    raise SynposeError(
                        f"{where}: Human3.6M has no camera {match[3]}. Expected "
                        f"{', '.join(takes.CAMERAS)}."
                    )
                key = match[1], takes.take_named(match[2], where), match[3]
                _refuse_second(found, key, where)
                found[key] = clips.detections(where, hdf5.read(where, file, "poses"), MPII_16)
        return found

    def list_positions(self) -> set[tuple[str, str]]:
        """The keys of `positions`, by the files' names alone."""
        matches = self._matching_names(_pattern(POSES, takes.SUBJECTS))
        return {(match[1], takes.take_named(match[2], path)) for path, match in matches}

    def list_detections(self, kind: str) -> set[tuple[str, str, str]]:
        """The keys of `detections`, by the files' names alone."""
        if kind not in self.kinds:
            return set()
        matches = self._matching_names(_pattern(DETECTIONS, takes.SUBJECTS, kind))
        return {(match[1], takes.take_named(match[2], path), match[3]) for path, match in matches}

    def _matching_names(self, pattern):
        matches = [(path, pattern.search(name)) for path, name in self._names]
        return [(path, match) for path, match in matches if match]

    @functools.cached_property
    def _names(self):
        loose = [(path, path.as_posix()) for path in self.files]
        return loose + [(path, name) for path in self.archives for name in archives.names(path)]

    def _matches(
        self, pattern: re.Pattern
    ) -> Iterator[tuple[str, re.Match[str], io.BytesIO | pathlib.Path]]:
        packed = set()
        for archive in self.archives:
            for match, content in archives.members(archive, pattern):
                packed.add(match[1])
                yield f"{archive}: {match[0]}", match, io.BytesIO(content)
        for path in self.files:
            found = pattern.search(path.as_posix())
            if found and found[1] not in packed:
                yield str(path), found, path


def find(files: Sequence[pathlib.Path]) -> list[Martinez]:
    """The files of Martinez et al. among `files`, as one source or none.

    Raises:
        SynposeError: an archive is damaged, or Human3.6M has no such subject.
    """
    found = [path for path in files if ARCHIVE.fullmatch(path.name)]
    loose = [path for path in files if path.suffix == ".h5"]
    names = [(path, path.as_posix()) for path in loose]
    names += [(path, name) for path in found for name in archives.names(path)]
    kinds = {
        kind
        for kind in (None, *FOLDERS)
        for path, name in names
        if (match := _pattern(DETECTIONS if kind else POSES, [r"S\d+"], kind).search(name))
        and takes.has_poses(match[1], path)
    }
    detected = tuple(sorted(kind for kind in kinds if kind is not None))
    return [Martinez(tuple(found), tuple(loose), detected)] if kinds else []


def _pattern(pattern, subjects, kind=None):
    return re.compile(pattern.format(subjects="|".join(subjects), folder=FOLDERS.get(kind)))


def _refuse_second(found, key, where):
    if key in found:
        raise SynposeError(f"{where}: the same take as {found[key].where}. Remove one.")
