"""What detectors write beside the forms of `reading_test`: the right joints, or words."""

import json

import numpy as np
import pytest
from keypoint_files import IMAGE, in_layout, walk, write

from synpose_tf import keypoints, output
from synpose_tf.errors import SynposeError
from synpose_tf.inference.lifter import Lifter
from synpose_tf.keypoints import layouts
from synpose_tf.keypoints.detections import split_number
from synpose_tf.keypoints.layouts import BODY_25, COCO_17, HALPE_26, MEDIAPIPE_33, OPENPOSE_18
from synpose_tf.structures.skeleton import H36M_17

WIDTH, HEIGHT = 1920, 1080


def dump(path, tree):
    path.write_text(json.dumps(tree))
    return path


def results(people, **more):
    return [
        {"image_id": i, "category_id": 1, "keypoints": joints.ravel().tolist(), **more}
        for person in people
        for i, joints in enumerate(person)
    ]


def read_one(path, **wanted):
    (track,) = keypoints.read([path], **wanted).tracks
    return track


# === Layouts ===


@pytest.mark.parametrize("layout", [H36M_17, COCO_17], ids=["h36m", "coco"])
@pytest.mark.parametrize("count", [1, 30])
def test_poses_tell_the_layout_of_results(layout, count, poses, tmp_path):
    points = in_layout(poses[:count, :, :2] + 900.0, layout)
    joints = np.concatenate([points, np.full((*points.shape[:2], 1), 0.9)], -1)
    track = read_one(dump(tmp_path / "a.json", results([joints])))
    assert track.layout == layout


def test_results_in_doubt_ask_for_the_layout(tmp_path):
    joints = np.random.default_rng(0).uniform(1, 500, (300, 17, 3))
    path = dump(tmp_path / "a.json", results([joints]))
    with pytest.raises(SynposeError, match=r"h36m or coco.*Give --layout="):
        keypoints.read([path])
    assert read_one(path, layout="coco").layout == COCO_17


def test_results_of_a_face_alone_are_coco_s(tmp_path):
    joints = walk(COCO_17)
    joints[:, 5:] = 0.0
    assert read_one(dump(tmp_path / "a.json", results([joints]))).layout == COCO_17


@pytest.mark.parametrize(
    "spell", ["left-eye", "LEFT EYE", "leftEye", "L_Eye", "eye.left", "lefteye"]
)
def test_joints_by_name_however_they_are_spelt(spell, tmp_path):
    def spelt(name):
        side, _, joint = name.partition("_")
        if not joint:
            return name.upper() if spell.isupper() else name
        text = spell.replace("left", side).replace("LEFT", side.upper())
        text = text.replace("L_", f"{side[0].upper()}_")
        text = text.replace("EYE", joint.upper()).replace("Eye", joint.title())
        return text.replace("eye", joint)

    joints = walk(COCO_17)
    path = write("coco_annotations", tmp_path, [joints])
    tree = json.loads(path.read_text())
    tree["categories"][0]["keypoints"] = [spelt(n) for n in tree["categories"][0]["keypoints"]]
    track = read_one(dump(path, tree))
    assert track.layout == COCO_17
    np.testing.assert_allclose(track.keypoints, joints[..., :2])


def test_named_joints_are_brought_into_the_layout_s_order(tmp_path):
    joints = walk(COCO_17)
    path = write("coco_annotations", tmp_path, [joints])
    tree = json.loads(path.read_text())
    tree["categories"][0]["keypoints"].reverse()
    for annotation in tree["annotations"]:
        annotation["keypoints"] = (
            np.reshape(annotation["keypoints"], (-1, 3))[::-1].ravel().tolist()
        )
    np.testing.assert_allclose(read_one(dump(path, tree)).keypoints, joints[..., :2])


