"""Tests of the data set as TFDS prepares and reads it."""

import cv2
import numpy as np
import pytest
import tensorflow_datasets as tfds
from human_bones import check_bone_shares

import synpose_tf.datasets  # noqa: F401  registers the builders
from synpose_tf.datasets.synthetic_pose import motions
from synpose_tf.datasets.synthetic_pose import synthetic_pose_dataset_builder as module
from synpose_tf.geometry.camera import h36m_cameras
from synpose_tf.structures.skeleton import H36M_17

J = H36M_17.index


def prepare(folder, seed=0):
    config = module.SyntheticPoseConfig(
        name=f"small_{seed}", train_people=7, test_people=3, seed=seed
    )
    builder = module.Builder(data_dir=folder, config=config)
    builder.download_and_prepare()
    return {
        split: [tfds.as_numpy(example) for example in builder.as_dataset(split=split)]
        for split in ("train", "test")
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return prepare(tmp_path_factory.mktemp("synthetic_pose"))


@pytest.fixture(scope="module")
def many_views():
    return [view for split in ("train", "test") for view in module.views(split, range(60), 5)]


def test_bones_are_a_persons(many_views):
    check_bone_shares(np.concatenate([view.keypoints_3d for view in many_views]))


def test_examples_have_the_shared_schema(prepared):
    assert len(prepared["train"]) == 7 * len(motions.MOTIONS) * len(module.FRAMES)
    assert len(prepared["test"]) == 3 * len(motions.MOTIONS) * len(module.FRAMES)
    example = prepared["train"][0]
    assert example["keypoints_2d"].shape == (17, 2)
    assert example["keypoints_3d"].shape == (17, 3)
    assert example["intrinsics"].shape == (9,)
    assert example["up"].shape == (3,)
    assert example["keypoints_3d"].dtype == np.float32


def test_every_motion_is_in_both_splits_and_nobody_is(prepared):
    actions = {s: {e["action"].decode() for e in examples} for s, examples in prepared.items()}
    expected = {"standing", "walking", "sitting", "reaching", "crouching", "turning"}
    assert actions == {"train": expected, "test": expected}
    people = {s: {e["subject"] for e in examples} for s, examples in prepared.items()}
    assert not people["train"] & people["test"]
    keys = ("subject", "action", "camera", "frame")
    for examples in prepared.values():
        assert len({tuple(e[key] for key in keys) for e in examples}) == len(examples)


def test_cameras_are_human36m_s_of_the_split(many_views):
    subjects = {"train": set(), "test": set()}
    for view in many_views:
        room, name = view.camera.split(".")
        camera = h36m_cameras()[room][name]
        np.testing.assert_array_equal(view.intrinsics, camera.intrinsics)
        np.testing.assert_array_equal(view.up, camera.up)
        subjects[view.subject.split("_")[0]].add(room)
    assert subjects == {"train": {"S1", "S5", "S6", "S7", "S8"}, "test": {"S9", "S11"}}


def test_pixels_are_opencv_s_projection(many_views):
    for view in many_views[::7]:
        fx, fy, cx, cy = view.intrinsics[:4]
        matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
        points = view.keypoints_3d.reshape(-1, 3)
        pixels, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), matrix, view.intrinsics[4:])
        np.testing.assert_allclose(view.keypoints_2d.reshape(-1, 2), pixels[:, 0], atol=1e-3)


def test_people_stand_before_the_camera_on_the_ground(many_views):
    points = np.concatenate([view.keypoints_3d for view in many_views])
    pixels = np.concatenate([view.keypoints_2d for view in many_views])
    assert points[..., 2].min() > 1000
    assert ((pixels >= 0) & (pixels < 1000)).all(axis=-1).mean() > 0.97
    for view in many_views[::11]:
        room, name = view.camera.split(".")
        world = h36m_cameras()[room][name].to_world(view.keypoints_3d)
        assert np.linalg.norm(world[:, 0, :2], axis=-1).max() <= module.MAX_RADIUS + 1e-6
        lowest = world[..., 2].min(axis=1)
        assert (lowest > 0).all()
        assert (lowest < 110).all()


def test_left_and_right_limbs_are_equal_and_rigid(many_views):
    for view in many_views[::5]:
        for a, b in (("Hip", "Knee"), ("Knee", "Ankle"), ("Shoulder", "Elbow"), ("Elbow", "Wrist")):
            left, right = (
                np.linalg.norm(
                    view.keypoints_3d[:, J(side + a)] - view.keypoints_3d[:, J(side + b)], axis=-1
                )
                for side in "LR"
            )
            np.testing.assert_allclose(left, left[0], rtol=1e-9)
            np.testing.assert_allclose(left, right, rtol=1e-9)


def test_faces_lie_before_the_shoulders_for_the_angle_loss(many_views):
    """Equation 11 of the paper, whose sine is negative in this frame for real people."""
    points = np.concatenate([view.keypoints_3d for view in many_views])
    nose = points[:, J("Nose")] - points[:, J("Thorax")]
    shoulders = points[:, J("LShoulder")] - points[:, J("RShoulder")]
    sine = nose[:, 2] * shoulders[:, 0] - nose[:, 0] * shoulders[:, 2]
    assert (sine < 0).mean() >= 0.999


def test_headings_go_all_ways(many_views):
    across = np.array(
        [v.keypoints_3d[0, J("LHip")] - v.keypoints_3d[0, J("RHip")] for v in many_views]
    )
    counts, _ = np.histogram(np.arctan2(across[:, 2], across[:, 0]), 8, (-np.pi, np.pi))
    assert counts.min() > len(many_views) / 16


def test_a_seed_gives_the_same_data_set_and_another_seed_another(prepared, tmp_path):
    again, other = prepare(tmp_path / "again"), prepare(tmp_path / "other", seed=1)
    for split, examples in prepared.items():
        for first, second in zip(examples, again[split], strict=True):
            for key, value in first.items():
                np.testing.assert_array_equal(value, second[key])
        first = np.stack([e["keypoints_3d"] for e in examples])
        assert np.abs(first - np.stack([e["keypoints_3d"] for e in other[split]])).mean() > 50


def test_a_person_does_not_depend_on_those_before():
    alone = next(module.views("train", [4], seed=0))
    among = [v for v in module.views("train", range(6), seed=0) if v.subject == alone.subject]
    np.testing.assert_array_equal(alone.keypoints_3d, among[0].keypoints_3d)


def test_the_default_set_is_registered_with_its_sizes():
    builder = tfds.builder("synthetic_pose")
    assert builder.builder_config.name == "default"
    people = builder.builder_config.train_people, builder.builder_config.test_people
    sizes = [count * len(motions.MOTIONS) * len(module.FRAMES) for count in people]
    assert sizes == [96_000, 11_520]
    for size in sizes:
        assert f"{size:,}" in builder.builder_config.description
