"""Recordings of several cameras as a data set: what is taken, what is believed, which test."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow_datasets as tfds

from synpose_tf.datasets import prepared
from synpose_tf.datasets.multiview import multiview_dataset_builder as multiview
from synpose_tf.datasets.multiview import recordings, testing
from synpose_tf.errors import SynposeError
from synpose_tf.structures import camera_views
from synpose_tf.structures.skeleton import H36M_17

FIVE = ("a/poses", "b/poses", "b/more", "walk", "sit")


def prepare(folder, data_dir):
    return prepared.prepare(prepared.Source("multiview", str(folder), str(data_dir)))


def test_examples_are_what_the_cameras_saw_and_told(tmp_path):
    testing.write(tmp_path / "files", "walk", "sit")
    (tmp_path / "files" / "split.json").write_text('{"train": ["walk"], "test": ["sit"]}')
    builder = prepare(tmp_path / "files", tmp_path)
    assert builder.DETECTED
    assert builder.rate is None
    keys = (*prepared.TRAINING_KEYS, "confidence", "frame", "subject", "action", "camera")
    for split, key, seed in (("train", "walk", 0), ("test", "sit", 1)):
        found = prepared.read_split(builder, split, keys)
        views = testing.recording(seed=seed)
        # The first frame is left out: no view agrees on the hip.
        for name, field in (
            ("keypoints_2d", "keypoints"), ("keypoints_3d", "joints"), ("confidence", "agreed"),
            ("frame", "frames"),
        ):  # fmt: skip
            expected = np.concatenate([getattr(view, field)[1:] for view in views])
            np.testing.assert_array_equal(found[name], expected.astype(found[name].dtype))
        for name in ("intrinsics", "up"):
            expected = np.repeat([getattr(view, name) for view in views], 11, axis=0)
            np.testing.assert_allclose(found[name], expected, rtol=1e-6)
        assert set(found["action"]) == {key}
        assert list(dict.fromkeys(found["camera"])) == [view.camera for view in views]
    about = builder.info.metadata
    assert about["train"] == {"recordings": 1, "cameras": 4, "frames": 44}
    assert about["notes"][0].startswith("train: of 48 frames 44 are taken")
    assert "2.0 of 17 joints in each are not agreed on" in about["notes"][0]


def test_splits_are_by_recording(tmp_path):
    testing.write(tmp_path, *FIVE)
    (tmp_path / ".hidden.views.npz").write_bytes(b"")
    paths = recordings.find(tmp_path)
    assert sorted(paths) == sorted(FIVE)
    split = recordings.split(tmp_path, paths)
    assert {name: len(keys) for name, keys in split.items()} == {"train": 4, "test": 1}
    assert sorted(split["train"] + split["test"]) == sorted(FIVE)
    assert recordings.split(tmp_path, ["a", "b"]).keys() == {"train", "test"}
    # One alone trains; it is not cut in two.
    assert recordings.split(tmp_path, ["a"]) == {"train": ["a"]}
    chosen = {"train": ["walk", "b/more"], "test": []}
    (tmp_path / "split.json").write_text(json.dumps(chosen))
    assert recordings.split(tmp_path, paths) == {"train": ["b/more", "walk"]}
    (tmp_path / "split.json").write_text('{"train": [], "test": []}')
    with pytest.raises(SynposeError, match=r"split.json: names no recording; there are 5"):
        recordings.split(tmp_path, paths)


def test_frames_that_views_agree_on_are_taken():
    view, *_ = testing.recording()
    agreed = view.agreed.copy()
    agreed[2, 4:8] = False  # The spine, 7, is not agreed on anyway: 12 are left.
    agreed[3, 3:8] = False
    joints = view.joints.copy()
    joints[5, H36M_17.index("Nose"), 2] = -10.0
    view = dataclasses.replace(view, agreed=agreed, joints=joints)
    good = recordings.believed(view)
    assert np.flatnonzero(~good).tolist() == [0, 3, 5]


def test_what_is_no_recording_is_refused(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "poses.npz").write_bytes(b"")
    with pytest.raises(SynposeError, match=r"no recording is here.\nThe folder, or any folder"):
        prepare(folder, tmp_path)
    views = testing.recording()
    nowhere = [dataclasses.replace(view, agreed=np.zeros_like(view.agreed)) for view in views]
    camera_views.write(folder / "a.views.npz", nowhere)
    with pytest.raises(SynposeError, match=r"a.views.npz: in no frame do views agree on the hip"):
        prepare(folder, tmp_path)
    (folder / "a.views.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(SynposeError, match=r"a.views.npz: .*damaged"):
        prepare(folder, tmp_path)


def test_citation_and_tags():
    metadata = multiview.Builder.get_metadata()
    assert "Multi-view Geometry" in metadata.citation
    assert set(metadata.tags) <= set(tfds.core.dataset_metadata.valid_tags())
