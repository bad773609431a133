"""From what several cameras saw of people to where cameras and people are.

1. Tracks of two views are put together, and their clocks (`matching`, `synchronization`).
2. Cameras from epipolar geometry and lifts (`initial`).
3. Bundle adjustment over some hundred moments that differ (`selection`); sides that a detector
   exchanged are put back by the other views (`exchange`), clocks are refined.
4. A world with a floor (`floor`).
5. All moments, some hundred at a time, with the cameras fixed (`people`).

What needs memory with the length of the recording are the joints in 2D, of each camera, and in 3D.
"""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.reconstruction import body, floor, initial, matching, selection, uncertainty
from synpose_tf.reconstruction.bundle import Problem, adjust
from synpose_tf.reconstruction.exchange import exchanged, put_back
from synpose_tf.reconstruction.initial import Lifts
from synpose_tf.reconstruction.rig import Rig
from synpose_tf.reconstruction.synchronization import apart, moved_on
from synpose_tf.reconstruction.triangulation import triangulate
from synpose_tf.reconstruction.unknowns import Free
from synpose_tf.reconstruction.views import (
    Camera,
    Clock,
    Points,
    focal_lengths,
    observe,
    points_of,
)

_TRACKS = 12  # Of a camera, the longest, that are looked at.
_LEAST_FRAMES = 5
_MOMENTS, _WINDOW = 300, 5  # That cameras are adjusted on, and how many follow each other.
_START_MOMENTS = 40
_ROUNDS, _MOST_ROUNDS = 3, 10
_SETTLED = 0.1  # Frames by which clocks may still move.
_LONG = 60.0  # Seconds, of a recording that tells how clocks drift.
_LEAST_ALIKE = 20  # Moments, seen by the same cameras whatever the clocks.
# Standard errors by which motion must explain the views better than time stamps; of people who
# hardly move, whose detector's noise is their motion.
_SURE, _SURE_STILL = 0.3, 2.0


@dataclasses.dataclass(frozen=True)
class Settings:
    """What is known, and what shall be found.

    Args:
        focal: whether focal lengths are `known`; or one of `each` camera, or one `shared` by all,
            is found from the given ones.
        synchronized: whether the clocks are one.
        rig: calibrated cameras, or None.
        refine: whether calibrated cameras may move.
        camera_distance: of two cameras (numbers), millimetres, which gives the scale; or None.
    """

    focal: str = "known"
    synchronized: bool = False
    rig: Rig | None = None
    refine: bool = False
    camera_distance: tuple[int, int, float] | None = None


@dataclasses.dataclass(frozen=True)
class Scene:
    """Cameras in their world, and whose tracks are whose.

    Args:
        cameras: as given.
        rig: in the world, z up, millimetres.
        clocks: of each camera.
        people: of each person, for each camera the numbers of the tracks that show them.
        points: of each camera the `Points` of each track.
        bones: (people, kinds), millimetres.
        spread: how sure the cameras are, by `uncertainty`; None for calibrated ones.
        moved: of calibrated cameras that were refined, by how much; else None.
        used: how many moments the cameras were adjusted on.
        bluntness: how much farther off than `views.NOISE` says the recordings' detectors are;
            1 or more.
        stamped: whether the recordings' time stamps are taken for one clock, though the motion
            was asked.
        moved_clocks: of each camera where the motion put its clock, seconds from the time stamps,
            at the moment at which that is farthest; empty where given.
    """

    cameras: Sequence[Camera]
    rig: Rig
    clocks: Sequence[Clock]
    people: list[list[list[int]]]
    points: list[list[Points]]
    bones: np.ndarray
    spread: "uncertainty.Spread | None"
    moved: "uncertainty.Moved | None"
    used: int
    bluntness: float = 1.0
    stamped: bool = False
    moved_clocks: Sequence[float] = ()

    def tracks_of(self, person: int) -> list[list[Points]]:
        """Of each camera the points of the tracks that show a person."""
        return [
            [points[n] for n in numbers]
            for points, numbers in zip(self.points, self.people[person], strict=True)
        ]

    def times_of(self, person: int) -> np.ndarray:
        """(n,), seconds of the first camera's clock: moments at which anybody sees a person."""
        return moments_of(self.tracks_of(person), self.clocks)

    def lifts_of(self, person: int, times: np.ndarray) -> Lifts:
        """Lifts of a person at moments."""
        return lifts_at(self.cameras, self.people[person], self.clocks, times)


