"""Poses as BVH, the motion format of animation tools.

Stage frame (`synpose_tf.output.stage`) in centimetres, y up; the skeleton is that of
`synpose_tf.output.rig`. Bones have their median length, the mean of left and right. Channels are
Z, X, Y: a joint's rotation is Rz Rx Ry.
"""

import pathlib
import warnings
from collections.abc import Sequence

import numpy as np

from synpose_tf.io import files
from synpose_tf.output import naming, rig, stage, timeline
from synpose_tf.structures.tracks import PoseTrack

_MM_PER_UNIT = 10.0


def write(tracks: Sequence[PoseTrack], path: pathlib.Path) -> list[pathlib.Path]:
    """See `Format.write`. One file a person, `NAME_1.bvh`, … where there are several.

    Frames without a pose hold the last one, those before the first pose hold the first.
    """
    clock = timeline.constant_rate(tracks)
    people = []
    for points, row in zip(stage.set_on_stage(tracks), clock.rows, strict=True):
        posed = stage.posed(points)
        if posed.any():
            people.append((points, timeline.hold(row, posed)))
    paths = naming.numbered(path, len(people))
    for (points, row), target in zip(people, paths, strict=True):
        _write_person(points[row] / _MM_PER_UNIT, 1.0 / clock.rate, target)
    return paths


def _write_person(points, frame_time, path):
    lengths = rig.bone_lengths(points)
    motion = np.concatenate([points[:, 0], *_euler_angles(points)], axis=1)
    with files.replacing(path) as temporary, temporary.open("w", encoding="ascii") as handle:
        handle.write("HIERARCHY\n")
        _write_node(handle, rig.NODES[0], lengths, "")
        handle.write(f"MOTION\nFrames: {len(points)}\nFrame Time: {frame_time:.7f}\n")
        np.savetxt(handle, np.round(motion, 4) + 0.0, fmt="%.4f")  # no -0.0000


# === The hierarchy ===
def _write_node(handle, node, lengths, indent):
    kind = "JOINT" if node.parent else "ROOT"
    offset = rig.offset(node, lengths) if node.parent else np.zeros(3)
    position = "" if node.parent else "Xposition Yposition Zposition "
    inner = indent + "  "
    handle.write(
        f"{indent}{kind} {node.name}\n{indent}{{\n"
        f"{inner}OFFSET {_text(offset)}\n"
        f"{inner}CHANNELS {3 + len(position.split())} {position}Zrotation Xrotation Yrotation\n"
    )
    for child in rig.BY_NAME.values():
        if child.parent == node.name:
            if child in rig.TIPS:
                end = _text(rig.offset(child, lengths))
                handle.write(f"{inner}End Site\n{inner}{{\n{inner}  OFFSET {end}\n{inner}}}\n")
            else:
                _write_node(handle, child, lengths, inner)
    handle.write(f"{indent}}}\n")


def _text(vector):
    return " ".join(f"{value:.4f}" for value in vector + 0.0)


def _euler_angles(points):
    """(F, 3) degrees about z, x and y for each node, without jumps of a full turn."""
    for turn in rig.rotations(points).values():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # at x = 90° one solution is as good
            angles = turn.as_euler("ZXY", degrees=True)
        yield np.unwrap(angles, period=360.0, axis=0)
