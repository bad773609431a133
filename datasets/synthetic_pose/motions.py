"""Motions of `synthetic_pose`: parametric clips of six activities.

A motion draws its parameters once a clip and moves smoothly in time. Feet and hands follow
targets by inverse kinematics, so that hips, knees, trunk and arms agree with each other;
gait follows the joint angles of normal walking. Millimetres, degrees, seconds; positions
are relative to the Hip joint with x forward and z up, see `kinematics`.
"""

import dataclasses

import numpy as np
from scipy.interpolate import CubicSpline

from synpose_tf.datasets.synthetic_pose import kinematics
from synpose_tf.datasets.synthetic_pose.kinematics import LIMITS, SIDES, Body

# Wrist positions relative to the shoulder in the chest's frame, in arm lengths:
# forward, outward, up.
HANDS = {
    "hip": (0.02, 0.16, -0.68),
    "belly": (0.42, -0.22, -0.62),
    "folded": (0.42, -0.38, -0.36),
    "back": (-0.28, -0.10, -0.70),
    "pocket": (0.10, 0.10, -0.78),
    "low": (0.50, 0.12, -0.62),
    "middle": (0.62, 0.10, -0.25),
    "wide": (0.40, 0.62, -0.25),
    "camera": (0.48, -0.16, 0.12),
    "mouth": (0.30, -0.26, 0.16),
    "ear": (0.14, -0.14, 0.26),
    "crown": (0.08, 0.00, 0.46),
    "point": (0.90, 0.06, 0.00),
    "side": (0.22, 0.88, 0.02),
    "wave": (0.28, 0.32, 0.46),
    "overhead": (0.22, 0.08, 0.92),
}  # fmt: skip
CALM = ("hip", "belly", "folded", "back", "pocket", "low")
LIVELY = ("middle", "wide", "camera", "mouth", "ear", "crown", "point", "side", "wave", "overhead")

# Normal gait: (share of the stride since heel strike, hip flexion, knee flexion), after
# Perry and Burnfield (2010).
GAIT = np.array([
    (0.00, 28, 5), (0.12, 22, 18), (0.28, 6, 10), (0.40, -5, 5), (0.52, -12, 12),
    (0.62, -1, 38), (0.73, 20, 62), (0.86, 31, 32), (0.95, 29, 4), (1.00, 28, 5),
])  # fmt: skip
_gait_curves = CubicSpline(GAIT[:, 0], GAIT[:, 1:], bc_type="periodic")


@dataclasses.dataclass(frozen=True)
class Motion:
    """Joint angles of F frames, the way the pelvis goes (F, 2) and its heading (F,)."""

    angles: dict
    path: np.ndarray
    heading: np.ndarray


def wander(rng, time, scale, shape=()):
    """(F, *shape) smooth noise about 0: four sinusoids of 0.1 to 0.9 Hz, deviation `scale`."""
    frequency = rng.uniform(0.1, 0.9, (4, *shape))
    phase = rng.uniform(0, 2 * np.pi, (4, *shape))
    at = np.reshape(time, (-1, 1) + (1,) * len(shape))
    return scale * np.sin(2 * np.pi * frequency * at + phase).sum(axis=1) / np.sqrt(2)


def glide(rng, time, tracks):
    """Moves from one track to the next with the smooth speed of a reaching hand.

    Minimum jerk (Flash and Hogan 1985) with a rest at each end.

    Args:
        tracks: K arrays that broadcast to (F, ...), or K constants.

    Returns:
        (F, ...) array.
    """
    ends = np.sort(rng.uniform(time[0], time[-1], 2 * (len(tracks) - 1)))
    value = np.asarray(tracks[0], float)
    shape = (-1,) + (1,) * (max(np.ndim(t) for t in tracks) - 1 if np.ndim(tracks[0]) else 0)
    for track, start, stop in zip(tracks[1:], ends[::2], ends[1::2], strict=True):
        share = np.clip((time - start) / max(stop - start, 0.4), 0, 1).reshape(shape)
        blend = share**3 * (10 - 15 * share + 6 * share**2)
        value = value + blend * (track - value)
    return np.broadcast_to(value, (len(time), *np.shape(value)[1:])) if np.ndim(value) else value


