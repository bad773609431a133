"""Several cameras without calibration: how well cameras, clocks and joints are found.

  python benchmarks/multiview.py [--parts=four,subsets,focal,clocks,people,s9,drift,damaged,long]

`four`, `subsets`, `focal`, `clocks`: one person before four phones under MediaPipe
(`--four_cameras`), against the reference that was fitted with their calibration, and against what
its calibration triangulates. `people`: two of them, the second the same walk, backwards and 1.5 m
aside, put into the same cameras with what the detector erred by half a second before. `s9`:
Human3.6M's S9, Walking and Sitting, under Stacked Hourglass (`--sh`), with lenses but without
places; cameras against Human3.6M's after one similarity, joints against their triangulation
(`s9.py`: views that agree within 18 px), and against what the same command gives with Human3.6M's
places. `drift`: Walking forth and back for 97 s, one camera's clock 5 frames late, another's fast
by 300 and by 1,000 ppm. `damaged`: S9 with whole poses mirrored about their middle, sides
exchanged, or missing, at random in 5 % and 20 % of each camera's frames. `long`: the four cameras
played forth and back to 20,000 frames: seconds of processor time, and memory.

Millimetres are P-MPJPE, mean over frames. Cameras are compared after one similarity from the joints
(`four`) or the cameras' places (`s9`): the largest difference of rotation and place.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import dataclasses
import itertools
import pathlib
import resource
import time

import numpy as np
import s9
from absl import flags

from synpose_tf import cli, keypoints
from synpose_tf.evaluation import metrics
from synpose_tf.geometry.camera import project
from synpose_tf.inference.lifter import Lifter
from synpose_tf.keypoints.conversion import carried
from synpose_tf.reconstruction import people, pipeline, report
from synpose_tf.reconstruction.rig import Rig, focal_of
from synpose_tf.reconstruction.views import Camera
from synpose_tf.structures.skeleton import H36M_17, MPII_16

SHARED = pathlib.Path(__file__).resolve().parent.parent.parent / "shared" / "data"
PARTS = ("four", "subsets", "focal", "clocks", "people", "s9", "drift", "damaged", "long")
SHIFTS = (0.0, 7.0, -4.5, 0.0)
DRIFTS = (300.0, 1000.0)  # Parts in a million.
BOUND_PX = 18.0
LONG = 20_000

flags.DEFINE_list("parts", list(PARTS), f"Which: {', '.join(PARTS)}.")
flags.DEFINE_string("four_cameras", str(SHARED / "four_cameras"), "Folder.")
flags.DEFINE_string("sh", str(SHARED / "h36m_sh" / "S9"), "Folder of S9's detections.")
FLAGS = flags.FLAGS


def lifted(cameras):
    """The cameras with their tracks lifted."""
    lifter = Lifter.from_pretrained("camera")
    return [
        dataclasses.replace(c, lifted=[lifter.lift_track(t, c.intrinsics) for t in c.tracks])
        for c in cameras
    ]


def solve(cameras, **settings):
    """The scene and everybody in it; and seconds of processor time."""
    start = time.process_time()
    settings = {"synchronized": True} | settings
    rng = np.random.default_rng(0)
    scene = pipeline.find_scene(lifted(cameras), pipeline.Settings(**settings), rng)
    return scene, people.place(scene), time.process_time() - start


def similarity(points, target):
    """Scale, rotation and shift of points (n, 3) onto a target, least squares."""
    centres = points.mean(0), target.mean(0)
    left, _, right = np.linalg.svd((target - centres[1]).T @ (points - centres[0]))
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = left @ sign @ right
    turned = (points - centres[0]) @ rotation.T
    scale = ((target - centres[1]) * turned).sum() / (turned**2).sum()
    return scale, rotation, centres[1] - scale * rotation @ centres[0]


def camera_errors(rig, rotations, centres, fit):
    """Largest degrees and millimetres of cameras, after the similarity `fit`."""
    scale, rotation, shift = fit
    off = np.linalg.norm(scale * rig.centres @ rotation.T + shift - centres, axis=1)
    turns = rig.rotation @ rotation.T @ np.swapaxes(rotations, 1, 2)
    cosines = (np.trace(turns, axis1=1, axis2=2) - 1.0) / 2.0
    return np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0))).max(), off.max()


def pose_errors(joints, truth):
    """P-MPJPE (n,) of joints (n, J, 3), by those joints of each that are known in both."""
    errors = []
    for one, two in zip(joints, truth, strict=True):
        known = np.isfinite(one).all(-1) & np.isfinite(two).all(-1)
        if known.sum() > 3:
            errors.append(metrics.p_mpjpe(one[known][None], two[known][None])[0])
    return np.array(errors)


# === Four cameras ===
class FourCameras:
    """The demonstration and its reference."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        with np.load(self.folder / "reference.npz") as file:
            self.reference = dict(file)
        self.joints = [H36M_17.index(str(name)) for name in self.reference["names"]]
        self.cameras = [self._camera(view) for view in range(4)]

    def _camera(self, view):
        path = self.folder / f"cam0{view + 1}.landmarks.json"
        (track,) = keypoints.read([path]).tracks
        return Camera(path.name[:5], [track], self.reference["intrinsics"][view], track.image_size)

    def judge(self, name, scene, placed, views=range(4), first=0):
        """Prints figures; `first` is the reference's frame at second 0."""
        person, views = placed[0], list(views)
        frames = np.rint(person.times * 60.0).astype(int) + first
        inside = (frames >= 0) & (frames < 100) & np.isfinite(person.joints).all((1, 2))
        joints = person.joints[inside][:, self.joints].astype(float)
        truth = self.reference["joints"][frames[inside]].astype(float)
        against = self.reference["triangulated"][frames[inside]].astype(float)
        fit = similarity(joints.reshape(-1, 3), truth.reshape(-1, 3))
        rotations = self.reference["rotation"][views]
        centres = -np.einsum("vji,vj->vi", rotations, self.reference["translation"][views])
        degrees, off = camera_errors(scene.rig, rotations, centres, fit)
        print(
            f"{name:28} {pose_errors(joints, truth).mean():6.1f} "
            f"{pose_errors(joints, against).mean():6.1f} {degrees:6.2f} {off:6.0f}   "
            f"{report.hopeless(scene) or '; '.join(report.warnings(scene))}",
            flush=True,
        )


