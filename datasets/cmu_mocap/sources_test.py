"""Clips from each form of the database, the split, and broken files."""

import json
import shutil

import numpy as np
import pytest

from synpose_tf.datasets.cmu_mocap import sources
from synpose_tf.datasets.cmu_mocap.sources import Clip
from synpose_tf.errors import SynposeError


@pytest.mark.parametrize(
    ("key", "action"),
    [
        ("mixed/walking_13", "walking"),
        ("mixed/basketball_signal_2", "basketball_signal"),
        ("subject_02/02_01", "02_01"),
        ("mixed/run", "run"),
    ],
)
def test_action_is_the_clip_without_its_number(key, action):
    assert Clip(key, np.zeros((1, 17, 3)), np.arange(1), file=None).action == action


def test_reads_all_real_official_clips(shared_data):
    splits = sources.read_clips(shared_data / "cmu_asfamc")
    clips = {clip.key: clip for clips in splits.values() for clip in clips}
    assert len(clips) == 28
    assert {clip.subject for clip in splits["test"]} == {"subject_02"}
    assert len(clips["subject_02/02_01"].frames) == 86  # of 343
    same = np.load(shared_data / "cmu_positions" / "cmu_h36m17_30hz.npz")
    for key, clip in clips.items():
        np.testing.assert_allclose(clip.positions, same[key], atol=1e-6, err_msg=key)


def test_split_file_overrides_the_subjects_numbers(official):
    split = {"train": ["subject_02/02_01"], "test": ["subject_01/01_02"]}
    (official / "split.json").write_text(json.dumps(split))
    splits = sources.read_clips(official)
    assert {name: [clip.key for clip in splits[name]] for name in splits} == split


@pytest.mark.parametrize("form", ["official", "zipped", "archive"])
def test_hidden_files_of_macos_are_passed_by(form, request, tmp_path):
    folder = request.getfixturevalue(form)
    expected = sources.read_clips(folder)
    if form == "zipped":
        shutil.rmtree(folder)
        folder.mkdir()
        form, tree = "official", tmp_path / "official"
    else:
        tree = folder
    for path in [path for path in tree.rglob("*") if path.is_file()]:
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X")
    if tree != folder:
        shutil.make_archive(folder / "allasfamc", "zip", tree, "all_asfamc")
    found = sources.read_clips(folder)
    assert {s: [c.key for c in clips] for s, clips in found.items()} == {
        s: [c.key for c in clips] for s, clips in expected.items()
    }


# === Errors ===


def edit_archive(folder, **changes):
    path = folder / "positions.npz"
    with np.load(path) as archive:
        arrays = dict(archive) | {f"subject_01/{key}": value for key, value in changes.items()}
    np.savez(path, **arrays)


def with_nan(frame, joint):
    positions = np.zeros((12, 17, 3))
    positions[frame, joint, 1] = np.nan
    return {"01_02": positions}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"01_02": np.zeros((12, 16, 3))}, r"'subject_01/01_02' is float64 of shape \(12, 16, 3\)"),
        ({"01_02": np.zeros((0, 17, 3))}, r"'subject_01/01_02' is float64 of shape \(0, 17, 3\)"),
        ({"01_02": np.zeros((9, 17, 3), int)}, "'subject_01/01_02' is int64 of shape"),
        (with_nan(4, 9), "'subject_01/01_02' is not finite at frame 4, joint Nose"),
        ({"01_02": np.array([{}, None])}, "'subject_01/01_02' cannot be read .*pickle"),
    ],
)
def test_broken_array_names_file_and_key(archive, changes, message):
    edit_archive(archive, **changes)
    with pytest.raises(SynposeError, match=message) as error:
        sources.read_clips(archive)
    assert "positions.npz" in str(error.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test": ["subject_01/01_02"]}, "'subject_01/01_02' is in 'train' and again in"),
        ({"test": ["subject_02/02_09"]}, "'subject_02/02_09' of 'test' is in none"),
        ({"test": []}, "no clip is for 'test'"),
        ({"validation": []}, "expected {"),
        ({"test": "subject_02/02_01"}, "expected {"),
    ],
)
def test_broken_split_names_file_and_key(archive, split, changes, message):
    (archive / "split.json").write_text(json.dumps(split | changes))
    with pytest.raises(SynposeError, match=message) as error:
        sources.read_clips(archive)
    assert "split.json" in str(error.value)


def damage_nothing_there(folder):
    shutil.rmtree(folder / "all_asfamc")
    (folder / "notes.txt").write_text("no motion here")


def damage_archive(folder):
    archive = shutil.make_archive(folder / "allasfamc", "zip", folder, "all_asfamc")
    shutil.rmtree(folder / "all_asfamc")
    with open(archive, "r+b") as file:
        file.truncate(3000)


def damage_motion(folder):
    path = folder / "all_asfamc/subjects/01/01_02.amc"
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (damage_nothing_there, r"no clip of the CMU database is here.\s+The folder must hold one"),
        (damage_archive, "allasfamc.zip: is no readable zip .* Delete it and fetch it again"),
        (damage_motion, r"01_02.amc, line \d+: .* cut off"),
        (
            lambda folder: (folder / "all_asfamc/subjects/01/01.asf").unlink(),
            "01_0[12].amc: its skeleton .*01.asf is missing",
        ),
        (
            lambda folder: shutil.rmtree(folder / "all_asfamc/subjects/02"),
            "no clip is for 'test'",
        ),
        (
            lambda folder: (folder / "split.json").write_text("{"),
            "split.json: is no readable JSON",
        ),
    ],
)
def test_broken_official_form(official, damage, message):
    damage(official)
    with pytest.raises(SynposeError, match=message):
        sources.read_clips(official)


def test_archive_needs_a_split(archive):
    (archive / "split.json").unlink()
    with pytest.raises(SynposeError, match="split.json: is missing beside the archive"):
        sources.read_clips(archive)


def test_truncated_archive(archive):
    path = archive / "positions.npz"
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(SynposeError, match="positions.npz: is no readable npz archive"):
        sources.read_clips(archive)
