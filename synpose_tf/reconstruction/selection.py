"""Which moments of a recording cameras are adjusted on.

The detector errs alike in moments that look alike. A person who sits for a minute and walks for
some seconds shows cameras more in these seconds than in that minute: moments are chosen so that
they look as different as may be (Gonzalez' farthest points).
"""

import warnings

import numpy as np

from synpose_tf.reconstruction.rig import Observations

_CANDIDATES = 1000


def shared(seen: Observations, joints: int = 4) -> np.ndarray:
    """Indices of the moments in which two cameras or more see some joints of a person."""
    return np.flatnonzero((seen.seen.sum(-1) >= joints).sum(0) > 1)


def even(moments: np.ndarray, count: int) -> np.ndarray:
    """Of moments about `count`, at even distances."""
    if len(moments) <= count:
        return moments
    return moments[np.unique(np.linspace(0, len(moments) - 1, count).astype(int))]


def different(seen: Observations, moments: np.ndarray, count: int, window: int) -> np.ndarray:
    """Of moments about `count`, in windows of such that follow each other and differ from others.

    Two windows differ by the median, over views and joints, of how far apart joints are in the
    picture, in units of the noise: a view or a joint that is wrong doesn't make a window another
    one.

    Args:
        seen: one person's.
        moments: indices in `seen`, in order.
        count: of moments.
        window: moments that follow each other.

    Returns:
        Indices in `seen`, in order.
    """
    if len(moments) <= count:
        return moments
    starts = even(np.arange(len(moments) - window + 1), _CANDIDATES)
    windows = moments[starts[:, None] + np.arange(window)]
    places = _places(seen, windows)
    chosen, nearest = len(windows) // 2, np.full(len(windows), np.inf)
    picks = []
    for _ in range(max(count // window, 1)):
        picks.append(chosen)
        off = np.linalg.norm(places - places[:, [chosen]], axis=-1)
        nearest = np.minimum(nearest, np.nan_to_num(_median(off, (0, 2))))
        chosen = int(nearest.argmax())
    return np.unique(windows[picks])


def _places(seen, windows):
    """(V, windows, J, 2), medians over a window, in units of the noise; NaN where not seen."""
    shown = seen.at(windows.ravel())
    places = np.where(shown.seen[..., None], shown.points / shown.noise[..., None], np.nan)
    return _median(places.reshape(len(places), *windows.shape, *places.shape[2:]), 2)


def _median(values, axis):
    with warnings.catch_warnings():  # Of nothing it is NaN.
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmedian(values, axis=axis)