def test_the_layout_of_the_user_goes_before_names(tmp_path):
    path = write("coco_annotations", tmp_path, [walk(COCO_17)])
    path.write_text(path.read_text().replace("left_eye", "head_bottom"))
    with pytest.raises(SynposeError, match="names the joints nose, head_bottom.*--layout"):
        keypoints.read([path])
    assert read_one(path, layout="coco").layout == COCO_17


@pytest.mark.parametrize("layout", layouts.LAYOUTS.values(), ids=layouts.LAYOUTS)
def test_a_layout_is_known_by_its_own_names(layout):
    names = ["Neck" if n == "Thorax" and len(layout) in (18, 25) else n for n in layout.joints]
    found, order = layouts.by_names(names)
    assert found == layout
    assert order == list(range(len(layout)))


# === Detectors ===


def test_alphapose_s_nested_track_numbers(tmp_path):
    entries = results([walk(HALPE_26)])
    numbers = [3.0, [3.0], [[3.0], [3.0]], [[3.0], [5.0]], [[[3]]], 3]
    for entry, number in zip(entries, numbers * 2, strict=True):
        entry["idx"] = number
    assert read_one(dump(tmp_path / "a.json", entries)).name == "track 3"
    for nothing in ([], [[]], None):
        for entry in entries:
            entry["idx"] = nothing
        assert read_one(dump(tmp_path / "a.json", entries)).name == "person 1"


@pytest.mark.parametrize("form", ["open", "cmu", "poseflow"])
def test_alphapose_by_image(form, tmp_path):
    """`--format open` and `cmu`, whole and as single images, and PoseFlow's tracks."""
    layout = COCO_17 if form == "poseflow" else OPENPOSE_18
    joints = walk(layout)
    tree = {}
    for frame in range(12):
        flat = joints[frame].ravel().tolist()
        tree[f"{frame}.jpg"] = {
            "open": {"version": "AlphaPose v0.3", "people": [{"pose_keypoints_2d": flat}]},
            "cmu": {"version": "AlphaPose v0.3", "bodies": [{"joints": flat}]},
            "poseflow": [{"keypoints": flat, "scores": 2.5, "idx": 7}],
        }[form]
    recording = keypoints.read([dump(tmp_path / "alphapose-results.json", tree)])
    (track,) = recording.tracks
    assert (recording.format, track.layout) == ("AlphaPose results by image", layout)
    assert track.frames.tolist() == list(range(12))
    assert track.name == ("track 7" if form == "poseflow" else "person 1")
    np.testing.assert_allclose(track.keypoints, joints[..., :2], atol=1e-3)
    if form != "poseflow":
        folder = tmp_path / "sep-json"
        folder.mkdir()
        for name, content in tree.items():
            dump(folder / f"{name.removesuffix('.jpg')}.json", content)
        single = read_one(folder)
        np.testing.assert_array_equal(single.keypoints, track.keypoints)
        np.testing.assert_array_equal(single.frames, track.frames)


def test_openpose_s_first_version(tmp_path):
    joints = walk(OPENPOSE_18)
    write("openpose", tmp_path, [joints])
    for path in tmp_path.iterdir():
        path.write_text(path.read_text().replace("pose_keypoints_2d", "pose_keypoints"))
    track = read_one(tmp_path)
    assert track.layout == OPENPOSE_18
    np.testing.assert_allclose(track.keypoints, joints[..., :2], atol=1e-3)


def mmpose_photo(joints, dataset="coco"):
    people = [{"keypoints": p[:, :2].tolist(), "keypoint_scores": p[:, 2].tolist()} for p in joints]
    more = {f"key {i}": {"a": 1, "b": 2} for i in range(9)}
    return {"meta_info": {**more, "dataset_name": dataset}, "instance_info": people}


