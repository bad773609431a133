"""A lifter for export tests: small, untrained, with poses that are not flat."""

import types

import numpy as np

from synpose_tf.export.trained import TrainedLifter
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
    trained = TrainedLifter(model, "tests, checkpoint last", run, builder)
    trained.__dict__["test"] = {key: np.asarray(a, np.float32) for key, a in views.items()}
    return trained