def posture(rng, time, pelvis=0.0, bend=0.0, side=0.0, twist=0.0):
    """Trunk angles from the pelvis' tilt and the trunk's bend, side bend and twist.

    Lumbar spine and chest share a bend; the head looks about and keeps level by half.
    """
    count = len(time)

    def joint(flexion, side, twist, noise):
        angles = np.stack([np.broadcast_to(a, count) for a in (flexion, side, twist)], axis=-1)
        return angles + wander(rng, time, noise, (3,)) + rng.normal(size=3) * noise

    gaze = glide(rng, time, list(rng.uniform(-40, 40, 3) * rng.uniform(0, 1)))
    nod = glide(rng, time, list(rng.normal(8, 8, 2))) - 0.25 * (np.asarray(bend) + pelvis)
    return {
        "pelvis": joint(pelvis, rng.normal() * 1.5, 0.0, 1.5),
        "lumbar": joint(0.6 * np.asarray(bend), 0.4 * side, 0.2 * twist, 2.0),
        "thorax": joint(0.4 * np.asarray(bend) + 4, 0.6 * side, 0.8 * twist, 2.5),
        "neck": joint(8 + 0.4 * nod, -0.2 * side, 0.4 * gaze, 3.0),
        "head": joint(0.6 * nod, 0.0, 0.6 * gaze, 3.0),
        "clavicle": np.zeros((count, 2, 2)),
    }


def clipped(angles):
    return kinematics.clip_angles(angles)


def legs(rng, body: Body, core, ankles, pole=(1.0, 0.15, 0.1)):
    """Angles of hips and knees whose ankles are at `ankles` (F, 2, 3), Hip at the origin.

    `pole` is the way the knees point: forward, outward, up; (3,) or (2, 3).
    """
    pole = np.asarray(pole) + rng.normal(size=(2, 3)) * 0.08
    pole = np.broadcast_to(pole * np.stack([np.ones(2), SIDES, np.ones(2)], -1), ankles.shape)
    target = np.einsum("fji,fsj->fsi", core.pelvis, ankles - core.hips)
    pole = np.einsum("fji,fsj->fsi", core.pelvis, pole)
    hip, knee = kinematics.reach(target, body.thigh, body.shank, pole, -1.0, LIMITS["knee"][0][1])
    return clipped({"hip": hip, "knee": knee})


def arms(rng, time, body: Body, spine: dict, wrists):
    """Angles of clavicles, shoulders and elbows whose wrists are at `wrists` (F, 2, 3).

    The shoulder girdle rises and comes forward with the arm.
    """
    core = kinematics.trunk(body, spine)
    wrists = wrists + wander(rng, time, 0.012 * body.arm, (2, 3))
    aim = np.einsum("fji,fsj->fsi", core.chest, wrists - core.shoulders) / body.arm
    girdle = np.stack(
        [28 * np.clip(aim[..., 2] + 0.2, 0, 1), 22 * np.clip(aim[..., 0] - 0.35, 0, 1)], axis=-1
    )
    core = kinematics.trunk(body, spine | {"clavicle": girdle})
    target = np.einsum("fji,fsj->fsi", core.chest, wrists - core.shoulders)
    pole = np.array([-0.35, 0.55, -0.75]) + rng.normal(size=(2, 3)) * 0.18
    pole = np.broadcast_to(pole * np.stack([np.ones(2), SIDES, np.ones(2)], -1), target.shape)
    shoulder, elbow = kinematics.reach(
        target, body.upper_arm, body.forearm, pole, 1.0, LIMITS["elbow"][0][1]
    )
    return clipped({"clavicle": girdle, "shoulder": shoulder, "elbow": elbow})


