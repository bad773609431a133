"""The same walker, in the ways that detectors, users and spreadsheets write files."""

import csv
import gzip
import io
import json
import zipfile

import h5py
import numpy as np
import pytest
from field_recordings import entries, lifted, read, walker
from keypoint_arrays import deeplabcut_table
from keypoint_files import IMAGE, LAYOUT, walk, write

from synpose_tf import keypoints
from synpose_tf.errors import SynposeError
from synpose_tf.keypoints.layouts import COCO_17

FRAMES = list(range(30))
EMPTY = {"image_id": 7, "category_id": 1}


def coco(joints, **changed):
    """COCO annotations of a person (F, 17, 3), an image a frame."""
    images = [{"id": i, "file_name": f"{i:04d}.jpg"} | changed.get("image", {}) for i in FRAMES]
    annotations = [entry | changed.get("annotation", {}) for entry in entries(joints)]
    for entry in (*images, *annotations):
        for key in {"id", "image_id"} & entry.keys():
            entry[key] = changed.get("id", int)(entry[key])
    return {"images": images, "annotations": annotations + changed.get("more", [])}


def renamed(joints, name):
    return [e | {"image_id": name(e["image_id"])} for e in entries(joints)]


def scores(joints, score):
    return [[x, y, score] for x, y, _ in joints.tolist()]


def nested(joints, columns=3):
    return [
        {"image_id": i, "keypoints": pose[:, :columns].tolist()} for i, pose in enumerate(joints)
    ]


RIGHT = {
    "ids as texts": lambda w: renamed(w, str),
    "ids as floats": lambda w: renamed(w, float),
    "idx as text": lambda w: entries(w, idx="3"),
    "track_id as text": lambda w: entries(w, track_id="3.0"),
    "idx in lists": lambda w: entries(w, idx=[[["2"]]]),
    "Roboflow's names": lambda w: renamed(w, lambda i: f"f_{i:04d}_jpg.rf.{7919 * i:032x}.jpg"),
    "a joint a list": nested,
    "somebody without joints": lambda w: entries(w) + [EMPTY | {"keypoints": []}],
    "somebody without anything": lambda w: entries(w) + [EMPTY | {"keypoints": None}],
    "no score is known": lambda w: [
        {"image_id": i, "keypoints": sum(scores(pose, None), [])} for i, pose in enumerate(w)
    ],
    "COCO": coco,
    "COCO, ids as texts": lambda w: coco(w, id=str),
    "COCO, ids as words": lambda w: coco(w, id=lambda i: f"img-{997 * i % 101}"),
    "COCO, Roboflow": lambda w: coco(w),
    "COCO, a thing": lambda w: coco(
        w, more=[{"image_id": 3, "category_id": 2, "bbox": [1, 2, 3, 4]}]
    ),
    "COCO, a box": lambda w: coco(w, more=[EMPTY | {"keypoints": []}]),
}


@pytest.mark.parametrize("case", RIGHT)
def test_read_as_the_clean_file(case, tmp_path):
    joints = walker()
    expected = read(tmp_path, entries(joints)).tracks[0]
    (track,) = read(tmp_path, RIGHT[case](joints)).tracks
    assert track.frames.tolist() == FRAMES
    np.testing.assert_array_equal(track.keypoints, expected.keypoints)


def test_joints_without_a_score(tmp_path):
    joints = np.maximum(walk(COCO_17), 1.0)
    (track,) = read(tmp_path, nested(joints, 2), layout="coco").tracks
    np.testing.assert_allclose(track.keypoints, joints[..., :2], atol=1e-4)


@pytest.mark.parametrize(
    "name", ["{}.jpg", "shot_{}.jpg", "walk.mp4_{}.jpg", "take 2 {}.png", "{}"]
)
def test_frames_below_zero_go_before_the_others(name, tmp_path):
    numbers = range(-10, 20)
    tree = renamed(walker(), lambda i: name.format(i - 10))
    (track,) = read(tmp_path, tree).tracks
    assert track.frames.tolist() == list(numbers)
    dashed = renamed(walker(), lambda i: f"shot-{i:04d}.jpg")
    assert read(tmp_path, dashed).tracks[0].frames.tolist() == FRAMES


@pytest.mark.parametrize("mark", [(-999.0, -999.0), (-10_000.0, -10_000.0), (65_535.0, 65_535.0)])
def test_a_mark_is_no_place(mark, tmp_path):
    """And no jump."""
    joints = walker()
    joints[5:20, 9, :2] = mark
    (track,) = read(tmp_path, entries(joints)).tracks
    assert np.flatnonzero(np.isnan(track.keypoints[:, 9, 0])).tolist() == list(range(5, 20))


def test_a_wild_joint_is_no_jump(tmp_path):
    joints = walker()
    poses = lifted(read(tmp_path, entries(joints)).tracks[0])
    joints[10:20, 9, :2] = 5000.0, 4000.0
    recording = read(tmp_path, entries(joints))
    (track,) = recording.tracks
    assert recording.notes == []
    assert np.linalg.norm(lifted(track) - poses, axis=-1).mean(-1).max() < 10


