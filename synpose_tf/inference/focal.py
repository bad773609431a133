"""The focal length of a camera that nobody measured, from how people walk in front of it.

How far a person goes from the camera or towards it is told twice. The body's size in the picture
tells it, and a focal length that is twice too long makes it twice too far. The feet tell it too,
and hardly by the focal length: the one that carries stays where it is, so that the body goes
forward as far as that foot goes back in the lifted pose. The right focal length makes both equal.

Lifted feet go too short a way, for lifters are careful with depth: `_SHARE` of it, the median of
CMU's clips before random cameras (`benchmarks/focal_length.py`). Beside that, cameras usually have
a `TYPICAL` focal length; the two are weighed by how sure they are. Who stands, sits, or goes
across the picture says nothing, and the typical one holds.

One unit of pose is the lifter's own, so `_SHARE` holds for the package's `camera` lifter.
"""

import collections
import dataclasses
from collections.abc import Sequence

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.geometry import camera
from synpose_tf.inference.lifter import Lifter
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import KeypointTrack

# Of the picture's longer side. Phones film with 0.75 to 0.95, webcams 0.7, Human3.6M with 1.15;
# what is too long costs a pose less than what is as much too short.
TYPICAL = 1.0
SPREAD = 0.4  # Of the logarithm.
_SHARE = 0.56  # Of the way in depth that a lifted foot goes.
_SPREAD_OF_SHARE = 0.3
_STEP, _STEPS = 0.1, 7  # Seconds; what they add up to is somewhat more than a step of a walk.
_LEAST_WAY = 200.0  # Millimetres in that time; less is none, but noise.
_ROUNDS, _PEOPLE = 3, 4
_FEET = [H36M_17.index(name) for name in ("LAnkle", "RAnkle")]


@dataclasses.dataclass(frozen=True)
class Focal:
    """A focal length that was not given.

    Args:
        pixels: the length.
        spread: standard deviation of its logarithm, 0.2 for about 20 %; 0 where it was given.
        source: what told it: `given`, `walk` for people who walk, `typical` for nothing.
    """

    pixels: float
    spread: float
    source: str

    @property
    def note(self) -> str:
        """A sentence for the user."""
        length = f"a focal length of {self.pixels:.0f} pixels is taken, give or take"
        length += f" {100 * np.expm1(self.spread):.0f} %"
        if self.source == "walk":
            return f"{length}, by how people walk; --focal or --intrinsics sets another"
        return f"{length}, as cameras usually have; --focal or --intrinsics sets another"


def typical(image_size: tuple[int, int]) -> Focal:
    """What a camera usually has."""
    return Focal(TYPICAL * max(image_size), SPREAD, "typical")


def intrinsics(pixels: float, image_size: tuple[int, int]) -> np.ndarray:
    """(9,), of a camera that looks at the middle of its picture, without distortion."""
    return camera.pinhole((pixels, pixels), (image_size[0] / 2.0, image_size[1] / 2.0))


def cameras(
    tracks: Sequence[KeypointTrack], pixels: float | None = None
) -> tuple[list[tuple[np.ndarray, str]], list[str]]:
    """Cameras that nobody calibrated; tracks of one image size share theirs.

    Args:
        tracks: people.
        pixels: the focal length; None to estimate it.

    Raises:
        SynposeError: an image's size is unknown.

    Returns:
        Of each track the intrinsics (9,) and what told them (`Focal.source`); notes for the user.
    """
    by_size = collections.defaultdict(list)
    for track in tracks:
        if track.image_size is not None:
            by_size[track.image_size].append(track)
    sizes = [track.image_size for track in tracks if track.image_size is not None]
    if len(sizes) < len(tracks):
        raise SynposeError(
            "the camera is needed, and the picture's size is not known. Give "
            "--image_size=WIDTH,HEIGHT or --intrinsics=fx,fy,cx,cy in pixels, or take "
            "--pretrained=paper, which needs neither."
        )
    found = {
        size: Focal(pixels, 0.0, "given") if pixels else estimate(members)
        for size, members in by_size.items()
    }
    given = [(intrinsics(found[size].pixels, size), found[size].source) for size in sizes]
    return given, [length.note for length in found.values() if length.source != "given"]


