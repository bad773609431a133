"""Which way is up in a picture, as the people in it tell.

Angles are degrees clockwise from the picture's upper edge: 0 stands, 90 has the head on the right.

A **rolled camera** shows in people who stand, whose legs are as long in the picture as their trunk
or longer. Two signs must agree: their bodies, from the feet to the shoulders, and their balance,
from the foot that carries to the centre of mass (by the segments' masses of Winter, Biomechanics,
4th ed., table 4.1, the arms' and legs' added up), which leaning people keep above it. Of 1,216
views of CMU's motion none has both beyond `LEAST_ROLL`; turned by 20 to 35 degrees, 19 of 20 are
found, 3 degrees off (median).

A **turned recording**, of a phone held otherwise, shows people who lie or stand on their heads
nearly always. So do acrobats: it is said, not undone.
"""

import numpy as np

from synpose_tf.io.scratch import Column
from synpose_tf.structures.skeleton import Skeleton

LEAST_ROLL, MOST_ROLL = 18.0, 50.0
_FRAMES = 500  # Evenly spread; enough to tell.
_FEWEST = 10  # Frames in which somebody stands.
_STANDING = 0.95  # Of the trunk, the least length of the legs.
_MOSTLY = 0.5
_NEARLY_ALWAYS, _TURNED = 0.8, 60.0
_JOINTS = ("Shoulder", "Elbow", "Wrist", "Hip", "Knee", "Ankle")
# Masses, as parts of the body's, at the middles between these joints.
_MASSES = {
    ("Hip", "Shoulder"): 0.497,
    ("Shoulder", "Elbow"): 0.056,
    ("Elbow", "Wrist"): 0.044,
    ("Hip", "Knee"): 0.200,
    ("Knee", "Ankle"): 0.122,
}
_HEAD_MASS, _HEAD_ABOVE = 0.081, 0.4  # The head, so many trunks above the shoulders.


def camera_roll(points: Column, layout: Skeleton) -> float:
    """By how much people who stand are tilted in the picture, 0 for no or too little evidence.

    Args:
        points: (F, J, 2), pixels, NaN where not seen; an array, or rows on disk.

    Returns:
        Degrees, clockwise.
    """
    body = _sides(points, layout)
    trunk = np.linalg.norm(body["Shoulder"].mean(1) - body["Hip"].mean(1), axis=-1)
    legs = np.linalg.norm(body["Hip"].mean(1) - body["Ankle"].mean(1), axis=-1)
    known = np.isfinite(list(body.values())).all((0, 2, 3))
    stands = known & (legs >= _STANDING * trunk)
    if stands.sum() < max(_FEWEST, _MOSTLY * known.sum()):
        return 0.0
    body = {name: joints[stands] for name, joints in body.items()}
    along = body["Shoulder"].mean(1) - body["Ankle"].mean(1)
    tilt = float(np.median(_angle(along)))
    balance = _balance(body, trunk[stands])
    both = np.array([tilt, balance])
    if not (abs(both) >= LEAST_ROLL).all() or (abs(both) > MOST_ROLL).any() or tilt * balance < 0:
        return 0.0
    return float(both.mean())


def roll_note(degrees: float) -> str:
    """What a user should know of a roll that was estimated and taken out."""
    return (
        f"people are tilted by {degrees:.0f} degrees, taken for the camera's roll; --roll sets "
        "another, --roll=0 none"
    )


def turned(points: Column, layout: Skeleton) -> int:
    """By how much the recording seems turned clockwise: 0, 90, 180 or 270.

    Args:
        points: as for `camera_roll`.
    """
    body = _sides(points, layout)
    angles = _angle(body["Shoulder"].mean(1) - body["Hip"].mean(1))
    angles = angles[np.isfinite(angles)]
    if len(angles) < _FEWEST:
        return 0
    quarters = np.round(angles / 90.0).astype(int) % 4
    quarter = np.bincount(quarters, minlength=4).argmax()
    of_them = (quarters == quarter) & (np.abs(angles) > _TURNED)
    return int(90 * quarter) if of_them.mean() >= _NEARLY_ALWAYS else 0


def _sides(points, layout):
    """Left and right joints (n, 2, 2) by name, of some frames."""
    sample = np.asarray(points[:: max(1, len(points) // _FRAMES)], np.float64)
    order = {name: [layout.index(f"{side}{name}") for side in "LR"] for name in _JOINTS}
    return {name: sample[:, pair] for name, pair in order.items()}


def _angle(vectors):
    return np.degrees(np.arctan2(vectors[..., 0], -vectors[..., 1]))


def _balance(body, trunk):
    """The direction in which the centre of mass lies, seen from the foot that carries."""
    middle = {name: joints.mean(1) for name, joints in body.items()}
    shoulders, hips = middle["Shoulder"], middle["Hip"]
    mass = _HEAD_MASS * (shoulders + _HEAD_ABOVE * (shoulders - hips))
    for (upper, lower), part in _MASSES.items():
        mass += part * (middle[upper] + middle[lower]) / 2.0
    tilt = np.median(_angle(shoulders - hips))
    for _ in range(8):  # Which foot is lower depends on where up is.
        up = np.array([np.sin(np.radians(tilt)), -np.cos(np.radians(tilt))])
        height = body["Ankle"] @ up
        left = 1.0 / (1.0 + np.exp(12.0 * (height[:, 0] - height[:, 1]) / trunk))
        foot = left[:, None] * body["Ankle"][:, 0] + (1.0 - left)[:, None] * body["Ankle"][:, 1]
        off = (_angle(mass - foot) - tilt + 180.0) % 360.0 - 180.0
        tilt += np.median(off)
    return float((tilt + 180.0) % 360.0 - 180.0)
