"""Bundle adjustment: cameras, bones and joints at once, by what all views saw.

Least squares (Levenberg and Marquardt) of

  observations  a joint's projection in each view, in units of the detector's noise, weighted by
                confidence, with Cauchy's loss
  bones         their length, one for both sides and for all of a person's moments
  motion        the acceleration of each joint, see `Prior`
  focal length  where it is not known, its logarithm
  clocks        where they are not known, how far each view is ahead of the first, by how fast its
                joints move in the picture
  guesses       a point for joints that few views saw

A joint's moments follow each other in the unknowns, all joints of a moment stand together: see
`banded`. The first camera does not move; the bones of everybody together keep their sum, which is
what gives lengths their scale.
"""

import numpy as np
from scipy.spatial.transform import Rotation

from synpose_tf.reconstruction.banded import NormalEquations
from synpose_tf.reconstruction.epipolar import cross
from synpose_tf.reconstruction.rig import NEAREST_MM, Observations, Rig
from synpose_tf.reconstruction.unknowns import Free, Prior, State


def adjust(
    state: State,
    seen: Observations,
    prior: Prior,
    free: Free,
    guesses: np.ndarray | None = None,
    iterations: int = 30,
    tolerance: float = 1e-4,
) -> State:
    """The state that fits best, from one that is near.

    Args:
        state: a start, finite everywhere.
        seen: what the cameras saw.
        prior: see there.
        free: see there.
        guesses: (N, J, 3), millimetres, NaN for no guess.
        iterations: at most.
        tolerance: the relative fall of the cost at which it ends.
    """
    problem = Problem(state, seen, prior, free, guesses)
    damping, cost = 1e-3, problem.cost(state)
    for _ in range(iterations):
        equations = problem.linearised(state)
        while damping < 1e8:
            step = equations.solve(damping)
            moved = state if step is None else problem.moved(state, *step)
            new = problem.cost(moved)
            if new < cost:
                break
            damping *= 8.0
        else:
            return state
        fall, state, cost = (cost - new) / max(cost, 1e-12), moved, new
        damping = max(damping / 4.0, 1e-8)
        if fall < tolerance:
            break
    return state


def _phase_of(times: np.ndarray) -> np.ndarray:
    """(N,), moments from -1 to 1: where `State.lags` begin and end."""
    low, high = times.min(), times.max()
    return 2.0 * (times - low) / max(high - low, 1e-9) - 1.0


