"""What a run trains on and validates on, of data sets that are prepared."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow_datasets as tfds

from synpose_tf.datasets import actions, prepared
from synpose_tf.errors import SynposeError
from synpose_tf.models.base import LiftingModel
from synpose_tf.training import clips, monitor
from synpose_tf.training.clips import Clips
from synpose_tf.training.pairs import Pairs, read_pairs


@dataclasses.dataclass(frozen=True)
class Examples:
    """Examples of a run.

    Args:
        arrays: for training, (examples, …) by name; None where there are pairs alone.
        clips: theirs, where the model takes windows.
        pairs: of detectors; None for none.
        views: for validating.
    """

    arrays: dict[str, np.ndarray] | None
    clips: Clips | None
    pairs: Pairs | None
    views: dict[str, np.ndarray]

    @property
    def count(self) -> int:
        """Views for training."""
        parts = [self.arrays, self.pairs and self.pairs.arrays]
        return sum(len(part["keypoints_2d"]) for part in parts if part)


def is_detected(builder: tfds.core.DatasetBuilder) -> bool:
    """Whether a data set's pairs have a detector's own 2D joints."""
    return getattr(builder, "DETECTED", False)


def read_examples(
    builders: Sequence[tfds.core.DatasetBuilder],
    model: LiftingModel,
    chosen: Sequence[str] = (),
    share: float = 0.5,
) -> Examples:
    """Reads the training splits of data sets, and the first one's test split.

    Args:
        builders: one or more.
        model: which is to be trained.
        chosen: actions to train on; empty for all. Validation sees them all.
        share: of each step's examples that come from data sets of detectors.

    Raises:
        SynposeError: as `prepared.read_split`; or a model of windows gets detectors' pairs.
    """
    exact = [builder for builder in builders if not is_detected(builder)]
    detected = [builder for builder in builders if is_detected(builder)]
    if detected and model.window > 1:
        raise SynposeError(
            f"--dataset: {detected[0].info.full_name} has a detector's 2D joints, and a lifter of "
            "windows is trained on exact ones. Leave it out."
        )
    views = _validation_views(builders[0], model)
    pairs = read_pairs(detected, chosen, share) if detected else None
    arrays, places = _training_views(exact, model, chosen) if exact else (None, None)
    return Examples(arrays, places, pairs, views)


def _training_views(builders, model, chosen):
    parts = []
    for builder in builders:
        part = prepared.read_split(builder, "train", _keys(model, *["action"][: len(chosen)]))
        parts.append(actions.select_actions(part, chosen))
    arrays = {key: np.concatenate([part[key] for part in parts]) for key in prepared.TRAINING_KEYS}
    if model.window == 1:
        return arrays, None
    found = [_clips(part, builder) for part, builder in zip(parts, builders, strict=True)]
    return arrays, Clips.joined(found)


def _validation_views(builder, model):
    if "test" not in builder.info.splits:
        raise SynposeError(
            f"--dataset: {builder.info.full_name} has no test split to validate on. Name another "
            "data set first, such as cmu_mocap, or add files to test on."
        )
    views = prepared.read_split(builder, "test", _keys(model))
    if model.window == 1:
        return monitor.validation_sample(views)
    chosen = monitor.validation_places(len(views["frame"]))
    found = _clips(views, builder)
    views = {key: views[key] for key in prepared.TRAINING_KEYS}
    return clips.validation_windows(views, found, chosen, model.receptive_field, model.after)


def _keys(model, *more):
    return dict.fromkeys(
        (*prepared.TRAINING_KEYS, *more, *(clips.KEYS if model.window > 1 else ()))
    )


def _clips(views, builder):
    return Clips.find(views, builder.rate, builder.info.full_name)