def find_scene(cameras: Sequence[Camera], settings: Settings, rng: np.random.Generator) -> Scene:
    """Cameras, clocks and people, by steps 1 to 4 of the module's text.

    Args:
        cameras: two or more, with their tracks lifted.
        settings: what is known.
        rng: draws; the same draws give the same scene.

    Raises:
        SynposeError: a camera shows nobody, or nobody whom another shows.
    """
    cameras = [_usable(camera) for camera in cameras]
    points = [[points_of(track, c.intrinsics) for track in c.tracks] for c in cameras]
    clocks, people = _together(cameras, points, settings, rng)
    unknown = Rig(
        np.zeros((len(cameras), 3, 3)), np.zeros((len(cameras), 3)), np.zeros(len(cameras))
    )
    rig = unknown if settings.rig is None else settings.rig
    scene = Scene(cameras, rig, clocks, people, points, _lengths(cameras, people), None, None, 0)
    scene = _with_start(scene, settings, rng)
    scene = _adjusted(scene, settings)
    return _in_world(scene, settings)


def _usable(camera):
    """With the longest of its tracks, those of a few frames left out."""
    order = sorted(
        (n for n, track in enumerate(camera.tracks) if len(track.frames) >= _LEAST_FRAMES),
        key=lambda n: -len(camera.tracks[n].frames),
    )[:_TRACKS]
    if not order:
        raise SynposeError(
            f"{camera.name}: shows nobody for {_LEAST_FRAMES} frames. Leave it out, or look at "
            "the detector's output."
        )
    return dataclasses.replace(
        camera,
        tracks=[camera.tracks[n] for n in order],
        lifted=[camera.lifted[n] for n in order],
    )


# === Who and when ===
def _together(cameras, points, settings, rng):
    recordings = [
        matching.Recording(tracks, focal, camera.lifted)
        for camera, tracks, focal in zip(cameras, points, focal_lengths(cameras), strict=True)
    ]
    alignments = {}
    for a, b in itertools.combinations(range(len(cameras)), 2):
        found = matching.align(recordings[a], recordings[b], settings.synchronized, rng)
        if found is not None and found.matches:
            alignments[a, b] = found
    tree = matching.spanning_tree(alignments, len(cameras))
    if len(tree) < len(cameras) - 1:
        joined = {view for pair in tree for view in pair}
        alone = [c.name for view, c in enumerate(cameras) if view not in joined]
        raise SynposeError(
            f"{', '.join(alone or [c.name for c in cameras])}: shows nobody whom another camera "
            "shows at the same time, as far as the motion tells. Were the recordings made "
            "together, and is their --fps right?"
        )
    clocks = matching.clocks_of(alignments, tree, len(cameras))
    matches = {
        ((a, i), (b, k)): support
        for (a, b), found in alignments.items()
        for (i, k), support in found.matches.items()
    }
    spans = [
        [tuple(clock.common(track.times[[0, -1]])) for track in tracks]
        for tracks, clock in zip(points, clocks, strict=True)
    ]
    return clocks, matching.people_of(matches, spans)


def _lengths(cameras, people):
    """(people, kinds), of the bones in everybody's lifts."""
    usual = body.bone_lengths(
        np.concatenate([np.asarray(track.poses[:2000]) for c in cameras for track in c.lifted])
    )
    lengths = []
    for views in people:
        lifted = [
            np.asarray(cameras[v].lifted[n].poses[:2000])
            for v, tracks in enumerate(views)
            for n in tracks
        ]
        own = body.bone_lengths(np.concatenate(lifted))
        lengths.append(np.where(np.isfinite(own), own, usual))
    return np.array(lengths, float)


