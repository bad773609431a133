"""Left and right that a detector exchanged for a while, found in time and put back.

A pair of joints is told by where the left one is, seen from the right one. That vector moves on
smoothly; where the sides are exchanged it changes its sign, which no person does. So a frame has
one of two states, as it came or exchanged, and the recording the states by which its vectors move
most smoothly: they stay, or go on as they moved from the frame before the last one, whichever is
nearer. Residuals of each pair are in units of what is usual in the recording, and capped, so that
one wild joint is no proof. The Viterbi algorithm (1967) finds the states; a change has a price,
and of two answers that differ by the sign alone the one is taken that exchanges fewer frames.

The whole body first; then arms, legs and face alone. Where a recording jumps, or is too slow for
its motion to be followed, residuals are usually large, and nothing is changed. Of CMU's motion
(1,216 views at 50 Hz) no frame is.
"""

import dataclasses
import functools
from typing import Any

import numpy as np

from synpose_tf.io import scratch
from synpose_tf.io.scratch import Column, derived
from synpose_tf.structures.skeleton import Skeleton
from synpose_tf.structures.tracks import KeypointTrack

_PARTS = {
    "arms": ("Shoulder", "Elbow", "Wrist"),
    "legs": ("Hip", "Knee", "Ankle", "BigToe", "SmallToe", "Heel", "FootIndex"),
    "face": ("Eye", "Ear"),
}
_NOISE = 0.02  # Of the body's size: the least that a detector's residual may be.
_CAP = 8.0  # Of usual residuals, what a pair counts at most.
_PRICE = 24.0  # Of a change of state of the whole body.
_PRICE_OF_PART = 10.0
_OPEN, _OPEN_FRAMES = 0.25, 12  # The longest exchange of which one end alone is seen.
_SAMPLE = 4096  # Frames that tell what is usual.
_EXCHANGED = 0.05  # Of a frame that is exchanged, so that the fewer are.


def pairs(layout: Skeleton) -> dict[str, np.ndarray]:
    """By part of the body the pairs (P, 2) of its left and right joints."""
    names = dict(layout.left_right)
    found = {
        part: [(layout.index(f"L{name}"), layout.index(f"R{name}")) for name in joints
               if f"L{name}" in layout.joints and layout.index(f"L{name}") in names]
        for part, joints in _PARTS.items()
    }  # fmt: skip
    return {part: np.array(found[part]) for part in found if found[part]}


def exchanged(points: Column, layout: Skeleton, place: scratch.Scratch | None = None) -> np.ndarray:
    """Which joints carry the other side's name.

    Args:
        points: (F, J, 2), NaN where not seen; an array, or rows on disk.
        place: where to keep what is read again and again, or None for memory.

    Returns:
        (F, parts), True where a part of the body, in the order of `pairs`, is exchanged.
    """
    parts = list(pairs(layout).values())
    vectors = derived(functools.partial(_vectors_of, both=np.concatenate(parts)), points)
    vectors = vectors if place is None else place.keep(vectors)
    whole = states(vectors, _PRICE)
    flags, start = [], 0
    for both in parts:
        part = functools.partial(_turned, part=slice(start, start + len(both)))
        flags.append(whole ^ states(derived(part, vectors, whole), _PRICE_OF_PART))
        start += len(both)
    return np.stack(flags, axis=-1)


def _vectors_of(points, both):
    """From right to left (F, P, 2), in sizes of the body; NaN where one is not seen."""
    low = np.where(np.isfinite(points), points, np.inf).min(1)
    high = np.where(np.isfinite(points), points, -np.inf).max(1)
    size = np.linalg.norm(np.where(np.isfinite(low), high - low, np.nan), axis=-1)
    size = np.where(size > 0, size, np.nan).astype(np.float32)
    return (points[:, both[:, 0]] - points[:, both[:, 1]]) / size[:, None, None]


def _turned(vectors, exchanged, part):
    return np.where(exchanged[:, None, None], -vectors[:, part], vectors[:, part])


def states(vectors: Column, price: float) -> np.ndarray:
    """The frames that are exchanged, by the module's text.

    Args:
        vectors: (F, P, 2), from right to left, in sizes of the body, NaN where one is not seen;
            an array, or rows on disk.
        price: of a change of state.

    Returns:
        (F,).
    """
    known = [np.isfinite(part).all(-1).any(-1) for part in scratch.pieces(vectors)]
    flags = np.zeros(len(vectors), bool)
    rows = np.flatnonzero(np.concatenate(known))
    if len(rows) > 3:
        costs = _costs(vectors, rows)
        gain = costs[:, 0] - costs.min(1)
        if gain.sum(dtype=np.float64) >= price:
            flags[rows] = _closed(_viterbi(costs, price))
    return flags


