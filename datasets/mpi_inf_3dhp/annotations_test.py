"""Annotations that contradict themselves, and files that are wrong or damaged."""

import numpy as np
import pytest

from synpose_tf.datasets.mpi_inf_3dhp import annotations
from synpose_tf.datasets.mpi_inf_3dhp import mpi_inf_3dhp_dataset_builder as dhp
from synpose_tf.datasets.mpi_inf_3dhp.testing import write_test, write_train
from synpose_tf.errors import SynposeError


def close(found, expected, tolerance):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


# === Contradictions ===


def long(motion):
    return np.concatenate([motion, motion[::-1]])


@pytest.mark.parametrize("key", annotations.KEYS)
def test_a_frame_that_contradicts_itself_is_left_out(tmp_path, motion, key, caplog):
    def spoil(variables):
        variables[key][0, 0][17, 3 * 3] += 40  # px or mm, of a joint (Spine) that is used

    path = write_train(tmp_path / "S1/Seq1", long(motion), spoil)
    (view,) = dhp.train_views(path, (0,), 1)
    assert set(range(2 * len(motion))) - set(view.frames) == {17}
    assert "1 of 240 frames of S1 Seq1 camera 0" in caplog.text
    assert "row 17" in caplog.text


def test_shifted_frames_are_refused(tmp_path, motion):
    def spoil(variables):
        variables["annot2"][1, 0] = np.roll(variables["annot2"][1, 0], 40, axis=0)

    path = write_train(tmp_path / "S3/Seq2", motion, spoil)
    with pytest.raises(SynposeError, match=r"annot.mat.*S3 Seq2 camera 1.*contradict"):
        list(dhp.train_views(path, (0, 1), 1))


def test_another_sequences_calibration_is_refused(tmp_path, motion):
    path = write_train(tmp_path / "S3/Seq2", motion)
    text = (path.parent / "camera.calibration").read_text().splitlines()
    text[5], text[12] = text[12], text[5]
    (path.parent / "camera.calibration").write_text("\n".join(text))
    with pytest.raises(SynposeError, match="contradict each other"):
        list(dhp.train_views(path, (0, 1), 1))


# === Bad input ===


def drop(key):
    return lambda variables: variables.pop(key)


def set_train(key, value, camera=2):
    def change(variables):
        cell = variables[key][camera, 0]
        variables[key][camera, 0] = value(cell)

    return change


def put(number):
    def change(array):
        array = array.copy()
        array.reshape(-1)[3 * 84 + 12] = number
        return array

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("univ_annot3"), r"no variable \['univ_annot3'\].*annot2"),
        (set_train("annot2", lambda a: a[:-3]), r"S1 Seq1 camera 2 has 117 frames in annot2, 120"),
        (set_train("annot3", lambda a: a[:, :-3]), r"S1 Seq1 camera 2 has shape \(120, 81\)"),
        (set_train("annot2", lambda a: a.astype(complex)), r"\(120, 56\) of complex128"),
        (set_train("annot3", put(np.nan)), "annot3 of S1 Seq1 camera 2.*NaN.*row 3"),
        (set_train("univ_annot3", put(np.inf)), "univ_annot3 of S1 Seq1 camera 2.*infinite"),
        (set_train("annot3", put(1e12)), "annot3 of S1 Seq1 camera 2.*beyond"),
        (set_train("annot2", lambda a: a[:0]), "camera 2 has 0 frames in annot2"),
        (lambda v: v.update(annot2=v["annot2"][:2]), "annot2 holds 2 cells.*camera 2"),
        (lambda v: v.update(annot2=np.ones((9, 9))), "annot2 holds 81 cells of float64"),
    ],
)
def test_wrong_training_files(tmp_path, motion, change, message):
    path = write_train(tmp_path / "S1/Seq1", motion, change)
    with pytest.raises(SynposeError, match=message) as error:
        list(dhp.train_views(path, (0, 1, 2), 1))
    assert str(path) in str(error.value)