def estimate(tracks: Sequence[KeypointTrack]) -> Focal:
    """The focal length of a recording, by the module's text.

    Args:
        tracks: people of one camera, with an `image_size`; of the four who are seen longest the
            first 2,048 frames count.

    Raises:
        ValueError: no track, or its image's size is unknown.
    """
    size = tracks[0].image_size if tracks else None
    if size is None:
        raise ValueError("tracks of which the image's size is known are needed")
    lifter, usual = Lifter.from_pretrained("camera"), typical(size)
    longest = sorted(tracks, key=lambda track: -len(track.frames))[:_PEOPLE]
    beginnings = [next(track.pieces()).loaded() for track in longest]
    guess = usual
    for _ in range(_ROUNDS):
        given = intrinsics(guess.pixels, size)
        lifted = [lifter.lift_track(track, given, lifter_only=True) for track in beginnings]
        ways = [way(*map(np.asarray, (track.poses, track.root, track.times))) for track in lifted]
        measured = share(*(np.concatenate(parts) for parts in zip(*ways, strict=True)))
        if measured is None:
            return usual
        ratio, spread = measured[0] / _SHARE, float(np.hypot(_SPREAD_OF_SHARE, measured[1]))
        weight = spread**-2 / (spread**-2 + SPREAD**-2)
        log = weight * np.log(guess.pixels * ratio) + (1 - weight) * np.log(usual.pixels)
        guess = Focal(float(np.exp(log)), (spread**-2 + SPREAD**-2) ** -0.5, "walk")
    return guess


def way(poses: np.ndarray, root: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far a person goes in depth in 0.7 s, by the size in the picture and by the feet.

    Args:
        poses: (F, 17, 3), millimetres, camera frame, root-relative; NaN where unknown.
        root: (F, 3), millimetres, camera frame.
        times: (F,), seconds.

    Returns:
        Both (n,), millimetres; none where frames are farther apart than 0.1 s.
    """
    known = np.isfinite(poses).all((1, 2)) & np.isfinite(root).all(1)
    step = np.floor((times - times[0]) / _STEP + 1e-6).astype(int)[known]
    numbers, rows = np.unique(step, return_inverse=True)
    whole = np.concatenate([root[known, None], poses[known][:, _FEET]], axis=1, dtype=np.float64)
    sums = np.zeros((len(numbers), *whole.shape[1:]))
    np.add.at(sums, rows, whole)
    means = sums / np.bincount(rows)[:, None, None]
    runs = np.split(means, np.flatnonzero(np.diff(numbers) > 1) + 1)
    parts = [_way(run[:, 0], run[:, 1:]) for run in runs if len(run) > _STEPS]
    parts = parts or [(np.zeros(0), np.zeros(0))]
    seen, walked = (np.concatenate(both) for both in zip(*parts, strict=True))
    return seen, walked


def _way(root, feet):
    moves = np.diff(feet, axis=0)
    still = np.linalg.norm(moves + np.diff(root, axis=0)[:, None], axis=-1).argmin(1)
    walked = np.cumsum(-moves[np.arange(len(moves)), still, 2])
    walked = np.concatenate([[0.0], walked])
    return root[_STEPS:, 2] - root[:-_STEPS, 2], walked[_STEPS:] - walked[:-_STEPS]


def share(seen: np.ndarray, walked: np.ndarray) -> tuple[float, float] | None:
    """Of the way that the size tells the part that the feet tell, and its relative error.

    Args:
        seen, walked: from `way`.

    Returns:
        None where nobody walks in depth.
    """
    walks = np.abs(seen) > _LEAST_WAY
    if walks.sum() < 2 * _STEPS:
        return None
    seen, walked = seen[walks], walked[walks]
    square = (seen**2).sum()
    slope = (seen * walked).sum() / square
    # Neighbours share most of their steps, so there are fewer independent ones.
    error = np.sqrt(((walked - slope * seen) ** 2).mean() * _STEPS / square)
    if slope < 2.0 * error:
        return None
    return float(slope), float(error / slope)