def test_who_shows_the_head_alone_for_a_while_stays_one(tmp_path):
    joints = walker()
    joints[:, 1:5] = joints[:, :1]
    joints[:, 1:5, :2] += [[5, -5], [-5, -5], [10, 0], [-10, 0]]
    joints[10:20, 5:] = 0.0
    recording = read(tmp_path, entries(joints))
    assert [len(track.frames) for track in recording.tracks] == [30]
    assert "jump" not in str(recording.notes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: renamed(w, lambda i: i / 30), "image_id: expected a whole number, found '0.03"),
        (lambda w: renamed(w, bool), "image_id: expected a whole number, found 'False'"),
        (lambda w: renamed(w, lambda i: None), "image_id: expected a whole number, found 'None'"),
        (lambda w: entries(w, idx=1.5), "idx: expected a whole number, found '1.5'"),
        (lambda w: {"results": entries(w)}, "'results' is no image's name. .* a list of results"),
        (lambda w: {"frames": nested(w)}, "'frames' is no image's name"),
        (lambda w: [json.dumps(e) for e in entries(w)], "Texts that are JSON of a frame each"),
        (
            lambda w: entries(w * (1, 1, 0)),
            r"\d\d\d joints have a place, but a confidence of 0 or less",
        ),
        (lambda w: entries(w * (0.005, 0.005, 1)), "30 poses are too small"),
        (lambda w: coco(w, annotation={"image_id": 99}), "image_id 99 is none of its images"),
    ],
)
def test_what_cannot_be_told_is_refused(change, message, tmp_path):
    with pytest.raises(SynposeError, match=message):
        read(tmp_path, change(walker()))


def test_a_number_for_each_detection_is_no_track(tmp_path):
    people = walker(), walker(shift=(400.0, 0.0))
    tree = [e for person in people for e in entries(person)]
    numbered = [entry | {"track_id": number} for number, entry in enumerate(tree)]
    recording = read(tmp_path, numbered)
    assert [len(track.frames) for track in recording.tracks] == [30, 30]
    assert "numbers of people are all different" in recording.notes[0]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", gzip.compress(b"[]", mtime=0), "a compressed file. Unpack it first"),
        ("a.zip", None, "an archive of other files, such as 'a.json'. Unpack it first"),
        ("a.json", '[{"image_id": "é.jpg"}]'.encode("latin-1"), "invalid bytes in UTF8"),
        ("a.json", b"[{'image_id': 1}]", "write it again by a JSON library"),
    ],
)
def test_files_of_other_kinds(name, content, message, tmp_path):
    if content is None:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("a.json", "[]")
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SynposeError, match=message):
        keypoints.read([tmp_path / name])


def test_an_object_a_line(tmp_path):
    path = tmp_path / "lines.json"
    path.write_text("\n".join(map(json.dumps, entries(walker()))))
    with pytest.raises(SynposeError, match="a JSON object on each line. Write them as one list"):
        keypoints.read([path])


def test_names_that_tell_too_many_recordings_are_said(tmp_path):
    recording = read(tmp_path, renamed(walker(), lambda i: f"{7919 * i:x}b{i}.jpg"))
    assert "they are of 30 recordings, most of one image" in str(recording.notes)


# === Arrays ===


def array(tmp_path, points, **more):
    np.savez(tmp_path / "a.npz", keypoints=points, **more)
    return keypoints.read([tmp_path / "a.npz"], layout="coco")


@pytest.mark.parametrize(
    "change",
    [
        np.asfortranarray,
        lambda a: a.astype(">f8"),
        lambda a: a[:, None],
        lambda a: a[None],
        lambda a: np.concatenate([a, np.full((30, 17, 1), np.nan)], axis=-1),
    ],
)
def test_arrays_of_any_form(change, tmp_path):
    points = walker()[..., :2]
    (track,) = array(tmp_path, change(points)).tracks
    seen = (points != 0).any(-1)
    np.testing.assert_allclose(track.keypoints[seen], points[seen], atol=1e-3)
    assert np.isnan(track.keypoints[~seen]).all()


@pytest.mark.parametrize("dtype", [np.float16, np.int32, np.uint16])
def test_arrays_of_small_numbers(dtype, tmp_path):
    points = walker()[..., :2]
    (track,) = array(tmp_path, points.astype(dtype)).tracks
    seen = (points != 0).any(-1)
    np.testing.assert_allclose(track.keypoints[seen], points[seen], atol=1.0)


def test_seen_or_not_is_a_confidence(tmp_path):
    points = walk(COCO_17)[..., :2]
    seen = np.random.default_rng(0).random(points.shape[:2]) < 0.8
    (track,) = array(tmp_path, points, confidence=seen).tracks
    np.testing.assert_array_equal(np.isfinite(track.keypoints).all(-1), seen)


