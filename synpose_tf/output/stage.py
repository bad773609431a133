"""Where people stand: poses set on a floor, for the eye and for animation tools.

Stage frame: x right, y up, z towards the camera that saw the people, millimetres; y = 0 is
the floor. The camera's upright is taken for the room's.
"""

import numpy as np

_SPACING = 1200.0  # mm between people whose places are not known
_TO_STAGE = np.array([1.0, -1.0, -1.0])  # the camera frame, half a turn about x


def set_on_stage(tracks) -> list[np.ndarray]:
    """Joint positions in the stage frame.

    Where everybody's path is known, people move along it, the middle of their ground at
    x = z = 0 and the floor under the lowest foot. Otherwise they stand side by side in place,
    each frame with its lowest joint on the floor: a jump stays on the ground.

    Returns:
        For each track (F, 17, 3), NaN where it has no pose.
    """
    if all(track.root is not None for track in tracks):
        return _along_paths([(track.poses + track.root[:, None]) * _TO_STAGE for track in tracks])
    placed = []
    for number, track in enumerate(tracks):
        points = np.asarray(track.poses, np.float64) * _TO_STAGE
        points[..., 1] -= points[..., 1].min(axis=1, keepdims=True)
        points[..., 0] += (number - (len(tracks) - 1) / 2) * _SPACING
        placed.append(points)
    return placed


def _along_paths(people):
    everybody = np.concatenate(people)
    everybody = everybody[np.isfinite(everybody).all(axis=(1, 2))]
    if not len(everybody):
        return people
    roots = everybody[:, 0]
    origin = (roots.min(axis=0) + roots.max(axis=0)) / 2
    origin[1] = np.percentile(everybody[..., 1].min(axis=1), 5)  # noise goes below the floor
    return [points - origin for points in people]
