"""Recordings that lie on disk give, bit for bit, what they give in memory, in flat memory."""

import dataclasses
import json

import measured_process
import numpy as np
import pytest
from keypoint_files import LAYOUT, walk, write
from pose_tracks import pose_track

from synpose_tf import keypoints, output
from synpose_tf.inference.lifter import Lifter
from synpose_tf.inference.smoothing import smooth_track
from synpose_tf.io import scratch
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints.layouts import COCO_17

INTRINSICS = np.array([1145.0, 1143.0, 512.0, 515.0, 0, 0, 0, 0, 0])
WHOLE = 10**9


def crowd(frames=60):
    """Entries of three people who come and go, in any order, some twice, some joints missed."""
    rng = np.random.default_rng(0)
    entries = []
    for number in range(3):
        joints = walk(COCO_17, frames, number, (300.0 + 500.0 * number, 400.0))
        joints[rng.random((frames, 17)) < 0.1] = 0.0
        joints[frames // 3 + number] = 0.0
        for frame in range(number, frames):
            if not 10 * number < frame % 50 < 10 * number + 5:
                values = joints[frame].ravel().tolist()
                entries.append({"image_id": 3 * frame, "keypoints": values, "score": 1.0})
    return [entries[i] for i in rng.permutation(len(entries))] + entries[:9]


def numbered(entries):
    """The same with the detector's numbers; some stand twice in a frame."""
    changed = [entry | {"idx": index % 3} for index, entry in enumerate(entries)]
    changed = {(e["image_id"], e["idx"]): e for e in changed}.values()
    unsure = [e | {"keypoints": (np.array(e["keypoints"]) * 0.9).tolist()} for e in changed]
    return [*changed, *unsure[:4]]


def same_tracks(found, expected):
    assert len(found) == len(expected) > 0
    for track, other in zip(found, expected, strict=True):
        for field in dataclasses.fields(other):
            if field.name != "scratch":
                one, two = getattr(track, field.name), getattr(other, field.name)
                np.testing.assert_array_equal(one, two)
                assert getattr(one, "dtype", None) == getattr(two, "dtype", None)


def read_both(path, monkeypatch, piece, **wanted):
    monkeypatch.setattr(scratch, "PIECE", WHOLE)
    whole = keypoints.read([path], **wanted)
    monkeypatch.setattr(scratch, "PIECE", piece)
    monkeypatch.setattr(scratch, "_TAIL", 1000)
    pieces = keypoints.read([path], scratch=Scratch(), **wanted)
    assert whole.notes == pieces.notes
    return whole.tracks, pieces.tracks


@pytest.mark.parametrize("piece", [1, 7, 64])
@pytest.mark.parametrize("change", [list, numbered])
def test_several_people_are_read_alike(piece, change, tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(change(crowd())))
    whole, pieces = read_both(path, monkeypatch, piece, min_confidence=0.3)
    assert len(whole) >= 3
    assert all(track.scratch is not None for track in pieces)
    same_tracks(pieces, whole)
    same_tracks([track.loaded() for track in pieces], whole)


@pytest.mark.parametrize("form", LAYOUT)
def test_every_format_is_read_alike(form, tmp_path, monkeypatch):
    people = [walk(LAYOUT[form], 30, 1), walk(LAYOUT[form], 30, 2, (700.0, 500.0))]
    whole, pieces = read_both(write(form, tmp_path, people), monkeypatch, 7)
    same_tracks(pieces, whole)


def test_fractions_are_scaled_alike(tmp_path, monkeypatch):
    joints = walk(COCO_17, 30) / (1000.0, 1002.0, 1.0)
    path = write("results", tmp_path, [joints])
    whole, pieces = read_both(path, monkeypatch, 7, image_size=(1000, 1002))
    same_tracks(pieces, whole)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """One person for two pieces and a half, and another, with gaps."""
    rng = np.random.default_rng(0)
    one, two = (walk(COCO_17, frames, frames, (400.0, 400.0)) for frames in (5000, 2100))
    one[rng.random(one.shape[:2]) < 0.05] = 0.0
    one[2040:2060] = two[0] = 0.0
    two[:, :, 0] += 11_000.0
    path = tmp_path_factory.mktemp("long") / "long.json"
    entries = [
        {"image_id": f"{frame}.jpg", "keypoints": person[frame].ravel().tolist(), "idx": number}
        for frame in range(5000)
        for number, person in enumerate((one, two))
        if frame < len(person)
    ]
    path.write_text(json.dumps(entries))
    return path


@pytest.mark.parametrize("mode", ["paper", "camera"])
def test_lifting_and_smoothing_are_alike(mode, recording):
    lifter = Lifter.from_pretrained(mode)
    intrinsics = INTRINSICS if mode == "camera" else None
    whole = keypoints.read([recording]).tracks
    pieces = keypoints.read([recording], scratch=Scratch()).tracks
    lifted, on_disk = ([lifter.lift_track(t, intrinsics) for t in ts] for ts in (whole, pieces))
    assert [len(track.frames) for track in lifted] == [5000, 2100]
    assert [int((~track.lifted).sum()) for track in lifted] == [20, 1]
    same_tracks(on_disk, lifted)
    same_tracks([smooth_track(t) for t in on_disk], [smooth_track(t) for t in lifted])


def on_disk(track):
    file = Scratch()
    columns = {name: getattr(track, name) for name in ("poses", "root", "keypoints", "inferred")}
    kept = {name: file.keep(column) for name, column in columns.items() if column is not None}
    return dataclasses.replace(track, scratch=file, **kept)


def cast(path):
    return [
        pose_track("walker", path=path, unseen=(0, 7, 8, 59)),
        pose_track("late", frames=31, path=path, seed=3, times=2.0 + np.arange(31) / 7.0),
        pose_track("nobody", frames=9, path=path, unseen=range(9)),
    ]


@pytest.mark.parametrize("piece", [1, 7, 64])
def test_smoothing_goes_on_from_piece_to_piece(piece, monkeypatch):
    for track in cast(path=True):
        monkeypatch.setattr(scratch, "PIECE", WHOLE)
        whole = smooth_track(track)
        monkeypatch.setattr(scratch, "PIECE", piece)
        same_tracks([smooth_track(on_disk(track)), smooth_track(track)], [whole, whole])


@pytest.mark.parametrize("path", [True, False], ids=["path", "in place"])
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "several"])
@pytest.mark.parametrize("kind", ["npz", "json", "csv", "html", "png", "bvh", "trc", "glb"])
def test_files_are_alike_byte_for_byte(kind, path, alone, tmp_path, monkeypatch):
    tracks = cast(path)[:1] if alone else cast(path)
    contents = []
    for piece, form in ((WHOLE, list), (7, list), (1, lambda ts: [on_disk(t) for t in ts])):
        monkeypatch.setattr(scratch, "PIECE", piece)
        written = output.write(form(tracks), tmp_path / f"a.{kind}")
        contents.append([file.read_bytes() for file in written])
    assert contents[0] == contents[1] == contents[2]