def moments_of(tracks: Sequence[Sequence[Points]], clocks: Sequence[Clock]) -> np.ndarray:
    """(n,), the first camera's clock: the frames of the camera that saw most, and around them."""
    spans, steps = [], []
    for points, clock in zip(tracks, clocks, strict=True):
        for track in points:
            times = clock.common(track.times)
            spans.append(times)
            steps.append(np.median(np.diff(times)))
    most = max(range(len(spans)), key=lambda n: len(spans[n]))
    chosen, step = spans[most], steps[most]
    first, last = min(s[0] for s in spans), max(s[-1] for s in spans)
    before = chosen[0] - step * np.arange(int((chosen[0] - first) / step + 1e-3), 0, -1)
    after = chosen[-1] + step * np.arange(1, int((last - chosen[-1]) / step + 1e-3) + 1)
    return np.concatenate([before, chosen, after])


def lifts_at(
    cameras: Sequence[Camera],
    views: Sequence[Sequence[int]],
    clocks: Sequence[Clock],
    times: np.ndarray,
) -> Lifts:
    """Each view's lifts of a person at the frames nearest to moments; NaN where there is none."""
    poses = np.full((len(cameras), len(times), 17, 3), np.nan)
    roots = np.full((len(cameras), len(times), 3), np.nan)
    for view, (camera, tracks, clock) in enumerate(zip(cameras, views, clocks, strict=True)):
        own = clock.own(times)
        for number in tracks:
            track = camera.lifted[number]
            step = np.median(np.diff(track.times))
            nearest = np.searchsorted(track.times, own - step / 2).clip(0, len(track.times) - 1)
            shown = np.abs(np.asarray(track.times)[nearest] - own) < 0.75 * step
            poses[view, shown] = track.poses[nearest[shown]]
            if track.root is not None:
                roots[view, shown] = track.root[nearest[shown]]
    return Lifts(poses, roots)


