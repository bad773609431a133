"""What a person's posture tells about a file: its unit, which way is up, frames that are no motion.

Nothing in a BVH file says these. What can't be told with confidence is an error that says how to
say it (`joint_map.json`).
"""

import pathlib
from collections.abc import Sequence

import numpy as np

from synpose_tf.datasets.bvh_motion.conventions import OWN_TABLE
from synpose_tf.datasets.bvh_motion.joints import Figure
from synpose_tf.errors import SynposeError
from synpose_tf.structures.skeleton import H36M_17

# Metres. CMU's files count in 1 / 0.45 inch.
UNITS = {
    "metres": 1.0, "centimetres": 0.01, "millimetres": 0.001, "inches": 0.0254,
    "CMU's 1 / 0.45 inch": 0.0254 / 0.45,
}  # fmt: skip
LEGS = (0.6, 1.15)  # metres: hip to ankle, from a child of 1.2 m to the tallest people
AXES = ("x", "y", "z")
_REST = 0.02  # of a leg, how far joints of a frame may be from the rest pose, root mean square
_STRETCHED, _ALONG = 0.97, np.cos(np.radians(15.0))  # of limbs in a T
_BENT_BACK = -0.02  # of a leg, where knees are on average, if the wrong way round


def unit(path: pathlib.Path, leg: float) -> tuple[str, float]:
    """A file's unit by its person's size: its name and metres.

    Args:
        path: of the file, for the error.
        leg: thigh and shank, in the file's unit.

    Raises:
        SynposeError: in no usual unit, or in several, it is a person's leg.
    """
    low, high = LEGS
    fitting = [(name, metres) for name, metres in UNITS.items() if low <= leg * metres <= high]
    if len(fitting) != 1:
        raise SynposeError(
            f"{path}: a leg (thigh and shank) is {leg:.4g} long, which is no person's leg of "
            f"{low} to {high} m in {', '.join(UNITS)}. Write the unit into {OWN_TABLE}: "
            '{"metres_per_unit": 0.01}.'
        )
    return fitting[0]


# === Up ===


def rest_up(figure: Figure) -> str | None:
    """The axis along which the rest pose stands, such as `y` or `-z`; None without one."""
    if figure.rest is None:
        return None
    body = _joint(figure.rest, "Thorax") - _joint(figure.rest, "Hip")
    axis = int(np.abs(body).argmax())
    return _axis(body) if abs(body[axis]) > 0.95 * np.linalg.norm(body) else None


def mean_up(figure: Figure) -> np.ndarray:
    """(3,): the direction from the feet to the head, averaged over the frames."""
    feet = (_joint(figure.points, "LAnkle") + _joint(figure.points, "RAnkle")) / 2
    body = _joint(figure.points, "Head") - feet
    return (body / np.linalg.norm(body, axis=-1, keepdims=True)).mean(axis=0)


def up(paths: Sequence[pathlib.Path], figures: Sequence[Figure], rest: str | None) -> str:
    """The axis that points up in files of one kind.

    Args:
        paths: the files, for the error.
        figures: theirs.
        rest: their `rest_up`.

    Raises:
        SynposeError: people lie as much as they stand, or stand along another axis than the
            rest pose.
    """
    total = np.average(
        [mean_up(figure) for figure in figures],
        axis=0,
        weights=[len(figure.points) for figure in figures],
    )
    second, first = np.sort(np.abs(total))[1:]
    clear = first > 0.5 and first > 2 * second
    if rest is not None and (not clear or _axis(total) == rest):
        return rest
    if clear and rest is None:
        return _axis(total)
    seen = f"in the motion people stand along {_axis(total)}" if clear else "people mostly lie"
    raise SynposeError(
        f"{paths[0]} and {len(paths) - 1} more: which way is up can't be told: the rest pose "
        f"stands along {rest or 'no axis'}, {seen}. Write it into {OWN_TABLE}: "
        '{"up": "y"}, or z, or -x, ….'
    )


def to_z_up(axis: str) -> np.ndarray:
    """(3, 3), the rotation that takes an axis such as `y` or `-x` to z."""
    column = AXES.index(axis[-1])
    sign = -1.0 if axis.startswith("-") else 1.0
    turn = np.zeros((3, 3))
    turn[2, column] = sign
    turn[0, (column + 1) % 3] = 1.0
    turn[1, (column + 2) % 3] = sign
    return turn


def _axis(vector):
    largest = int(np.abs(vector).argmax())
    return ("-" if vector[largest] < 0 else "") + AXES[largest]


# === Frames that are no motion ===


def rest_frames(figure: Figure) -> int:
    """How many frames at the start hold still in the rest pose, or stand in a T."""
    count = 0
    while count < len(figure.points) and _is_rest(figure, figure.points[count]):
        count += 1
    return count


def _is_rest(figure, pose):
    return _is_t(pose) or (
        figure.rest is not None and _distance(pose, figure.rest) < _REST * figure.leg
    )


def _distance(pose, other):
    """Root mean square over joints, after the turn and shift that fit best."""
    pose, other = pose - pose.mean(axis=0), other - other.mean(axis=0)
    left, sizes, right = np.linalg.svd(pose.T @ other)
    sizes[-1] *= np.linalg.det(left @ right)
    square = (pose**2).sum() + (other**2).sum() - 2 * sizes.sum()
    return np.sqrt(max(square, 0.0) / len(pose))


def _is_t(pose):
    left = _joint(pose, "LShoulder") - _joint(pose, "RShoulder")
    down = _joint(pose, "Hip") - _joint(pose, "Thorax")
    limbs = [
        (f"{side}Shoulder", f"{side}Elbow", f"{side}Wrist", sign * left)
        for side, sign in (("L", 1), ("R", -1))
    ] + [(f"{side}Hip", f"{side}Knee", f"{side}Ankle", down) for side in ("L", "R")]
    for *names, direction in limbs:
        start, middle, end = (_joint(pose, name) for name in names)
        whole = np.linalg.norm(end - start)
        if whole < _STRETCHED * (np.linalg.norm(middle - start) + np.linalg.norm(end - middle)):
            return False
        if (end - start) @ direction < _ALONG * whole * np.linalg.norm(direction):
            return False
    return True


# === Left and right ===


def check_sides(path: pathlib.Path, figure: Figure) -> None:
    """Refuses people whose knees bend backwards.

    Raises:
        SynposeError: left and right are exchanged, or the file's axes are left-handed.
    """
    trunk = _joint(figure.points, "Thorax") - _joint(figure.points, "Hip")
    across = _joint(figure.points, "LHip") - _joint(figure.points, "RHip")
    forward = np.cross(across, trunk)
    forward /= np.maximum(np.linalg.norm(forward, axis=-1, keepdims=True), 1e-12)
    bend = 0.0
    for side in ("L", "R"):
        ends = (_joint(figure.points, f"{side}Hip") + _joint(figure.points, f"{side}Ankle")) / 2
        bend += ((_joint(figure.points, f"{side}Knee") - ends) * forward).sum(axis=-1).mean() / 2
    if bend < _BENT_BACK * figure.leg:
        raise SynposeError(
            f"{path}: knees bend backwards. Left and right are exchanged, or the axes are "
            f"left-handed. Export with right-handed axes, or exchange the sides in {OWN_TABLE}."
        )


def _joint(points, name):
    return points[..., H36M_17.index(name), :]
