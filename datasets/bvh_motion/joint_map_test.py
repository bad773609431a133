"""Names of joints in a file of their own, `--joint_map=FILE`."""

import dataclasses
import json

import numpy as np
import pytest

from synpose_tf.datasets import prepared
from synpose_tf.datasets.bvh_motion import conventions, sources, survey, testing
from synpose_tf.errors import SynposeError
from synpose_tf.structures.skeleton import H36M_17

CALLED = {part: f"b{number}" for number, part in enumerate(testing.BODY)}
TABLE = {joint: CALLED[joint] for joint in conventions.REQUIRED}


@pytest.fixture
def folder(tmp_path):
    """Two clips with names that nobody knows."""
    style = dataclasses.replace(testing.STYLES["Mixamo"], called=CALLED)
    for number in range(2):
        testing.write(tmp_path / "files" / f"{number}.bvh", style, seconds=0.1, seed=number)
    return tmp_path / "files"


def write(path, **changed):
    path.write_text(json.dumps({"joints": TABLE | changed}))
    return path


def test_a_set_is_prepared_for_each_map(folder, tmp_path):
    path, made = tmp_path / "map.json", []
    for changed in ({}, {"LWrist": [CALLED["LElbow"], CALLED["LWrist"], 0.5]}, {}):
        write(path, **changed)
        made += prepared.prepare_all("bvh_motion", str(folder), str(tmp_path), str(path))
    whole, half, again = made
    assert whole.data_path == again.data_path != half.data_path
    assert prepared.made_from(whole) != prepared.made_from(half)
    poses = [prepared.read_split(b, "test", ["keypoints_3d"])["keypoints_3d"] for b in made]
    moved = np.linalg.norm(poses[0] - poses[1], axis=-1).max(axis=0) > 1.0
    assert np.flatnonzero(moved).tolist() == [H36M_17.index("LWrist")]
    assert whole.info.metadata["assumed"] == [
        "2 clips: joints as map.json has them, lengths in centimetres, y is up"
    ]


def test_the_map_goes_before_the_folders(folder, tmp_path):
    (folder / "joint_map.json").write_text('{"up": "a bad one"}')
    path = write(tmp_path / "map.json")
    assert len(sources.read(folder, path).splits["train"]) == 1
    (ready,) = survey.survey(folder, path).ready
    assert ready.example().subject == "clips"
    command = ready.command("files", joint_map="map.json")
    assert command.endswith("--dataset=bvh_motion --manual_dir=files --joint_map=map.json")


@pytest.mark.parametrize(
    ("dataset", "content", "message"),
    [
        ("bvh_motion", None, r"--joint_map=\S+map.json: no such file"),
        ("bvh_motion", "{", "map.json: is no readable JSON"),
        ("bvh_motion", '{"joints": {"LHip": "a"}}', "map.json: joints lacks .*'LAnkle'"),
        ("bvh_motion", json.dumps({"joints": TABLE | {"LHip": "hip"}}), r"but for LHip \(hip\)"),
        ("synthetic_pose", "{}", "synthetic_pose has joints of its own.* is bvh_motion"),
        ("cmu_mocap,synthetic_pose", "{}", "cmu_mocap has joints of its own"),
    ],
)
def test_a_map_that_does_not_fit(dataset, content, message, folder, tmp_path):
    path = tmp_path / "map.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SynposeError, match=message):
        prepared.prepare_all(dataset, str(folder), str(tmp_path / "data"), str(path))
    assert not [p for p in (tmp_path / "data").rglob("*") if p.is_file()]


def test_a_map_without_files(tmp_path):
    path = write(tmp_path / "map.json")
    with pytest.raises(
        SynposeError, match=r"of the files in a folder. Name that with --manual_dir"
    ):
        prepared.prepare(prepared.Source("bvh_motion", None, str(tmp_path), str(path)))
