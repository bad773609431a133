"""What was found about cameras and people, for reading: text, a table, a picture, JSON."""

import csv
import io
import json
import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from synpose_tf.io import files
from synpose_tf.reconstruction import body
from synpose_tf.reconstruction.people import Placed
from synpose_tf.reconstruction.pipeline import Scene
from synpose_tf.reconstruction.uncertainty import STILL
from synpose_tf.structures.skeleton import H36M_17

# From when on a camera's place is not worth its name: of its distance from the people, and degrees.
UNSURE, HOPELESS = 0.1, 0.35
UNSURE_DEGREES, HOPELESS_DEGREES = 5.0, 20.0
_SAME_SIDE = np.radians(15.0)
_CELL, _LEFT, _TOP = (76, 24), 110, 34


def reprojection_errors(placed: Sequence[Placed]) -> np.ndarray:
    """(V, 17), medians in pixels over all people and moments; NaN where never seen."""
    errors = np.concatenate([person.errors for person in placed], axis=1)
    table = np.full((len(errors), errors.shape[2]), np.nan)
    for view, joint in np.ndindex(*table.shape):
        known = errors[view, :, joint]
        known = known[np.isfinite(known)]
        if len(known):
            table[view, joint] = np.median(known)
    return table


def bone_spread(placed: Sequence[Placed]) -> np.ndarray:
    """(people, kinds), standard deviations in millimetres of each bone in time, both sides."""
    rows = []
    for person in placed:
        lengths: list[list[np.ndarray]] = [[] for _ in body.KINDS]
        for one, two, kind, _ in body.BONES:
            length = np.linalg.norm(person.joints[:, one] - person.joints[:, two], axis=-1)
            lengths[kind].append(length[np.isfinite(length)])
        rows.append([np.std(np.concatenate(parts)) if parts else np.nan for parts in lengths])
    return np.array(rows)


def warnings(scene: Scene) -> list[str]:
    """What can't be told, or not well, as sentences."""
    spread, notes = scene.spread, _clock_notes(scene)
    if spread is None:
        return notes
    if len(scene.cameras) == 2:
        notes.append(
            "two views: a joint that one of them gets wrong can't be told from one that is right"
        )
    if spread.poses < STILL:
        notes.append(
            "people hardly move: the detector's errors are the same in all frames, and go into "
            "the cameras and their clocks. Record somebody who walks about and lifts the arms"
        )
    for view, camera in enumerate(scene.cameras):
        far = spread.millimetres[view] / spread.distance[view]
        if far > UNSURE or spread.degrees[view] > UNSURE_DEGREES:
            notes.append(
                f"{camera.name} is not well known: {spread.degrees[view]:.1f} degrees, "
                f"{spread.millimetres[view]:.0f} mm (standard deviations)"
            )
    angles = viewing_angles(scene)
    if angles.max() < _SAME_SIDE:
        notes.append(
            f"all cameras see the same side (within {np.degrees(angles.max()):.0f} degrees): depth "
            "is not well known. Put one across"
        )
    return notes


def _clock_notes(scene):
    """Whether the motion would have put the clocks elsewhere."""
    if not scene.stamped:
        return []
    times = scene.points[0][0].times
    frame = float(np.median(np.diff(times)))
    offsets = np.abs(scene.moved_clocks)
    return [
        f"the motion alone would put {scene.cameras[int(offsets.argmax())].name}'s clock "
        f"{offsets.max() / frame:.1f} frames off, and explains the views no better than the "
        "recordings' own time stamps: these are taken for one clock"
    ]


def hopeless(scene: Scene) -> str | None:
    """Why the cameras can't be told at all, or None."""
    spread = scene.spread
    if spread is None:
        return None
    far = spread.millimetres / spread.distance
    worst = int(np.argmax(far))
    if far[worst] < HOPELESS and spread.degrees.max() < HOPELESS_DEGREES:
        return None
    return (
        f"{scene.cameras[worst].name}: its place can't be told, {spread.millimetres[worst]:.0f} mm "
        f"and {spread.degrees[worst]:.0f} degrees off (standard deviations) from "
        f"{spread.poses:.0f} different poses."
    )


