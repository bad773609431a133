"""Files of lifted poses: the formats, by name.

  from synpose_tf import output
  output.FORMATS["bvh"].write(tracks, "walk.bvh")
  output.write(tracks, "walk.json")  # by the suffix
  output.write(tracks, "walk.html", output.Backdrop("walk.mp4"))

`docs/outputs.md` describes what each file holds.
"""

import dataclasses
import importlib
import pathlib
import types
from collections.abc import Sequence
from typing import Any

from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import Camera
from synpose_tf.output.backdrop import Backdrop
from synpose_tf.structures.tracks import PoseTrack

__all__ = ["FORMATS", "Backdrop", "Format", "format_of", "write"]


@dataclasses.dataclass(frozen=True)
class Format:
    """A kind of file.

    Args:
        name: what users call it, also its key in `FORMATS`.
        suffix: of its files, with the dot.
        description: one line for a command's help.
        needs_pose: whether it is nothing without at least one lifted frame.
        has_backdrop: whether it shows the pictures behind the 2D joints.
        has_cameras: whether it shows the cameras that stand around the people.
    """

    name: str
    suffix: str
    description: str
    needs_pose: bool = True
    has_backdrop: bool = False
    has_cameras: bool = False

    def write(
        self,
        tracks: Sequence[PoseTrack],
        path: pathlib.Path | str,
        background: Backdrop | None = None,
        cameras: Sequence[Camera] = (),
    ) -> list[pathlib.Path]:
        """Writes a file, whole or not at all.

        Args:
            tracks: one or more people.
            path: where to; the suffix is taken as it is.
            background: what the camera saw, for the formats that show it.
            cameras: those of a room, for the formats that show them; tracks are then `level`.
                The cameras' world has z up: its x, y, z are the tracks' x, z, -y.

        Returns:
            The files written: `path`, or with several people in a format that holds one
            (BVH), one beside it for each; and what belongs to a page beside it.

        Raises:
            SynposeError: nothing to write, a library that the format needs is missing, or
                the file can't be written, or cameras are given to tracks of no room.
        """
        path = pathlib.Path(path)
        if not sum(len(track.poses) for track in tracks):
            raise SynposeError(
                f"{path}: nothing to write, the input holds no frame with a person. Look at the "
                "detector's output: it found nobody, or all was filtered out."
            )
        if self.needs_pose and not any(track.lifted.any() for track in tracks):
            raise SynposeError(
                f"{path}: nothing to write, no frame has a pose: the detector found too few "
                "joints in each. The formats npz, json and csv hold such frames, marked."
            )
        shown: dict[str, Any] = {}
        if self.has_backdrop:
            shown["background"] = background
        if self.has_cameras:
            shown["cameras"] = cameras
        return self.load().write(tracks, path, **shown)

    def load(self) -> types.ModuleType:
        """The module that writes it; pictures and C3D import libraries that others do without."""
        return importlib.import_module(f"{__name__}.{self.name}_file")


FORMATS = {
    kind.name: kind
    for kind in (
        Format("npz", ".npz", "NumPy arrays, all that is known", needs_pose=False),
        Format("json", ".json", "the same as text, a record for each frame", needs_pose=False),
        Format("csv", ".csv", "a table, a row for each joint of each frame", needs_pose=False),
        Format("bvh", ".bvh", "motion for animation tools, one file a person"),
        Format("c3d", ".c3d", "points for biomechanics (needs ezc3d)"),
        Format("trc", ".trc", "markers for OpenSim, one file a person"),
        Format("glb", ".glb", "a stick figure that moves, for any 3D viewer"),
        Format(
            "html",
            ".html",
            "a viewer in one file: turn, play, scrub, without network",
            has_backdrop=True,
            has_cameras=True,
        ),
        Format("png", ".png", "a picture: up to eight moments, 2D and 3D", has_backdrop=True),
        Format("gif", ".gif", "an animation, at most 300 pictures", has_backdrop=True),
        Format("mp4", ".mp4", "a video (needs av)", has_backdrop=True),
    )
}


def format_of(path: pathlib.Path | str) -> Format:
    """The format of a file's name.

    Raises:
        SynposeError: no format has this suffix.
    """
    suffix = pathlib.Path(path).suffix.lower()
    for kind in FORMATS.values():
        if kind.suffix == suffix:
            return kind
    known = ", ".join(kind.suffix for kind in FORMATS.values())
    raise SynposeError(f"{path}: no output format has the suffix {suffix!r}; there are {known}.")


def write(
    tracks: Sequence[PoseTrack],
    path: pathlib.Path | str,
    background: Backdrop | None = None,
    cameras: Sequence[Camera] = (),
) -> list[pathlib.Path]:
    """Writes a file in the format of its suffix: `format_of` and `Format.write`."""
    return format_of(path).write(tracks, path, background, cameras)
