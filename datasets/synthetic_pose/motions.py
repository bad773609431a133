"""Motions of `synthetic_pose`: parametric clips of six activities.

A motion draws its parameters once a clip and moves smoothly through it. Hands, and the feet
of all but gait, follow targets by inverse kinematics, so that trunk, hips, knees and arms
agree; gait follows the joint angles of normal walking. Each motion is a function of

    rng: np.random.Generator, the clip's own.
    time: (F,), seconds.
    body: the person.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy.interpolate import CubicSpline

from synpose_tf.datasets.synthetic_pose import kinematics
from synpose_tf.datasets.synthetic_pose.kinematics import (
    CHEST,
    HEAD,
    NECK,
    PELVIS,
    SIDES,
    Angles,
    Body,
    Trunk,
    both_sides,
    within_limits,
)
from synpose_tf.datasets.synthetic_pose.postures import (
    Vectors,
    arms,
    gestures,
    glide,
    legs,
    on_thighs,
    posture,
    some_sides,
    stance,
    wander,
)

# Normal gait (Perry and Burnfield 2010): share of the stride since the heel's strike, flexion
# of the hip, flexion of the knee.
GAIT = np.array([
    (0.00, 28, 5), (0.12, 22, 18), (0.28, 6, 10), (0.40, -5, 5), (0.52, -12, 12),
    (0.62, -1, 38), (0.73, 20, 62), (0.86, 31, 32), (0.95, 29, 4), (1.00, 28, 5),
])  # fmt: skip
GAIT_CURVES = CubicSpline(GAIT[:, 0], GAIT[:, 1:], bc_type="periodic")
GAIT_MEAN = GAIT_CURVES.integrate(0, 1)


@dataclasses.dataclass(frozen=True)
class Motion:
    """A clip: joint angles, and the body frame's path (F, 2) and heading (F,) in the world."""

    angles: Angles
    path: np.ndarray
    heading: np.ndarray


def on_the_spot(
    rng: np.random.Generator,
    time: np.ndarray,
    body: Body,
    spine: np.ndarray,
    core: Trunk,
    ankles: np.ndarray,
    wrists: np.ndarray,
    pole: Vectors = (1.0, 0.15, 0.1),
) -> Motion:
    """The motion of a body whose feet stay."""
    limbs = legs(rng, body, core, ankles, pole) | arms(rng, time, body, core, wrists)
    return Motion(Angles(spine, **limbs), wander(rng, time, 8.0, (2,)), wander(rng, time, 2.0))


def standing(rng: np.random.Generator, time: np.ndarray, body: Body) -> Motion:
    """Weight shifts, gestures, hands at rest or busy."""
    spine = posture(
        rng, time, rng.normal(1, 4), rng.normal(0, 6), rng.normal(0, 4), rng.normal(0, 8)
    )
    core = kinematics.trunk(body, spine)
    ankles = stance(rng, time, body, body.leg * (1 - 0.03 * rng.random() ** 2))
    return on_the_spot(rng, time, body, spine, core, ankles, gestures(rng, time, body, core))


def walking(rng: np.random.Generator, time: np.ndarray, body: Body) -> Motion:
    """Gait of varied cadence, stride and course; arms swing or are busy."""
    return gait(rng, time, body, rng.uniform(0.65, 1.15), rng.uniform(0.6, 1.45), rng.normal(0, 18))