# === Cameras ===
def _chosen_times(scene, count, window):
    """Of each person moments that several cameras see, and that differ."""
    share, chosen = max(window, count // len(scene.people)), []
    for person in range(len(scene.people)):
        times = scene.times_of(person)
        seen = observe([scene.tracks_of(person)], scene.clocks, [times])
        good = selection.shared(seen)
        if window > 1:
            good = selection.different(seen, good, share, window)
        else:
            good = selection.even(good, share)
        chosen.append(times[good])
    return chosen


def _observed(scene, times):
    """Observations and lifts of all people at moments of theirs."""
    everybody = [scene.tracks_of(person) for person in range(len(scene.people))]
    seen = observe(everybody, scene.clocks, times)
    parts = [scene.lifts_of(person, moments) for person, moments in enumerate(times)]
    return seen, Lifts(
        np.concatenate([part.poses for part in parts], axis=1),
        np.concatenate([part.roots for part in parts], axis=1),
    )


def _with_start(scene, settings, rng):
    seen, lifts = _observed(scene, _chosen_times(scene, _START_MOMENTS, 1))
    if settings.rig is not None:  # The bones have the calibration's scale.
        joints = triangulate(scene.rig, seen)
        people = [joints[seen.person == person] for person in range(len(scene.people))]
        known = np.array([body.bone_lengths(own) for own in people])
        return dataclasses.replace(scene, bones=np.where(np.isfinite(known), known, scene.bones))
    focal = focal_lengths(scene.cameras)
    state = initial.initial_state(seen, focal, lifts, scene.bones, rng)
    return dataclasses.replace(scene, rig=state.rig, bones=state.bones)


def _adjusted(scene, settings):
    """Cameras, clocks and bones after bundle adjustment, several times with what it showed."""
    calibrated = settings.rig is not None
    free = Free(
        cameras=settings.refine or not calibrated,
        focal="known" if calibrated else settings.focal,
    )
    first = scene.rig
    for number in range(_MOST_ROUNDS):
        seen, lifts = _observed(scene, _chosen_times(scene, _MOMENTS, _WINDOW))
        problem, state = _round(scene, seen, lifts, free, _clocks(settings, scene))
        clocks, before = moved_on(scene.clocks, state, seen.times), scene.clocks
        scene = dataclasses.replace(
            scene, rig=state.rig, bones=state.bones, clocks=clocks, used=len(seen.times)
        )
        if number + 1 >= _ROUNDS and apart(before, clocks, seen.times) < _SETTLED * _step(scene):
            break
    if not settings.synchronized:
        scene, problem, state = _clocked(scene, free, problem, state)
    scene = dataclasses.replace(scene, bluntness=uncertainty.bluntness(problem, state))
    if calibrated:
        moved = uncertainty.moved(first, scene.rig) if settings.refine else None
        return dataclasses.replace(scene, moved=moved)
    return dataclasses.replace(scene, spread=uncertainty.spread_of(problem, state))


def _step(scene):
    """Seconds between frames."""
    return float(np.median(np.diff(scene.points[0][0].times)))


def _clocks(settings, scene):
    """What `bundle.Free` shall find of the clocks."""
    if settings.synchronized:
        return "known"
    times = np.concatenate([track.times for track in scene.points[0]])
    return "drift" if times.max() - times.min() > _LONG else "offset"


def _round(scene, seen, lifts, free, clocks="known"):
    start = initial.start_of(scene.rig, seen, lifts, scene.bones)
    guesses = initial.guesses_of(scene.rig, seen, lifts)
    state = adjust(start, seen, body.PRIOR, free, guesses, 20)
    marks = exchanged(state.rig, state.joints, seen)
    seen, free = put_back(seen, marks), dataclasses.replace(free, clocks=clocks)
    if marks.any() or clocks != "known":
        state = adjust(state, seen, body.PRIOR, free, guesses, 15)
    return Problem(state, seen, body.PRIOR, free, guesses), state


def _clocked(scene, free, problem, state):
    """The scene by the recordings' own time stamps, if they explain the views as well.

    Where people hardly move, cameras and joints give way to a wrong clock. Both are compared after
    adjustment, at moments that the same cameras see by both.
    """
    ends = problem.seen.times[[problem.seen.times.argmin(), problem.seen.times.argmax()]]
    told = [max(clock.own(ends) - ends, key=abs) for clock in scene.clocks]
    if np.abs(told).max() > _step(scene) / 2:  # Nearer ones motion can't tell from the stamps.
        scene, problem, state = _by_stamps_or_motion(scene, free, problem, state)
    return dataclasses.replace(scene, moved_clocks=told), problem, state


def _by_stamps_or_motion(scene, free, problem, state):
    stamped = dataclasses.replace(scene, clocks=[Clock()] * len(scene.clocks), stamped=True)
    times = _chosen_times(scene, _MOMENTS, _WINDOW)
    seen = [_observed(other, times)[0] for other in (scene, stamped)]
    shown = [one.seen.any(-1) for one in seen]
    alike = (shown[0] == shown[1]).all(0) & (shown[0].sum(0) > 1)
    if alike.sum() < _LEAST_ALIKE:
        return scene, problem, state
    kept = [moments[alike[seen[0].person == n]] for n, moments in enumerate(times)]
    fits = []
    for other in (scene, stamped):
        shown, lifts = _observed(other, kept)
        fits.append(_round(other, shown, lifts, free))
    losses = [fit.losses(found) for fit, found in fits]
    worse = losses[1] - losses[0]
    sure = _SURE_STILL if uncertainty.hardly_move(problem, state) else _SURE
    # Moments of a window are as one.
    if worse.mean() > sure * worse.std() * np.sqrt(_WINDOW / len(worse)):
        return scene, problem, state
    problem, state = fits[1]
    used = len(state.joints)
    stamped = dataclasses.replace(stamped, rig=state.rig, bones=state.bones, used=used)
    return stamped, problem, state


def _in_world(scene, settings):
    """The scene with z up, and its scale from what is known."""
    if settings.rig is not None:
        return scene
    scale = 1.0
    if settings.camera_distance is not None:
        one, two, wanted = settings.camera_distance
        scale = wanted / float(np.linalg.norm(scene.rig.centres[one] - scene.rig.centres[two]))
    seen, lifts = _observed(scene, _chosen_times(scene, _MOMENTS, _WINDOW))
    joints = triangulate(scene.rig, seen)
    joints = initial.start_of(scene.rig, seen, lifts, scene.bones).joints
    rotation, origin = floor.level_world(
        scene.rig.moved(np.eye(3), np.zeros(3), scale), scale * joints
    )
    rig = scene.rig.moved(rotation, origin / scale, scale)
    spread = scene.spread and scene.spread.scaled(scale)
    return dataclasses.replace(scene, rig=rig, bones=scale * scene.bones, spread=spread)
