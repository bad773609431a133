"""Actions: what the people in a data set's takes do."""

import re
from collections.abc import Collection

import numpy as np

from synpose_tf.errors import SynposeError


def action_names(takes: np.ndarray) -> np.ndarray:
    """The actions of takes: `Walking 1` is a take of `Walking`. Arrays of `str` both."""
    names, index = np.unique(takes, return_inverse=True)
    return np.array([re.sub(r" \d+$", "", name) for name in names])[index]


def select_actions(views: dict[str, np.ndarray], actions: Collection[str]) -> dict[str, np.ndarray]:
    """The views of some actions only.

    Args:
        views: name to array (views, …), `action` among them.
        actions: names of actions; none for all views.

    Raises:
        SynposeError: the views have no such action.
    """
    if not actions:
        return views
    names = action_names(views["action"])
    known = sorted(set(names.tolist()))
    unknown = sorted(set(actions) - set(known))
    if unknown:
        raise SynposeError(
            f"--actions: the split has no {', '.join(unknown)}; it has: {', '.join(known)}."
        )
    chosen = np.isin(names, list(actions))
    return {key: values[chosen] for key, values in views.items()}
