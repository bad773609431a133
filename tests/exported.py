"""Lifters for export tests: small, untrained, with poses that are not flat."""

import types

import numpy as np

from synpose_tf.export import recordings
from synpose_tf.export.recordings import FRAMES, RecordingsLifter
from synpose_tf.export.trained import TrainedLifter
from synpose_tf.models.folded_temporal import TemporalForward
from synpose_tf.models.temporal import TemporalGenerator
from synpose_tf.version import __version__


def lifter(new_model, views, mode: str) -> TrainedLifter:
    """A lifter with views as its test split.

    Args:
        new_model: the fixture.
        views: `keypoints_2d`, `keypoints_3d` and `intrinsics`, (poses, …).
        mode: `paper` or `camera`.
    """
    model = new_model(mode=mode, distance=13.0)
    rng = np.random.default_rng(0)
    for network in (model.averaged_generator, model.reprojection):
        network.last.kernel.assign(rng.normal(0.0, 0.3, network.last.kernel.shape))
    builder = types.SimpleNamespace(
        info=types.SimpleNamespace(full_name="synthetic_pose/default/2.0.0")
    )
    run = {"version": __version__, "dataset": builder.info.full_name, "config": {"steps": 0}}
    trained = TrainedLifter(model, "tests, checkpoint last", run, builder, corrections)
    trained.__dict__["test"] = {key: np.asarray(a, np.float32) for key, a in views.items()}
    return trained


def corrections(kind: str) -> TemporalForward:
    """An untrained network over time."""
    causal = kind == "causal"
    made = TemporalGenerator(width=24, causal=causal)
    made.build()
    rng = np.random.default_rng(0)
    made.set_weights([rng.uniform(0.1, 0.4, w.shape) - 0.25 * (w.ndim > 1) for w in made.weights])
    return TemporalForward.from_weights(made.get_weights(), causal)


def recordings_lifter(new_model, views, mode: str, kind: str) -> RecordingsLifter:
    """The lifter over time, with as many whole pieces as the views make as its splits."""
    whole = len(views["keypoints_2d"]) // FRAMES * FRAMES
    views = {key: np.asarray(a[:whole], np.float32) for key, a in views.items()}
    views["intrinsics"] = np.repeat(views["intrinsics"][::FRAMES], FRAMES, axis=0)
    found = recordings.over_time(lifter(new_model, views, mode), kind)
    found.__dict__["test"] = found.__dict__["training"] = views
    return found
