"""VideoPose3D's files: `data_3d_h36m.npz` and `data_2d_h36m_<kind>.npz`.

The first holds `positions_3d[subject][take]` = (frames, 32, 3), world, metres. The others hold
`positions_2d[subject][take]` = a list of (frames, joints, 2) pixels in the order of
`takes.CAMERAS`, and `metadata`, whose left and right joints tell the layout.
"""

import dataclasses
import pathlib
import re
from collections.abc import Sequence

from synpose_tf.datasets.h36m import clips, takes
from synpose_tf.errors import SynposeError
from synpose_tf.io import restricted_npz
from synpose_tf.io.files import reading
from synpose_tf.structures.skeleton import COCO_17, H36M_17, MPII_16

POSES = "data_3d_h36m.npz"
DETECTIONS = re.compile(r"data_2d_h36m_(\w+)\.npz")
LAYOUTS = (H36M_17, MPII_16, COCO_17)


class UnknownLayout(SynposeError):
    """Detections whose joints are of no known layout."""


@dataclasses.dataclass(frozen=True)
class VideoPose3D:
    """The .npz files of one or more folders.

    Args:
        poses: `data_3d_h36m.npz`, or None.
        detected: the file of each kind of detections.
    """

    poses: pathlib.Path | None
    detected: dict[str, pathlib.Path]
    name = "VideoPose3D's data_3d_h36m.npz and data_2d_h36m_*.npz"

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(self.detected)

    def positions(self, subjects: Sequence[str]) -> dict[tuple[str, str], clips.Poses]:
        """Poses by (subject, take).

        Raises:
            SynposeError: the file is damaged or holds something else.
        """
        if self.poses is None:
            return {}
        return {
            (subject, take): clips.poses(where, points, unit=1000.0)
            for subject, take, where, points in _entries(self.poses, "positions_3d", subjects)
        }

    def detections(
        self, kind: str, subjects: Sequence[str]
    ) -> dict[tuple[str, str, str], clips.Detections]:
        """Detections by (subject, take, camera).

        Raises:
            SynposeError: the file is damaged, holds something else, or its layout of joints
                is not known.
        """
        if kind not in self.detected:
            return {}
        path = self.detected[kind]
        layout = _layout(path)
        found = {}
        for subject, take, where, views in _entries(path, "positions_2d", subjects):
            if not isinstance(views, list | tuple) or len(views) != len(takes.CAMERAS):
                raise SynposeError(
                    f"{where}: expected a list of {len(takes.CAMERAS)} arrays, one a camera."
                )
            for camera, points in zip(takes.CAMERAS, views, strict=True):
                if points is not None:
                    found[subject, take, camera] = clips.detections(
                        f"{where} camera {camera}", points, layout
                    )
        return found

    def list_positions(self) -> set[tuple[str, str]]:
        """The keys of `positions`. They stand in the file's one array, which is read for them."""
        if self.poses is None:
            return set()
        return {entry[:2] for entry in _entries(self.poses, "positions_3d", takes.SUBJECTS)}

    def list_detections(self, kind: str) -> set[tuple[str, str, str]]:
        """The keys of `detections`; as `list_positions`.

        Raises:
            UnknownLayout: `detections` can't read them either.
        """
        if kind not in self.detected:
            return set()
        _layout(self.detected[kind])
        return {
            (subject, take, camera)
            for subject, take, _, views in _entries(
                self.detected[kind], "positions_2d", takes.SUBJECTS
            )
            for camera, points in zip(takes.CAMERAS, views, strict=False)
            if points is not None
        }


def find(files: Sequence[pathlib.Path]) -> list[VideoPose3D]:
    """VideoPose3D's files among `files`, as one source or none.

    Detections of the kind `gt` are left aside: they are projections of the poses.
    """
    poses = next((path for path in files if path.name == POSES), None)
    matches = [(DETECTIONS.fullmatch(path.name), path) for path in files]
    detected = {match[1]: path for match, path in matches if match and match[1] != "gt"}
    return [VideoPose3D(poses, detected)] if poses or detected else []


def _entries(path, key, subjects):
    """Yields (subject, take, where, value) of the subjects wanted."""
    tree = restricted_npz.load(path, key)
    expected = f"{path}: {key} must be a dictionary of subjects, each a dictionary of takes."
    if not isinstance(tree, dict) or not all(isinstance(value, dict) for value in tree.values()):
        raise SynposeError(f"{expected} Is this VideoPose3D's file?")
    for subject, by_take in tree.items():
        takes.has_poses(subject, path)
        if subject in subjects:
            seen: dict[str, str] = {}
            for name, value in by_take.items():
                where = f"{path}: {subject} {name}"
                take = takes.take_named(str(name), where)
                if take in seen:
                    raise SynposeError(f"{where}: the same take as {seen[take]}. Remove one.")
                seen[take] = where
                yield subject, take, where, value


def _layout(path):
    """The skeleton whose left and right joints are those that the file's metadata names."""
    metadata = restricted_npz.load(path, "metadata")
    with reading(f"{path}: metadata"):
        left, right = (set(side) for side in metadata["keypoints_symmetry"])
        for skeleton in LAYOUTS:
            pairs = zip(*skeleton.left_right, strict=True)
            if (left, right) == tuple(set(side) for side in pairs):
                return skeleton
    raise UnknownLayout(
        f"{path}: left joints {sorted(left)} and right joints {sorted(right)} are of no known "
        f"layout. Expected {' or '.join(skeleton.name for skeleton in LAYOUTS)}."
    )