def test_seconds_are_no_frames(tmp_path):
    with pytest.raises(SynposeError, match="whole numbers, found 0.0333.* Seconds are `times`"):
        array(tmp_path, walker()[..., :2], frames=np.arange(30) / 30)


def test_frames_that_stand_twice_are_said(tmp_path):
    recording = array(tmp_path, walker()[..., :2], frames=np.arange(30) // 2)
    assert recording.tracks[0].frames.tolist() == list(range(15))
    assert "15 frames have a number that stands before; the first of each counts" in (
        recording.notes
    )


# === DeepLabCut and SLEAP ===


def table(people, separator=",", point=".", ending="\n", frame=str):
    columns, values = deeplabcut_table(people)
    heads = ["scorer", *(["individuals"] if len(people) > 1 else []), "bodyparts", "coords"]
    rows = [[head, *texts] for head, texts in zip(heads, zip(*columns, strict=True), strict=True)]
    for number, row in enumerate(values):
        cells = ["" if np.isnan(v) else str(v).replace(".", point) for v in row]
        rows.append([frame(number), *cells])
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=ending).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"separator": ";", "point": ","},
        {"separator": "\t", "ending": "\r\n"},
        {"frame": lambda number: f"{number}.0"},
    ],
)
def test_a_table_as_spreadsheets_save_it(form, encoding, tmp_path):
    people = walk(COCO_17), walk(COCO_17, seed=1, place=(700.0, 420.0))
    people[1][:4] = np.nan
    path = tmp_path / "walk.csv"
    path.write_bytes(table(people, **form).encode(encoding))
    one, other = keypoints.read([path]).tracks
    assert (one.frames.tolist(), other.frames.tolist()) == (list(range(12)), list(range(4, 12)))
    np.testing.assert_allclose(one.keypoints, people[0][..., :2], atol=1e-3)
    np.testing.assert_allclose(other.keypoints, people[1][4:, :, :2], atol=1e-3)


def test_a_part_that_stands_twice_is_refused(tmp_path):
    text = table([walk(COCO_17)]).replace("left_ankle", "right_ankle")
    (tmp_path / "walk.csv").write_text(text)
    with pytest.raises(SynposeError, match="two columns are x of 'right_ankle'"):
        keypoints.read([tmp_path / "walk.csv"])


@pytest.mark.parametrize("names", [[], np.zeros(0), ["track_0"]])
def test_sleap_of_one_person(names, tmp_path):
    """Names as texts of any length, and none of them; what was corrected by hand has no score."""
    joints = walk(COCO_17)
    corrected = joints.copy()
    corrected[3:6, :, 2] = np.nan
    path = write("sleap", tmp_path, [corrected])
    with h5py.File(path, "a") as file:
        nodes = [name.decode() for name in file["node_names"]]
        del file["node_names"], file["track_names"]
        file["node_names"], file["track_names"] = nodes, names
    (track,) = keypoints.read([path]).tracks
    assert track.name == ("track_0" if len(names) else "person 1")
    np.testing.assert_allclose(track.keypoints, joints[..., :2], atol=1e-3)


# === Others ===


@pytest.mark.parametrize("form", ["mmpose", "yolo_video", "vitpose", "mediapipe", "poseflow"])
def test_a_person_without_joints_is_nobody(form, tmp_path):
    path = write(form, tmp_path, [walk(LAYOUT[form])])
    tree = json.loads(path.read_text())
    seen = keypoints.read([path]).tracks[0]
    for person in _people(form, tree)[2:5]:
        key = {"mediapipe": "landmarks"}.get(form, "keypoints")
        person[key] = {"x": [], "y": [], "visible": []} if form == "yolo_video" else []
    if form == "vitpose":
        for frame in tree["keypoints"][2:5]:
            frame.update(dict.fromkeys(frame))
    path.write_text(json.dumps(tree))
    (track,) = keypoints.read([path]).tracks
    np.testing.assert_array_equal(track.frames, seen.frames)
    assert np.flatnonzero(np.isnan(track.keypoints).all((1, 2))).tolist() == [2, 3, 4]


def _people(form, tree):
    if form == "mmpose":
        return [frame["instances"][0] for frame in tree["instance_info"]]
    if form == "mediapipe":
        return [frame["people"][0] for frame in tree["frames"]]
    if form == "vitpose":
        return []
    return [frame[0] for frame in (tree.values() if isinstance(tree, dict) else tree)]


@pytest.mark.parametrize("unknown", [None, [None] * 17])
def test_mmpose_without_scores(unknown, tmp_path):
    joints = walk(COCO_17)
    path = write("mmpose", tmp_path, [joints])
    tree = json.loads(path.read_text())
    for person in _people("mmpose", tree):
        person["keypoint_scores"] = unknown
    path.write_text(json.dumps(tree))
    (track,) = keypoints.read([path], image_size=IMAGE).tracks
    np.testing.assert_allclose(track.keypoints, joints[..., :2], atol=1e-3)
