"""npz, JSON and CSV: all that a track holds, read back with NumPy, json and csv alone."""

import csv
import json
import os
import resource
import subprocess
import sys

import numpy as np
import pytest
from pose_tracks import pose_track

from synpose_tf import output
from synpose_tf.errors import SynposeError
from synpose_tf.structures.skeleton import H36M_17

HOSTILE = 'Zoë "<b>\u2028</script>'


@pytest.fixture(scope="module")
def people():
    """One with a path and frames without a pose, one without path, image size or any pose."""
    return [
        pose_track(
            HOSTILE,
            unseen=(0, 7, 8),
            exchanged=np.random.default_rng(0).random((60, 17)) < 0.1,
            confidence=np.random.default_rng(1).random((60, 17), np.float32),
        ),
        pose_track("", "sitting", 20, path=False, unseen=range(20), image_size=None),
    ]


def test_npz_holds_everything(people, tmp_path):
    assert output.write(people, tmp_path / "poses.npz") == [tmp_path / "poses.npz"]
    with np.load(tmp_path / "poses.npz", allow_pickle=False) as data:
        data = dict(data)
    assert (data["format"], data["version"]) == ("synpose_tf poses", 1)
    assert (data["length_unit"], data["time_unit"]) == ("millimetre", "second")
    assert data["joints"].tolist() == list(H36M_17.joints)
    assert data["parents"].tolist() == list(H36M_17.parents)
    assert data["names"].tolist() == [HOSTILE, ""]
    assert data["image_size"].tolist() == [[1000, 1002], [-1, -1]]
    assert data["body_height"].tolist() == [1700, 1700]
    assert np.isnan(data["root"][data["track"] == 1]).all()
    for number, track in enumerate(people):
        rows = data["track"] == number
        for key in ("poses", "keypoints", "inferred", "frames", "times"):
            np.testing.assert_array_equal(data[key][rows], getattr(track, key))
    np.testing.assert_array_equal(data["root"][data["track"] == 0], people[0].root)
    np.testing.assert_array_equal(data["confidence"][data["track"] == 0], people[0].confidence)
    assert np.isnan(data["confidence"][data["track"] == 1]).all()


def nan_for_null(points, *shape):
    """A JSON list with nulls as an array of a shape."""
    if points is None:
        return np.full(shape, np.nan)
    return np.array([nan_for_null(point, *shape[1:]) for point in points]) if shape[1:] else points


