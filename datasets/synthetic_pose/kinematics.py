"""The body of `synthetic_pose`: bone lengths, joint angles and their limits, kinematics.

Body frame: x forward, y to the person's left, z up, the Hip joint at the origin;
millimetres and degrees.

A joint with three axes has the angles (flexion, side, twist), applied twist first in the
trunk and flexion first in the limbs. In the trunk flexion bends forward, side bends to the
right and twist turns to the left. In either limb flexion swings forward, side is abduction
and twist is inward rotation. Knees and elbows are 0 when straight. Pairs are stored (left,
right), and "outward" is the sideways direction away from the body's middle.
"""

import dataclasses

import numpy as np
import numpy.typing as npt

from synpose_tf.structures.skeleton import H36M_17

SIDES = np.array([1.0, -1.0])  # the sign of y on the left and on the right
TRUNK_JOINTS = PELVIS, LUMBAR, CHEST, NECK, HEAD = range(5)

# (low, high) of each axis, as wide as healthy adults move. Limbs: AAOS (1965); knee and elbow:
# Soucie et al. (2011). Trunk: lumbar, thoracic and cervical spine of White and Panjabi (1990),
# the neck's share split between its two ends. The pelvis turns against the ground.
LIMITS = {
    "trunk": (
        ((-60, 100), (-30, 30), (-30, 30)),
        ((-20, 50), (-20, 20), (-10, 10)),
        ((-15, 35), (-20, 20), (-35, 35)),
        ((-25, 30), (-20, 20), (-25, 25)),
        ((-20, 25), (-15, 15), (-35, 35)),
    ),
    "girdle": ((-10, 35), (-15, 25)),
    "shoulder": ((-60, 180), (-45, 180), (-90, 90)),
    "elbow": (0, 150),
    "hip": ((-30, 125), (-30, 45), (-45, 45)),
    "knee": (0, 150),
}

# At rest the spine is a curve: how far each part leans forward of the vertical.
CURVE = {"lumbar": -8.0, "thorax": 7.0, "neck": 6.0}

# The longest reach of a limb that follows a target: nobody stretches quite straight.
STRAIGHT = 0.998

# Flesh between a joint and the ground that it rests on, as a share of stature.
CLEARANCE = {"Ankle": 0.039, "Knee": 0.03, "Hip": 0.05, "Wrist": 0.015}