def test_mmpose_of_photos(tmp_path):
    joints = walk(COCO_17)
    dump(tmp_path / "shot_0.json", mmpose_photo([]))
    for frame in range(1, 12):
        dump(tmp_path / f"shot_{frame}.json", mmpose_photo([joints[frame]]))
    track = read_one(tmp_path)
    assert (track.layout, track.frames.tolist()) == (COCO_17, list(range(12)))
    assert np.isnan(track.keypoints[0]).all()
    np.testing.assert_allclose(track.keypoints[1:], joints[1:, :, :2], atol=1e-3)
    assert len(read_one(tmp_path / "shot_3.json").frames) == 1
    dump(tmp_path / "shot_5.json", mmpose_photo([joints[5]], "h36m"))
    with pytest.raises(SynposeError, match=r"shot_5.json: its dataset_name is another"):
        keypoints.read([tmp_path])


def mediapipe(tmp_path, visibility):
    path = write("mediapipe", tmp_path, [walk(MEDIAPIPE_33)])
    tree = json.loads(path.read_text())
    for frame in tree["frames"]:
        for landmark in frame["people"][0]["landmarks"]:
            landmark[3] = visibility
    return dump(path, tree)


def test_mediapipe_without_visibility(tmp_path):
    track = read_one(mediapipe(tmp_path, None))
    np.testing.assert_allclose(track.keypoints, walk(MEDIAPIPE_33)[..., :2], atol=1e-2)
    assert (track.confidence == 1).all()
    with pytest.raises(SynposeError, match="every landmark has a visibility of 0.*null"):
        keypoints.read([mediapipe(tmp_path, 0.0)])


@pytest.mark.parametrize("visible", [True, False])
def test_yolo(visible, tmp_path):
    people = [walk(COCO_17, seed=1), walk(COCO_17, seed=2, place=(700.0, 500.0))]
    for frame in range(12):
        entries = []
        for number, person in enumerate(people):
            x, y, c = person[frame].T.tolist()
            entry = {"name": "person", "class": 0, "confidence": 0.8, "box": {"x1": 1.0}}
            entry |= {"keypoints": {"x": x, "y": y} | ({"visible": c} if visible else {})}
            entries.append(entry | {"track_id": 4 + number})
        dump(tmp_path / f"walk_{frame}.json", entries if frame else [])
    tracks = keypoints.read([tmp_path]).tracks
    assert [track.name for track in tracks] == ["track 4", "track 5"]
    for track, joints in zip(tracks, people, strict=True):
        rows = np.isfinite(track.keypoints).all((1, 2))
        assert (track.layout, track.frames[rows].tolist()) == (COCO_17, list(range(1, 12)))
        np.testing.assert_allclose(track.keypoints[rows], joints[1:, :, :2], atol=1e-3)
        np.testing.assert_allclose(track.confidence[rows], 0.9 if visible else 1.0)
    assert tracks[0].frames[0] == 0  # Of nobody, which is the longest track's.


def vitpose(joints, names):
    frames = [{"3": frame[:, [1, 0, 2]].tolist()} for frame in joints]
    return {"keypoints": [{}, *frames], "skeleton": names}


def test_vitpose_has_y_before_x(tmp_path):
    joints = walk(COCO_17)
    track = read_one(dump(tmp_path / "a.json", vitpose(joints, {"0": "nose"})))
    assert (track.layout, track.name) == (COCO_17, "track 3")
    assert track.frames.tolist() == list(range(13))
    assert np.isnan(track.keypoints[0]).all()
    np.testing.assert_allclose(track.keypoints[1:], joints[..., :2], atol=1e-3)