def gait(
    rng: np.random.Generator,
    time: np.ndarray,
    body: Body,
    cadence: float,
    stride: float,
    turn: float,
) -> Motion:
    """Walks.

    Args:
        cadence: strides a second.
        stride: swing of the hips in relation to normal gait.
        turn: degrees a second to the left.
    """
    phase = cadence * time + rng.random()
    both = np.stack([phase, phase + 0.5], axis=1)
    curves = GAIT_CURVES(both % 1.0)
    swing = np.cos(2 * np.pi * both)  # 1 at the heel's strike, when the leg is foremost
    tilt = rng.normal(2, 4)
    spine = posture(rng, time, tilt, rng.normal(0, 6))
    spine[:, PELVIS, 1] += 3 * stride * np.sin(2 * np.pi * phase)
    spine[:, PELVIS, 2] -= 5 * stride * swing[:, 0]
    spine[:, CHEST, 2] += 10 * stride * swing[:, 0]
    spine[:, [NECK, HEAD], 2] += np.clip(0.2 * turn, -8, 8) - 2.5 * stride * swing[:, :1]
    spine = within_limits("trunk", spine)
    core = kinematics.trunk(body, spine)

    hip = wander(rng, time, 1.0, (2, 3)) + rng.normal(size=3) * (0, 2, 5)
    hip[..., 0] += stride * (curves[..., 0] - GAIT_MEAN[0]) + GAIT_MEAN[0] + tilt
    knee = (0.6 + 0.4 * stride) * curves[..., 1] + rng.uniform(0, 6)
    limbs = arm_swing(rng, time, stride, swing)
    if rng.random() < 0.35:
        busy = arms(rng, time, body, core, gestures(rng, time, body, core))
        which = some_sides(rng)
        for name, idle in limbs.items():
            limbs[name] = np.where(which[:, None] if idle.ndim == 3 else which, busy[name], idle)
    limbs |= {"hip": within_limits("hip", hip), "knee": within_limits("knee", knee)}
    speed = cadence * 1.4 * stride * body.leg
    path, heading = course(time, speed, turn + wander(rng, time, 5.0))
    return Motion(Angles(spine, **limbs), path, heading)


