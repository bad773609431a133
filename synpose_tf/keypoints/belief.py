"""How sure a detector must be of a joint to be believed, where the user does not say.

Every detector has a scale of its own: of joints in full view MediaPipe is 0.99 sure, AlphaPose
0.8, OpenPose 0.65, Detectron2 0.1, and COCO's annotators write 2. So the bound is a share of the
recording's usual score, that which a quarter of its joints exceed.

The share was measured. MediaPipe against four calibrated cameras: joints below 0.3 are 0.05 of the
body's size off, inferred in their place 0.11 to 0.15; a bound of 0.3 costs nothing, 0.5 costs 2 mm
of the pose. AlphaPose invents at 0.02 to 0.15, OpenPose at 0.07 to 0.16, both see small people at
0.25 and more.
"""

from collections.abc import Sequence

import numpy as np

from synpose_tf.io.scratch import Column

SHARE = 0.25  # Of the usual score.
_USUAL = 75  # Percentile.
_FRAMES = 2000  # Evenly spread; enough to tell.


def usual_score(people: Sequence[Column]) -> float:
    """The score that a quarter of a recording's joints exceed; 0 where none has any.

    Args:
        people: joints of each, (F, J, 3), x, y, score; arrays, or rows on disk.
    """
    step = max(1, sum(map(len, people)) // _FRAMES)
    scores = np.concatenate([joints[::step][..., 2].ravel() for joints in people])
    scores = scores[np.isfinite(scores) & (scores > 0)]
    return float(np.percentile(scores, _USUAL)) if len(scores) else 0.0


def least_confidence(people: Sequence[Column]) -> float:
    """The score below which a joint counts as missed, of the same joints."""
    return SHARE * usual_score(people)
