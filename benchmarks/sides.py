"""Can a lifted pose tell that left and right of its 2D joints are exchanged?

  python benchmarks/sides.py

The real detections of `benchmarks/unseen.py`, after `keypoints.sides` has put sides back by motion.
Each pose is lifted as it is, and with all joints, the legs, or the arms exchanged. MPJPE, mm, of
the poses as they are; of the `best` of the four in each frame, which is the most that there is to
gain; and of that of the four whose left and right bones are more equal than those of what came, by
more than a margin, on average over half a second. Then the share of frames that this changes, and
of those the share that it makes better.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import dataclasses

import numpy as np
import s9
import unseen
from scipy import ndimage

from synpose_tf import cli
from synpose_tf.inference.lifter import Lifter
from synpose_tf.keypoints.sides import pairs
from synpose_tf.structures.skeleton import H36M_17

STATES = ("as it is", "all", "legs", "arms")
SECONDS = 0.5
MARGINS = (0.2, 0.4)
LEAST_BONE = 0.005  # Of the sum of the bones.


def exchanged(track, state):
    """A track with the sides of some joints exchanged."""
    order = np.arange(len(track.layout))
    if state == "all":
        order = np.array(track.layout.mirror)
    elif state != STATES[0]:
        left, right = pairs(track.layout)[state].T
        order[left], order[right] = right, left
    columns = ("keypoints", "confidence", "world")
    known = {name: getattr(track, name) for name in columns if getattr(track, name) is not None}
    return dataclasses.replace(track, **{n: np.asarray(c)[:, order] for n, c in known.items()})


def asymmetry(poses):
    """Sum of the logarithms of left over right bones, of poses (n, 17, 3): (n,)."""
    child, parent = np.transpose(H36M_17.bones)
    lengths = np.linalg.norm(poses[:, child] - poses[:, parent], axis=-1)
    lengths = lengths / lengths.sum(-1, keepdims=True) + LEAST_BONE
    place = {joint: number for number, joint in enumerate(child)}
    left, right = np.transpose([(place[one], place[other]) for one, other in H36M_17.left_right])
    return np.abs(np.log(lengths[:, left] / lengths[:, right])).sum(-1)


def errors_and_asymmetry(lifter, track, intrinsics, truth, joints):
    """(states, F) each; NaN where not known."""
    found = []
    for state in STATES:
        poses = lifter.lift_track(exchanged(track, state), intrinsics, lifter_only=True).poses
        errors = np.full(len(poses), np.nan)
        known = np.isfinite(truth).all((-1, -2)) & np.isfinite(poses).all((-1, -2))
        errors[known] = unseen.errors_of(poses[known][:, joints], truth[known])[0]
        found.append((errors, asymmetry(np.asarray(poses))))
    return np.moveaxis(np.array(found), 1, 0)


def choose(asymmetries, frames, margin):
    """(F,): the state that is more plausible than what came."""
    usual = np.nanmedian(asymmetries, axis=1, keepdims=True)
    known = np.where(np.isfinite(asymmetries), asymmetries, usual)
    smooth = ndimage.uniform_filter1d(known, frames, axis=1)
    best = smooth.argmin(0)
    return np.where(smooth[0] - smooth.min(0) > margin, best, 0)


def print_row(name, views, rate):
    cells, rows = [], [np.isfinite(errors).all(0) for errors, _ in views]
    known = [errors[:, row] for (errors, _), row in zip(views, rows, strict=True)]
    cells += [np.mean([e[0].mean() for e in known]), np.mean([e.min(0).mean() for e in known])]
    for margin in MARGINS:
        errors, changed, better = [], [], []
        for (_, asymmetries), row, error in zip(views, rows, known, strict=True):
            state = choose(asymmetries, int(SECONDS * rate), margin)[row]
            chosen = error[state, np.arange(error.shape[1])]
            errors.append(chosen.mean())
            changed.append((state > 0).mean())
            better += (chosen < error[0])[state > 0].tolist()
        share = 100.0 * np.mean(better) if better else np.nan
        cells += [np.mean(errors), 100.0 * np.mean(changed), share]
    print(f"{name:16}" + "".join(f"{cell:12.1f}" for cell in cells), flush=True)


def main():
    lifter = Lifter.from_pretrained("camera")
    heads = ["as it is", "best"]
    for margin in MARGINS:
        heads += [f"> {margin}", "changed, %", "better, %"]
    print(f"{'':16}" + "".join(f"{head:>12}" for head in heads))
    for action in s9.ACTIONS:
        data = unseen.moments(unseen.S9, action, 1)
        tracks = s9.read_views(unseen.S9, action)
        views = [
            errors_and_asymmetry(
                lifter, track, camera.intrinsics, truth[:, unseen.JOINTS], unseen.JOINTS
            )
            for track, camera, truth in zip(tracks, s9.CAMERAS, data.truth, strict=True)
        ]
        print_row(f"S9 {action}", views, 50.0)
    for camera, intrinsics in enumerate(unseen.reference(unseen.FOUR_CAMERAS)["intrinsics"]):
        truth, names = unseen.true_joints(unseen.FOUR_CAMERAS, camera)
        track = unseen.landmarks(unseen.FOUR_CAMERAS, camera, 0.0)
        joints = [H36M_17.root, *map(H36M_17.index, names)]
        view = errors_and_asymmetry(lifter, track, intrinsics, truth[track.frames], joints)
        print_row(f"camera {camera + 1}", [view], 30.0)


if __name__ == "__main__":
    cli.run(main)
