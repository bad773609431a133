"""What motions are made of: smooth signals, the trunk's posture, arms and legs with targets.

Body frame, millimetres and degrees as in `kinematics`; time in seconds. Everywhere

    rng: np.random.Generator, the clip's own.
    time: (F,).
    body: the person.
    core: the trunk over the clip.
"""

from collections.abc import Sequence

import numpy as np

from synpose_tf.datasets.synthetic_pose import kinematics
from synpose_tf.datasets.synthetic_pose.kinematics import (
    HEAD,
    Body,
    Trunk,
    both_sides,
    within_limits,
)

Number = float | np.ndarray  # For all frames, or (F,) or more for each.
# Forward, outward, up: (3,), or for each side (2, 3).
Vectors = Sequence[float] | np.ndarray

# Places of the wrist: forward, outward and up of the shoulder in the chest's frame, in arm
# lengths.
CALM = {
    "on the hip": (0.02, 0.16, -0.68),
    "before the belly": (0.42, -0.22, -0.62),
    "folded": (0.42, -0.38, -0.36),
    "behind the back": (-0.28, -0.10, -0.70),
    "in the pocket": (0.10, 0.10, -0.78),
    "carrying": (0.50, 0.12, -0.62),
}
LIVELY = {
    "before the chest": (0.62, 0.10, -0.25),
    "opened": (0.40, 0.62, -0.25),
    "taking a photo": (0.48, -0.16, 0.12),
    "at the mouth": (0.30, -0.26, 0.16),
    "phoning": (0.14, -0.14, 0.26),
    "on the head": (0.08, 0.00, 0.46),
    "pointing": (0.90, 0.06, 0.00),
    "to the side": (0.22, 0.88, 0.02),
    "waving": (0.28, 0.32, 0.46),
    "overhead": (0.22, 0.08, 0.92),
}


def wander(
    rng: np.random.Generator, time: np.ndarray, scale: float, shape: tuple[int, ...] = ()
) -> np.ndarray:
    """(F, *shape) smooth noise of deviation `scale`: four sinusoids of 0.1 to 0.9 Hz."""
    frequency = 2 * np.pi * rng.uniform(0.1, 0.9, (4, *shape))
    phase = rng.uniform(0, 2 * np.pi, (4, *shape))
    return scale * np.sin(np.multiply.outer(time, frequency) + phase).sum(axis=1) / np.sqrt(2)


def glide(
    rng: np.random.Generator,
    time: np.ndarray,
    ways: Sequence[Number] | np.ndarray,
    detour: Number = 0.0,
) -> np.ndarray:
    """Moves from each way to the next, resting between: minimum jerk (Flash and Hogan 1985).

    Args:
        ways: numbers, or arrays (F, ..., 3) of points to follow.
        detour: what a move swerves by at its middle, for each unit that it goes.

    Returns:
        (F,) or (F, ..., 3) array.
    """
    times = np.sort(rng.uniform(time[0], time[-1], 2 * len(ways) - 2))
    at = np.asarray(ways[0])
    at = at * np.ones_like(time) if at.ndim == 0 else at
    for way, start, stop in zip(ways[1:], times[::2], times[1::2], strict=True):
        share = np.clip((time - start) / max(stop - start, 0.7), 0, 1)
        share = (share**3 * (10 - 15 * share + 6 * share**2)).reshape(-1, *[1] * (at.ndim - 1))
        move = way - at
        distance = np.linalg.norm(move, axis=-1, keepdims=True)
        at = at + share * move + 4 * share * (1 - share) * distance * detour
    return at


def posture(
    rng: np.random.Generator,
    time: np.ndarray,
    tilt: Number = 0.0,
    bend: Number = 0.0,
    side: Number = 0.0,
    twist: Number = 0.0,
) -> np.ndarray:
    """Numbers of the trunk, (F, 5, 3).

    Args:
        tilt: of the pelvis forward, (F,) or a number, as all.
        bend, side, twist: of the spine, shared by its parts. The head keeps its gaze.
    """
    count = len(time)
    angles = wander(rng, time, 1.0, (5, 3)) + rng.normal(size=(5, 3))
    angles *= np.array([1.5, 2.0, 2.5, 2.0, 2.0])[:, None]
    gaze = glide(rng, time, rng.uniform(-45, 45, 3) * rng.uniform())
    nod = glide(rng, time, rng.normal(6, 9, 2)) - 0.75 * (tilt + bend)
    flexion = (tilt, 0.6 * bend, 0.4 * bend, 0.5 * nod, 0.5 * nod)
    sides = (0.0, 0.4 * side, 0.6 * side, -0.2 * side, -0.2 * side)
    twists = (0.0, 0.2 * twist, 0.8 * twist, 0.4 * gaze, 0.6 * gaze)
    for axis, shares in enumerate((flexion, sides, twists)):
        angles[..., axis] += np.stack([np.broadcast_to(share, count) for share in shares], axis=-1)
    # Nobody looks so far up that the nose comes behind the neck for a camera above.
    angles[..., HEAD, 0] += np.maximum(0, -5 - angles[..., 0].sum(axis=-1))
    return within_limits("trunk", angles)


