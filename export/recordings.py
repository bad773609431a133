"""Lifters that correct poses in time, and the recordings that their exports are verified on.

Exports over time are held against `inference.lifter.Lifter`, on pieces of the test clips with the
noise of detectors: on exact joints there is little to correct, and an export that corrects nothing
would pass.
"""

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from synpose_tf.datasets import prepared
from synpose_tf.errors import SynposeError
from synpose_tf.export.trained import VIEWS, TrainedLifter
from synpose_tf.inference.lifter import Lifter
from synpose_tf.models.folded_temporal import FRAME_RATE, LEAST_RATE, TemporalForward
from synpose_tf.training import clips
from synpose_tf.training.augmentation import detectors

FRAMES = 64  # Of a piece: twice what a pose depends on, and more.
NOISE = 0.07  # The strength that the recipes train with, see `detectors.add_noise`.
_CALIBRATING = 256  # Pieces of the training clips.


@dataclasses.dataclass(frozen=True)
class RecordingsLifter(TrainedLifter):
    """A lifter with the network that corrects its poses in time.

    Its views are those of pieces of clips, `FRAMES` each at `FRAME_RATE`, one after the other.

    Args:
        network: corrects the poses.
    """

    network: TemporalForward = dataclasses.field(kw_only=True)

    @functools.cached_property
    def test(self) -> dict[str, np.ndarray]:
        return self._pieces("test")

    @functools.cached_property
    def training(self) -> dict[str, np.ndarray]:
        """Of some pieces of the training clips, for calibration."""
        return self._pieces("train", _CALIBRATING)

    @functools.cached_property
    def lifted(self) -> np.ndarray:
        weights = self.model.averaged_generator.get_weights()
        lifter = Lifter(weights, self.mode, self.model.distance, temporal=self.network)
        times = np.arange(FRAMES) / FRAME_RATE
        return np.concatenate(
            [
                lifter.lift(keypoints, camera if self.mode == "camera" else None, times=times).poses
                for keypoints, camera in zip(*self._columns, strict=True)
            ]
        )

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """`keypoints` (pieces, `FRAMES`, 17, 2), in camera mode `intrinsics` (pieces, 9)."""
        keypoints, intrinsics = self._columns
        inputs = {"keypoints": keypoints}
        if self.mode == "camera":
            inputs["intrinsics"] = intrinsics
        return inputs

    @property
    def _columns(self):
        keypoints, intrinsics = (self.test[key] for key in ("keypoints_2d", "intrinsics"))
        return keypoints.reshape(-1, FRAMES, *keypoints.shape[1:]), intrinsics[::FRAMES]

    def _pieces(self, split, most=None):
        rate, name = self.builder.rate, self.builder.info.full_name
        if not rate or rate < LEAST_RATE:
            has = f"{rate:g} frames a second" if rate else "single pictures"
            raise SynposeError(
                f"exports over time are verified on recordings of {LEAST_RATE:g} frames a second "
                f"or more, and {name} has {has}. Name a data set of motion: --dataset=cmu_mocap "
                "--manual_dir=FOLDER."
            )
        columns = prepared.read_split(self.builder, split, (*VIEWS, *clips.KEYS))
        found = clips.Clips.find(columns, rate, name)
        ends = piece_ends(found)
        if most is not None:
            ends = np.random.default_rng(0).permutation(ends)[:most]
        places = found.places(tf.constant(ends), FRAMES, after=0)
        views = {key: clips.take(tf.constant(columns[key]), places) for key in VIEWS}
        flat = {key: tf.reshape(v, (-1, *v.shape[2:])) for key, v in views.items()}
        seed = tf.constant([0, len(ends)], tf.int64)
        flat["keypoints_2d"] = detectors.add_noise(flat["keypoints_2d"], NOISE, seed, FRAMES)
        return {key: tensor.numpy() for key, tensor in flat.items()}


def over_time(trained: TrainedLifter, kind: str) -> RecordingsLifter:
    """A lifter with the network that corrects its poses in time, `centred` or `causal`.

    Raises:
        SynposeError: it has none of that kind.
    """
    fields = {f.name: getattr(trained, f.name) for f in dataclasses.fields(trained)}
    network = trained.corrections(kind)
    return RecordingsLifter(**fields | {"origin": f"{trained.origin}, {kind}"}, network=network)


def piece_ends(found: clips.Clips) -> np.ndarray:
    """The example that ends each piece, (pieces,): each clip is cut from its beginning on.

    What is left at its end belongs to no piece; a clip that is shorter than a piece is one, which
    stands still before it begins.
    """
    ends = []
    for first in np.unique(found.first):
        last, step = found.last[first], found.rate[first] / FRAME_RATE
        whole = int((last - first) / step + 1) // FRAMES
        inside = first + np.rint((np.arange(1, whole + 1) * FRAMES - 1) * step).astype(int)
        ends.append(np.minimum(inside, last) if whole else np.array([last]))
    return np.concatenate(ends)
