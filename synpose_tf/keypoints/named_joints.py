"""Joints of trackers whose users name them: any names, any number, in any order.

The layout is taken of which the most joints are there; its others count as missed. Case,
separators and the way to write a side do not matter. DeepLabCut's human models number sides after
the Leeds Sports Pose data: `ankle1` is the right one, `ankle2` the left.
"""

from collections.abc import Sequence

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.keypoints.layouts import BODY_25, COCO_17, HALPE_26, MEDIAPIPE_33, plain_name
from synpose_tf.structures.skeleton import H36M_17, MPII_16, Skeleton

_NUMBERED = ("ankle", "knee", "hip", "wrist", "elbow", "shoulder")
_SAME = {"chin": "upperneck", "forehead": "head"}
# Of those that have as many of the joints, the first.
_LAYOUTS = (COCO_17, BODY_25, MPII_16, HALPE_26, MEDIAPIPE_33, H36M_17)
_NEEDED = ("LShoulder", "RShoulder", "LHip", "RHip")
_FEWEST = 8  # of Human3.6M's joints


def to_layout(
    names: Sequence[str], joints: np.ndarray, where: str, remedy: str
) -> tuple[Skeleton, np.ndarray]:
    """Joints in the order of a layout.

    Args:
        names: of N joints.
        joints: (F, N, 3), x, y, confidence.
        where: the file and place, for the message.
        remedy: for the message, what to do in the tracker.

    Returns:
        The layout and (F, J, 3), NaN with confidence 0 for joints that have no name here.

    Raises:
        SynposeError: they are too few for a person, or no person's.
    """
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise SynposeError(f"{where}: two points are called {twice[:80]!r}. Name each once.")
    given = [_plain(name, names) for name in names]
    index = {name: number for number, name in reversed([*enumerate(given)])}
    orders = {layout.name: [index.get(name) for name in _own(layout)] for layout in _LAYOUTS}
    layout = max(_LAYOUTS, key=lambda layout: sum(i is not None for i in orders[layout.name]))
    order = orders[layout.name]
    there = {joint for joint, i in zip(layout.joints, order, strict=True) if i is not None}
    if not there.issuperset(_NEEDED) or len(there & {*H36M_17.joints}) < _FEWEST:
        raise SynposeError(
            f"{where}: the tracked points are {', '.join(names)[:300]}. A person has both "
            f"shoulders and hips and at least {_FEWEST - len(_NEEDED)} more of knees, ankles, "
            f"elbows, wrists, nose and head, called left_hip, right_knee, …. {remedy}"
        )
    with np.errstate(over="ignore"):
        joints = joints.astype(np.float32)
    found = np.full((len(joints), len(layout), 3), np.nan, np.float32)
    found[..., 2] = 0.0
    for joint, i in enumerate(order):
        if i is not None:
            found[:, joint] = joints[:, i]
    return layout, found


def _plain(name, names):
    for joint in _NUMBERED:
        if name.lower() in (f"{joint}1", f"{joint}2") and {f"{joint}1", f"{joint}2"} <= {
            other.lower() for other in names
        }:
            return ("right" if name.endswith("1") else "left") + joint
    plain = plain_name(name)
    return _SAME.get(plain, plain)


def _own(layout):
    """What the layout's joints are called; the thorax is what people call the neck."""
    names = [plain_name(joint) for joint in layout.joints]
    return ["neck" if name == "thorax" and layout is BODY_25 else name for name in names]
