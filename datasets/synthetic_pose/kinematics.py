"""The body of `synthetic_pose`: bone lengths, joint angles with their limits, kinematics.

Frame: x forward, y to the person's left, z up, millimetres; the Hip joint is the origin
and the pelvis faces +x until `place` puts the body into a z-up world. Angles are degrees.

A joint that turns about three axes has angles (flexion, side, twist). Of the trunk:
flexion bends forward, side bends to the right, twist turns to the left. Of a limb, on
either side of the body: flexion swings it forward, side is abduction, twist is inward
rotation. Knees and elbows have one angle, 0 when straight. Paired joints are stored
(left, right).
"""

import dataclasses

import numpy as np

from synpose_tf.skeleton import H36M_17

# (low, high) per axis. Limbs, neck and knee: AAOS (1965); knee and elbow as measured by
# Soucie et al. (2011); the trunk's sum is divided between two joints as in White & Panjabi
# (1990). Neck and head share the cervical spine's range.
LIMITS = {
    "pelvis": ((-60, 100), (-30, 30), (-30, 30)),
    "lumbar": ((-20, 50), (-20, 20), (-10, 10)),
    "thorax": ((-10, 35), (-20, 20), (-35, 35)),
    "neck": ((-20, 30), (-20, 20), (-25, 25)),
    "head": ((-20, 20), (-20, 20), (-35, 35)),
    "clavicle": ((-10, 40), (-20, 30)),
    "shoulder": ((-60, 180), (-45, 180), (-90, 90)),
    "elbow": ((0, 150),),
    "hip": ((-30, 125), (-30, 45), (-45, 45)),
    "knee": ((0, 150),),
}
PAIRED = ("clavicle", "shoulder", "elbow", "hip", "knee")
SIDES = np.array([1.0, -1.0])  # the sign of y on the left and on the right

# Contact of the joint centres with the ground, as a fraction of stature.
CLEARANCE = {"Ankle": 0.039, "Knee": 0.03, "Hip": 0.05, "Wrist": 0.015}


@dataclasses.dataclass(frozen=True)
class Body:
    """Lengths in millimetres between the joint centres of one person.

    `hip` and `shoulder` are half widths; `head` is the head's length from the top of the
    neck; the nose lies half of it up and `nose` forward.
    """

    stature: float
    hip: float
    thigh: float
    shank: float
    lumbar: float
    thorax: float
    neck: float
    head: float
    nose: float
    shoulder: float
    upper_arm: float
    forearm: float

    @property
    def arm(self) -> float:
        return self.upper_arm + self.forearm

    @property
    def leg(self) -> float:
        return self.thigh + self.shank


# Stature (mean, standard deviation) from ANSUR II (Gordon et al. 2014). Lengths as fractions
# of stature: limbs from de Leva (1996), table 4. Joints of the trunk and head are placed
# by the convention of a motion capture system; these lie between CMU's and Human3.6M's.
STATURE = {"female": (1629.0, 64.0), "male": (1756.0, 69.0)}
TRUNK = {"lumbar": 0.131, "thorax": 0.146, "neck": 0.066, "head": 0.090, "nose": 0.057}
PROPORTIONS = {
    "female": TRUNK
    | {"hip": 0.057, "thigh": 0.2124, "shank": 0.2528}
    | {"shoulder": 0.099, "upper_arm": 0.1586, "forearm": 0.1523},
    "male": TRUNK
    | {"hip": 0.055, "thigh": 0.2425, "shank": 0.2529}
    | {"shoulder": 0.104, "upper_arm": 0.1618, "forearm": 0.1545},
}
LENGTH_DEVIATION = 0.04
WIDTH_DEVIATION = 0.10