def course(time: np.ndarray, speed: float, turn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Path (F, 2) and heading (F,) of who goes straight ahead; `turn` (F,), degrees a second."""
    step = time[1] - time[0]
    heading = step * np.cumsum(turn)
    ahead = np.stack([np.cos(np.radians(heading)), np.sin(np.radians(heading))], axis=-1)
    return step * speed * np.cumsum(ahead, axis=0), heading


def arm_swing(
    rng: np.random.Generator, time: np.ndarray, stride: float, swing: np.ndarray
) -> dict[str, np.ndarray]:
    """Angles of arms that swing with the opposite leg; `swing` (F, 2) is the legs'."""
    size = stride * rng.uniform(6, 24)
    opposite = swing[:, ::-1]
    shoulder = wander(rng, time, 2.0, (2, 3)) + rng.normal(size=3) * (5, 3, 10) + (0, 9, 20)
    shoulder[..., 0] += size * opposite
    elbow = rng.uniform(8, 45) + 0.3 * size * (opposite + 1) + wander(rng, time, 3.0, (2,))
    return {
        "girdle": np.zeros((len(time), 2, 2)),
        "shoulder": within_limits("shoulder", shoulder),
        "elbow": within_limits("elbow", elbow),
    }


def turning(rng: np.random.Generator, time: np.ndarray, body: Body) -> Motion:
    """Turns on the spot with small steps, or twists the trunk over planted feet."""
    sense = rng.choice(SIDES)
    if rng.random() < 0.5:
        rate = sense * rng.uniform(40, 120)
        return gait(rng, time, body, rng.uniform(0.6, 1.0), rng.uniform(0.15, 0.5), rate)
    ways = (rng.uniform(-10, 10), rng.uniform(25, 45), rng.uniform(-15, 45))
    twist = sense * glide(rng, time, ways)
    spine = posture(rng, time, rng.normal(1, 4), rng.normal(0, 7), rng.normal(0, 5), twist)
    spine[:, PELVIS, 2] += 0.5 * twist
    spine[:, [NECK, HEAD], 2] += 0.3 * twist[:, None]
    spine = within_limits("trunk", spine)
    core = kinematics.trunk(body, spine)
    ankles = stance(rng, time, body, body.leg * rng.uniform(0.95, 1.0))
    return on_the_spot(rng, time, body, spine, core, ankles, gestures(rng, time, body, core))


def reaching(rng: np.random.Generator, time: np.ndarray, body: Body) -> Motion:
    """One hand or both go for a target from the floor to overhead, and the body helps."""
    azimuth, height = rng.uniform(-80, 80), rng.uniform(0.03, 1.2) * body.stature
    effort = glide(rng, time, (rng.uniform(0, 0.4), 1.0, rng.uniform(0.2, 1.0)))
    low = effort * np.clip(1 - height / (0.65 * body.stature), 0, 1)
    high = effort * np.clip(height / body.stature - 0.9, 0, 0.3) / 0.3
    knees = rng.uniform(0.1, 0.9)  # rather than the back
    stoop = low * (1 - 0.7 * knees)
    spine = posture(
        rng,
        time,
        tilt=70 * stoop + 8 * effort * rng.uniform(-0.3, 1) + rng.normal(0, 3),
        bend=55 * stoop - 8 * high,
        side=-np.sign(azimuth) * 8 * high,
        twist=0.4 * azimuth * effort,
    )
    spine[:, PELVIS, 2] += 0.2 * azimuth * effort
    spine = within_limits("trunk", spine)
    core = kinematics.trunk(body, spine)
    hips = body.leg * (0.99 - 0.55 * knees * low)
    ankles = stance(rng, time, body, hips, forward=0.15 * body.leg * stoop)
    target, which = hand_target(rng, body, core, azimuth, height - hips - 0.04 * body.stature)
    wrists = gestures(rng, time, body, core)
    wrists = wrists + effort[:, None, None] * which[:, None] * (target - wrists)
    return on_the_spot(rng, time, body, spine, core, ankles, wrists)


def hand_target(
    rng: np.random.Generator, body: Body, core: Trunk, azimuth: float, height: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Wrists (F, 2, 3) that reach to `height` (F,) in a direction, and which hands do (2,)."""
    course: np.ndarray = np.full(2, np.radians(azimuth))
    which: np.ndarray = SIDES * azimuth > 0
    if rng.random() < 0.4:
        course, which = 0.4 * course - SIDES * rng.uniform(-0.25, 0.25), np.array([True, True])
    extent = rng.uniform(0.7, 0.99) * body.arm
    shoulders = kinematics.shoulders(body, core)
    rise = np.clip(height[:, None] - shoulders[..., 2], -0.97 * extent, 0.97 * extent)
    level = np.sqrt(extent**2 - rise**2)
    offset = np.stack([level * np.cos(course), level * np.sin(course), rise], axis=-1)
    return shoulders + offset, which


def crouching(rng: np.random.Generator, time: np.ndarray, body: Body) -> Motion:
    """Squats and stoops of varied depth, or kneels."""
    if rng.random() < 0.3:
        return kneeling(rng, time, body)
    depth = glide(rng, time, rng.uniform((0, 0.5, 0), 1))
    knees = rng.uniform(0.15, 0.95)  # rather than the back
    squat, stoop = depth * knees, depth * (1 - knees)
    spine = posture(
        rng, time,
        tilt=25 * squat + 75 * stoop + rng.normal(0, 6),
        bend=25 * depth * rng.random() + 35 * stoop,
        side=rng.normal(0, 4),
        twist=rng.normal(0, 8),
    )  # fmt: skip
    core = kinematics.trunk(body, spine)
    height = body.leg * (0.99 - 0.7 * squat)
    ankles = stance(rng, time, body, height, body.leg * (0.10 * depth + 0.08 * stoop))
    pole = (1.0, rng.uniform(0.1, 0.6), 0.4)
    support = None
    if rng.random() < 0.4:
        support = on_thighs(rng, body, core, legs(rng, body, core, ankles, pole)["hip"])
    wrists = gestures(rng, time, body, core, support, liveliness=0.2)
    return on_the_spot(rng, time, body, spine, core, ankles, wrists, pole)


def kneeling(rng: np.random.Generator, time: np.ndarray, body: Body) -> Motion:
    """On both knees, or on one with the other foot in front."""
    spine = posture(
        rng, time, rng.normal(5, 8), rng.normal(8, 12), rng.normal(0, 5), rng.normal(0, 8)
    )
    core = kinematics.trunk(body, spine)
    apart = body.leg * rng.uniform(0.06, 0.16)
    ankles = np.tile([-0.9 * body.shank, apart, -body.thigh * rng.uniform(0.93, 0.99)], (2, 1))
    if rng.random() < 0.6:
        ankles[rng.integers(2), 0] = rng.uniform(0.25, 0.5) * body.leg
    ankles = both_sides(ankles) + wander(rng, time, 5.0, (2, 3))
    wrists = gestures(rng, time, body, core, liveliness=0.3)
    return on_the_spot(rng, time, body, spine, core, ankles, wrists, (1.0, 0.1, -0.1))


def sitting(rng: np.random.Generator, time: np.ndarray, body: Body) -> Motion:
    """On a chair, sitting down, or on the floor; hands on thighs or table, or busy."""
    kind = rng.random()
    if kind < 0.25:
        return floor_sitting(rng, time, body)
    down = glide(rng, time, rng.permutation([0.0, 1.0])) if kind < 0.37 else np.ones_like(time)
    lean = 40 * np.sin(np.pi * down)
    tilt = glide(rng, time, rng.normal(-4, 9, 2)) + lean
    bend = glide(rng, time, rng.normal(6, 11, 2)) + 0.5 * lean
    spine = posture(rng, time, tilt, bend, rng.normal(0, 5), rng.normal(0, 9))
    core = kinematics.trunk(body, spine)
    ankles, pole = seat(rng, body)
    height = body.leg * (0.98 - down * (0.98 - rng.uniform(0.42, 0.72)))
    ankles = ankles * np.stack([down, np.ones_like(down), down], -1)[:, None]
    ankles[..., 2] -= height[:, None]
    ankles += wander(rng, time, 6.0, (2, 3))
    return seated(rng, time, body, spine, core, ankles, pole)


def seat(rng: np.random.Generator, body: Body) -> tuple[np.ndarray, np.ndarray]:
    """Ankles (2, 3) from under the Hip joint, and poles (2, 3): parallel or crossed legs."""
    forward = rng.uniform(0.25, 0.8) * body.leg
    ankles = np.tile([forward, rng.uniform(0.03, 0.28) * body.leg, 0.0], (2, 1))
    ankles[:, 0] += rng.normal(size=2) * 0.08 * body.leg
    pole = np.tile([1.0, rng.uniform(0.1, 0.5), 0.6], (2, 1))
    leg, crossed = rng.integers(2), rng.random()
    if crossed < 0.15:  # an ankle on the other knee
        ankles[leg] = (0.95 * body.thigh, -body.hip, 0.62 * body.leg)
        pole[leg] = (0.3, 1.0, 0.4)
    elif crossed < 0.3:  # a thigh over the other
        ankles[leg] = (1.15 * body.thigh, -0.15 * body.leg, 0.25 * body.leg)
        pole[leg] = (1.0, -0.1, 1.0)
    return both_sides(ankles), pole


def floor_sitting(rng: np.random.Generator, time: np.ndarray, body: Body) -> Motion:
    """On the floor with legs stretched, drawn up or crossed, or on the heels."""
    spine = posture(
        rng, time, rng.normal(-12, 6), rng.normal(16, 9), rng.normal(0, 5), rng.normal(0, 8)
    )
    core = kinematics.trunk(body, spine)
    forward, outward, height, pole = (
        (rng.uniform(0.45, 0.99), rng.uniform(0.05, 0.3), 0.01, (0.3, 0.2, 1.0)),
        (0.38, rng.uniform(-0.12, 0.05), 0.01, (0.5, 1.0, 0.35)),
        (-0.06, rng.uniform(0.06, 0.15), 0.17, (1.0, 0.2, -0.2)),
    )[rng.integers(3)]
    ankles = np.tile([forward, outward, -height], (2, 1)) * body.leg
    ankles[:, 0] += rng.normal(size=2) * 0.08 * forward * body.leg
    ankles = both_sides(ankles) + wander(rng, time, 4.0, (2, 3))
    return seated(rng, time, body, spine, core, ankles, pole)


def seated(
    rng: np.random.Generator,
    time: np.ndarray,
    body: Body,
    spine: np.ndarray,
    core: Trunk,
    ankles: np.ndarray,
    pole: Vectors,
) -> Motion:
    """The motion of who sits: hands rest on thighs or table, and may gesture."""
    rest = on_thighs(rng, body, core, legs(rng, body, core, ankles, pole)["hip"])
    if rng.random() < 0.4:
        table = (rng.uniform(0.4, 0.75), rng.uniform(-0.05, 0.35), rng.uniform(0.25, 0.6))
        rest = np.broadcast_to(both_sides(table) * body.arm, rest.shape)
    wrists = rest
    if rng.random() < 0.6:
        busy = gestures(rng, time, body, core, rest)
        wrists = np.where(some_sides(rng)[:, None], busy, rest)
    return on_the_spot(rng, time, body, spine, core, ankles, wrists, pole)


Performance = Callable[[np.random.Generator, np.ndarray, Body], Motion]
MOTIONS: dict[str, Performance] = {
    motion.__name__: motion for motion in (standing, walking, sitting, reaching, crouching, turning)
}