def viewing_angles(scene: Scene) -> np.ndarray:
    """(V, V), radians, between the directions from which cameras see the middle of the people."""
    middle = scene.rig.centres + scene.rig.rotation[:, 2] * (
        scene.spread.distance[:, None] if scene.spread else 3000.0
    )
    rays = scene.rig.centres - middle.mean(0)
    rays /= np.maximum(np.linalg.norm(rays, axis=-1, keepdims=True), 1e-9)
    # Opposite cameras see the same silhouette: depth comes from those across.
    return np.arccos(np.clip(np.abs(rays @ rays.T), 0.0, 1.0))


def text(scene: Scene, placed: Sequence[Placed]) -> str:
    """Lines for the command to print."""
    rows = [["camera", "x", "y", "z mm", "focal px", "clock s", "error px", "exchanged"]]
    errors = np.nanmedian(reprojection_errors(placed), axis=1)
    for view, camera in enumerate(scene.cameras):
        centre = scene.rig.centres[view]
        turned = sum(int(person.exchanged[view].any(-1).sum()) for person in placed)
        rows.append(
            [
                camera.name,
                *(f"{value:.0f}" for value in centre),
                f"{scene.rig.focal[view]:.0f}",
                _clock_text(scene, view),
                f"{errors[view]:.1f}",
                f"{turned} frames" if turned else "-",
            ]
        )
        if scene.spread is not None:
            rows[0][8:] = ["known to"]
            rows[-1].append(
                f"{scene.spread.millimetres[view]:.0f} mm, {scene.spread.degrees[view]:.1f} deg"
            )
        if scene.moved is not None:
            rows[0][8:] = ["calibration off by"]
            rows[-1].append(
                f"{scene.moved.millimetres[view]:.0f} mm, {scene.moved.degrees[view]:.2f} deg"
            )
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    for number, (person, spread) in enumerate(zip(placed, bone_spread(placed), strict=True), 1):
        known = np.isfinite(person.joints).all((1, 2))
        share = person.inferred[known].mean() * len(H36M_17) if known.any() else 0.0
        lines.append(
            f"person {number}: {known.sum()} of {len(known)} frames; {share:.1f} of 17 joints "
            f"inferred in each, on average; bones keep their length within "
            f"{np.nanmean(spread):.0f} mm"
        )
    return "\n".join(lines)


