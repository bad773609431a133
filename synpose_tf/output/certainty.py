"""How sure the detector is of joints, on one scale for all detectors, as pictures show it.

Every detector has a scale of its own. So a joint is as certain as it is beside the score that a
quarter of the recording's joints exceed.
"""

from collections.abc import Sequence

import numpy as np

from synpose_tf.structures.tracks import PoseTrack

_USUAL = 75  # Percentile.
_FRAMES = 2000  # Evenly spread; enough to tell.


def usual(tracks: Sequence[PoseTrack]) -> float:
    """The confidence that a quarter of the detected joints exceed; 1 where none is known."""
    known = [track.confidence for track in tracks if track.confidence is not None]
    step = max(1, sum(map(len, known)) // _FRAMES)
    scores = np.concatenate([np.ravel(scores[::step]) for scores in known] or [np.zeros(0)])
    scores = scores[np.isfinite(scores) & (scores > 0)]
    return float(np.percentile(scores, _USUAL)) if len(scores) else 1.0


def of_joints(track: PoseTrack, rows: int | np.ndarray, usual: float) -> np.ndarray:
    """(..., 17): from 0 to 1, of an inferred joint NaN.

    Args:
        track: a `PoseTrack`.
        rows: of its frames, an index or some.
        usual: what `usual` gives of the recording.
    """
    inferred = np.asarray(track.inferred[rows])
    certainty = np.ones(inferred.shape, np.float32)
    if track.confidence is not None:
        certainty = np.nan_to_num(track.confidence[rows]) / usual
    return np.where(inferred, np.nan, np.clip(certainty, 0.0, 1.0))
