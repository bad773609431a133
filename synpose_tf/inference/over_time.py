"""Windows of recordings for the network over time: which frames make one, at any rate.

The network learnt at about 30 frames a second. Of a faster recording every n-th frame makes a
window, so each frame has one of its own; slower than 20 frames a second, there is none. Frames in
which nobody was seen are left out, and where they last a quarter of a second, the recording ends
and begins anew.
"""

from collections.abc import Iterator

import numpy as np

from synpose_tf.io.scratch import slices
from synpose_tf.keypoints import gaps
from synpose_tf.models.folded_temporal import FRAME_RATE, LEAST_RATE, TemporalForward
from synpose_tf.structures.tracks import KeypointTrack

GAP = 0.25  # Seconds.


def frame_rate(times: np.ndarray) -> float:
    """Usual frames a second of times (F,), seconds; 0 for a single frame."""
    return 1.0 / float(np.median(np.diff(times))) if len(times) > 1 else 0.0


def stride(rate: float) -> int:
    """Of which frames a window is made: every n-th; 0 where the recording is too slow."""
    return max(1, round(rate / FRAME_RATE)) if rate >= LEAST_RATE - 1e-3 else 0


def corrections(
    network: TemporalForward,
    times: np.ndarray,
    rate: float,
    features: np.ndarray,
    lifted: np.ndarray,
) -> np.ndarray:
    """What the network corrects in each frame.

    Args:
        network: the network.
        times: (F,), seconds, increasing.
        rate: frames a second, of the whole recording.
        features: (F, 67), see `folded_temporal.features`.
        lifted: (F,), False where there is no pose.

    Returns:
        (F, 17, 3), in the unit of normalised poses; 0 where there is no pose.
    """
    found = np.zeros((len(features), 17, 3), np.float32)
    rows, every = np.flatnonzero(lifted), stride(rate)
    if not every or not len(rows):
        return found
    cuts = np.flatnonzero(np.diff(times[rows]) > max(GAP, 1.5 / rate)) + 1
    for part in np.split(rows, cuts):
        for phase in range(min(every, len(part))):
            chosen = part[phase::every]
            found[chosen] = network.whole(features[chosen])
    return found


def frames_around(network: TemporalForward | None, rate: float) -> int:
    """Frames to each side of a piece of a recording that poses in it may depend on.

    Args:
        network: what corrects them, if anything.
        rate: frames a second.
    """
    return _reach(network, rate) + int(np.ceil(2.0 * gaps.GAP * rate))


def _reach(network, rate):
    return 4 if network is None else 4 + 4 * network.receptive_field * max(1, stride(rate))


def overlapping_pieces(
    track: KeypointTrack, network: TemporalForward | None
) -> Iterator[tuple[KeypointTrack, slice]]:
    """The track some thousand frames at a time, each with the frames that it depends on.

    Yields:
        The piece, and which of its frames are meant.
    """
    count, times = len(track.frames), track.times
    around = _reach(network, frame_rate(times))
    for part in slices(count):
        first, last = part.start, part.stop
        if count:  # By times: the rate may change.
            first = int(np.searchsorted(times, times[part.start] - 2.0 * gaps.GAP))
            last = int(np.searchsorted(times, times[part.stop - 1] + 2.0 * gaps.GAP))
        first, last = max(first - around, 0), min(last + around, count)
        yield track.part(slice(first, last)), slice(part.start - first, part.stop - first)