def refocused(cameras, factor):
    """Cameras whose focal lengths are guessed wrong."""
    scale = np.array([factor, factor, *[1.0] * 7])
    return [dataclasses.replace(c, intrinsics=c.intrinsics * scale) for c in cameras]


def shifted(camera, frames, base=5):
    """A camera that began `base + frames` frames later, between its frames by lines."""
    (track,) = camera.tracks
    source = np.arange(base + frames, len(track.frames) - 1 + 1e-9)
    low = np.minimum(source.astype(int), len(track.frames) - 2)
    share = (source - low)[:, None, None]
    points = (1 - share) * track.keypoints[low] + share * track.keypoints[low + 1]
    count = np.arange(len(source))
    moved = dataclasses.replace(
        track,
        keypoints=points,
        confidence=track.confidence[low],
        frames=count,
        times=count / 60.0,
        exchanged=None,
    )
    return dataclasses.replace(camera, tracks=[moved])


def four():
    data = FourCameras(FLAGS.four_cameras)
    print(f"{'':28} {'joints':>6} {'triang':>6} {'deg':>6} {'mm':>6}")
    if "four" in FLAGS.parts:
        scene, placed, seconds = solve(data.cameras)
        data.judge(f"four cameras ({seconds:.0f} s)", scene, placed)
    if "subsets" in FLAGS.parts:
        for size in (3, 2):
            for views in itertools.combinations(range(4), size):
                scene, placed, _ = solve([data.cameras[view] for view in views])
                data.judge(f"cameras {', '.join(str(v + 1) for v in views)}", scene, placed, views)
    if "focal" in FLAGS.parts:
        for factor, focal in itertools.product((0.8, 1.4), ("each", "shared")):
            scene, placed, _ = solve(refocused(data.cameras, factor), focal=focal)
            data.judge(f"focal length × {factor}, {focal}", scene, placed)
    if "clocks" in FLAGS.parts:
        for shifts in ((0.0,) * 4, SHIFTS):
            moved = [shifted(c, s) for c, s in zip(data.cameras, shifts, strict=True)]
            scene, placed, _ = solve(moved, synchronized=False)
            found = [-60.0 * clock.offset for clock in scene.clocks]
            data.judge("clocks " + " ".join(f"{f:.2f}" for f in found), scene, placed, first=5)


