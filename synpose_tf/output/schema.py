"""What the npz and the JSON file say about themselves, the same in both."""

from collections.abc import Sequence

from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import PoseTrack

_CAMERA = "camera: x right, y down, z forward; poses relative to the root joint"
_LEVEL = (
    "level: x right, y down, z forward, the floor at y = 0; poses relative to the root joint, "
    "root in the room"
)


def about(tracks: Sequence[PoseTrack]) -> dict:
    """Format, units, frame and joints of a file of these tracks."""
    level = all(track.level for track in tracks)
    return {
        "format": "synpose_tf poses",
        "version": 1,
        "length_unit": "millimetre",
        "time_unit": "second",
        "image_unit": "pixel",
        "coordinate_frame": _LEVEL if level else _CAMERA,
        "joints": list(H36M_17.joints),
        "parents": list(H36M_17.parents),
    }
