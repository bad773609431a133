"""The page's icon, for home screens: a person, drawn from a standing pose."""

import pathlib

from PIL import Image, ImageDraw

from synpose_tf.io import files
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.visualization.colours import OF_JOINTS

SIZES = (192, 512)
_GROUND = "#f3f4f6"
# A person who waves, in tenths of the icon: x right, y down.
_POSE = {
    "Hip": (5.0, 5.7), "RHip": (4.5, 5.7), "RKnee": (4.1, 7.0), "RAnkle": (3.9, 8.3),
    "LHip": (5.5, 5.7), "LKnee": (5.9, 7.0), "LAnkle": (6.1, 8.3), "Spine": (5.0, 4.8),
    "Thorax": (5.0, 3.7), "Nose": (5.0, 2.9), "Head": (5.0, 2.2),
    "LShoulder": (5.8, 3.8), "LElbow": (6.8, 3.2), "LWrist": (7.2, 2.1),
    "RShoulder": (4.2, 3.8), "RElbow": (3.5, 4.8), "RWrist": (3.1, 5.8),
}  # fmt: skip


def write(folder: pathlib.Path) -> None:
    """Writes `icon_<size>.png` of each size into a folder.

    Raises:
        SynposeError: a file can't be written.
    """
    for size in SIZES:
        with files.replacing(folder / f"icon_{size}.png") as temporary:
            _draw(4 * size).resize((size, size), Image.Resampling.LANCZOS).save(temporary)


def _draw(size):
    image = Image.new("RGB", (size, size), _GROUND)
    draw = ImageDraw.Draw(image)
    points = [tuple(size * value / 10 for value in _POSE[name]) for name in H36M_17.joints]
    for child, parent in H36M_17.bones:
        draw.line([points[parent], points[child]], OF_JOINTS[child], round(0.045 * size))
    for (x, y), colour in zip(points, OF_JOINTS, strict=True):
        radius = 0.03 * size
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], colour)
    return image