@dataclasses.dataclass(frozen=True)
class Body:
    """One person's size: millimetres between joint centres.

    `hip` and `shoulder` are half widths; `girdle` is the shoulders' height over the Thorax
    joint. The Nose joint lies half of the head's length up and `nose` forward.
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
    girdle: float
    upper_arm: float
    forearm: float

    @property
    def arm(self) -> float:
        return self.upper_arm + self.forearm

    @property
    def leg(self) -> float:
        return self.thigh + self.shank


# Stature of women and of men, (mean, standard deviation): ANSUR II (Gordon et al. 2014).
STATURE = ((1629.0, 64.0), (1756.0, 69.0))

# Shares of stature, (mean, standard deviation). Legs and upper arms: de Leva (1996), table 4,
# men; women's legs are measured there from another hip centre. Motion capture systems place the
# other joints by conventions of their own: these lie between the skeletons of CMU and
# Human3.6M, and their deviations cover both.
SHARES = {
    "thigh": (0.2425, 0.010),
    "shank": (0.2529, 0.010),
    "upper_arm": (0.1618, 0.007),
    "forearm": (0.143, 0.006),
    "hip": (0.058, 0.008),
    "lumbar": (0.129, 0.007),
    "thorax": (0.152, 0.010),
    "neck": (0.050, 0.010),
    "head": (0.090, 0.004),
    "nose": (0.057, 0.003),
    "shoulder": (0.108, 0.010),
    "girdle": (0.003, 0.010),
}


def sample_body(rng: np.random.Generator) -> Body:
    """Draws a person: sex, stature, and each length about its share of stature."""
    mean, deviation = STATURE[rng.integers(2)]
    spread = np.clip(rng.normal(size=1 + len(SHARES)), -2.5, 2.5)
    stature = mean + deviation * spread[0]
    shares = zip(SHARES.items(), spread[1:], strict=True)
    lengths = {name: stature * (mean + deviation * z) for (name, (mean, deviation)), z in shares}
    return Body(stature=stature, **lengths)


@dataclasses.dataclass(frozen=True)
class Angles:
    """Joint angles over F frames, degrees.

    Args:
        trunk: (F, 5, 3), in the order of TRUNK_JOINTS.
        girdle: (F, 2, 2), elevation and protraction of the shoulder girdle.
        shoulder, hip: (F, 2, 3).
        elbow, knee: (F, 2).
    """

    trunk: np.ndarray
    girdle: np.ndarray
    shoulder: np.ndarray
    elbow: np.ndarray
    hip: np.ndarray
    knee: np.ndarray


def within_limits(joint: str, angles: np.ndarray) -> np.ndarray:
    """Angles (..., *axes) clipped to `LIMITS[joint]`."""
    low, high = np.moveaxis(np.array(LIMITS[joint]), -1, 0)
    return np.minimum(np.maximum(angles, low), high)


def both_sides(points: npt.ArrayLike) -> np.ndarray:
    """(forward, outward, up), (3,) for both or (2, 3) for each side, in x, y, z: (2, 3)."""
    return np.asarray(points) * np.stack([np.ones(2), SIDES, np.ones(2)], axis=-1)


def rotation(axis: int, degrees: npt.ArrayLike) -> np.ndarray:
    """(..., 3, 3) right-handed rotations about x, y or z (axis 0, 1 or 2)."""
    radians = np.radians(degrees)
    cos, sin = np.cos(radians), np.sin(radians)
    matrix = np.zeros((*radians.shape, 3, 3))
    a, b = (axis + 1) % 3, (axis + 2) % 3
    matrix[..., axis, axis] = 1.0
    matrix[..., a, a] = matrix[..., b, b] = cos
    matrix[..., a, b], matrix[..., b, a] = -sin, sin
    return matrix


def trunk_rotation(angles: np.ndarray) -> np.ndarray:
    """(..., 3) angles of joints of the trunk to (..., 3, 3)."""
    return rotation(2, angles[..., 2]) @ rotation(1, angles[..., 0]) @ rotation(0, angles[..., 1])


def limb_rotation(angles: np.ndarray) -> np.ndarray:
    """(..., 2, 3) angles of hips or shoulders to (..., 2, 3, 3)."""
    flexion, side, twist = (angles[..., axis] for axis in range(3))
    return rotation(1, -flexion) @ rotation(0, SIDES * side) @ rotation(2, -SIDES * twist)


@dataclasses.dataclass(frozen=True)
class Trunk:
    """The trunk over F frames: rotations (F, 3, 3), points (F, 3), and of pairs (F, 2, 3)."""

    pelvis: np.ndarray
    chest: np.ndarray
    hips: np.ndarray
    spine: np.ndarray
    thorax: np.ndarray
    nose: np.ndarray
    head: np.ndarray


def trunk(body: Body, angles: np.ndarray) -> Trunk:
    """Forward kinematics of the trunk from its angles (F, 5, 3)."""
    local = trunk_rotation(angles)
    pelvis = local[:, PELVIS]
    lumbar = pelvis @ local[:, LUMBAR]
    chest = lumbar @ local[:, CHEST]
    neck = chest @ local[:, NECK]
    head = neck @ local[:, HEAD]

    def bone(frames, name):
        lean = np.radians(CURVE[name])
        return frames @ (getattr(body, name) * np.array([np.sin(lean), 0.0, np.cos(lean)]))

    spine = bone(lumbar, "lumbar")
    thorax = spine + bone(chest, "thorax")
    neck_top = thorax + bone(neck, "neck")
    return Trunk(
        pelvis=pelvis,
        chest=chest,
        hips=both_sides([0.0, body.hip, 0.0]) @ pelvis.swapaxes(-1, -2),
        spine=spine,
        thorax=thorax,
        nose=neck_top + head @ np.array([body.nose, 0.0, body.head / 2]),
        head=neck_top + head @ np.array([0.0, 0.0, body.head]),
    )


def shoulders(body: Body, core: Trunk, girdle: np.ndarray | None = None) -> np.ndarray:
    """(F, 2, 3) shoulder joints; `girdle` (F, 2, 2) is at rest when not given."""
    outward = both_sides([0.0, body.shoulder, body.girdle])
    if girdle is not None:
        raised = rotation(0, SIDES * girdle[..., 0])
        outward = rotation(2, -SIDES * girdle[..., 1]) @ raised @ outward[..., None]
        outward = outward[..., 0]
    return core.thorax[:, None] + outward @ core.chest.swapaxes(-1, -2)


def joint_positions(body: Body, angles: Angles) -> np.ndarray:
    """Forward kinematics: Human3.6M-17 joints (F, 17, 3) in the body frame."""
    core = trunk(body, angles.trunk)
    thigh = core.pelvis[:, None] @ limb_rotation(angles.hip)
    shank = thigh @ rotation(1, angles.knee)
    upper_arm = core.chest[:, None] @ limb_rotation(angles.shoulder)
    forearm = upper_arm @ rotation(1, -angles.elbow)
    knees = core.hips - body.thigh * thigh[..., 2]
    shoulder = shoulders(body, core, angles.girdle)
    elbows = shoulder - body.upper_arm * upper_arm[..., 2]
    points = {
        "Hip": np.zeros_like(core.spine),
        "Spine": core.spine,
        "Thorax": core.thorax,
        "Nose": core.nose,
        "Head": core.head,
    }
    pairs = {
        "Hip": core.hips,
        "Knee": knees,
        "Ankle": knees - body.shank * shank[..., 2],
        "Shoulder": shoulder,
        "Elbow": elbows,
        "Wrist": elbows - body.forearm * forearm[..., 2],
    }
    for name, pair in pairs.items():
        points["L" + name], points["R" + name] = pair[:, 0], pair[:, 1]
    return np.stack([points[joint] for joint in H36M_17.joints], axis=1)


def reach(
    target: np.ndarray, pole: np.ndarray, upper: float, lower: float, joint: str
) -> tuple[np.ndarray, np.ndarray]:
    """Inverse kinematics of a pair of arms or legs: the angles that reach a target.

    Angles beyond their limits are clipped, so a limb can miss its target.

    Args:
        target: (F, 2, 3), wrists or ankles relative to the shoulders or hips, in the frame
            of the chest or pelvis. One out of reach is approached.
        pole: (F, 2, 3), the direction that elbow or knee points to, in the same frame.
        upper, lower: lengths of the two bones.
        joint: "shoulder" or "hip".

    Returns:
        (F, 2, 3) angles of `joint` and (F, 2) of the elbow or knee.
    """
    middle, bends = {"shoulder": ("elbow", 1.0), "hip": ("knee", -1.0)}[joint]
    fold = np.radians(LIMITS[middle][1])
    shortest = np.sqrt(upper**2 + lower**2 + 2 * upper * lower * np.cos(fold))
    length = np.sqrt((target**2).sum(-1, keepdims=True))
    along = target / length
    length = np.clip(length, shortest, STRAIGHT * (upper + lower))
    across = pole - (pole * along).sum(-1, keepdims=True) * along
    across /= np.sqrt((across**2).sum(-1, keepdims=True))
    cos = (upper**2 + length**2 - lower**2) / (2 * upper * length)
    first = cos * along + np.sqrt(np.maximum(0, 1 - cos**2)) * across
    second = (length * along - upper * first) / lower
    bend = np.degrees(np.arccos(np.clip((first * second).sum(-1), -1, 1)))

    flexion = np.degrees(np.arctan2(first[..., 0], -first[..., 2]))
    flexion = np.where(flexion < -120, flexion + 360, flexion)  # backward of overhead
    side = np.degrees(np.arcsin(np.clip(SIDES * first[..., 1], -1, 1)))
    angles = within_limits(joint, np.stack([flexion, side, np.zeros_like(side)], axis=-1))
    second = bends * (second[..., None, :] @ limb_rotation(angles))[..., 0, :]
    angles[..., 2] = -SIDES * np.degrees(np.arctan2(second[..., 1], second[..., 0]))
    return within_limits(joint, angles), within_limits(middle, bend)


def place(body: Body, joints: np.ndarray, heading: np.ndarray, path: np.ndarray) -> np.ndarray:
    """Puts poses (F, 17, 3) of the body frame into a z-up world, on the ground z = 0.

    Args:
        heading: (F,), the body frame's x against the world's x, to the left.
        path: (F, 2), the Hip joint's x and y in the world.
    """
    joints = joints @ rotation(2, heading).swapaxes(-1, -2)
    heights = [
        joints[:, H36M_17.index(side + name), 2] - share * body.stature
        for name, share in CLEARANCE.items()
        for side in "LR"
    ]
    ground = np.min(heights, axis=0)
    return joints + np.concatenate([path, -ground[:, None]], axis=-1)[:, None]
