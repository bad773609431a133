"""Poses as NumPy arrays, readable with `np.load(path, allow_pickle=False)`.

N is the number of frames of all T people, one person after the other; `track` says whose a
row is.

  names (T,), body_height (T,), roll (T,), image_size (T, 2) with -1 where unknown
  intrinsics (T, 9) with NaN where unknown, camera_from (T,) what told them
  track, frames, times (N,)
  poses (N, 17, 3), root (N, 3), keypoints (N, 17, 2)
  inferred, exchanged, confidence (N, 17), fused (N,)

A row without a pose is NaN, a person without a path has NaN roots, a confidence that is not known
is NaN. Beside them the entries
of `synpose_tf.output.schema`.
"""

import itertools
import pathlib
import zipfile
from collections.abc import Sequence

import numpy as np

from synpose_tf.io import files
from synpose_tf.io.scratch import slices
from synpose_tf.output import schema
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import PoseTrack

_JOINTS = len(H36M_17)
_COLUMNS = {
    "frames": (np.int64, ()),
    "times": (np.float64, ()),
    "poses": (np.float32, (_JOINTS, 3)),
    "root": (np.float32, (3,)),
    "keypoints": (np.float32, (_JOINTS, 2)),
    "inferred": (bool, (_JOINTS,)),
    "exchanged": (bool, (_JOINTS,)),
    "confidence": (np.float32, (_JOINTS,)),
    "fused": (bool, ()),
}


def write(tracks: Sequence[PoseTrack], path: pathlib.Path) -> list[pathlib.Path]:
    """See `Format.write`."""
    lengths = [len(track.frames) for track in tracks]
    about = {key: np.array(value) for key, value in schema.about(tracks).items()}
    about |= {
        "names": np.array([track.name for track in tracks]),
        "body_height": np.array([track.body_height for track in tracks], float),
        "roll": np.array([track.roll for track in tracks], float),
        "image_size": np.array([track.image_size or (-1, -1) for track in tracks], np.int32),
        "intrinsics": np.array([_intrinsics(track) for track in tracks], float),
        "camera_from": np.array([track.camera_from for track in tracks]),
    }
    numbers = (np.full(length, number) for number, length in enumerate(lengths))
    with (
        files.replacing(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for key, array in about.items():
            _write(archive, key, array.dtype, array.shape, [array])
        _write(archive, "track", np.dtype(np.int64), (sum(lengths),), numbers)
        for key, (dtype, shape) in _COLUMNS.items():
            unknown = np.zeros((), dtype) if dtype is bool else np.nan
            parts = itertools.chain.from_iterable(
                _column(track, key, shape, unknown) for track in tracks
            )
            _write(archive, key, np.dtype(dtype), (sum(lengths), *shape), parts)
    return [path]


def _intrinsics(track):
    return np.full(9, np.nan) if track.intrinsics is None else track.intrinsics


def _column(track, key, shape, unknown):
    rows = getattr(track, key)
    for part in slices(len(track.frames)):
        missing = (part.stop - part.start, *shape)
        yield np.full(missing, unknown) if rows is None else rows[part]


def _write(archive, key, dtype, shape, parts):
    """An array in an archive, part by part, as `numpy.savez` has it."""
    header = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": shape,
    }
    with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(member, header)
        for part in parts:
            member.write(np.ascontiguousarray(part, dtype).tobytes())
