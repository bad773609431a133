"""A lifter to export, and poses."""

import types

import keras
import numpy as np
import pytest

from synpose_tf.export import trained
from synpose_tf.export.tflite import calibration, depth_network
from synpose_tf.geometry import normalization
from synpose_tf.models import networks


@pytest.fixture(scope="module")
def generator():
    """A lifter of the default width, untrained, with batch norm that does something."""
    keras.utils.set_random_seed(0)
    network = networks.Generator()
    network.build()
    rng = np.random.default_rng(0)
    for unit in (network.first, *network.units):
        shape = unit.norm.gamma.shape
        values = (rng.uniform(0.5, 1, shape), *rng.normal(0, 0.2, (2, *shape)))
        unit.norm.set_weights([*values, rng.uniform(0.5, 2, shape)])
    network.last.kernel.assign(rng.normal(0.0, 0.03, network.last.kernel.shape))
    return network


@pytest.fixture(scope="module")
def views(synthetic_views):
    return {key: a[::3].astype(np.float32) for key, a in synthetic_views.items()}


@pytest.fixture(scope="module")
def lifter(make_lifter, generator, views):
    """The lifter to export, in camera mode; trained and tested on the same views."""
    return make_lifter(generator, views, "camera")


@pytest.fixture(scope="module")
def make_lifter():
    """A `TrainedLifter` of a generator, views to train and test on, and a mode."""
    return _lifter


def _lifter(generator, views, mode):
    model = types.SimpleNamespace(averaged_generator=generator, mode=mode, distance=13.0)
    made = trained.TrainedLifter(model, "a test", {}, None)
    poses, frame = normalization.normalize_2d(
        views["keypoints_2d"], mode, views["intrinsics"], model.distance
    )
    depths = np.array(generator(poses.astype(np.float32)))
    lifted = normalization.lift(poses, depths, frame.perspective)
    lifted = normalization.to_camera_frame(lifted, frame)
    made.__dict__.update(training=views, test=views, lifted=lifted.astype(np.float32))
    return made


@pytest.fixture(scope="module")
def poses(lifter):
    """1,280 normalised poses."""
    return calibration.training_poses(lifter)


@pytest.fixture(scope="module")
def layers(generator):
    return depth_network.fold(generator)
