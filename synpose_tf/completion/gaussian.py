"""Fills in 2D joints that a detector missed or a layout lacks.

The joints of people in images are close to jointly Gaussian once place and size are taken
away. What is missing is then the conditional mean given what is seen (Gaussian process
regression, "kriging"): linear, in closed form, for any set of missing joints. The pose's
place is part of the model, as a variance so large that it says nothing; its size is taken
from the joints that are seen.
"""

import dataclasses
import functools
import importlib.resources
import pathlib
from types import ModuleType

import numpy as np

from synpose_tf.geometry.normalization import normalize_2d
from synpose_tf.io import files
from synpose_tf.structures.arrays import Array
from synpose_tf.structures.skeleton import H36M_17

# Variance of a pose's place, in squared mean radii: any place is as good as any other.
_PLACE = 25.0
# Variance of a joint that is seen, in squared mean radii: a detector is about 3 % off.
_NOISE = 1e-3
# A joint is an outlier beyond so many standard deviations; of one pose at most so many are.
_OUTLIER, _MOST_OUTLIERS = 8.0, 3


@dataclasses.dataclass(frozen=True)
class PoseDistribution:
    """A Gaussian over normalised 2D poses (`paper` mode of `synpose_tf.geometry.normalization`).

    Args:
        mean: (17, 2).
        covariance: (34, 34), of the flattened poses x0, y0, x1, ….
    """

    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def fit(cls, pixels: np.ndarray) -> "PoseDistribution":
        """From complete 2D poses (n, 17, 2), pixels, and their mirror images."""
        poses, _ = normalize_2d(np.asarray(pixels, np.float64), "paper")
        mirrored = poses[:, list(H36M_17.mirror)] * [-1.0, 1.0]
        flat = np.concatenate([poses, mirrored]).reshape(2 * len(poses), -1)
        mean = flat.mean(0).reshape(-1, 2)
        return cls(mean.astype(np.float32), np.cov(flat.T).astype(np.float32))

    @classmethod
    @functools.cache
    def pretrained(cls) -> "PoseDistribution":
        """The one that comes with the package."""
        resource = importlib.resources.files("synpose_tf") / "weights" / "poses_2d.npz"
        with resource.open("rb") as handle, np.load(handle, allow_pickle=False) as arrays:
            return cls(arrays["mean"], arrays["covariance"])

    def save(self, path: pathlib.Path) -> None:
        """Writes it as `pretrained` reads it.

        Raises:
            SynposeError: the file can't be written.
        """
        with files.replacing(path) as temporary, temporary.open("wb") as handle:
            np.savez(handle, mean=self.mean, covariance=self.covariance)

    def complete(self, pixels: Array, seen: Array, xp: ModuleType = np) -> Array:
        """Fills in the joints that are not seen.

        Args:
            pixels: (n, 17, 2); what stands where a joint is not seen does not matter, if finite.
            seen: (n, 17), 1.0 where a joint is seen, else 0.0.
            xp: NumPy, or `keras.ops` inside a graph.

        Returns:
            (n, 17, 2), pixels; joints that are seen are as they came. With fewer than
            three seen, the joints filled in mean nothing.
        """
        seen = seen[..., None]
        poses, size, centre = self._normalize(pixels, seen, xp)
        filled = self._conditional_mean(poses, seen, xp) * size + centre
        return seen * pixels + (1.0 - seen) * filled

    def outliers(self, pixels: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Finds joints that contradict the others, such as a head detected on a foot.

        The worst joint of a pose goes first, since it pulls on the others, then the next one,
        as long as its distance from where the others would have it is beyond `_OUTLIER`
        standard deviations.

        Args:
            pixels, seen: as for `complete`.

        Returns:
            (n, 17), True for a joint that is seen and should not be believed.
        """
        seen = np.array(seen, np.float32)
        before = seen.copy()
        doubtful = np.arange(len(seen))
        for _ in range(_MOST_OUTLIERS):
            if not len(doubtful):
                break
            surprise = self._surprise(pixels[doubtful], seen[doubtful])
            worst = surprise.argmax(axis=1)
            bad = surprise.max(axis=1) > _OUTLIER
            doubtful, worst = doubtful[bad], worst[bad]
            seen[doubtful, worst] = 0.0
        return before != seen

    def _surprise(self, pixels, seen):
        """Distance (n, 17) of each seen joint from its conditional mean given the other seen
        joints, in standard deviations; from the precision Q = (Σss + noise)⁻¹ alone."""
        poses, *_ = self._normalize(pixels, seen[..., None], np)
        offset = self._offset(poses, seen[..., None], np)
        precision = self._precision(seen, offset.dtype)
        pull = (precision @ offset[..., None]).reshape(len(seen), -1, 2)
        blocks = precision.reshape(len(seen), seen.shape[1], 2, seen.shape[1], 2)
        own = np.moveaxis(np.diagonal(blocks, axis1=1, axis2=3), -1, 1)
        squared = (pull * np.linalg.solve(own, pull[..., None])[..., 0]).sum(-1)
        return np.sqrt(np.maximum(squared, 0.0)) * seen

    def _normalize(self, pixels, seen, xp):
        """Poses about the seen joints' centre and of mean radius 1, their size and centre."""
        count = xp.maximum(xp.sum(seen, axis=1, keepdims=True), 1.0)
        centre = xp.sum(seen * pixels, axis=1, keepdims=True) / count
        size = self._size(pixels - centre, seen, count, xp)
        return (pixels - centre) / size, size, centre

    def _size(self, centred, seen, count, xp):
        """The mean radius (n, 1, 1) that the spread of the seen joints speaks for."""
        spread = xp.sum(seen * centred**2, axis=(1, 2), keepdims=True)
        mean = xp.sum(seen * self.mean, axis=1, keepdims=True) / count
        moving = xp.sum(seen * (self.mean - mean) ** 2, axis=(1, 2), keepdims=True)
        variance = np.diag(self.covariance).reshape(1, -1, 2)
        usual = moving + xp.sum(seen * variance, axis=(1, 2), keepdims=True)
        return xp.sqrt(spread / xp.maximum(usual, 1e-9)) + 1e-9

    def _conditional_mean(self, poses, seen, xp):
        """μ + Σ·s (Σss + noise)⁻¹ (x - μ)s."""
        offset = self._offset(poses, seen, xp)
        if xp is np:
            weights = (self._precision(seen[..., 0], offset.dtype) @ offset[..., None])[..., 0]
        else:
            weights = xp.linalg.solve(self._system(seen, xp), offset[..., None])[..., 0]
        filled = xp.matmul(weights, self._free_covariance)
        return self.mean + xp.reshape(filled, (-1, *self.mean.shape))

    @functools.cached_property
    def _free_covariance(self):
        """The covariance of poses at any place."""
        same_axis = np.equal.outer(*2 * [np.arange(len(self.covariance)) % 2])
        return (self.covariance + _PLACE * same_axis).astype(np.float32)

    def _system(self, seen, xp):
        """Σss + noise (n, 34, 34), unseen joints taken out by zeros; `seen` is (n, 17, 1)."""
        mask = self._mask(seen, xp)
        system = mask[:, :, None] * self._free_covariance * mask[:, None, :]
        diagonal = (1.0 - mask) + _NOISE * mask
        return system + diagonal[:, :, None] * np.eye(len(self.covariance), dtype=np.float32)

    def _precision(self, seen, dtype):
        """(Σss + noise)⁻¹ (n, 34, 34), inverted once for all poses that show the same joints."""
        codes = (seen > 0) @ (1 << np.arange(seen.shape[1]))
        _, rows, pattern = np.unique(codes, return_index=True, return_inverse=True)
        system = self._system(seen[rows][..., None], np)
        return np.linalg.inv(system.astype(np.float64)).astype(dtype)[pattern]

    def _offset(self, poses, seen, xp):
        """(x - μ)s, (n, 34)."""
        return xp.reshape(poses - self.mean, (-1, len(self.covariance))) * self._mask(seen, xp)

    def _mask(self, seen, xp):
        return xp.reshape(xp.repeat(seen, 2, axis=-1), (-1, len(self.covariance)))
