"""Images and files by name: which recording they belong to, and which frame of it they are.

The last number of a name is the frame, what stands before it, and the folder, the recording:
`cam1/shot_0012.jpg` is frame 12 of `cam1/shot_`. A name without a number is the next frame in the
order in which they come.
"""

import pathlib
from collections.abc import Sequence

from synpose_tf.keypoints.detections import split_number


class ImageNames:
    """Tells recordings and frames of names, which come one after the other."""

    def __init__(self):
        self._unnumbered = {}

    def split(self, name: str) -> tuple[tuple[str, str], int]:
        """The recording, as (folder, what stands before the number), and the frame."""
        folder, _, file = name.replace("\\", "/").rpartition("/")
        before, frame = split_number(file.rpartition(".")[0] or file)
        if frame is None:
            return (folder, ""), self._unnumbered.setdefault(name, len(self._unnumbered))
        return (folder, before), frame


def labels(recordings: Sequence[tuple[str, str]]) -> list[str]:
    """What to call recordings: what stands before the number, with as much of the folder as
    tells them apart."""
    folders = [pathlib.PurePosixPath(folder).parts for folder, _ in recordings]
    depth = 0
    while depth < max(map(len, folders)):
        if len(set(_named(recordings, folders, depth))) == len(set(recordings)):
            break
        depth += 1
    return [" ".join(name).strip() for name in _named(recordings, folders, depth)]


def _named(recordings, folders, depth):
    return [
        (*parts[max(0, len(parts) - depth) :], before.strip(" _-./"))
        for (_, before), parts in zip(recordings, folders, strict=True)
    ]
