"""Poses for the tests: people of the kinematic model, and real motion where it is there.

TensorFlow takes seconds to import. Fixtures import it, so that the tests that need none start
without it, and so does the process that only hands the tests out to others.
"""

import functools
import os
import shutil
import subprocess

import filelock
import numpy as np
import pytest


@pytest.fixture(scope="session")
def synthetic_views():
    """3,840 views of synthetic people through Human3.6M's cameras: name to array (poses, …)."""
    from synpose_tf.datasets.synthetic_pose import synthetic_pose_dataset_builder

    return _stack(synthetic_pose_dataset_builder.views("train", range(20), seed=0))


@pytest.fixture
def cmu_views(shared_data):
    """Every fifth frame of CMU's real motion through Human3.6M's cameras, by split."""
    return _cmu(shared_data / "cmu_positions")


@pytest.fixture(scope="session")
def batch(synthetic_views):
    """A training batch: 12 views, as the pipeline gives them."""
    import tensorflow as tf

    return {key: tf.constant(a[::320], tf.float32) for key, a in synthetic_views.items()}


@pytest.fixture(scope="session")
def poses(synthetic_views):
    """96 plausible root-relative poses, millimetres, camera frame."""
    points = synthetic_views["keypoints_3d"][::40]
    return points - points[:, :1]


@pytest.fixture
def reloaded(tmp_path):
    """A function that saves a Keras model as `.keras` and loads it again."""
    import keras

    def round_trip(model):
        model.save(tmp_path / "model.keras")
        return keras.saving.load_model(tmp_path / "model.keras")

    return round_trip


@pytest.fixture(scope="session")
def new_model():
    """A function that makes a small compiled model with weights fixed by a seed."""
    import keras

    from synpose_tf.models.adversarial import SynchronizedAdversarialModel

    def make(jit_compile=False, seed=0, **arguments):
        keras.utils.set_random_seed(seed)
        widths = {f"{name}_width": 16 for name in ("generator", "reprojection", "critic")}
        model = SynchronizedAdversarialModel(seed=seed, **widths, **arguments)
        model.compile(learning_rate=1e-3, jit_compile=jit_compile)
        return model

    return make


@pytest.fixture(scope="session")
def lifters(new_model, synthetic_views):
    """An untrained lifter of each mode, with 3,840 views to verify its exports on."""
    import exported

    return {mode: exported.lifter(new_model, synthetic_views, mode) for mode in ("paper", "camera")}


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """A function that gives a folder of a name, made by a function of it; for reading only.

    Processes that share the tests share the folder: the first that asks makes it.
    """
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def get(name, make):
        folder, made = root / name, root / f"{name}.made"
        with filelock.FileLock(root / f"{name}.lock"):
            if not made.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                made.touch()
        return folder

    return get


@pytest.fixture(scope="session")
def saved_models(lifters, made_once):
    """The folder of each lifter's SavedModel, version 1."""
    from synpose_tf.export.saved_model import writer

    def make(folder):
        for mode, lifter in lifters.items():
            (folder / mode).mkdir()
            writer.write(lifter, folder / mode / "1")

    folder = made_once("saved_models", make)
    return {mode: folder / mode / "1" for mode in lifters}


@pytest.fixture(scope="session")
def trained_folder(made_once):
    """A user's folder: motion capture in `mocap`, a configuration, and a run of it in `whole`.

    The run is four steps with validations after the second and the fourth. What the training
    said is in `said`. Whoever changes the folder changes a copy, such as `user_folder`.
    """
    import command_process
    import motion_capture

    def make(folder):
        motion_capture.write_archive(folder / "mocap")
        (folder / "tiny.py").write_text(command_process.TINY_CONFIG)
        flags = (*command_process.TINY_TRAINING, "--workdir=whole")
        finished = command_process.run("train", *flags, folder=folder)
        assert finished.code == 0, finished.stderr
        (folder / "said").write_text(finished.stdout)

    return made_once("trained", make)


@pytest.fixture(scope="module")
def user_folder(trained_folder, tmp_path_factory):
    """A copy of `trained_folder` for the tests of one file; `mocap` is the same, to be read."""
    folder = tmp_path_factory.mktemp("user")
    subprocess.run(["cp", "-a", f"{trained_folder}/.", folder], check=True)  # links stay links
    shutil.rmtree(folder / "mocap")
    (folder / "mocap").symlink_to(trained_folder / "mocap")  # A run knows its data by their place.
    return folder


@functools.cache
def _cmu(folder):
    from synpose_tf.datasets import motion_views
    from synpose_tf.datasets.cmu_mocap import sources

    clips = sources.read_clips(folder)
    return {split: _stack(motion_views.views(split, clips[split]), stride=5) for split in clips}


def _stack(views, stride=1):
    columns = {"keypoints_2d": [], "keypoints_3d": [], "intrinsics": [], "up": []}
    for view in views:
        chosen = slice(None, None, stride)
        count = len(view.frames[chosen])
        columns["keypoints_2d"].append(view.keypoints_2d[chosen])
        columns["keypoints_3d"].append(view.keypoints_3d[chosen])
        columns["intrinsics"].append(np.tile(view.intrinsics, (count, 1)))
        columns["up"].append(np.tile(view.up, (count, 1)))
    return {key: np.concatenate(arrays) for key, arrays in columns.items()}
