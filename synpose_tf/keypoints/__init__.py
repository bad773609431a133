"""What 2D detectors write: their layouts of joints and their file formats.

>>> from synpose_tf import keypoints
>>> recording = keypoints.read(["keypoints.json"])
>>> [(len(track.frames), track.layout.name) for track in recording.tracks]
[(12, 'COCO-17')]
"""

from synpose_tf.keypoints import conversion, layouts
from synpose_tf.keypoints.reading import FORMATS, Recording, read

__all__ = ["FORMATS", "Recording", "conversion", "layouts", "read"]