def test_vitpose_s_25_joints_are_not_in_openpose_s_order(tmp_path):
    sides = ("left", "right")
    names = ["nose", *(f"{s}_{j}" for j in ("eye", "ear") for s in sides), "neck"]
    names += [f"{s}_{j}" for j in ("shoulder", "elbow", "wrist", "hip") for s in sides] + ["hip"]
    names += [f"{s}_{j}" for j in ("knee", "ankle") for s in sides]
    names += [f"{s}_{j}" for s in sides for j in ("big_toe", "small_toe", "heel")]
    joints = walk(BODY_25)
    _, order = layouts.by_names(names)
    shuffled = np.empty_like(joints)
    shuffled[:, order] = joints
    tree = vitpose(shuffled, {str(i): name for i, name in enumerate(names)})
    track = read_one(dump(tmp_path / "a.json", tree))
    assert track.layout == BODY_25
    assert not np.array_equal(order, range(25))
    np.testing.assert_allclose(track.keypoints[1:], joints[..., :2], atol=1e-3)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_json_of_windows(encoding, tmp_path):
    joints = walk(COCO_17, 300)
    entries = results([joints], note="größe 測試 😀")
    text = json.dumps(entries, ensure_ascii=False)
    (tmp_path / "a.json").write_bytes(text.encode(encoding))
    np.testing.assert_allclose(read_one(tmp_path / "a.json").keypoints, joints[..., :2], atol=1e-3)
    (tmp_path / "a.json").write_bytes(text.encode(encoding)[:-7])
    with pytest.raises(SynposeError, match=r"a.json: not whole, valid JSON"):
        keypoints.read([tmp_path / "a.json"])


def test_videopose3d_s_raw_detections(tmp_path):
    people = [walk(COCO_17, seed=1), walk(COCO_17, seed=2, place=(700.0, 500.0))]
    path = write("detectron", tmp_path, people)
    with np.load(path, allow_pickle=True) as archive:
        arrays = dict(archive)
    for frame in (4, 5):
        arrays["keypoints"][frame, 1] = []
    np.savez(path, **arrays)
    seen = [0, 1, 2, 3, *range(6, 12)]
    for track, joints in zip(keypoints.read([path]).tracks, people, strict=True):
        assert (track.layout, track.image_size) == (COCO_17, IMAGE)
        rows = np.isfinite(track.keypoints).all((1, 2))
        assert track.frames[rows].tolist() == seen
        assert (track.confidence[rows] == 1).all()  # Detectron's numbers are no confidence.
        np.testing.assert_allclose(track.keypoints[rows], joints[seen, :, :2], atol=1e-3)


def test_rtmlib_s_scores_are_used_and_the_rest_is_named(tmp_path):
    joints = walk(COCO_17)
    scores = np.linspace(0.1, 0.9, 12 * 17).reshape(12, 17)
    np.savez(tmp_path / "a.npz", keypoints=joints[..., :2], scores=scores, boxes=np.zeros(3))
    recording = keypoints.read([tmp_path / "a.npz"], layout="coco", min_confidence=0.0)
    np.testing.assert_allclose(recording.tracks[0].confidence, scores, atol=1e-6)
    assert any("boxes not used" in note for note in recording.notes)
    np.savez(tmp_path / "b.npz", keypoints=joints[..., :2], scores=scores[:, :3])
    with pytest.raises(SynposeError, match="scores has shape"):
        keypoints.read([tmp_path / "b.npz"])