def hand(rng, body: Body, core, name):
    """(F, 2, 3) wrists, both at a place of `HANDS` or hanging from the shoulders."""
    spread = rng.normal(size=3) * 0.05
    if name == "hang":
        offset = np.array([0.10, 0.14, -0.93]) + spread * (1, 1, 0.3)
        offsets = offset * np.stack([np.ones(2), SIDES, np.ones(2)], -1) * body.arm
        return core.shoulders + offsets
    offsets = (HANDS[name] + spread) * np.stack([np.ones(2), SIDES, np.ones(2)], -1) * body.arm
    return core.shoulders + np.einsum("fij,sj->fsi", core.chest, offsets)


def gestures(rng, time, body: Body, core, rest=("hang",)):
    """(F, 2, 3) wrists that move between places, one side or both at a time."""

    def sequence():
        pools = [rest, CALM, LIVELY]
        names = [rng.choice(pools[rng.choice(3, p=(0.4, 0.25, 0.35))]) for _ in range(3)]
        return glide(rng, time, [hand(rng, body, core, name) for name in names])

    both = sequence()
    if rng.random() < 0.35:
        return both
    return np.stack([both[:, 0], sequence()[:, 1]], axis=1)


def stance(rng, time, body: Body, height, width=0.16, forward=0.0):
    """Pelvis-relative ankles (F, 2, 3) of planted feet; `height` of the Hip over them."""
    ankles = np.zeros((len(time), 2, 3))
    ankles[..., 0] = rng.normal(size=2) * 0.05 * body.leg
    ankles[..., 1] = SIDES * (width * body.leg * rng.uniform(0.6, 1.7))
    sway = wander(rng, time, 0.012 * body.leg, (2,)) + rng.normal(size=2) * 0.03 * body.leg
    ankles[..., :2] -= sway[:, None]
    ankles[..., 0] += np.reshape(forward, (-1, 1))
    ankles[..., 2] = -np.reshape(height, (-1, 1))
    return ankles


def standing(rng, time, body: Body):
    """Weight shifts, gestures, hands at rest or busy."""
    lean = rng.normal(2, 5)
    spine = posture(rng, time, lean, rng.normal(3, 7), rng.normal(0, 4), rng.normal(0, 8))
    core = kinematics.trunk(body, clipped(spine))
    ankles = stance(rng, time, body, body.leg * rng.uniform(0.955, 0.998))
    return _planted(rng, time, body, spine, ankles, gestures(rng, time, body, core))


def _planted(rng, time, body, spine, ankles, wrists, pole=(1.0, 0.15, 0.1)):
    spine = clipped(spine)
    core = kinematics.trunk(body, spine)
    angles = spine | legs(rng, body, core, ankles, pole) | arms(rng, time, body, spine, wrists)
    path = wander(rng, time, 10.0, (2,))
    return Motion(angles, path, wander(rng, time, 2.0))


def walking(rng, time, body: Body):
    """Gait with counter-swinging arms, of varied cadence, stride, course and arms."""
    cadence = rng.uniform(0.65, 1.15)  # strides a second
    stride = rng.uniform(0.5, 1.3)
    return _gait(rng, time, body, cadence, stride, rng.normal(0, 18))