def sample_body(rng) -> Body:
    """Draws a person: sex, stature, and each length about its share of the stature."""
    sex = ("female", "male")[rng.integers(2)]
    stature = np.clip(rng.normal(), -2.5, 2.5) * STATURE[sex][1] + STATURE[sex][0]
    lengths = {}
    for name, fraction in PROPORTIONS[sex].items():
        deviation = WIDTH_DEVIATION if name in ("hip", "shoulder") else LENGTH_DEVIATION
        lengths[name] = stature * fraction * (1 + deviation * np.clip(rng.normal(), -2.5, 2.5))
    return Body(stature=stature, **lengths)


def clip_angles(angles: dict) -> dict:
    """Angles within `LIMITS`: {name: (F, axes) or, of paired joints, (F, 2, axes)}."""
    return {name: np.clip(value, *np.transpose(LIMITS[name])) for name, value in angles.items()}


def rotation(axis: int, degrees) -> np.ndarray:
    """(..., 3, 3), right-handed rotations about x, y or z (axis 0, 1, 2)."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.zeros((*np.shape(degrees), 3, 3))
    a, b = (axis + 1) % 3, (axis + 2) % 3
    matrix[..., axis, axis] = 1.0
    matrix[..., a, a] = matrix[..., b, b] = cos
    matrix[..., a, b], matrix[..., b, a] = -sin, sin
    return matrix


def trunk_rotation(angles):
    """(..., 3) flexion, side and twist of a trunk joint to (..., 3, 3)."""
    flexion, side, twist = np.moveaxis(np.asarray(angles), -1, 0)
    return rotation(2, twist) @ rotation(1, flexion) @ rotation(0, side)


def limb_rotation(angles):
    """(..., 2, 3) angles of the left and right hips or shoulders to (..., 2, 3, 3)."""
    flexion, side, twist = np.moveaxis(np.asarray(angles), -1, 0)
    return rotation(1, -flexion) @ rotation(0, SIDES * side) @ rotation(2, -SIDES * twist)


def _offset(rotations, x=0.0, y=0.0, z=0.0):
    return rotations @ np.array([x, y, z])


@dataclasses.dataclass(frozen=True)
class Trunk:
    """Rotations (F, 3, 3) and positions relative to the Hip joint, (F, 3) or (F, 2, 3)."""

    pelvis: np.ndarray
    chest: np.ndarray
    head: np.ndarray
    hips: np.ndarray
    spine: np.ndarray
    neck_base: np.ndarray
    shoulders: np.ndarray
    nose: np.ndarray
    head_top: np.ndarray


def trunk(body: Body, angles: dict) -> Trunk:
    """Forward kinematics of the trunk and head from the angles of their joints."""
    pelvis = trunk_rotation(angles["pelvis"])
    lumbar = pelvis @ trunk_rotation(angles["lumbar"])
    chest = lumbar @ trunk_rotation(angles["thorax"])
    neck = chest @ trunk_rotation(angles["neck"])
    head = neck @ trunk_rotation(angles["head"])
    spine = _offset(lumbar, z=body.lumbar)
    neck_base = spine + _offset(chest, z=body.thorax)
    neck_top = neck_base + _offset(neck, z=body.neck)
    elevation, protraction = np.moveaxis(angles["clavicle"], -1, 0)
    clavicle = rotation(2, -SIDES * protraction) @ rotation(0, SIDES * elevation)
    outward = np.stack([np.zeros(2), SIDES * body.shoulder, np.full(2, -0.012 * body.stature)], -1)
    return Trunk(
        pelvis=pelvis,
        chest=chest,
        head=head,
        hips=np.stack([_offset(pelvis, y=side * body.hip) for side in SIDES], axis=1),
        spine=spine,
        neck_base=neck_base,
        shoulders=neck_base[:, None] + np.einsum("fij,fsjk,sk->fsi", chest, clavicle, outward),
        nose=neck_top + _offset(head, x=body.nose, z=body.head / 2),
        head_top=neck_top + _offset(head, z=body.head),
    )


def joint_positions(body: Body, angles: dict) -> np.ndarray:
    """Forward kinematics: angles of F frames to Human3.6M-17 joints (F, 17, 3)."""
    core = trunk(body, angles)
    thigh = core.pelvis[:, None] @ limb_rotation(angles["hip"])
    shank = thigh @ rotation(1, angles["knee"][..., 0])
    upper_arm = core.chest[:, None] @ limb_rotation(angles["shoulder"])
    forearm = upper_arm @ rotation(1, -angles["elbow"][..., 0])
    knees = core.hips + _offset(thigh, z=-body.thigh)
    elbows = core.shoulders + _offset(upper_arm, z=-body.upper_arm)
    pairs = {
        "Hip": core.hips,
        "Knee": knees,
        "Ankle": knees + _offset(shank, z=-body.shank),
        "Shoulder": core.shoulders,
        "Elbow": elbows,
        "Wrist": elbows + _offset(forearm, z=-body.forearm),
    }
    points = {
        "Hip": np.zeros_like(core.spine),
        "Spine": core.spine,
        "Thorax": core.neck_base,
        "Nose": core.nose,
        "Head": core.head_top,
    }
    for name, pair in pairs.items():
        points["L" + name], points["R" + name] = pair[:, 0], pair[:, 1]
    return np.stack([points[joint] for joint in H36M_17.joints], axis=1)


def reach(target, upper: float, lower: float, pole, bend_sign: float, limit: float):
    """Inverse kinematics of a pair of two-bone limbs.

    Args:
        target: (F, 2, 3), ankles or wrists relative to the hips or shoulders, in the frame
            of pelvis or chest. Targets out of reach are pulled into reach.
        upper, lower: lengths of the two bones.
        pole: (F, 2, 3), the way that knee or elbow should point.
        bend_sign: 1 for elbows, which bend forward, -1 for knees.
        limit: the largest bend, degrees.

    Returns:
        (F, 2, 3) angles of the hips or shoulders, (F, 2, 1) bends.
    """
    folded = np.sqrt(upper**2 + lower**2 + 2 * upper * lower * np.cos(np.radians(limit)))
    length = np.linalg.norm(target, axis=-1, keepdims=True)
    along = target / length
    length = np.clip(length, folded, 0.9995 * (upper + lower))
    across = pole - (pole * along).sum(-1, keepdims=True) * along
    across = across / np.linalg.norm(across, axis=-1, keepdims=True)
    cos = (upper**2 + length**2 - lower**2) / (2 * upper * length)
    bone = cos * along + np.sqrt(np.maximum(0, 1 - cos**2)) * across
    second = (length * along - upper * bone) / lower
    bend = np.degrees(np.arccos(np.clip((bone * second).sum(-1, keepdims=True), -1, 1)))

    flexion = np.degrees(np.arctan2(bone[..., 0], -bone[..., 2]))
    flexion = np.where(flexion < -120, flexion + 360, flexion)
    side = np.degrees(np.arcsin(np.clip(SIDES * bone[..., 1], -1, 1)))
    untwisted = limb_rotation(np.stack([flexion, side, np.zeros_like(side)], axis=-1))
    second = np.einsum("fsji,fsj->fsi", untwisted, second) * bend_sign
    twist = -SIDES * np.degrees(np.arctan2(second[..., 1], second[..., 0]))
    return np.stack([flexion, side, twist], axis=-1), bend


def place(body: Body, joints, heading, path) -> np.ndarray:
    """Puts poses into the world: heading (F,) in degrees, path (F, 2), feet on z = 0.

    The lowest joint, less the flesh beneath it, touches the ground.
    """
    joints = np.einsum("fij,fkj->fki", rotation(2, heading), joints)
    lowest = np.stack(
        [
            joints[:, H36M_17.index(side + name), 2] - fraction * body.stature
            for name, fraction in CLEARANCE.items()
            for side in "LR"
        ]
    ).min(axis=0)
    joints[..., :2] += path[:, None] - joints[:, :1, :2]
    joints[..., 2] -= lowest[:, None]
    return joints