class Problem:
    """The cost of a state, and its linearisation.

    Attributes:
        seen, prior, free, guesses: as given.
        triples: indices of the first of three moments of a person in a row.
    """

    def __init__(
        self,
        state: State,
        seen: Observations,
        prior: Prior,
        free: Free,
        guesses: np.ndarray | None = None,
    ):
        self.seen, self.prior, self.free = seen, prior, free
        self._valid = seen.seen
        self._points = np.where(self._valid[..., None], seen.points, 0.0)
        self._weights = np.where(self._valid, seen.confidence, 0.0) / seen.noise**2
        self._first_focal, self._scale = state.rig.focal, state.bones.sum()
        self.triples, self._tightness = self._neighbours()
        self.guesses = guesses
        self._velocity, self._phase = self._motion(state), _phase_of(seen.times)
        self._layout(len(state.rig.focal), state.bones.shape)

    def _layout(self, views, bones):
        """Where in the border each unknown stands."""
        free, end = self.free, 0
        self._camera = np.full((views, 6), -1)
        if free.cameras:
            self._camera[1:] = end + np.arange(6 * (views - 1)).reshape(-1, 6)
            end += 6 * (views - 1)
        self._focal = np.full(views, -1)
        if free.focal == "each":
            self._focal[:] = end + np.arange(views)
        elif free.focal == "shared":
            self._focal[:] = end
        end = max(end, self._focal.max() + 1)
        self._clock = np.full((views, 2), -1)
        terms = {"known": 0, "offset": 1, "drift": 2}[free.clocks]
        self._clock[1:, :terms] = end + np.arange((views - 1) * terms).reshape(views - 1, terms)
        end += (views - 1) * terms
        self._bones = np.full(bones, -1)
        if free.bones:
            self._bones = end + np.arange(self._bones.size).reshape(bones)
            end += self._bones.size
        self._border = end

    @property
    def step(self) -> float:
        """Seconds between moments that follow each other; 1 where there is one."""
        steps = np.diff(self.seen.times)
        return float(np.median(steps[steps > 0])) if (steps > 0).any() else 1.0

    def _neighbours(self):
        """First of three moments in a row, and 1 over the acceleration's deviation."""
        times, person = self.seen.times, self.seen.person
        step, usual = np.diff(times), self.step
        if len(times) < 3:
            return np.zeros(0, int), np.zeros(0)
        near = (person[2:] == person[:-2]) & (step[1:] > 0) & (step[:-1] > 0)
        near &= (step[1:] < 1.5 * usual) & (step[:-1] < 1.5 * usual)
        first = np.flatnonzero(near)
        return first, 1.0 / (self.prior.acceleration * (step[first] * step[first + 1]))

    def _motion(self, state):
        """(V, N, J, 2), ideal pixels a second, of the joints that all views agree on.

        Not of what a view saw: its own errors would be in both, velocity and distance. And not of
        joints that are still being moved: their derivatives would tie three moments.
        """
        projected, first = state.rig.project(state.joints), self.triples
        times, velocity = self.seen.times, np.zeros_like(projected)
        step = (times[first + 2] - times[first])[:, None, None]
        velocity[:, first + 1] = (projected[:, first + 2] - projected[:, first]) / step
        return velocity

    # === Cost ===
    def residuals(self, state: State) -> np.ndarray:
        """(V, N, J, 2), pixels, of the observations; 0 where there is none."""
        off = self._points - state.rig.project(state.joints)
        if state.lags is not None:
            lag = state.lags[:, :1] + state.lags[:, 1:] * self._phase
            off = off - lag[:, :, None, None] * self._velocity
        return np.where(self._valid[..., None], off, 0.0)

    def cost(self, state: State) -> float:
        """Half the sum of the squares, with the observations' loss."""
        total = self.losses(state).sum()
        total += sum((weight**2 * value**2).sum() for value, weight in self._others(state))
        return 0.5 * float(total)

    def losses(self, state: State) -> np.ndarray:
        """(N,), of each moment the observations' share of twice the cost."""
        squares = (self.residuals(state) ** 2).sum(-1) / self.seen.noise**2
        bend = self.prior.loss**2
        losses = self.seen.confidence * self._valid * bend * np.log1p(squares / bend)
        return losses.sum((0, 2))

    def _others(self, state):
        """Residuals and 1 over their deviations, of all that is no observation."""
        lengths, spread = self._lengths(state)
        yield lengths, 1.0 / spread
        if self.free.cameras:
            yield state.bones.sum() - self._scale, np.array(1.0)
        bent = state.joints
        if len(self.triples):
            first = self.triples
            yield (
                bent[first] - 2.0 * bent[first + 1] + bent[first + 2],
                self._tightness[:, None, None],
            )
        if self.guesses is not None:
            off = np.nan_to_num(state.joints - self.guesses)
            yield off, np.array(1.0 / self.prior.guess)
        if self.free.focal != "known":
            yield (
                np.log(state.rig.focal / self._first_focal),
                np.array(1.0 / self.prior.log_focal),
            )
        if self.free.clocks != "known" and state.lags is not None:
            yield state.lags, np.array(1.0 / self.prior.lag)

    def _lengths(self, state):
        """Of bones (N, B) their lengths less what they should be; and the deviations (B,)."""
        one, two, kind, spread = (
            np.array(column) for column in zip(*self.prior.bones, strict=True)
        )
        vectors = state.joints[:, one] - state.joints[:, two]
        wanted = state.bones[self.seen.person][:, kind]
        return np.linalg.norm(vectors, axis=-1) - wanted, spread

    # === Linearisation ===
    def linearised(self, state: State) -> NormalEquations:
        """The normal equations of a step, by the weights that the loss gives residuals now."""
        count, joints = state.joints.shape[:2]
        equations = NormalEquations(3 * count * joints, 6 * joints, self._border)
        self._add_observations(equations, state)
        self._add_bones(equations, state)
        self._add_motion(equations, state)
        self._add_priors(equations, state)
        return equations

    def weights_now(self, state: State) -> tuple[np.ndarray, np.ndarray]:
        """(V, N, J), of the observations' squares, and the residuals."""
        off = self.residuals(state)
        squares = (off**2).sum(-1) / self.seen.noise**2
        return self._weights / (1.0 + squares / self.prior.loss**2), off

    def _add_observations(self, equations, state):
        weights, off = self.weights_now(state)
        count, joints = state.joints.shape[:2]
        place = 3 * np.arange(count * joints).reshape(count, joints)
        for view in range(len(off)):
            by_point, by_border, columns = self._derivatives(state, view)
            weighted = weights[view][..., None, None] * by_point
            squares = np.einsum("njki,njkl->njil", weighted, by_point)
            for i in range(3):
                for k in range(i + 1):
                    equations.add(place + i, place + k, squares[..., i, k])
            right = np.einsum("njki,njk->nji", weighted, off[view])
            equations.right += right.ravel()
            if len(columns):
                mixed = np.einsum("njki,njkc->njic", weighted, by_border)
                equations.mixed[:, columns] += mixed.reshape(-1, len(columns))
                flat = by_border.reshape(-1, len(columns))
                heavy = np.repeat(weights[view].ravel(), 2)[:, None] * flat
                equations.corner[np.ix_(columns, columns)] += heavy.T @ flat
                equations.border_right[columns] += heavy.T @ off[view].reshape(-1)

    def _derivatives(self, state, view):
        """Of the projections (N, J, 2): by the points (…, 3), by the border (…, c), and where."""
        rig = state.rig
        rotation, focal = rig.rotation[view], rig.focal[view]
        turned = state.joints @ rotation.T
        x, y, depth = np.moveaxis(turned + rig.translation[view], -1, 0)
        behind = depth < NEAREST_MM
        depth = np.maximum(depth, NEAREST_MM)
        zero = np.zeros_like(x)
        by_camera = np.stack(
            [
                np.stack([focal / depth, zero, -focal * x / depth**2], axis=-1),
                np.stack([zero, focal / depth, -focal * y / depth**2], axis=-1),
            ],
            axis=-2,
        )
        by_camera[behind] = 0.0
        parts, columns = [], []
        if self._camera[view, 0] >= 0:
            parts += [-by_camera @ cross(turned), by_camera]
            columns += [*self._camera[view]]
        if self._focal[view] >= 0:
            parts.append(focal * np.stack([x / depth, y / depth], axis=-1)[..., None])
            columns.append(self._focal[view])
        for term, factor in enumerate((np.ones_like(self._phase), self._phase)):
            if self._clock[view, term] >= 0:
                parts.append((factor[:, None, None] * self._velocity[view])[..., None])
                columns.append(self._clock[view, term])
        by_border = np.concatenate(parts, axis=-1) if parts else np.zeros((*x.shape, 2, 0))
        return by_camera @ rotation, by_border, np.array(columns, int)

    def _add_bones(self, equations, state):
        off, _ = self._lengths(state)
        count, joints = state.joints.shape[:2]
        moments = 3 * joints * np.arange(count)
        for bone, (one, two, kind, spread) in enumerate(self.prior.bones):
            weight = 1.0 / spread**2
            vectors = state.joints[:, one] - state.joints[:, two]
            unit = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)
            columns = self._bones[self.seen.person, kind]
            low, high = min(one, two), max(one, two)
            ends = moments[:, None] + 3 * np.array([[low], [high]])[..., None] + np.arange(3)
            outer = weight * unit[:, :, None] * unit[:, None, :]
            for end in ends:
                rows, across = np.broadcast_arrays(end[:, :, None], end[:, None, :])
                lower = rows >= across
                equations.add(rows[lower], across[lower], outer[lower])
            equations.add(ends[1][:, :, None], ends[0][:, None, :], -outer)
            for joint, sign in ((one, 1.0), (two, -1.0)):
                rows = moments[:, None] + 3 * joint + np.arange(3)
                equations.right[rows] -= sign * weight * off[:, bone, None] * unit
                if self.free.bones:
                    equations.mixed[rows, columns[:, None]] -= sign * weight * unit
            if not self.free.bones:
                continue
            np.add.at(equations.corner, (columns, columns), weight)
            np.add.at(equations.border_right, columns, weight * off[:, bone])

    def _add_motion(self, equations, state):
        first = self.triples
        if not len(first):
            return
        joints = state.joints
        bent = joints[first] - 2.0 * joints[first + 1] + joints[first + 2]
        size = 3 * joints.shape[1]
        weight = self._tightness[:, None] ** 2
        coordinates = np.arange(size)
        signs = (1.0, -2.0, 1.0)
        right = equations.right.reshape(-1, size)
        for i, sign in enumerate(signs):
            np.add.at(right, first + i, -sign * weight * bent.reshape(len(first), size))
            for k in range(i + 1):
                rows = (first + i)[:, None] * size + coordinates
                columns = (first + k)[:, None] * size + coordinates
                values = np.broadcast_to(sign * signs[k] * weight, rows.shape)
                equations.add(rows, columns, values)

    def _add_priors(self, equations, state):
        if self.guesses is not None:
            known = np.isfinite(self.guesses).ravel()
            weight = known / self.prior.guess**2
            off = np.nan_to_num(self.guesses - state.joints).ravel()
            equations.band[0] += weight
            equations.right += weight * off
        if self.free.cameras and self.free.bones:
            every = self._bones.ravel()
            equations.corner[np.ix_(every, every)] += 1.0
            equations.border_right[every] -= state.bones.sum() - self._scale
        if self.free.focal != "known":
            weight = 1.0 / self.prior.log_focal**2
            off = np.log(state.rig.focal / self._first_focal)
            np.add.at(equations.corner, (self._focal, self._focal), weight)
            np.add.at(equations.border_right, self._focal, -weight * off)
        free = self._clock[self._clock >= 0]
        equations.corner[free, free] += 1.0 / self.prior.lag**2
        if state.lags is not None:
            equations.border_right[free] -= state.lags[self._clock >= 0] / self.prior.lag**2

    def moved(self, state: State, points: np.ndarray, border: np.ndarray) -> State:
        """A state after a step of `NormalEquations.solve`."""
        rig = state.rig
        rotation, translation, focal = rig.rotation.copy(), rig.translation.copy(), rig.focal.copy()
        for view in range(len(focal)):
            if self._camera[view, 0] >= 0:
                step = border[self._camera[view]]
                rotation[view] = Rotation.from_rotvec(step[:3]).as_matrix() @ rotation[view]
                translation[view] += step[3:]
            if self._focal[view] >= 0:
                focal[view] *= np.exp(np.clip(border[self._focal[view]], -0.3, 0.3))
        joints = state.joints + points.reshape(state.joints.shape)
        bones = state.bones + border[self._bones] if self.free.bones else state.bones
        lags = state.lags
        if self.free.clocks != "known":
            lags = np.zeros(self._clock.shape) if lags is None else lags
            lags = lags + np.where(self._clock >= 0, border[self._clock], 0.0)
        return State(Rig(rotation, translation, focal), joints, bones, lags)