def _gait(rng, time, body, cadence, stride, turn):
    phase = cadence * time + rng.uniform()
    both = np.stack([phase, phase + 0.5], axis=1)
    hip, knee = np.moveaxis(_gait_curves(both % 1.0), -1, 0)
    mean = GAIT[:-1, 1].mean()
    swing = np.cos(2 * np.pi * (both - 0.02))  # 1 where the leg is far forward
    lean = rng.normal(5, 3) + 3 * (stride - 1)
    spine = posture(rng, time, lean, rng.normal(2, 6), 0.0, 0.0)
    twist = 5 * stride * swing[:, 0]
    spine["pelvis"][:, 2] -= twist
    spine["pelvis"][:, 1] += 3 * stride * np.sin(2 * np.pi * phase)
    spine["thorax"][:, 2] += 2 * twist
    spine["head"][:, 2] += np.clip(turn * 0.4, -15, 15)
    count = len(time)
    thighs = np.zeros((count, 2, 3))
    thighs[..., 0] = stride * (hip - mean) + mean + lean - 5
    thighs[..., 1] = rng.normal(2, 2) + wander(rng, time, 1.0, (2,))
    thighs[..., 2] = rng.normal(-5, 5, 2)
    knees = (0.4 + 0.6 * stride) * knee + rng.uniform(0, 8)
    core = kinematics.trunk(body, clipped(spine))
    angles = (
        spine | {"hip": thighs, "knee": knees[..., None]} | _arm_swing(rng, time, stride, swing)
    )
    if rng.random() < 0.35:
        busy = arms(
            rng, time, body, clipped(spine), gestures(rng, time, body, core, ("hang", "pocket"))
        )
        which = ((0,), (1,), (0, 1))[rng.integers(3)]
        for name, value in busy.items():
            angles[name] = angles[name].copy()
            angles[name][:, which] = value[:, which]
    heading = np.cumsum(np.full(count, turn) + wander(rng, time, 5.0)) * (time[1] - time[0])
    speed = 2 * cadence * 0.75 * stride * body.leg
    course = np.radians(heading)
    path = np.cumsum(np.stack([np.cos(course), np.sin(course)], -1), axis=0)
    return Motion(clipped(angles), path * speed * (time[1] - time[0]), heading)


def _arm_swing(rng, time, stride, swing):
    reach = stride * rng.uniform(6, 24)
    bent = rng.uniform(8, 45)
    opposite = swing[:, ::-1]
    shoulder = np.zeros((*swing.shape, 3))
    shoulder[..., 0] = reach * opposite + rng.normal(0, 5)
    shoulder[..., 1] = rng.uniform(4, 14) + wander(rng, time, 2.0, (2,))
    shoulder[..., 2] = rng.uniform(0, 40)
    elbow = bent + 0.6 * reach * (opposite + 1) / 2 + wander(rng, time, 3.0, (2,))
    return {"shoulder": shoulder, "elbow": elbow[..., None]}


def turning(rng, time, body: Body):
    """Turns on the spot with small steps, or twists the trunk over planted feet."""
    sense = rng.choice([-1.0, 1.0])
    if rng.random() < 0.5:
        return _gait(
            rng, time, body, rng.uniform(0.6, 1.0), rng.uniform(0.15, 0.5),
            sense * rng.uniform(40, 120),
        )  # fmt: skip
    twist = sense * glide(
        rng, time, [rng.uniform(-10, 10), rng.uniform(25, 45), rng.uniform(-15, 45)]
    )
    spine = posture(rng, time, rng.normal(2, 5), rng.normal(3, 8), rng.normal(0, 5), twist)
    spine["pelvis"][:, 2] += 0.5 * twist
    spine["neck"][:, 2] += 0.3 * twist
    spine["head"][:, 2] += 0.3 * twist
    core = kinematics.trunk(body, clipped(spine))
    ankles = stance(rng, time, body, body.leg * rng.uniform(0.94, 0.995), width=0.2)
    return _planted(rng, time, body, spine, ankles, gestures(rng, time, body, core))


def sitting(rng, time, body: Body):
    """On a chair or on the floor; hands on thighs, a table, a phone, or gesturing."""
    if rng.random() < 0.25:
        return _floor_sitting(rng, time, body)
    seat = rng.uniform(0.42, 0.72) * body.leg
    tilt = glide(rng, time, list(rng.normal(-5, 9, 2)))
    bend = glide(rng, time, list(rng.normal(10, 12, 2))) + np.clip(tilt, 0, 20)
    spine = posture(rng, time, tilt, bend, rng.normal(0, 5), rng.normal(0, 9))
    ankles = np.zeros((len(time), 2, 3))
    forward = rng.uniform(0.35, 0.75) * body.leg
    ankles[..., 0] = forward + rng.normal(size=2) * 0.08 * body.leg
    ankles[..., 1] = SIDES * rng.uniform(0.03, 0.28) * body.leg
    ankles[..., 2] = -seat
    pole = np.tile([1.0, 0.1 + rng.uniform(0, 0.4), 0.6], (2, 1))
    crossed = rng.random()
    leg = rng.integers(2)
    if crossed < 0.15:  # an ankle on the other knee
        ankles[:, leg] = (0.95 * body.thigh, -SIDES[leg] * body.hip, 60.0)
        pole[leg] = (0.3, 1.0, 0.4)
    elif crossed < 0.3:  # a thigh over the other
        ankles[:, leg] = (
            1.15 * body.thigh, -SIDES[leg] * 0.15 * body.leg, -0.35 * body.leg
        )  # fmt: skip
        pole[leg] = (1.0, -0.1, 1.0)
    ankles += wander(rng, time, 6.0, (2, 3))
    return _seated(rng, time, body, spine, ankles, pole)


