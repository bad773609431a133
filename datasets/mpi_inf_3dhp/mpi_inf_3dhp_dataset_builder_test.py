"""The builder on files in the data set's real layout, written by scipy and h5py."""

import numpy as np
import pytest
import scipy.io
import tensorflow_datasets as tfds

from synpose_tf.datasets.mpi_inf_3dhp import annotations
from synpose_tf.datasets.mpi_inf_3dhp import mpi_inf_3dhp_dataset_builder as dhp
from synpose_tf.datasets.mpi_inf_3dhp.testing import (
    SCALE,
    cameras,
    write_test,
    write_train,
    write_v5,
    write_v73,
)
from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import project
from synpose_tf.structures.skeleton import H36M_17, MPI_INF_3DHP_17, MPI_INF_3DHP_28, joint_map


def prepare(folder, data_dir, config=None):
    builder = dhp.Builder(data_dir=data_dir, config=config)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=folder, try_download_gcs=False)
    )
    return builder


def read(builder, split):
    """Every example of a split, as one array a feature."""
    examples = list(tfds.as_numpy(builder.as_dataset(split=split)))
    return {key: np.stack([example[key] for example in examples]) for key in examples[0]}


def universal(camera, motion):
    """What must come out: the motion's own 17 joints, scaled about the pelvis."""
    points = camera.to_camera(motion)
    return points[:, :1] + SCALE * (points - points[:, :1])


# === Reading ===


def test_training_sequence(tmp_path, motion):
    write_train(tmp_path / "S2/Seq1", motion)
    write_train(tmp_path / "S5/Seq2", motion[:50], do_compression=False)
    builder = prepare(tmp_path, tmp_path / "data")
    assert list(builder.info.splits) == ["train"]
    examples = read(builder, "train")
    assert len(examples["frame"]) == 8 * (len(motion) + 50)
    assert {int(name) for name in examples["camera"]} == {0, 1, 2, 4, 5, 6, 7, 8}
    for subject, action, count in (("S2", "Seq1", len(motion)), ("S5", "Seq2", 50)):
        for number in dhp.CHEST_CAMERAS:
            camera = cameras()[number]
            rows = (examples["subject"] == subject.encode()) & (
                examples["action"] == action.encode()
            )
            rows &= examples["camera"] == str(number).encode()
            np.testing.assert_array_equal(examples["frame"][rows], np.arange(count))
            points = camera.to_camera(motion[:count])
            pixels = project(points, camera.intrinsics)
            close(examples["keypoints_2d"][rows], pixels, 1e-3)
            close(examples["keypoints_3d"][rows], universal(camera, motion[:count]), 1e-3)
            close(examples["intrinsics"][rows], np.tile(camera.intrinsics, (count, 1)), 1e-3)
            close(examples["up"][rows], np.tile(camera.up, (count, 1)), 1e-6)


def close(found, expected, tolerance):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("write", [write_v73, write_v5])
def test_test_sequence_has_valid_frames_only(tmp_path, motion, write):
    write_test(tmp_path / "mpi_inf_3dhp_test_set/mpi_inf_3dhp_test_set/TS5", motion, write=write)
    builder = prepare(tmp_path, tmp_path / "data")
    assert list(builder.info.splits) == ["test"]
    examples = read(builder, "test")
    valid = np.flatnonzero(np.arange(len(motion)) % 3)
    np.testing.assert_array_equal(examples["frame"], valid)
    assert (examples["subject"] == b"TS5").all()
    half = len(motion) // 2
    assert (examples["action"][valid < half] == b"Standing/Walking").all()
    assert (examples["action"][valid >= half] == b"Sports").all()
    camera = cameras()[0]
    pixels = project(camera.to_camera(motion), camera.intrinsics)
    close(examples["keypoints_2d"], pixels[valid], 1e-3)
    close(examples["keypoints_3d"], universal(camera, motion)[valid], 1e-3)
    close(examples["intrinsics"], np.tile(camera.intrinsics, (len(valid), 1)), 1e-3)
    close(np.linalg.norm(examples["up"], axis=-1), 1, 1e-6)
    assert (examples["up"][:, 1] < -0.97).all()  # test cameras stand nearly upright


def test_training_sequence_saved_as_v73(tmp_path, motion):
    path = write_train(tmp_path / "S1/Seq1", motion)
    expected = list(dhp.train_views(path, (0, 3), 1))
    variables = scipy.io.loadmat(path, variable_names=annotations.KEYS)
    write_v73(path, {key: variables[key] for key in annotations.KEYS}, compression="gzip")
    for view, other in zip(dhp.train_views(path, (0, 3), 1), expected, strict=True):
        np.testing.assert_array_equal(view.keypoints_2d, other.keypoints_2d)
        np.testing.assert_array_equal(view.keypoints_3d, other.keypoints_3d)


def test_valid_frame_may_be_logical(tmp_path, motion):
    def change(variables):
        variables["valid_frame"] = variables["valid_frame"] == 1

    path = write_test(tmp_path / "TS3", motion, change, write_v5)
    assert sum(len(view.frames) for view in dhp.test_views(path)) == 80


def test_options(tmp_path, motion):
    write_train(tmp_path / "S1/Seq1", motion)
    config = dhp.Config(name="two", cameras=(3, 13), frame_step=7)
    examples = read(prepare(tmp_path, tmp_path / "data", config), "train")
    assert set(examples["camera"]) == {b"3", b"13"}
    assert set(examples["frame"]) == set(range(0, len(motion), 7))


def test_camera_is_fitted_without_calibration(tmp_path, motion):
    path = write_train(tmp_path / "S1/Seq1", motion)
    (path.parent / "camera.calibration").unlink()
    for view in dhp.train_views(path, (0, 5), 1):
        close(view.intrinsics, cameras()[int(view.camera)].intrinsics, 1e-3)
        assert not view.up.any()


def test_sides_are_the_persons_own():
    """The published index lists, as an independent check of the mapping by name."""
    train = [4, 23, 24, 25, 18, 19, 20, 3, 5, 6, 7, 9, 10, 11, 14, 15, 16]
    test = [14, 8, 9, 10, 11, 12, 13, 15, 1, 16, 0, 5, 6, 7, 2, 3, 4]
    assert list(joint_map(MPI_INF_3DHP_28, H36M_17)) == train
    assert list(joint_map(MPI_INF_3DHP_17, H36M_17)) == test


# === Folders ===


def test_folders(tmp_path, motion):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(SynposeError, match="get_dataset.sh"):
        prepare(empty, tmp_path / "data")
    (empty / "S1").mkdir()
    with pytest.raises(SynposeError, match="(?s)holds no S.*get_testset.sh"):
        prepare(empty, tmp_path / "data")
    for wrong in ("S9/Seq1", "S1/Seq3"):
        write_train(tmp_path / wrong, motion[:5])
        with pytest.raises(SynposeError, match=f"{wrong}.*only S1/Seq1 to S8/Seq2"):
            dhp.find_sequences(tmp_path)
        (tmp_path / wrong / "annot.mat").unlink()
    write_test(tmp_path / "TS7", motion[:9])
    with pytest.raises(SynposeError, match="no TS7, only TS1 to TS6"):
        dhp.find_sequences(tmp_path)
    (tmp_path / "TS7/annot_data.mat").unlink()
    write_test(tmp_path / "TS1", motion[:9])
    write_test(tmp_path / "copy/TS1", motion[:9])
    with pytest.raises(SynposeError, match="TS1 lies twice"):
        dhp.find_sequences(tmp_path)
