"""The lifter of live video as a .tflite file: a frame in, its pose out, corrected by those before.

`lifter.tflite` takes a normalised 2D pose, which joints were seen, and the state that it gave after
the frame before. Normalising and perspective stay outside, as for single poses (`writer`).
"""

import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from synpose_tf.export.tflite import calibration, depth_network, step_network, writer
from synpose_tf.export.tflite.depth_network import Linear
from synpose_tf.export.tflite.step_network import StepNetwork
from synpose_tf.models.folded_temporal import TemporalForward
from synpose_tf.structures.skeleton import H36M_17

if TYPE_CHECKING:
    from synpose_tf.export.recordings import RecordingsLifter

PRECISIONS = ("float32", "int8")
_SETTLED = 32  # Frames after which a piece says something about the ranges.
_EVERY = 4  # Of them.


def write(trained: "RecordingsLifter", folder: pathlib.Path, precision: str) -> None:
    """Writes `lifter.tflite` into a folder.

    Args:
        trained: with a causal network.
        folder: an empty one.
        precision: one of `PRECISIONS`.

    Raises:
        SynposeError: training poses that can't calibrate.
    """
    layers = depth_network.fold(trained.model.averaged_generator)
    if precision == "int8":
        network = calibrated(layers, trained.network, normalized_pieces(trained))
    else:
        network = StepNetwork(layers, trained.network)
    content = writer.convert(network, precision, "step")
    about = _metadata(trained, network)
    writer.write_content(folder, writer.with_metadata(content, about))


def normalized_pieces(trained: "RecordingsLifter") -> np.ndarray:
    """Normalised 2D poses (pieces, frames, 17, 2) of a lifter's training pieces."""
    frames = trained.inputs["keypoints"].shape[1]
    flat = calibration.normalized(trained, trained.training)
    return flat.reshape(-1, frames, *flat.shape[1:])


def calibrated(
    layers: dict[str, Linear], network: TemporalForward, pieces: np.ndarray
) -> StepNetwork:
    """8 bits by calibration alone, where they cost little.

    Of the lifter all but the first and the last layer, over time the convolutions, which have two
    thirds of the weights. What a block adds to the pose's features stays in floats: its range is
    ten times as wide as what it mostly is, and rounding it costs twice what all else does.

    Args:
        layers: of the lifter, from `depth_network.fold`.
        network: over time, causal.
        pieces: (pieces, frames, 17, 2), normalised training poses.
    """
    flat = pieces.reshape(-1, *pieces.shape[2:])
    single = depth_network.inner(calibration.ranges(layers, flat), layers)
    layers = writer.refitted(layers, single, flat)
    wider = calibration.ranges_of(_tensors(layers, network, pieces))
    rounded = tuple(step_network.convolution_tensors(network))
    inner = {name: ends for name, ends in wider.items() if name in rounded}
    return StepNetwork(layers, network, {**single, **inner})


class _Observed(StepNetwork):
    """The float network, which keeps its tensors."""

    def observe(self, *inputs: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The state after a step, and the step's tensors by name."""
        self._seen: dict[str, tf.Tensor] = {}
        return self.run(*inputs)["state"], self._seen

    def _rounded(self, name, x):
        self._seen[name] = x
        return x


def _tensors(layers, network, pieces):
    """The float network's tensors (values, width) by name, of frames that have many before them."""
    observed = _Observed(layers, network)
    state = tf.zeros((len(pieces), *observed.state_shape))
    kept: dict[str, list[Any]] = {}
    for frame in range(pieces.shape[1]):
        keypoints = tf.constant(pieces[:, frame])
        state, tensors = observed.observe(keypoints, tf.ones_like(keypoints[..., 0]), state)
        if frame >= _SETTLED and frame % _EVERY == 0:
            for name, tensor in tensors.items():
                kept.setdefault(name, []).append(tensor.numpy())
    return {name: np.concatenate(parts) for name, parts in kept.items()}


def _metadata(trained: "RecordingsLifter", network: StepNetwork) -> dict[str, Any]:
    mode, distance = trained.model.mode, trained.model.distance
    description = "Poses of a person, frame by frame, corrected by the frames before."
    remembered, width = network.state_shape
    return writer.about(description, mode, distance) | {
        "inputs": {
            "keypoints": {
                "meaning": writer.meaning_of_keypoints(mode),
                "shape": [1, len(H36M_17), 2],
            },
            "seen": {
                "meaning": "1 for a joint that the detector saw, 0 for one that was filled in",
                "shape": [1, len(H36M_17)],
            },
            "state": {
                "meaning": "the output of the frame before; zeros before the first, which is then "
                "given as often as `begin` says",
                "shape": [1, remembered, width],
            },
        },
        "outputs": {
            "corrected": {
                "meaning": "x, y and depth z of each joint, in the unit of the input",
                "shape": [1, len(H36M_17), 3],
            },
            "state": {"shape": [1, remembered, width]},
        },
        "begin": trained.network.receptive_field,
        "rate": "about 30 frames a second, 20 at least",
    }