def two_people():
    """Two people: the demonstration's, and one who does the same later and aside."""
    data = FourCameras(FLAGS.four_cameras)
    reference = data.reference
    world, later = reference["joints"].astype(float), 30
    moved = world[np.arange(100)[::-1]] @ np.diag([-1.0, -1.0, 1.0])
    moved += world[:, 6:8].mean((0, 1)) - moved[:, 6:8].mean((0, 1)) + [1200.0, 900.0, 0.0]
    cameras = []
    for view, camera in enumerate(data.cameras):
        (track,) = camera.tracks
        order = [track.layout.index(str(name)) for name in reference["names"]]
        rotation, shift = reference["rotation"][view], reference["translation"][view]
        lens = reference["intrinsics"][view]
        seen = [project(points @ rotation.T + shift, lens) for points in (world, moved)]
        error = np.roll(track.keypoints[:, order] - seen[0], later, axis=0)
        points = np.full(track.keypoints.shape, np.nan)
        points[:, order] = seen[1] + error
        confidence = np.where(np.isfinite(points).all(-1), 0.9, 0.0)
        other = dataclasses.replace(
            track, name="other", keypoints=points, confidence=confidence, exchanged=None
        )
        both = [track, other] if view % 2 else [other, track]
        cameras.append(dataclasses.replace(camera, tracks=both))
    scene, placed, seconds = solve(cameras)
    names = [
        [[scene.cameras[v].tracks[n].name for n in tracks] for v, tracks in enumerate(views)]
        for views in scene.people
    ]
    print(f"two people ({seconds:.0f} s): tracks of each: {names}")
    for person, views in zip(placed, scene.people, strict=True):
        number = scene.cameras[0].tracks[views[0][0]].name == "other"
        truth = (world, moved)[number]
        errors = pose_errors(person.joints[:, data.joints].astype(float), truth)
        print(f"  P-MPJPE {errors.mean():.1f}")


# === S9 ===
def s9_cameras(action, share=0.0, kind=None, rng=None):
    """The views of an action, damaged in a share of the frames."""
    cameras = []
    for track, camera in zip(s9.read_views(FLAGS.sh, action), s9.CAMERAS, strict=True):
        points = np.array(track.keypoints, float)
        hit = np.zeros(len(points), bool)
        if kind:
            hit = rng.random(len(points)) < share
        if kind == "missing":
            points[hit] = np.nan
        if kind == "swapped":
            points[hit] = points[hit][:, list(track.layout.mirror)]
        if kind == "mirrored":
            middle = np.nanmean(points[hit][..., 0], axis=1, keepdims=True)
            points[hit, :, 0] = 2 * middle - points[hit][..., 0]
        confidence = np.where(np.isfinite(points).all(-1), track.confidence, 0.0)
        damaged = dataclasses.replace(
            track, keypoints=points.astype(np.float32), confidence=confidence, exchanged=None
        )
        cameras.append(Camera(camera.name, [damaged], camera.intrinsics, camera.image_size))
    return cameras


def s9_rig():
    """Human3.6M's own places."""
    rotation = np.array([camera.rotation for camera in s9.CAMERAS])
    centres = np.array([camera.position for camera in s9.CAMERAS])
    focal = np.array([focal_of(camera.intrinsics) for camera in s9.CAMERAS])
    return Rig(rotation, -np.einsum("vij,vj->vi", rotation, centres), focal)


def s9_joints():
    """Which of Human3.6M's joints MPII's have, without the head's top, and their numbers there."""
    order = carried(MPII_16)
    joints = [j for j, source in enumerate(order) if source is not None and j != 10]
    return joints, [order[joint] for joint in joints]


def s9_errors(person, world):
    """P-MPJPE of a person from the joints that s9.py triangulates (F, 16, 3)."""
    joints, sources = s9_joints()
    frames = np.rint(person.times * 50.0).astype(int)
    inside = (frames >= 0) & (frames < len(world))
    truth = world[frames[inside]][:, sources]
    return pose_errors(person.joints[inside][:, joints].astype(float), truth)


def triangulated(action, bound=BOUND_PX):
    return s9.triangulate_robustly(s9.read_detections(FLAGS.sh, action), s9.CAMERAS, bound)


def judge_s9(action, name, cameras):
    scene, placed, seconds = solve(cameras, synchronized=False)
    person, rig = placed[0], s9_rig()
    errors = s9_errors(person, triangulated(action))
    fit = similarity(scene.rig.centres, rig.centres)
    degrees, off = camera_errors(scene.rig, rig.rotation, rig.centres, fit)
    lags = max(abs(50.0 * clock.offset) for clock in scene.clocks)
    print(
        f"{action:8} {name:14} {errors.mean():6.1f} {degrees:6.2f} {off:6.0f} {lags:6.2f} "
        f"{seconds:6.0f} {len(person.times):6}",
        flush=True,
    )
    return person


