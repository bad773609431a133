"""BVH files for the tests: a person who moves, written as different programs write it."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

# Metres from the joint above, in a T-pose, y up, left +x; proportions of an adult.
BODY = {
    "pelvis": (None, (0.0, 0.0, 0.0)),
    "LHip": ("pelvis", (0.09, -0.06, 0.0)),
    "LKnee": ("LHip", (0.0, -0.43, 0.0)),
    "LAnkle": ("LKnee", (0.0, -0.42, 0.0)),
    "LToe": ("LAnkle", (0.0, -0.08, 0.15)),
    "RHip": ("pelvis", (-0.09, -0.06, 0.0)),
    "RKnee": ("RHip", (0.0, -0.43, 0.0)),
    "RAnkle": ("RKnee", (0.0, -0.42, 0.0)),
    "RToe": ("RAnkle", (0.0, -0.08, 0.15)),
    "spine": ("pelvis", (0.0, 0.1, 0.0)),
    "chest": ("spine", (0.0, 0.14, 0.0)),
    "LCollar": ("chest", (0.03, 0.18, 0.0)),
    "LShoulder": ("LCollar", (0.14, 0.0, 0.0)),
    "LElbow": ("LShoulder", (0.28, 0.0, 0.0)),
    "LWrist": ("LElbow", (0.25, 0.0, 0.0)),
    "RCollar": ("chest", (-0.03, 0.18, 0.0)),
    "RShoulder": ("RCollar", (-0.14, 0.0, 0.0)),
    "RElbow": ("RShoulder", (-0.28, 0.0, 0.0)),
    "RWrist": ("RElbow", (-0.25, 0.0, 0.0)),
    "neck": ("chest", (0.0, 0.22, 0.0)),
    "Skull": ("neck", (0.0, 0.09, 0.0)),
}
_END = "End Site\n{\nOFFSET 0 0 0\n}\n"
# Columns are x, y, z of a world with y up, in one with another axis up.
WORLDS = {
    "y": np.eye(3),
    "z": np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]),
    "-z": np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "x": np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]]),
}


def names(pattern: str, limbs: Sequence[str], trunk: Sequence[str]) -> dict[str, str]:
    """What a convention calls the parts of `BODY`.

    Args:
        pattern: of a side's joint, such as `{side}{limb}`, or with `{s}` for L and R.
        limbs: of one side, from the hip to the toe and from the collar to the wrist.
        trunk: pelvis, spine, chest, neck, head.
    """
    parts = ("Hip", "Knee", "Ankle", "Toe", "Collar", "Shoulder", "Elbow", "Wrist")
    called = dict(zip(("pelvis", "spine", "chest", "neck", "Skull"), trunk, strict=True))
    for side, word in (("L", "Left"), ("R", "Right")):
        for part, limb in zip(parts, limbs, strict=True):
            called[side + part] = pattern.format(side=word, s=side, limb=limb)
    return called


@dataclasses.dataclass(frozen=True)
class Style:
    """How a program writes motion.

    Args:
        called: by part of `BODY` the joint's name.
        unit: metres.
        up: a key of `WORLDS`.
        order: of the rotations' axes.
        rate: frames a second.
        rest: whether the rest pose is the T-pose; otherwise each joint has axes of its own.
        all_positions: whether every joint has position channels, or the root alone.
    """

    called: dict[str, str]
    unit: float = 0.01
    up: str = "y"
    order: str = "ZXY"
    rate: float = 30.0
    rest: bool = True
    all_positions: bool = False


_MAYA = ("UpLeg", "Leg", "Foot", "ToeBase", "Shoulder", "Arm", "ForeArm", "Hand")
_VICON = ("Hip", "Knee", "Ankle", "Toe", "Collar", "Shoulder", "Elbow", "Wrist")
_UNITY = ("UpperLeg", "LowerLeg", "Foot", "Toes", "Shoulder", "UpperArm", "LowerArm", "Hand")
_BIPED = ("Thigh", "Calf", "Foot", "ToeBase", "Clavicle", "Upperarm", "Forearm", "Hand")
_SPINE = ("Hips", "Spine", "Spine1", "Neck", "Head")
STYLES = {
    "Mixamo": Style(
        names("mixamorig:{side}{limb}", _MAYA, [f"mixamorig:{name}" for name in _SPINE])
    ),
    "LaFAN1": Style(names("{side}{limb}", _MAYA, _SPINE), order="ZYX", rest=False),
    "Xsens": Style(
        names("{side}{limb}", _VICON, ("Hips", "Chest", "Chest2", "Neck", "Head")),
        order="YXZ", rate=240.0,
    ),
    "Bandai Namco": Style(
        names("{limb}_{s}", _UNITY, ("Hips", "Spine", "Chest", "Neck", "Head")),
        rest=False, all_positions=True,
    ),
    "Character Creator": Style(
        names("CC_Base_{s}_{limb}", _BIPED,
              [f"CC_Base_{n}" for n in ("Hip", "Waist", "Spine01", "NeckTwist01", "Head")]),
        unit=1.0, up="z", order="XYZ", rate=60.0,
    ),
    "Rokoko": Style(
        names("{side}{limb}", ("Thigh", "Shin", *_MAYA[2:]),
              ("Hips", "Spine1", "Spine2", "Neck", "Head")),
        up="-z", rate=100.0,
    ),
}  # fmt: skip


# === Motion ===


@dataclasses.dataclass(frozen=True)
class Performance:
    """A person in motion: the root's place (F, 3), by part its turn; the room's, y up, metres."""

    root: np.ndarray
    turns: dict[str, Rotation]

    def place(self, part: str) -> np.ndarray:
        """(F, 3)."""
        above, offset = BODY[part]
        if above is None:
            return self.root
        return self.place(above) + self.turns[above].apply(np.array(offset))

    def joined(self, other: "Performance") -> "Performance":
        """This one, and then another."""
        turns = {part: Rotation.concatenate([self.turns[part], other.turns[part]]) for part in BODY}
        return Performance(np.concatenate([self.root, other.root]), turns)


def t_pose(frames: int) -> Performance:
    still = Rotation.from_quat(np.tile([0, 0, 0, 1.0], (frames, 1)))
    return Performance(np.tile([0.0, 0.99, 0.0], (frames, 1)), dict.fromkeys(BODY, still))


def walk(frames: int, rate: float, seed: int = 0, lying: bool = False) -> Performance:
    """Somebody who walks, swings the arms and looks around; or does so lying along x."""
    rng = np.random.default_rng(seed)
    phase = 2 * np.pi * (np.arange(frames) / rate + rng.uniform())
    heading = Rotation.from_euler("y", np.full((frames, 1), rng.uniform(-3, 3)))
    if lying:
        heading = Rotation.from_euler("z", np.full((frames, 1), -np.pi / 2))
    turns = {"pelvis": heading}
    for part, (above, _) in BODY.items():
        if above is None:
            continue
        sign = 1 if part[0] == "L" else -1
        x, y, z = rng.normal(0, 0.05, 3)[:, None] * np.sin(phase + rng.uniform(0, 6, (3, 1)))
        if part[1:] == "Hip":
            x += -0.2 + 0.4 * sign * np.sin(phase)
        elif part[1:] == "Knee":
            x += 0.5 - 0.4 * sign * np.cos(phase)
        elif part[1:] == "Shoulder":
            z -= sign * 1.2
            x -= 0.3 * sign * np.sin(phase)
        elif part[1:] == "Elbow":
            y -= sign * (0.4 + 0.2 * np.sin(phase))
        elif part == "Skull":
            y += 0.7 * np.sin(phase)
        turns[part] = turns[above] * Rotation.from_euler("xyz", np.stack([x, y, z], axis=-1))
    steps = np.arange(frames)[:, None] / rate * heading.apply([0.0, 0.0, 1.0])
    return Performance([3.0, 0.9, -2.0] + steps, turns)


# === The file ===


def text(style: Style, performance: Performance) -> str:
    """A motion as a program writes it."""
    world = WORLDS[style.up]
    rng = np.random.default_rng(5)
    own = {part: Rotation.random(rng=rng) for part in BODY}
    if style.rest:
        own = dict.fromkeys(BODY, Rotation.from_matrix(world.T))
    file_turns = {p: Rotation.from_matrix(world) * performance.turns[p] * own[p] for p in BODY}
    offsets = {
        part: own[above].inv().apply(offset) / style.unit if above else np.zeros(3)
        for part, (above, offset) in BODY.items()
    }
    columns = []
    for part, (above, _) in BODY.items():
        turn = file_turns[part]
        if above is None:
            columns.append(performance.root @ world.T / style.unit)
        else:
            turn = file_turns[above].inv() * turn
            if style.all_positions:
                columns.append(np.tile(offsets[part], (len(performance.root), 1)))
        columns.append(turn.as_euler(style.order, degrees=True))
    rows = "\n".join(" ".join(f"{v:.6f}" for v in row) for row in np.concatenate(columns, axis=1))
    return (
        f"HIERARCHY\n{_joint(style, offsets, 'pelvis')}MOTION\nFrames: {len(performance.root)}\n"
        f"Frame Time: {1 / style.rate:.7f}\n{rows}\n"
    )


def _joint(style, offsets, part):
    above = BODY[part][0]
    rotations = [f"{axis}rotation" for axis in style.order]
    positions = ["Xposition", "Yposition", "Zposition"]
    channels = positions + rotations if above is None or style.all_positions else rotations
    children = [other for other in BODY if BODY[other][0] == part]
    inner = "".join(_joint(style, offsets, child) for child in children)
    offset = " ".join(f"{value:.6f}" for value in offsets[part])
    return (
        f"{'JOINT' if above else 'ROOT'} {style.called[part]}\n{{\nOFFSET {offset}\n"
        f"CHANNELS {len(channels)} {' '.join(channels)}\n"
        f"{inner or _END}}}\n"
    )


def write(
    path: pathlib.Path, style: Style, seconds: float = 1.0, still: int = 1, **motion: Any
) -> Performance:
    """Writes a file that begins with a T-pose; gives what happens in it.

    Args:
        still: frames of the T-pose.
        motion: arguments of `walk`.
    """
    performance = walk(round(seconds * style.rate), style.rate, **motion)
    if still:
        performance = t_pose(still).joined(performance)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(style, performance), encoding="utf-8")
    return performance
