"""Human3.6M's own files: `Poses_D3_Positions_S*.tgz`, packed or unpacked.

Inside: `S1/MyPoseFeatures/D3_Positions/Directions 1.cdf`, one CDF file a take, 30 a subject.
Its variable `Pose` holds 96 numbers a frame: 32 joints in the world, millimetres.
"""

import dataclasses
import io
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence

import numpy as np

from synpose_tf.datasets.h36m import archives, clips, takes
from synpose_tf.errors import SynposeError

ARCHIVE = re.compile(r"(?:^|/)Poses_D3_Positions_(S\d+)\.(?:tgz|tar\.gz)$")
CDF = re.compile(r"(?:^|/)(S\d+)/MyPoseFeatures/D3_Positions/([^/._][^/]*)\.cdf$")


@dataclasses.dataclass(frozen=True)
class OfficialPoses:
    """The official archives. A packed subject goes before the same one unpacked.

    Args:
        packed: the archive of each subject.
        unpacked: the CDF files of each subject.
    """

    packed: dict[str, pathlib.Path]
    unpacked: dict[str, list[pathlib.Path]]
    name = "Human3.6M's D3_Positions"
    kinds = ()

    def positions(self, subjects: Sequence[str]) -> dict[tuple[str, str], clips.Poses]:
        """Poses by (subject, take).

        Raises:
            SynposeError: a file is damaged, has no `Pose`, or holds something else.
        """
        found: dict[tuple[str, str], clips.Poses] = {}
        for subject in subjects:
            if subject in self.packed:
                found |= _read_archive(self.packed[subject], subject)
            elif subject in self.unpacked:
                paths = self.unpacked[subject]
                found |= _read([(str(p), CDF.search(p.as_posix()), p) for p in paths])
        return found

    def detections(self, kind: str, subjects: Sequence[str]) -> dict:
        return {}

    def list_positions(self) -> set[tuple[str, str]]:
        """The keys of `positions`, by the files' names alone."""
        names = [(path, path.as_posix()) for paths in self.unpacked.values() for path in paths]
        names += [(path, name) for path in self.packed.values() for name in archives.names(path)]
        matches = [(path, CDF.search(name)) for path, name in names]
        return {(match[1], takes.take_named(match[2], path)) for path, match in matches if match}

    def list_detections(self, kind: str) -> set:
        return set()


def find(files: Sequence[pathlib.Path]) -> list[OfficialPoses]:
    """The official files among `files`, as one source or none.

    Raises:
        SynposeError: Human3.6M has no such subject.
    """
    packed: dict[str, pathlib.Path] = {}
    unpacked: dict[str, list[pathlib.Path]] = {}
    for path in files:
        if match := ARCHIVE.search(path.as_posix()):
            if takes.has_poses(match[1], path):
                packed[match[1]] = path
        elif (match := CDF.search(path.as_posix())) and takes.has_poses(match[1], path):
            unpacked.setdefault(match[1], []).append(path)
    return [OfficialPoses(packed, unpacked)] if packed or unpacked else []


def _read_archive(path, subject):
    with tempfile.TemporaryDirectory() as folder:
        files: list[tuple[str, re.Match[str], pathlib.Path]] = []
        for match, content in archives.members(path, CDF):
            if match[1] != subject:
                raise SynposeError(f"{path}: holds {match[0]}. Expected {subject} only.")
            # cdflib reads from a path; the name is ours, whatever the archive's path says.
            file = pathlib.Path(folder, f"{len(files)}.cdf")
            file.write_bytes(content)
            files.append((f"{path}: {match[0]}", match, file))
        if not files:
            raise SynposeError(
                f"{path}: holds no {subject}/MyPoseFeatures/D3_Positions/*.cdf. Download it again."
            )
        return _read(files)


def _read(files):
    """Poses by (subject, take) from (where, match of `CDF`, path) of CDF files."""
    found: dict[tuple[str, str], clips.Poses] = {}
    for (where, match, _), pose in zip(files, _read_cdf(files), strict=True):
        key = match[1], takes.take_named(match[2], where)
        if key in found:
            raise SynposeError(f"{where}: the same take as {found[key].where}. Remove one.")
        if pose.ndim < 2 or pose.shape[-1] != 96 or pose.dtype.kind != "f":
            raise SynposeError(
                f"{where}: Pose has shape {pose.shape} and type {pose.dtype}. Expected 96 "
                "floating-point numbers a frame. Download D3_Positions, not D3_Positions_mono "
                "or D3_Angles."
            )
        found[key] = clips.poses(where, pose.reshape(-1, 32, 3))
    return found


def _read_cdf(files):
    """Yields the variable `Pose` of each file; see `read_cdf` for why in another process."""
    script = pathlib.Path(__file__).with_name("read_cdf.py")
    command = [sys.executable, str(script), *(str(path) for *_, path in files)]
    run = subprocess.run(command, capture_output=True, check=False)
    output = io.BytesIO(run.stdout)
    errors = run.stderr.decode(errors="replace").strip().split("\n")
    reason = "it takes too long" if run.returncode < 0 else errors[-1]
    for where, *_ in files:
        try:
            yield np.lib.format.read_array(output, allow_pickle=False)
        except ValueError:
            raise SynposeError(
                f"{where}: the variable Pose cannot be read ({reason}). The file is damaged or "
                "no file of D3_Positions; unpack or download it again."
            ) from None