def _costs(vectors, rows):
    """(F - 1, 4) of frames in rows but the first: 2 changed + changed before, where `changed`
    is whether a frame's state differs from the last one's."""
    later = np.arange(1, len(rows))
    sample = later[:: max(1, len(later) // _SAMPLE)]
    residuals = _residuals(*(vectors[rows[np.maximum(sample - n, 0)]] for n in range(3)))[:, 0]
    medians = [np.median(r[np.isfinite(r)]) if np.isfinite(r).any() else 0.0 for r in residuals.T]
    usual = np.maximum(medians, _NOISE).astype(np.float32)
    parts = []
    for part in scratch.pieces(later):
        block = vectors[rows[max(part[0] - 2, 0) : part[-1] + 1]]
        places = part - part[-1] + len(block) - 1
        moves = _residuals(*(block[np.maximum(places - n, 0)] for n in range(3)))
        costs = np.minimum(moves / usual, _CAP)
        parts.append(np.nan_to_num(costs).sum(-1).astype(np.float32))
    return np.concatenate(parts)


def _residuals(now, last, before):
    """(n, 4, P): how far a frame is from where the two before let it be, as `_costs`."""
    residuals = []
    for sign in (1.0, -1.0):
        step = sign * now - last
        still = np.linalg.norm(step, axis=-1)
        for sign_before in (1.0, -1.0):
            moving = np.linalg.norm(step - (last - sign_before * before), axis=-1)
            residuals.append(np.fmin(still, moving))
    return np.stack(residuals, axis=1)


def _closed(states):
    """Without a long exchange of which one end alone is seen: it may as well be the other part."""
    changes = np.flatnonzero(np.diff(states)) + 1
    if len(changes):
        for part in (slice(0, changes[0]), slice(changes[-1], len(states))):
            if states[part].sum() > min(_OPEN * len(states), _OPEN_FRAMES):
                states[part] = False
    return states


def _viterbi(costs, price):
    """States (F,) from `_costs`."""
    # A node is (changed in this frame, its state), as 2 changed + state; where each came from
    # takes two bits of a byte.
    best, came = [0.0, _EXCHANGED, np.inf, np.inf], bytearray()
    for part in scratch.pieces(costs):
        for cost in part.tolist():
            reached, byte = [0.0] * 4, 0
            for target in range(4):
                changed, state = divmod(target, 2)
                last = state ^ changed
                one = best[last] + cost[2 * changed]
                other = best[2 + last] + cost[2 * changed + 1]
                reached[target] = min(one, other) + price * changed + _EXCHANGED * state
                byte |= (last if one <= other else 2 + last) << 2 * target
            best = reached
            came.append(byte)
    node = best.index(min(best))
    found = bytearray([node & 1])
    for byte in reversed(came):
        node = byte >> 2 * node & 3
        found.append(node & 1)
    return np.frombuffer(found, np.uint8)[::-1].astype(bool)


def put_back(track: KeypointTrack) -> tuple[KeypointTrack, int]:
    """A track whose exchanged sides are put right and marked, and in how many frames they were.

    Where none is exchanged, the track as it came.
    """
    flags = exchanged(track.keypoints, track.layout, track.scratch)
    if not flags.any():
        return track, 0
    moved = np.zeros((len(_PARTS), len(track.layout)), bool)
    for part, both in enumerate(pairs(track.layout).values()):
        moved[part, both] = True
    marks = derived(functools.partial(_marks, moved=moved), flags)
    change = functools.partial(_mirrored, mirror=list(track.layout.mirror))
    columns: dict[str, Any] = {
        name: derived(change, column, marks)
        for name in ("keypoints", "confidence", "world")
        if (column := getattr(track, name)) is not None
    }
    return dataclasses.replace(track, exchanged=marks, **columns), int(flags.any(-1).sum())


def _marks(flags, moved):
    """Joints (F, J) of parts (F, parts)."""
    return (flags[:, :, None] & moved[: flags.shape[1]]).any(1)


def _mirrored(values, marks, mirror):
    marks = marks.reshape(*marks.shape, *[1] * (values.ndim - 2))
    return np.where(marks, values[:, mirror], values)