def legs(
    rng: np.random.Generator,
    body: Body,
    core: Trunk,
    ankles: np.ndarray,
    pole: Vectors = (1.0, 0.15, 0.1),
) -> dict[str, np.ndarray]:
    """Numbers of hips and knees that bring the ankles to (F, 2, 3).

    `pole`: forward, outward, up, where the knees point; (3,) or for each side (2, 3).
    """
    pole = both_sides(pole + rng.normal(size=(2, 3)) * 0.08)
    hip, knee = kinematics.reach(
        (ankles - core.hips) @ core.pelvis, pole @ core.pelvis, body.thigh, body.shank, "hip"
    )
    return {"hip": hip, "knee": knee}


def arms(
    rng: np.random.Generator, time: np.ndarray, body: Body, core: Trunk, wrists: np.ndarray
) -> dict[str, np.ndarray]:
    """Numbers of girdle, shoulders and elbows that bring the wrists to (F, 2, 3).

    The girdle rises and comes forward with the arm. Elbows point down, out and back.
    """
    wrists = wrists + wander(rng, time, 0.012 * body.arm, (2, 3))
    aim = (wrists - kinematics.shoulders(body, core)) @ core.chest / body.arm
    girdle = np.stack([aim[..., 2] + 0.2, aim[..., 0] - 0.35], axis=-1).clip(0, 1) * (28, 22)
    target = (wrists - kinematics.shoulders(body, core, girdle)) @ core.chest
    pole = both_sides([-0.15, 0.6, -0.75] + rng.normal(size=(2, 3)) * 0.18)
    pole = np.broadcast_to(pole, target.shape)
    shoulder, elbow = kinematics.reach(target, pole, body.upper_arm, body.forearm, "shoulder")
    return {"girdle": girdle, "shoulder": shoulder, "elbow": elbow}


def hanging(rng: np.random.Generator, body: Body, core: Trunk) -> np.ndarray:
    """(F, 2, 3) wrists of arms that hang, however the trunk leans."""
    offset = (0.10, 0.14, -0.93) + rng.normal(size=3) * (0.06, 0.06, 0.015)
    return kinematics.shoulders(body, core) + both_sides(offset) * body.arm


def held(rng: np.random.Generator, body: Body, core: Trunk, place: Vectors) -> np.ndarray:
    """(F, 2, 3) wrists at a place of `CALM` or `LIVELY`."""
    offset = both_sides(place + rng.normal(size=3) * 0.06) * body.arm
    return kinematics.shoulders(body, core) + offset @ core.chest.swapaxes(-1, -2)


def on_thighs(rng: np.random.Generator, body: Body, core: Trunk, hip: np.ndarray) -> np.ndarray:
    """(F, 2, 3) wrists above the thighs, whose angles are `hip` (F, 2, 3)."""
    thighs = -(core.pelvis[:, None] @ kinematics.limb_rotation(hip))[..., 2]
    share = rng.uniform(0.55, 1.0, (2, 1))
    return core.hips + share * body.thigh * thighs + (0, 0, 0.04 * body.stature)


def gestures(
    rng: np.random.Generator,
    time: np.ndarray,
    body: Body,
    core: Trunk,
    rest: np.ndarray | None = None,
    liveliness: float = 0.4,
) -> np.ndarray:
    """(F, 2, 3) wrists that move from place to place, together or each for itself.

    `rest` (F, 2, 3) is where they are when idle; they hang when not given.
    """

    def place():
        if rng.random() < 0.4:
            return hanging(rng, body, core) if rest is None else rest
        places = list((LIVELY if rng.random() < liveliness else CALM).values())
        return held(rng, body, core, places[rng.integers(len(places))])

    round_the_front = core.chest[:, None, :, 0] * 0.35
    together = glide(rng, time, [place() for _ in range(3)], round_the_front)
    if rng.random() < 0.35:
        return together
    apart = glide(rng, time, [place() for _ in range(3)], round_the_front)
    return np.stack([together[:, 0], apart[:, 1]], axis=1)


def some_sides(rng: np.random.Generator) -> np.ndarray:
    """(2,) bool: the left, the right or both."""
    return np.array([(True, False), (False, True), (True, True)])[rng.integers(3)]


def stance(
    rng: np.random.Generator,
    time: np.ndarray,
    body: Body,
    height: Number,
    forward: Number = 0.0,
) -> np.ndarray:
    """(F, 2, 3) ankles on the ground, `height` under the Hip joint and `forward` of it."""
    ankles = both_sides([0.0, body.hip + body.leg * rng.uniform(-0.02, 0.14), 0.0])
    ankles = ankles + rng.normal(size=(2, 3)) * (0.05 * body.leg, 0, 0)
    sway = wander(rng, time, 0.012 * body.leg, (3,)) + rng.normal(size=3) * 0.025 * body.leg
    ankles = ankles - (sway * (1, 1, 0))[:, None]
    ankles[..., 0] += np.reshape(forward, (-1, 1))
    ankles[..., 2] -= np.reshape(height, (-1, 1))
    return ankles