def test_json_holds_everything(people, tmp_path):
    output.write(people, tmp_path / "poses.json")
    text = (tmp_path / "poses.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert "</script>" in text  # it is data, not HTML
    tree = json.loads(text)
    assert (tree["format"], tree["version"]) == ("synpose_tf poses", 1)
    assert tree["joints"] == list(H36M_17.joints)
    assert tree["parents"] == list(H36M_17.parents)
    assert [entry["name"] for entry in tree["tracks"]] == [HOSTILE, ""]
    assert [entry["image_size"] for entry in tree["tracks"]] == [[1000, 1002], None]
    for entry, track in zip(tree["tracks"], people, strict=True):
        assert entry["body_height"] == 1700
        records = entry["frames"]
        assert [record["frame"] for record in records] == track.frames.tolist()
        np.testing.assert_allclose([record["time"] for record in records], track.times, atol=1e-6)
        lifted = [record["pose"] is not None for record in records]
        np.testing.assert_array_equal(lifted, track.lifted)
        for key, values, shape, tolerance in (
            ("pose", track.poses, (17, 3), 0.051),
            ("keypoints", track.keypoints, (17, 2), 0.0051),
        ):
            written = [nan_for_null(record[key], *shape) for record in records]
            np.testing.assert_allclose(written, values, atol=tolerance)
        for record, inferred in zip(records, track.inferred, strict=True):
            assert record["inferred"] == [H36M_17.joints[j] for j in np.flatnonzero(inferred)]
    confidence = [record["confidence"] for record in tree["tracks"][0]["frames"]]
    np.testing.assert_allclose(confidence, people[0].confidence, atol=0.00051)
    assert {record["confidence"] for record in tree["tracks"][1]["frames"]} == {None}
    roots = [nan_for_null(record["root"], 3) for record in tree["tracks"][0]["frames"]]
    np.testing.assert_allclose(roots, people[0].root, atol=0.051)
    assert all(record["root"] is None for record in tree["tracks"][1]["frames"])


def test_json_of_single_missing_joints(tmp_path):
    track = pose_track(frames=3)
    track.keypoints[1, 4] = np.nan
    output.write([track], tmp_path / "poses.json")
    (entry,) = json.loads((tmp_path / "poses.json").read_text())["tracks"]
    keypoints = [record["keypoints"] for record in entry["frames"]]
    assert [points.count(None) for points in keypoints] == [0, 1, 0]
    assert keypoints[1][4] is None


def test_csv_holds_everything(people, tmp_path):
    assert output.write(people, tmp_path / "poses.csv") == [tmp_path / "poses.csv"]
    with (tmp_path / "poses.csv").open(encoding="utf-8", newline="") as handle:
        rows = [*csv.DictReader(handle)]
    assert len(rows) == 17 * sum(len(track.frames) for track in people)

    def column(*keys):
        return np.array([[float(row[key] or "nan") for key in keys] for row in rows])

    of_track = column("track")[:, 0]
    for number, track in enumerate(people):
        own = of_track == number
        count = len(track.frames)
        assert {row["name"] for row, mine in zip(rows, own, strict=True) if mine} == {track.name}
        joints = [row["joint"] for row, mine in zip(rows, own, strict=True) if mine]
        assert joints == list(H36M_17.joints) * count
        root = np.full((count, 3), np.nan) if track.root is None else track.root
        exchanged = 0 * track.inferred if track.exchanged is None else track.exchanged
        unknown = np.full(exchanged.shape, np.nan)
        confidence = unknown if track.confidence is None else track.confidence
        for values, keys, tolerance in (
            (track.poses, ("x", "y", "z"), 0.051),
            (np.repeat(root[:, None], 17, axis=1), ("root_x", "root_y", "root_z"), 0.051),
            (track.keypoints, ("image_x", "image_y"), 0.0051),
            (np.repeat(track.times[:, None, None], 17, axis=1), ("time",), 1e-6),
            (np.repeat(track.frames[:, None, None], 17, axis=1), ("frame",), 0),
            (track.inferred[..., None], ("inferred",), 0),
            (exchanged[..., None], ("exchanged",), 0),
            (confidence[..., None], ("confidence",), 0.00051),
        ):
            written = column(*keys)[own].reshape(count, 17, -1)
            np.testing.assert_allclose(written, values, atol=tolerance)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_csv_holds_no_formula(name, tmp_path):
    """Spreadsheets would run a name that a stranger chose."""
    output.write([pose_track(name, frames=1)], tmp_path / "poses.csv")
    with (tmp_path / "poses.csv").open(encoding="utf-8", newline="") as handle:
        assert {row["name"] for row in csv.DictReader(handle)} == {f"'{name}"}


def test_json_of_a_long_video_costs_no_memory(tmp_path):
    """Five minutes at 30 Hz grow the process by less than the file has bytes."""
    code = """
import sys, resource
import numpy as np
from synpose_tf import output
from synpose_tf.structures.tracks import PoseTrack
n = 9000
rng = np.random.default_rng(0)
track = PoseTrack("a", rng.normal(size=(n, 17, 3)).astype("f4") * 500, None,
                  rng.normal(size=(n, 17, 2)).astype("f4") * 500, np.zeros((n, 17), bool),
                  np.arange(n), np.arange(n) / 30, 1700.0)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
output.write([track], sys.argv[1])
print((peak() - before) * 1024)
"""
    path = tmp_path / "long.json"
    grown = int(subprocess.check_output([sys.executable, "-c", code, path], text=True))
    assert grown < path.stat().st_size / 2


@pytest.mark.parametrize("name", ["npz", "json", "csv", "trc", "glb"])
def test_a_failed_write_leaves_the_old_file(name, people, tmp_path):
    path = tmp_path / f"poses.{name}"
    path.write_text("the good old file")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(SynposeError, match="can't be written"):
            output.write(people, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "the good old file"
    assert os.listdir(tmp_path) == [path.name]


def test_formats_go_by_their_suffix():
    for name, kind in output.FORMATS.items():
        assert kind.name == name
        assert output.format_of(f"a.b/walk{kind.suffix.upper()}") is kind
    with pytest.raises(SynposeError, match=r"walk.fbx: no output format .* there are .npz, .json"):
        output.format_of("walk.fbx")


@pytest.mark.parametrize("name", output.FORMATS)
def test_nothing_to_write(name, tmp_path):
    path = tmp_path / "poses"
    for tracks in ([], [pose_track(frames=0)]):
        with pytest.raises(SynposeError, match="poses: nothing to write, the input holds no frame"):
            output.FORMATS[name].write(tracks, path)
    if output.FORMATS[name].needs_pose:
        with pytest.raises(SynposeError, match="poses: nothing to write, no frame has a pose"):
            output.FORMATS[name].write([pose_track(frames=4, unseen=range(4))], path)
    assert os.listdir(tmp_path) == []
