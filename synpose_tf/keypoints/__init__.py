"""What 2D detectors write: their layouts of joints and their file formats.

Examples:
    >>> from synpose_tf import keypoints
    >>> recording = keypoints.read(["keypoints.json"])
    >>> recording.tracks[0].layout.name
    'COCO-17'
"""

from synpose_tf.keypoints import conversion, layouts
from synpose_tf.keypoints.reading import FORMATS, Recording, read

__all__ = ["FORMATS", "Recording", "conversion", "layouts", "read"]