def test_c3d_has_the_same_points(tmp_path):
    ezc3d = pytest.importorskip("ezc3d")
    tracks = cast(path=True)
    points = []
    for people in (tracks, [on_disk(track) for track in tracks]):
        output.write(people, tmp_path / "a.c3d")
        points.append(ezc3d.c3d(str(tmp_path / "a.c3d"))["data"]["points"])
    np.testing.assert_array_equal(*points)


def test_a_page_of_too_many_poses_shows_every_other(tmp_path, monkeypatch):
    from synpose_tf.output import html_file

    monkeypatch.setattr(html_file, "_MOST", 30)
    output.write([pose_track()], tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text()
    data = json.loads(page.split('id="data" type="application/json">')[1].split("</script>")[0])
    assert data["summary"].startswith("30 frames · 1 of 2 shown")


@pytest.mark.slow
def test_memory_is_flat(tmp_path):
    """Ten times the frames, of two people, take a quarter of what their poses do, or less."""
    peaks = []
    for frames in (4_096, 40_960):
        joints = walk(COCO_17, 500)
        texts = [json.dumps(pose.ravel().tolist()) for pose in joints]
        path = tmp_path / f"{frames}.json"
        entries = (
            f'{{"image_id": {frame}, "idx": {number}, "keypoints": {texts[frame % 500]}}}'
            for frame in range(frames)
            for number in range(2)
        )
        path.write_text(f"[{','.join(entries)}]")
        taken = measured_process.run(
            "lift", str(path), "--formats=npz,json", f"--output={tmp_path}/out"
        )
        peaks.append(taken.memory * 1e6)
    poses = 2 * (40_960 - 4_096) * 17 * 4 * (3 + 3 + 2)
    assert peaks[1] - peaks[0] < poses / 4