def write_table(path: pathlib.Path, scene: Scene, placed: Sequence[Placed]) -> None:
    """Reprojection errors as CSV: a row for each camera and joint, median pixels."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["camera", "joint", "median_error_px"])
    for camera, row in zip(scene.cameras, reprojection_errors(placed), strict=True):
        for joint, value in zip(H36M_17.joints, row, strict=True):
            writer.writerow([camera.name, joint, f"{value:.2f}" if np.isfinite(value) else ""])
    files.write_text(path, table.getvalue())


def write_picture(path: pathlib.Path, scene: Scene, placed: Sequence[Placed]) -> None:
    """Reprojection errors as a picture: cameras across, joints down, red from 20 pixels on."""
    errors = reprojection_errors(placed)
    wide, high = _CELL
    size = (_LEFT + wide * len(errors) + 10, _TOP + high * len(H36M_17) + 10)
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    draw.text((8, 10), "median px", "black")
    for joint, name in enumerate(H36M_17.joints):
        draw.text((8, _TOP + high * joint + 6), name, "black")
    for view, camera in enumerate(scene.cameras):
        draw.text((_LEFT + wide * view + 4, 10), camera.name[:11], "black")
        for joint, value in enumerate(errors[view]):
            left, top = _LEFT + wide * view, _TOP + high * joint
            known = np.isfinite(value)
            heat = float(np.clip(value / 20.0, 0.0, 1.0)) if known else 0.0
            fill = (255, round(250 - 150 * heat), round(245 - 180 * heat)) if known else "#eeeeee"
            draw.rectangle((left, top, left + wide - 2, top + high - 2), fill)
            draw.text((left + 24, top + 6), f"{value:.1f}" if known else "-", "black")
    with files.replacing(path) as temporary:
        image.save(temporary, "PNG")


def _clock_text(scene, view):
    known = scene.spread is None or scene.spread.clocks[view] == 0.0
    deviation = "" if known else f" ± {scene.spread.clocks[view]:.4f}"
    return f"{scene.clocks[view].offset:+.4f}{deviation}"


def write_json(path: pathlib.Path, scene: Scene, placed: Sequence[Placed]) -> None:
    """All figures of the report."""
    errors, bones = reprojection_errors(placed), bone_spread(placed)
    cameras = [
        {
            "name": camera.name,
            "position_mm": scene.rig.centres[view].round(2).tolist(),
            "rotation_world_to_camera": scene.rig.rotation[view].round(6).tolist(),
            "focal_px": round(float(scene.rig.focal[view]), 2),
            "clock_offset_s": round(float(scene.clocks[view].offset), 5),
            "clock_drift": round(float(scene.clocks[view].drift), 9),
            "median_error_px": {
                joint: round(float(value), 2)
                for joint, value in zip(H36M_17.joints, errors[view], strict=True)
                if np.isfinite(value)
            },
            "exchanged_frames": sum(int(p.exchanged[view].any(-1).sum()) for p in placed),
        }
        for view, camera in enumerate(scene.cameras)
    ]
    for entry, told in zip(cameras, scene.moved_clocks, strict=False):
        entry["clock_offset_by_motion_s"] = round(float(told), 5)
    for key, found in (("standard_deviation", scene.spread), ("calibration_off_by", scene.moved)):
        if found is not None:
            for entry, degrees, length in zip(
                cameras, found.degrees, found.millimetres, strict=True
            ):
                entry[key] = {"degrees": round(float(degrees), 3), "mm": round(float(length), 1)}
    if scene.spread is not None:
        clocks = zip(cameras, scene.spread.clocks, scene.spread.drifts, strict=True)
        for entry, offset, drift in clocks:
            entry["standard_deviation"]["clock_s"] = round(float(offset), 5)
            entry["standard_deviation"]["clock_drift"] = round(float(drift), 9)
    people = [
        {
            "frames": int(np.isfinite(person.joints).all((1, 2)).sum()),
            "inferred_joints": {
                joint: int(count)
                for joint, count in zip(H36M_17.joints, person.inferred.sum(0), strict=True)
            },
            "bones_mm": {
                kind: {"length": round(float(length), 1), "deviation": round(float(off), 1)}
                for kind, length, off in zip(body.KINDS, lengths, deviations, strict=True)
            },
        }
        for person, lengths, deviations in zip(placed, scene.bones, bones, strict=True)
    ]
    content = {
        "cameras": cameras,
        "people": people,
        "adjusted_on_moments": scene.used,
        "different_poses": scene.spread and round(scene.spread.poses, 1),
        "clocks": _clock_source(scene),
        "warnings": warnings(scene),
    }
    files.write_text(path, json.dumps(content, indent=1) + "\n")


def _clock_source(scene):
    if not scene.moved_clocks:
        return "given"
    return "time stamps, which fit as well" if scene.stamped else "motion"


def calibrated(scene: Scene) -> list:
    """The scene's cameras with the focal lengths that were found, as `geometry.camera.Camera`."""
    from synpose_tf.geometry.camera import Camera
    from synpose_tf.reconstruction.rig import focal_of

    found = []
    for view, camera in enumerate(scene.cameras):
        intrinsics = camera.intrinsics.copy()
        intrinsics[:2] *= scene.rig.focal[view] / focal_of(intrinsics)
        size = camera.image_size or tuple(round(2 * c) for c in intrinsics[2:4])
        found.append(
            Camera(camera.name, scene.rig.rotation[view], scene.rig.centres[view], intrinsics, size)
        )
    return found
