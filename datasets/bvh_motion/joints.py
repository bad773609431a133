"""Human3.6M's 17 joints of a motion whose skeleton is another.

From the table of names come hips, knees, ankles, shoulders, elbows, wrists and `Skull`, the joint
that turns the head. Of the others, those that no table names:

  Hip     the middle of the hips.
  Thorax  the middle of the shoulders. CMU's, halfway along its lower neck, is 1 to 3 cm off.
  Spine   on the line from Hip through the joints of the spine to Thorax, at 0.475 of its length,
          which is Human3.6M's own.
  Head    above Skull by 0.12 of a leg's length (thigh and shank), CMU's own share.
  Nose    halfway from Skull to Head, and forward by 0.12 of a leg's length: CMU's 10 cm.

Above and forward go with the head. Where the skeleton's rest pose is a person's, the head looks
ahead in it; otherwise it does on average over the clip, as seen from hips and shoulders.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from synpose_tf.datasets.bvh_motion import bvh
from synpose_tf.datasets.bvh_motion.conventions import Place
from synpose_tf.structures.skeleton import H36M_17

SPINE_SHARE = 0.475
HEAD_SHARE = 0.12  # of a leg's length, above Skull and forward
_SIDES = ("L", "R")


@dataclasses.dataclass(frozen=True)
class Figure:
    """A person in F frames.

    Args:
        points: (F, 17, 3), in the file's world and unit.
        rest: (17, 3), the same with all rotations zero; None where that is no person's pose.
        leg: the length of thigh and shank together, the mean of both sides.
    """

    points: np.ndarray
    rest: np.ndarray | None
    leg: float


def figure(motion: bvh.Motion, table: Mapping[str, Place], frames: np.ndarray) -> Figure:
    """The joints in some frames (F,) of a motion, by a table with the file's own names."""
    index = {name: number for number, name in enumerate(motion.skeleton.names)}
    spine = _spine(motion.skeleton, table, index)
    needed = {index[name] for place in table.values() for name in _names(place)} | {*spine}
    places, turns = bvh.forward_kinematics(motion, frames, needed)
    still = bvh.rest_places(motion.skeleton)[None]
    rest = {joint: still[:, joint] for joint in needed}

    def limbs(of):
        return {joint: _resolve(place, index, of) for joint, place in table.items()}

    points, calm = limbs(places), limbs(rest)
    _add_trunk(points, [places[joint] for joint in spine])
    _add_trunk(calm, [rest[joint] for joint in spine])
    leg = leg_length(points)
    head = turns[index[_names(table["Skull"])[0]]]
    if human := is_standing(calm):
        ahead = body_frame(calm)[0]
    else:
        ahead = _nearest_rotation((head.swapaxes(1, 2) @ body_frame(points)).mean(axis=0))
    _add_head(points, head @ ahead, leg)
    _add_head(calm, ahead[None], leg)
    return Figure(_stack(points), _stack(calm)[0] if human else None, leg)


def leg_length(points: Mapping[str, np.ndarray]) -> float:
    """The length of thigh and shank, of joints by name (F, 3): median, mean of both sides."""
    bones = [
        np.linalg.norm(points[side + lower] - points[side + upper], axis=-1)
        for side in _SIDES
        for upper, lower in (("Hip", "Knee"), ("Knee", "Ankle"))
    ]
    return float(np.median(bones, axis=1).sum() / 2)


def body_frame(points: Mapping[str, np.ndarray]) -> np.ndarray:
    """(F, 3, 3) of joints by name (F, 3); columns are the person's left, up and forward."""
    up = _unit(points["Thorax"] - points["Hip"])
    across = points["LShoulder"] - points["RShoulder"] + points["LHip"] - points["RHip"]
    left = _unit(across - (across * up).sum(axis=-1, keepdims=True) * up)
    return np.stack([left, up, np.cross(left, up)], axis=-1)


def is_standing(points: Mapping[str, np.ndarray]) -> bool:
    """Whether joints by name (1, 3) are those of a person who stands straight."""
    leg = leg_length(points)
    (left, up, _) = body_frame(points)[0].T
    legs = [points[f"{side}Hip"][0] - points[f"{side}Ankle"][0] for side in _SIDES]
    trunk, neck = (points[a][0] - points[b][0] for a, b in (("Thorax", "Hip"), ("Skull", "Thorax")))
    apart = [points[f"L{joint}"][0] - points[f"R{joint}"][0] for joint in ("Hip", "Shoulder")]
    return bool(
        all(line @ up > 0.9 * leg for line in legs)
        and trunk @ up > 0.3 * leg
        and neck @ up > 0
        and all(line @ left > 0.9 * np.linalg.norm(line) > 0 for line in apart)
    )


# === The table ===


def _names(place):
    return (place,) if isinstance(place, str) else place[:2]


def _resolve(place, index, places):
    if isinstance(place, str):
        return places[index[place]]
    start, end, share = place
    return (1 - share) * places[index[start]] + share * places[index[end]]


def _spine(skeleton, table, index):
    """The joints between the pelvis, where the legs part, and the chest, where the arms do."""

    def lines(*joints):
        return [skeleton.ancestors(index[_names(table[joint])[0]]) for joint in joints]

    left, right = lines("LHip", "RHip")
    pelvis = {*left} & {*right}
    left, right, skull = lines("LShoulder", "RShoulder", "Skull")
    return [
        joint
        for joint in reversed(skull)
        if joint in left and joint in right and joint not in pelvis
    ]


# === What is derived ===


def _add_trunk(points, spine):
    points["Hip"] = (points["LHip"] + points["RHip"]) / 2
    points.setdefault("Thorax", (points["LShoulder"] + points["RShoulder"]) / 2)
    if "Spine" not in points:
        line = np.stack([points["Hip"], *spine, points["Thorax"]])  # (joints, F, 3)
        lengths = np.median(np.linalg.norm(np.diff(line, axis=0), axis=-1), axis=1)
        ends = np.cumsum([0.0, *lengths])
        wanted = SPINE_SHARE * ends[-1]
        bone = min(int(np.searchsorted(ends, wanted, side="right")) - 1, len(lengths) - 1)
        share = (wanted - ends[bone]) / max(lengths[bone], 1e-12)
        points["Spine"] = (1 - share) * line[bone] + share * line[bone + 1]


def _add_head(points, frame, leg):
    """Adds Head and Nose, with the head's left, up and forward (F, 3, 3)."""
    _, up, forward = np.moveaxis(frame, -1, 0)
    points.setdefault("Head", points["Skull"] + HEAD_SHARE * leg * up)
    middle = (points["Skull"] + points["Head"]) / 2
    points.setdefault("Nose", middle + HEAD_SHARE * leg * forward)


def _stack(points):
    return np.stack([points[joint] for joint in H36M_17.joints], axis=1)


def _unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def _nearest_rotation(matrix):
    left, _, right = np.linalg.svd(matrix)
    return left @ np.diag([1.0, 1.0, np.linalg.det(left @ right)]) @ right
