"""Layouts: the joints that detectors give, in their order, as skeletons.

A joint that means the same point of the body as one of Human3.6M's 17 carries its name;
`conversion` maps by name. A layout's tree only says which joints are neighbours.
"""

import re
from collections.abc import Sequence

from synpose_tf.errors import SynposeError
from synpose_tf.structures.skeleton import COCO_17, H36M_17, MPII_16, Skeleton

# OpenPose's "neck" is the midpoint of the shoulders, which is Human3.6M's thorax.
BODY_25 = Skeleton(
    name="BODY_25",
    joints=(
        "Nose", "Thorax", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist",
        "Hip", "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "REye", "LEye", "REar", "LEar",
        "LBigToe", "LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel",
    ),
    parents=(
        1, 8, 1, 2, 3, 1, 5, 6, -1, 8, 9, 10, 8, 12, 13, 0, 0, 15, 16, 14, 19, 14, 11, 22, 11,
    ),
)  # fmt: skip

# OpenPose's COCO model, the one of its first versions; 18 joints are COCO-17 and the neck.
OPENPOSE_18 = Skeleton(
    name="OpenPose-18",
    joints=(
        "Nose", "Thorax", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist",
        "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "REye", "LEye", "REar", "LEar",
    ),
    parents=(1, -1, 1, 2, 3, 1, 5, 6, 1, 8, 9, 1, 11, 12, 0, 0, 14, 15),
)  # fmt: skip

MEDIAPIPE_33 = Skeleton(
    name="MediaPipe-33",
    joints=(
        "Nose", "LEyeInner", "LEye", "LEyeOuter", "REyeInner", "REye", "REyeOuter", "LEar", "REar",
        "LMouth", "RMouth", "LShoulder", "RShoulder", "LElbow", "RElbow", "LWrist", "RWrist",
        "LPinky", "RPinky", "LIndex", "RIndex", "LThumb", "RThumb", "LHip", "RHip", "LKnee",
        "RKnee", "LAnkle", "RAnkle", "LHeel", "RHeel", "LFootIndex", "RFootIndex",
    ),
    parents=(
        -1, 0, 1, 2, 0, 4, 5, 3, 6, 0, 0, 0, 0, 11, 12, 13, 14, 15, 16, 15, 16, 15, 16,
        11, 12, 23, 24, 25, 26, 27, 28, 29, 30,
    ),
)  # fmt: skip

HALPE_26 = Skeleton(
    name="Halpe-26",
    joints=(
        *COCO_17.joints, "Head", "Neck", "Hip",
        "LBigToe", "RBigToe", "LSmallToe", "RSmallToe", "LHeel", "RHeel",
    ),
    parents=(
        18, 0, 0, 1, 2, 18, 18, 5, 6, 7, 8, 19, 19, 11, 12, 13, 14, 18, 19, -1,
        15, 16, 20, 21, 15, 16,
    ),
)  # fmt: skip

# What `--layout` calls them.
LAYOUTS = {
    "h36m": H36M_17,
    "coco": COCO_17,
    "mpii": MPII_16,
    "body25": BODY_25,
    "openpose18": OPENPOSE_18,
    "mediapipe": MEDIAPIPE_33,
    "halpe26": HALPE_26,
}

# Layouts with hands and face, by their count of joints: their first joints are those of a body.
WHOLE_BODY = {133: COCO_17, 136: HALPE_26}  # COCO-WholeBody, Halpe Full-Body.


def named(name: str) -> Skeleton:
    """The layout of a name, `coco` or `COCO-17`, in capitals or not.

    Raises:
        SynposeError: there is no such layout.
    """
    for short, layout in LAYOUTS.items():
        if name.lower() in (short, layout.name.lower()):
            return layout
    raise SynposeError(f"--layout={name}: no such layout. Expected one of {', '.join(LAYOUTS)}.")


def by_names(names: Sequence[str | None]) -> tuple[Skeleton | None, list[int]]:
    """The layout that joints of these names are in.

    Case and separators do not matter, nor how sides are written: `left_eye`, `Left Eye`, `LEye`.

    Args:
        names: of the joints in their order, None for one that has none.

    Returns:
        The layout, or None for no known one or, where some have no name, more than one; and for
        each of its joints the index of the joint in `names`.
    """
    given = [name and plain_name(name) for name in names]
    fitting = []
    for layout in LAYOUTS.values():
        known = [plain_name(joint) for joint in layout.joints]
        if layout in (BODY_25, OPENPOSE_18):  # So OpenPose calls it.
            known[known.index("thorax")] = "neck"
        if sorted(known) == sorted(name or "" for name in given):
            return layout, [given.index(name) for name in known]
        if len(known) == len(given) and all(
            name in (None, joint) for name, joint in zip(given, known, strict=True)
        ):
            fitting.append(layout)
    return fitting[0] if len(fitting) == 1 else None, list(range(len(names)))


_SAME = {"midhip": "hip", "pelvis": "hip", "root": "hip"}


def plain_name(name: str) -> str:
    """A joint's name as `lefteye`."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    words = [word.lower() for word in words]
    sides = {"l": "left", "r": "right", "left": "left", "right": "right"}
    side = next((word for word in words if word in sides), None)
    if side is None:
        plain = "".join(words)
    else:
        words.remove(side)
        plain = sides[side] + "".join(words)
    return _SAME.get(plain, plain)