def judge_calibrated(action, cameras, person):
    """What Human3.6M's places change, and how sure the judge is."""
    _, (known,), _ = solve(cameras, rig=s9_rig())
    both = np.isin(np.rint(person.times * 50.0), np.rint(known.times * 50.0))
    apart = pose_errors(person.joints[both].astype(float), known.joints.astype(float))
    world = triangulated(action)
    narrow, wide = (pose_errors(triangulated(action, px), world).mean() for px in (10.0, 30.0))
    print(
        f"  with Human3.6M's places: {apart.mean():.1f} apart, "
        f"{s9_errors(known, world).mean():.1f} from the triangulation, which is {narrow:.1f} from "
        f"its own by 10 pixels, {wide:.1f} by 30",
        flush=True,
    )


def s9_parts():
    print(f"{'S9':23} {'joints':>6} {'deg':>6} {'mm':>6} {'frames':>6} {'s':>6} {'of':>6}")
    for action in s9.ACTIONS:
        if "s9" in FLAGS.parts:
            cameras = s9_cameras(action)
            judge_calibrated(action, cameras, judge_s9(action, "", cameras))
        if "damaged" in FLAGS.parts:
            for kind, share in itertools.product(("mirrored", "swapped", "missing"), (0.05, 0.2)):
                rng = np.random.default_rng(0)
                cameras = s9_cameras(action, share, kind, rng)
                judge_s9(action, f"{kind} {share:.0%}", cameras)


def forth_and_back(frames, count):
    """Indices (count,) of `frames` frames, so that nothing jumps."""
    there = np.arange(frames)
    return np.resize(np.concatenate([there, there[-2:0:-1]]), count)


def by_clock(camera, late, drift, rate=50.0):
    """A camera's frames, forth and back, by a clock that is `late` frames late and drifts."""
    (track,) = camera.tracks
    order = forth_and_back(len(track.frames), 3 * len(track.frames))
    source = np.arange(late, (len(order) - 2) * (1.0 + drift)) / (1.0 + drift)
    low = source.astype(int)
    share = (source - low)[:, None, None]
    points = np.asarray(track.keypoints, float)[order]
    points = (1 - share) * points[low] + share * points[low + 1]
    count = np.arange(len(source))
    moved = dataclasses.replace(
        track,
        keypoints=points.astype(np.float32),
        confidence=track.confidence[order][low],
        frames=count,
        times=count / rate,
        exchanged=None,
    )
    return dataclasses.replace(camera, tracks=[moved])


def drift():
    for ppm in DRIFTS:
        clocks = ((0.0, 0.0), (0.0, 1e-6 * ppm), (5.0, 0.0), (0.0, 0.0))
        views = zip(s9_cameras("Walking"), clocks, strict=True)
        scene, _, seconds = solve([by_clock(c, *clock) for c, clock in views], synchronized=False)
        found = " ".join(
            f"{1e6 * clock.drift:.0f} ± {1e6 * deviation:.0f}"
            for clock, deviation in zip(scene.clocks, scene.spread.drifts, strict=True)
        )
        late = " ".join(f"{-50.0 * clock.offset:.2f}" for clock in scene.clocks)
        print(
            f"drift of {ppm:.0f} ppm: {found} ppm; late {late} frames; {seconds:.0f} s", flush=True
        )


def long():
    data = FourCameras(FLAGS.four_cameras)
    order = forth_and_back(100, LONG)
    cameras = []
    for camera in data.cameras:
        (track,) = camera.tracks
        count = np.arange(LONG)
        longer = dataclasses.replace(
            track,
            keypoints=track.keypoints[order],
            confidence=track.confidence[order],
            frames=count,
            times=count / 60.0,
            exchanged=None,
        )
        cameras.append(dataclasses.replace(camera, tracks=[longer]))
    _, placed, seconds = solve(cameras)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"4 × {LONG:,} frames: {seconds:.0f} s of one core, {peak:.0f} MB at most")
    assert len(placed[0].times) == LONG


def main():
    if set(FLAGS.parts) & {"four", "subsets", "focal", "clocks"}:
        four()
    if "people" in FLAGS.parts:
        two_people()
    if set(FLAGS.parts) & {"s9", "damaged"}:
        s9_parts()
    if "drift" in FLAGS.parts:
        drift()
    if "long" in FLAGS.parts:
        long()


if __name__ == "__main__":
    cli.run(main)