def set_test(key, change):
    return lambda variables: variables.update({key: change(variables[key])})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("valid_frame"), r"no variable \['valid_frame'\]"),
        (set_test("annot2", lambda a: a[..., :-3]), "TS2 has 117 frames in annot2, 120"),
        (set_test("annot3", lambda a: a[:, :-1]), r"annot3 of TS2 has shape \(3, 16, 1, 120\)"),
        (set_test("annot3", lambda a: np.where(a == a[0, 1, 0, 4], np.nan, a)), "NaN.*row 4"),
        (set_test("valid_frame", np.zeros_like), "no frame of TS2 is valid"),
        (set_test("valid_frame", lambda a: 2 * a), "valid_frame of TS2 holds 2, expected 0 to 1"),
        (set_test("valid_frame", lambda a: a[:, 1:]), "valid_frame of TS2 has 119 entries"),
        (set_test("activity_annotation", lambda a: a + 2), "holds 8.0, expected 1 to 7"),
        (
            set_test("annot2", lambda a: np.tile(a[:, :1, :, :1], (1, 17, 1, 120))),
            "no camera can be fitted to annot2 and annot3 of TS2",
        ),
        (set_test("annot2", lambda a: np.roll(a, 5, -1)), "TS2 the annotations contradict"),
        (
            set_test("annot3", lambda a: np.tile(a[:, :1, :, :1], (1, 17, 1, 120))),
            "no camera can be fitted to annot2 and annot3 of TS2",
        ),
    ],
)
def test_wrong_test_files(tmp_path, motion, change, message):
    path = write_test(tmp_path / "TS2", motion, change)
    with pytest.raises(SynposeError, match=message) as error:
        list(dhp.test_views(path))
    assert str(path) in str(error.value)


def test_camera_that_the_calibration_lacks(tmp_path, motion):
    path = write_train(tmp_path / "S1/Seq1", motion)
    file = path.parent / "camera.calibration"
    file.write_text("\n".join(file.read_text().splitlines()[: 1 + 7 * 3]))
    with pytest.raises(SynposeError, match=r"has cameras \[0, 1, 2\], but not \[5\]"):
        list(dhp.train_views(path, (2, 5), 1))


def damaged(intact, variants, rng):
    """A third cut short, the others with a few bytes changed, half of them in the head."""
    for variant in range(variants):
        data = bytearray(intact)
        if variant % 3 == 0:
            yield data[: rng.integers(len(data))]
            continue
        for at in rng.integers(len(data) if variant % 3 == 1 else min(4096, len(data)), size=5):
            data[at] = rng.integers(256)
        yield data


@pytest.mark.parametrize("kind", ["v5", "v5 raw", "v7.3", "v7.3 raw"])
def test_damaged_bytes(tmp_path, motion, kind):
    if kind.startswith("v5"):
        path = write_train(tmp_path / "S1/Seq1", motion[:60], do_compression=kind == "v5")
        views = lambda: list(dhp.train_views(path, (0, 13), 1))  # noqa: E731
    else:
        options = {"compression": "gzip"} if kind == "v7.3" else {}
        path = write_test(tmp_path / "TS1", motion[:60], **options)
        views = lambda: list(dhp.test_views(path))  # noqa: E731
    intact, expected = path.read_bytes(), {view.name: view for view in views()}
    refused = 0
    for data in damaged(intact, 60, np.random.default_rng(0)):
        path.write_bytes(data)
        try:
            found = views()
        except SynposeError as error:
            refused += str(path) in str(error)
            continue
        for view in found:
            # Without a checksum, a change that contradicts nothing by more than the tolerated
            # distances passes; in every other file the joints are the true ones.
            tolerance = annotations.MAX_PIXELS if kind.endswith("raw") else 0
            true = expected[view.name]
            rows = np.isin(true.frames, view.frames)
            close(view.keypoints_2d, true.keypoints_2d[rows], tolerance)
            close(relative(view.keypoints_3d), relative(true.keypoints_3d[rows]), 2 * tolerance)
    assert refused >= 20


def relative(points):
    return points - points[:, :1]
