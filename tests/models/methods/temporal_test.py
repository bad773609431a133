"""The lifter over time as a model: windows in, corrected poses out."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from synpose_tf.evaluation import protocols
from synpose_tf.inference.lifter import Lifter
from synpose_tf.models import losses, methods
from synpose_tf.models.methods.temporal import TemporalModel
from synpose_tf.training.augmentation import Augmentation

SMALL = {"temporal_width": 16, "blocks": 2, "frames": 4}


def new_model(mode="paper", **arguments):
    keras.utils.set_random_seed(0)
    distance = 13.0 if mode == "paper" else 0.0
    model = TemporalModel(mode, distance, **SMALL | arguments)
    model.compile(jit_compile=False)
    return model


def views_of(model, windows):
    """The view of each window's first pose, and the frames that it depends on."""
    field = model.receptive_field
    own = field - 1 - model.after
    return {
        "keypoints_2d": windows["keypoints_2d"][:, own].numpy(),
        "windows_2d": windows["keypoints_2d"][:, :field].numpy(),
        "intrinsics": windows["intrinsics"][:, own].numpy(),
    }


@pytest.mark.parametrize("mode", ["paper", "camera"])
@pytest.mark.parametrize("causal", [False, True])
def test_untrained_it_is_the_lifter_of_single_frames(mode, causal, windows):
    model = new_model(mode=mode, causal=causal)
    views = views_of(model, windows)
    lens = views["intrinsics"] if mode == "camera" else None
    alone = Lifter.from_pretrained(mode).lift(views["keypoints_2d"], lens).poses
    np.testing.assert_allclose(protocols.lift(model, views), alone, atol=1e-4)


def test_training_changes_the_network_over_time_alone(windows):
    model = new_model()
    assert model.window == 12
    single = [weight.numpy() for weight in model.single.weights]
    before = [weight.numpy() for weight in model.generator.trainable_weights]
    model.update(Augmentation(detector_noise=0.2)(windows, tf.constant([0, 1], tf.int64)))
    for weight, old in zip(model.single.weights, single, strict=True):
        np.testing.assert_array_equal(weight, old)
    model.update(windows)
    assert all(
        (weight.numpy() != old).any()
        for weight, old in zip(model.generator.trainable_weights, before, strict=True)
    )


def test_it_learns(windows):
    model = new_model(motion_weight=1.0)
    noisy = Augmentation(detector_noise=0.2)(windows, tf.constant([0, 1], tf.int64))
    first = {name: float(loss) for name, loss in model.update(noisy).items()}
    for _ in range(30):
        last = model.update(noisy)
    assert last["pose_loss"] < 0.8 * first["pose_loss"]
    assert last["motion_loss"] < 0.8 * first["motion_loss"]


def test_losses_are_shares_of_the_body_s_size(poses):
    truth = tf.constant(np.repeat(poses[:4, None], 3, axis=1), tf.float32)
    truth -= truth[:, :, :1]
    size = np.linalg.norm(truth[:, :, 1:], axis=-1).mean((1, 2))
    moved = truth + tf.constant([[[0.0, 0.0, 30.0]]])
    place, motion = losses.window_losses(moved, truth)
    np.testing.assert_allclose(place, (30.0 / size).mean(), rtol=1e-4)
    assert motion < 1e-5
    shaken = (
        truth
        + 30.0 * tf.constant([[0.0, 0.0, 1.0]])[None] * tf.constant([0.0, 1.0, 0.0])[:, None, None]
    )
    np.testing.assert_allclose(
        losses.window_losses(shaken, truth)[1], (30.0 / size).mean(), rtol=1e-4
    )


def test_it_comes_back_from_a_file(windows, tmp_path):
    model = new_model(mode="camera", causal=True)
    model.update(windows)
    model.update(windows)
    model.save(tmp_path / "model.keras")
    methods.register()
    loaded = keras.models.load_model(tmp_path / "model.keras")
    views = views_of(model, windows)
    np.testing.assert_array_equal(protocols.lift(loaded, views), protocols.lift(model, views))


def test_numpy_lifts_as_the_model(windows):
    model = new_model()
    for _ in range(3):
        model.update(windows)
    from synpose_tf.models.folded_temporal import TemporalForward

    network = TemporalForward.from_weights(model.averaged_generator.get_weights(), causal=False)
    lifter = Lifter(model.single.get_weights(), "paper", 13.0, temporal=network)
    views = views_of(model, windows)
    for window, pose in zip(views["windows_2d"], protocols.lift(model, views), strict=True):
        found = lifter.lift(window, times=np.arange(9) / 30.0).poses
        np.testing.assert_allclose(found[4], pose, atol=1e-4)


def test_one_frame_is_no_window():
    with pytest.raises(ValueError, match="frames must be at least 2, found 1"):
        TemporalModel(frames=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"single": "nobody"}, "'nobody': no such lifter"),
        ({"single": "camera"}, "mode 'camera', distance 13; found mode 'paper', distance 0"),
        ({"distance": 5.0}, "'paper' is a lifter of mode 'paper', distance 13; .* distance 5"),
    ],
)
def test_the_lifter_of_single_frames_must_fit(arguments, said):
    with pytest.raises(ValueError, match=said):
        TemporalModel(**arguments)
