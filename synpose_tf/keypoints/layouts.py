"""Layouts: the joints that detectors give, in their order, as skeletons.

A joint that means the same point of the body as one of Human3.6M's 17 carries its name;
`conversion` maps by name. A layout's tree only says which joints are neighbours.
"""

from synpose_tf.errors import SynposeError
from synpose_tf.structures.skeleton import H36M_17, MPII_16, Skeleton

COCO_17 = Skeleton(
    name="COCO-17",
    joints=(
        "Nose", "LEye", "REye", "LEar", "REar", "LShoulder", "RShoulder", "LElbow", "RElbow",
        "LWrist", "RWrist", "LHip", "RHip", "LKnee", "RKnee", "LAnkle", "RAnkle",
    ),
    parents=(-1, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
)  # fmt: skip

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