@pytest.mark.parametrize("people", [1, 2, 3])
@pytest.mark.parametrize("order", ["people first", "frames first", "frames first, any order"])
def test_axes_of_people_and_frames(people, order, tmp_path):
    walks = [walk(COCO_17, 9, n, (300.0 + 250 * n, 400.0)) for n in range(people)]
    joints = np.stack(walks)
    if order != "people first":
        joints = joints.swapaxes(0, 1)
    if order.endswith("any order"):
        joints = np.stack([np.roll(frame, i // 2, 0) for i, frame in enumerate(joints)])
    np.savez(tmp_path / "a.npz", keypoints=joints[..., :2], scores=joints[..., 2])
    tracks = keypoints.read([tmp_path / "a.npz"], layout="coco").tracks
    assert len(tracks) == people
    by_place = sorted(tracks, key=lambda track: np.nanmean(track.keypoints[..., 0]))
    expected = sorted(walks, key=lambda joints: joints[..., 0].mean())
    for track, joints in zip(by_place, expected, strict=True):
        np.testing.assert_allclose(track.keypoints, joints[..., :2], atol=1e-3)


def test_axes_that_do_not_tell(tmp_path):
    joints = np.random.default_rng(0).uniform(0, 999, (4, 4, 17, 2))
    np.save(tmp_path / "a.npy", joints)
    with pytest.raises(SynposeError, match=r"a.npy: keypoints have shape.*people.*frames"):
        keypoints.read([tmp_path / "a.npy"], layout="coco")
    joints = np.random.default_rng(0).uniform(0, 999, (4, 5, 17, 2))
    np.savez(tmp_path / "b.npz", keypoints=joints, frames=np.arange(5))
    assert len(keypoints.read([tmp_path / "b.npz"], layout="coco").tracks) == 4


def test_the_own_npz_is_lifted_to_the_same_poses(poses, tmp_path):
    points = np.concatenate([in_layout(poses[:9, :, :2] + 900.0, COCO_17)] * 2)
    joints = np.concatenate([points, np.full((18, 17, 1), 0.9)], -1).reshape(2, 9, 17, 3)
    joints[1] += (900.0, 0.0, 0.0)
    joints[0, 3] = 0.0
    path = dump(tmp_path / "a.json", results(joints))
    lifter = Lifter.from_pretrained()
    tracks = keypoints.read([path], layout="coco", fps=5.0, image_size=(WIDTH, HEIGHT)).tracks
    first = [lifter.lift_track(track) for track in tracks]
    output.write(first, tmp_path / "walk.npz")
    again = keypoints.read([tmp_path / "walk.npz"])
    assert again.format == "poses of synpose_tf"
    for track, expected in zip(again.tracks, first, strict=True):
        assert (track.name, track.layout) == (expected.name, H36M_17)
        assert track.image_size == (WIDTH, HEIGHT)
        np.testing.assert_array_equal(track.frames, expected.frames)
        np.testing.assert_array_equal(track.times, expected.times)
        np.testing.assert_allclose(lifter.lift_track(track).poses, expected.poses, atol=0.5)


# === Frames ===


@pytest.mark.parametrize("step", [1, 60])
def test_people_are_followed_where_frames_are_numbered_in_steps(step, tmp_path):
    people = [walk(COCO_17, 100, 1), walk(COCO_17, 100, 2, (900.0, 700.0))]
    entries = [
        {**entry, "image_id": step * entry["image_id"]}
        for number, person in enumerate(people)
        for entry in results([person])
        if number or not 20 <= entry["image_id"] < 40
    ]
    tracks = keypoints.read([dump(tmp_path / "a.json", entries)]).tracks
    assert [len(track.frames) for track in tracks] == [100, 80]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("frame_0012_1920x1080", ("frame_", 12)),
        ("0012-640X480", ("", 12)),
        ("cam2_12_1080p", ("cam2_", 12)),
        ("shot_000012_1280_720", ("shot_", 12)),
        ("v_1920x1080_000012_keypoints", ("v_1920x1080_", 12)),
        ("clip_1000_1080", ("clip_1000_", 1080)),
        ("mary_640x480", ("mary_640x480", None)),
    ],
)
def test_the_image_s_size_is_no_number_of_a_frame(name, expected):
    assert split_number(name) == expected


def test_images_with_their_size_in_the_name(tmp_path):
    entries = results([walk(COCO_17)])
    for entry in entries:
        entry["image_id"] = f"frame_{entry['image_id']:04d}_1920x1080.jpg"
    assert read_one(dump(tmp_path / "a.json", entries)).frames.tolist() == list(range(12))


def test_hidden_files_of_macos_are_passed_by(tmp_path):
    write("openpose", tmp_path, [walk(BODY_25)])
    for path in list(tmp_path.iterdir()):
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X")
    assert read_one(tmp_path).frames.tolist() == list(range(12))