def _floor_sitting(rng, time, body):
    spine = posture(
        rng, time, rng.normal(-14, 6), rng.normal(22, 9), rng.normal(0, 5), rng.normal(0, 8)
    )
    ankles = np.zeros((len(time), 2, 3))
    way = rng.integers(3)
    spread = rng.normal(size=2) * 0.08 * body.leg
    if way == 0:  # legs stretched or knees drawn up
        ankles[..., 0] = rng.uniform(0.45, 0.99) * body.leg + spread
        ankles[..., 1] = SIDES * rng.uniform(0.05, 0.3) * body.leg
        pole = (0.3, 0.2, 1.0)
    elif way == 1:  # cross-legged
        ankles[..., 0] = 0.38 * body.leg + spread
        ankles[..., 1] = -SIDES * rng.uniform(-0.05, 0.12) * body.leg
        pole = (0.5, 1.0, 0.35)
    else:  # on the heels
        ankles[..., 0] = -0.06 * body.leg + 0.3 * spread
        ankles[..., 1] = SIDES * rng.uniform(0.06, 0.15) * body.leg
        pole = (1.0, 0.2, -0.2)
    ankles[..., 2] = -0.17 * body.leg if way == 2 else -0.01 * body.leg
    return _seated(rng, time, body, spine, ankles, pole)


def _seated(rng, time, body, spine, ankles, pole):
    spine = clipped(spine)
    core = kinematics.trunk(body, spine)
    angles = spine | legs(rng, body, core, ankles, pole)
    thighs = np.einsum("fij,fsj->fsi", core.pelvis, kinematics.limb_rotation(angles["hip"])[..., 2])
    share = rng.uniform(0.55, 0.95, (2, 1))
    on_thighs = core.hips - thighs * share * body.thigh + (0, 0, 0.04 * body.stature)
    table = np.stack(
        [
            rng.uniform(0.4, 0.75) * body.arm * np.ones(2),
            SIDES * rng.uniform(-0.05, 0.35) * body.arm,
            rng.uniform(0.1, 0.2, 2) * body.stature,
        ],
        -1,
    )
    rest = [on_thighs, np.broadcast_to(table, on_thighs.shape)][rng.integers(2)]
    wrists = rest
    if rng.random() < 0.6:
        moved = glide(rng, time, [rest, gestures(rng, time, body, core, CALM)])
        which = ((0,), (1,), (0, 1))[rng.integers(3)]
        wrists = rest.copy()
        wrists[:, which] = moved[:, which]
    angles |= arms(rng, time, body, spine, wrists)
    return Motion(angles, wander(rng, time, 4.0, (2,)), wander(rng, time, 1.5))


