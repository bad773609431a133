"""Poses as NumPy arrays, readable with `np.load(path, allow_pickle=False)`.

N is the number of frames of all T people, one person after the other; `track` says whose a
row is.

  names (T,), body_height (T,), image_size (T, 2) with -1 where unknown
  track, frames, times (N,)
  poses (N, 17, 3), root (N, 3), keypoints (N, 17, 2), inferred (N, 17)

A row without a pose is NaN, a person without a path has NaN roots. Beside them the entries
of `synpose_tf.output.schema`.
"""

import numpy as np

from synpose_tf import files
from synpose_tf.output import schema


def write(tracks, path):
    """See `Format.write`."""
    arrays = {key: np.array(value) for key, value in schema.ABOUT.items()}
    arrays |= {
        "names": np.array([track.name for track in tracks]),
        "body_height": np.array([track.body_height for track in tracks], float),
        "image_size": np.array([track.image_size or (-1, -1) for track in tracks], np.int32),
        "track": np.repeat(np.arange(len(tracks)), [len(track.poses) for track in tracks]),
        "frames": _joined([track.frames for track in tracks], np.int64),
        "times": _joined([track.times for track in tracks], np.float64),
        "poses": _joined([track.poses for track in tracks], np.float32),
        "root": _joined([_root(track) for track in tracks], np.float32),
        "keypoints": _joined([track.keypoints for track in tracks], np.float32),
        "inferred": _joined([track.inferred for track in tracks], bool),
    }
    with files.replacing(path) as temporary, temporary.open("wb") as handle:
        np.savez_compressed(handle, **arrays)
    return [path]


def _root(track):
    return np.full((len(track.poses), 3), np.nan) if track.root is None else track.root


def _joined(arrays, dtype):
    return np.concatenate([np.asarray(array, dtype) for array in arrays])