def reaching(rng, time, body: Body):
    """One hand or both to a target from the floor to overhead, the body helping."""
    azimuth = rng.uniform(-80, 80)
    height = rng.uniform(0.02, 1.2) * body.stature
    effort = glide(rng, time, [rng.uniform(0, 0.4), 1.0, rng.uniform(0.2, 1.0)])
    low = np.clip(0.62 - height / body.stature, 0, 0.6) / 0.6
    knees = rng.uniform(0.1, 0.9)
    drop = effort * low * knees * 0.55 * body.leg
    stoop = effort * low * (1 - 0.7 * knees)
    high = effort * np.clip(height / body.stature - 0.9, 0, 0.3) / 0.3
    spine = posture(
        rng, time, 70 * stoop + 8 * effort * rng.uniform(-0.3, 1), 55 * stoop - 8 * high + 5,
        -np.sign(azimuth) * 8 * high, azimuth * 0.4 * effort,
    )  # fmt: skip
    spine["pelvis"][:, 2] += 0.2 * azimuth * effort
    core = kinematics.trunk(body, clipped(spine))
    ankles = stance(rng, time, body, 0.98 * body.leg - drop, 0.2, 0.15 * body.leg * stoop)
    wrists = _reached(rng, time, body, core, azimuth, height, effort, -ankles[:, 0, 2])
    return _planted(rng, time, body, spine, ankles, wrists)


def _reached(rng, time, body, core, azimuth, height, effort, hip_height):
    """Wrists that leave their rest for a point at the given direction and height."""
    extent = rng.uniform(0.7, 0.99) * body.arm
    ground = hip_height + 0.039 * body.stature
    vertical = np.clip(
        height - ground[:, None] - core.shoulders[..., 2], -0.97 * extent, 0.97 * extent
    )
    level = np.sqrt(extent**2 - vertical**2)
    side = SIDES[int(azimuth < 0)]
    course = np.radians(azimuth) * np.ones(2)
    if rng.random() < 0.4:  # both hands
        course = np.radians(0.4 * azimuth) - SIDES * rng.uniform(-0.25, 0.25)
        which = (0, 1)
    else:
        which = (int(side < 0),)
    target = core.shoulders + np.stack(
        [level * np.cos(course), level * np.sin(course), vertical], axis=-1
    )
    wrists = gestures(rng, time, body, core)
    share = effort[:, None, None]
    moved = wrists + share * (target - wrists)
    wrists = wrists.copy()
    wrists[:, which] = moved[:, which]
    return wrists


def crouching(rng, time, body: Body):
    """Squats, kneels or bends down."""
    if rng.random() < 0.3:
        return _kneeling(rng, time, body)
    depth = glide(rng, time, list(rng.uniform(0, 1, 3)))
    squat = rng.uniform(0.15, 0.95)
    height = body.leg * (0.98 - 0.68 * depth * squat)
    stoop = depth * (1 - squat)
    tilt = 25 * depth * squat + 75 * stoop + rng.normal(0, 6)
    spine = posture(
        rng,
        time,
        tilt,
        25 * depth * rng.uniform(0, 1) + 35 * stoop,
        rng.normal(0, 4),
        rng.normal(0, 8),
    )
    core = kinematics.trunk(body, clipped(spine))
    ankles = stance(rng, time, body, height, 0.22, body.leg * (0.10 * depth + 0.08 * stoop))
    wrists = gestures(rng, time, body, core, ("hang", "low", "middle"))
    return _planted(rng, time, body, spine, ankles, wrists, (1.0, rng.uniform(0.1, 0.6), 0.4))


def _kneeling(rng, time, body):
    spine = posture(
        rng, time, rng.normal(8, 8), rng.normal(8, 12), rng.normal(0, 5), rng.normal(0, 8)
    )
    core = kinematics.trunk(body, clipped(spine))
    height = body.thigh * rng.uniform(0.93, 0.99)
    ankles = np.zeros((len(time), 2, 3))
    ankles[..., 0] = -0.9 * body.shank
    ankles[..., 1] = SIDES * rng.uniform(0.06, 0.16) * body.leg
    ankles[..., 2] = -height
    if rng.random() < 0.6:
        leg = rng.integers(2)
        ankles[:, leg, 0] = rng.uniform(0.25, 0.5) * body.leg
        ankles[:, leg, 2] = -height - 0.01 * body.stature
    ankles += wander(rng, time, 5.0, (2, 3))
    wrists = gestures(rng, time, body, core, ("hang", "low", "hip"))
    return _planted(rng, time, body, spine, ankles, wrists, (1.0, 0.1, -0.1))


MOTIONS = {
    motion.__name__: motion for motion in (standing, walking, sitting, reaching, crouching, turning)
}
