"""Every format is read as it was written; what is wrong is said."""

import json

import numpy as np
import pytest
from keypoint_files import IMAGE, LAYOUT, in_layout, walk, write

from synpose_tf import keypoints
from synpose_tf.errors import SynposeError
from synpose_tf.keypoints.layouts import COCO_17, HALPE_26
from synpose_tf.structures.skeleton import H36M_17

FORMS = pytest.mark.parametrize("form", LAYOUT)
SIZED = ("mediapipe", "npz", "detectron", "poses")
PER_PERSON = [form for form in LAYOUT if form != "hourglass"]


def dump(path, tree):
    path.write_text(tree if isinstance(tree, str) else json.dumps(tree))
    return path


def results(people, **more):
    """Entries of COCO results from people (F, J, 3)."""
    return [
        {"image_id": i, "category_id": 1, "keypoints": joints.ravel().tolist(), **more}
        for person in people
        for i, joints in enumerate(person)
    ]


# === What is read ===


@FORMS
def test_a_format_is_recognised_and_read_as_written(form, tmp_path):
    joints = walk(LAYOUT[form])
    recording = keypoints.read([write(form, tmp_path, [joints])])
    (track,) = recording.tracks
    assert recording.format in {kind.title for kind in keypoints.FORMATS.values()}
    assert track.layout == LAYOUT[form]
    believed = [form != "hourglass" or name != "Head" for name in track.layout.joints]
    np.testing.assert_allclose(track.keypoints[:, believed], joints[:, believed, :2], atol=1e-3)
    assert np.isnan(track.keypoints[:, np.logical_not(believed)]).all()
    assert track.confidence[:, believed] == pytest.approx(track.confidence[0, 0])
    np.testing.assert_array_equal(track.frames, np.arange(len(joints)))
    fps = dict.fromkeys(("mediapipe", "npz", "poses"), 25.0)
    fps = (fps | dict.fromkeys(("videopose3d", "hourglass"), 50.0)).get(form, 30.0)
    np.testing.assert_allclose(track.times, track.frames / fps)
    assert track.image_size == (IMAGE if form in SIZED else None)


@FORMS
def test_the_frame_rate_of_the_user_goes_first(form, tmp_path):
    path = write(form, tmp_path, [walk(LAYOUT[form])])
    (track,) = keypoints.read([path], fps=120.0).tracks
    np.testing.assert_allclose(track.times, track.frames / 120.0)


@pytest.mark.parametrize("form", PER_PERSON)
def test_two_people_who_pass_at_a_distance_stay_two(form, tmp_path):
    layout = LAYOUT[form]
    people = [walk(layout, seed=1), walk(layout, seed=2, place=(700.0, 500.0))]
    tracks = keypoints.read([write(form, tmp_path, people)]).tracks
    assert len({track.name for track in tracks}) == 2
    for track, joints in zip(tracks, people, strict=True):
        np.testing.assert_allclose(track.keypoints, joints[..., :2], atol=1e-3)


@pytest.mark.parametrize("form", ["results", "alphapose", "openpose", "mmpose", "mediapipe"])
def test_missed_joints_are_nan_with_confidence_0(form, tmp_path):
    joints = walk(LAYOUT[form])
    joints[3, 5, 2] = 0.0
    joints[4, 6] = 0.0, 0.0, 0.9
    joints[5] = 0.0
    recording = keypoints.read([write(form, tmp_path, [joints])])
    (track,) = recording.tracks
    missed = np.zeros(joints.shape[:2], bool)
    missed[3, 5] = missed[4, 6] = missed[5] = True
    np.testing.assert_array_equal(np.isnan(track.keypoints).all(-1), missed)
    np.testing.assert_array_equal(track.confidence == 0, missed)
    assert "1 frames without a joint; they stay without a pose" in recording.notes


@pytest.mark.parametrize(
    "form",
    ["results", "alphapose", "alphapose_open", "poseflow", "openpose", "openpose_first", "mmpose"]
    + ["mmpose_images", "mmpose_photos", "yolo", "yolo_video", "vitpose"],
)
def test_frames_keep_their_numbers_and_gaps(form, tmp_path):
    frames = [3, 4, 5, 10, 11, 12]
    path = write(form, tmp_path, [walk(LAYOUT[form], 6)], frames)
    (track,) = keypoints.read([path], fps=10.0).tracks
    rows = np.isfinite(track.keypoints).any((1, 2))  # Some forms have a row for every frame.
    assert track.frames[rows].tolist() == frames
    np.testing.assert_allclose(track.times[rows], np.array(frames) / 10)


def test_frames_in_any_order_and_twice(tmp_path):
    joints = walk(COCO_17, 40)
    entries = results([joints])
    np.random.default_rng(0).shuffle(entries)
    (track,) = keypoints.read([dump(tmp_path / "a.json", entries + entries[:7])]).tracks
    assert track.frames.tolist() == list(range(40))
    np.testing.assert_allclose(track.keypoints, joints[..., :2], atol=1e-3)


def test_a_number_of_the_detector_twice_in_a_frame_keeps_the_surer_one(tmp_path):
    joints = walk(HALPE_26, 40)
    unsure = joints[:1] * (1, 1, 0.1) + (50.0, 0.0, 0.0)
    entries = results([joints], idx=7) + results([unsure], idx=7)
    (track,) = keypoints.read([dump(tmp_path / "a.json", entries)]).tracks
    assert track.name == "track 7"
    np.testing.assert_allclose(track.keypoints, joints[..., :2], atol=1e-3)


def test_the_same_number_for_everybody_is_no_track(tmp_path):
    people = [walk(HALPE_26, seed=1), walk(HALPE_26, seed=2, place=(700.0, 500.0))]
    tracks = keypoints.read([dump(tmp_path / "a.json", results(people, idx=[0.0]))]).tracks
    assert [track.name for track in tracks] == ["person 1", "person 2"]


def test_a_person_who_is_gone_for_a_second_is_another(tmp_path):
    near, far = walk(COCO_17, 100, 1), walk(COCO_17, 100, 2, (900.0, 700.0))
    entries = [e for e in results([near]) if not 20 <= e["image_id"] < 60] + results([far])
    tracks = keypoints.read([dump(tmp_path / "a.json", entries)]).tracks
    assert [len(track.frames) for track in tracks] == [100, 40, 20]
    assert tracks[1].frames[0] == 60


def test_images_of_several_cameras_in_one_file(tmp_path):
    one, two = walk(COCO_17, 5, 1), walk(COCO_17, 5, 2)
    entries = results([one]) + results([two])
    for index, entry in enumerate(entries):
        entry["image_id"] = f"shots/{'cam1' if index < 5 else 'cam2'}_{entry['image_id']:04d}.png"
    tracks = keypoints.read([dump(tmp_path / "a.json", entries)]).tracks
    assert [track.name for track in tracks] == ["cam1", "cam2"]
    assert tracks[1].frames.tolist() == list(range(5))


def test_images_without_numbers_are_frames_in_their_order(tmp_path):
    entries = results([walk(COCO_17, 3)])
    for entry, name in zip(entries, ["mary.jpg", "anna.jpg", "zoe.jpg"], strict=True):
        entry["image_id"] = name
    (track,) = keypoints.read([dump(tmp_path / "a.json", entries)]).tracks
    assert track.frames.tolist() == [0, 1, 2]


@pytest.mark.parametrize(("count", "layout"), [(133, COCO_17), (136, HALPE_26)])
def test_hands_and_face_of_a_whole_body_layout_are_left_aside(count, layout, tmp_path):
    joints = np.full((12, count, 3), 400.0)
    joints[:, : len(layout)] = walk(layout)
    (track,) = keypoints.read([dump(tmp_path / "a.json", results([joints]))]).tracks
    assert track.layout == layout
    np.testing.assert_allclose(track.keypoints, walk(layout)[..., :2], atol=1e-3)


def test_several_files_are_named_in_the_tracks(tmp_path):
    for name in ("left", "right"):
        dump(tmp_path / f"{name}.json", results([walk(COCO_17)]))
    assert [t.name for t in keypoints.read([tmp_path]).tracks] == ["left", "right"]


def test_nan_and_infinity_as_python_writes_them(tmp_path):
    joints = walk(COCO_17)
    joints[2, 3], joints[2, 4, 0], joints[2, 5, 2] = np.nan, np.inf, np.nan
    path = write("results", tmp_path, [joints])
    assert "NaN" in path.read_text()
    assert "Infinity" in path.read_text()
    (track,) = keypoints.read([path]).tracks
    assert np.flatnonzero(np.isnan(track.keypoints[2, :, 0])).tolist() == [3, 4, 5]


def test_nan_wherever_the_blocks_of_the_stream_end(tmp_path):
    """A word that a block's end cuts in two is still a word."""
    entries = results([walk(COCO_17)])
    entries += [{"image_id": i, "keypoints": [float("nan")] * 3 * 17} for i in range(12, 990)]
    path = dump(tmp_path / "a.json", entries)
    assert path.stat().st_size > 4 * 65536
    for space in range(7):
        (track,) = keypoints.read(
            [dump(tmp_path / "b.json", " " * space + path.read_text())]
        ).tracks
        assert np.isfinite(track.keypoints[:12]).all()


def test_mediapipe_landmarks_as_objects_and_without_times(tmp_path):
    path = write("mediapipe", tmp_path, [walk(LAYOUT["mediapipe"])])
    tree = json.loads(path.read_text())
    expected = keypoints.read([path]).tracks[0]
    for frame in tree["frames"]:
        del frame["time"], frame["frame"]
        keys = "x", "y", "z", "visibility"
        landmarks = frame["people"][0]["landmarks"]
        frame["people"][0]["landmarks"] = [dict(zip(keys, mark, strict=True)) for mark in landmarks]
    (track,) = keypoints.read([dump(path, tree)]).tracks
    np.testing.assert_array_equal(track.keypoints, expected.keypoints)
    np.testing.assert_allclose(track.times, expected.times)


@pytest.mark.parametrize("shape", [(17, 2), (17, 3), (9, 17, 2), (9, 17, 3), (2, 9, 17, 3)])
def test_shapes_of_numpy_arrays(shape, tmp_path):
    joints = np.stack([walk(COCO_17, 9, seed) for seed in (1, 2)])[..., : shape[-1]]
    joints = joints[0, 0] if len(shape) == 2 else joints[0] if len(shape) == 3 else joints
    np.save(tmp_path / "a.npy", joints)
    tracks = keypoints.read([tmp_path / "a.npy"], layout="coco").tracks
    assert len(tracks) == (2 if len(shape) == 4 else 1)
    assert tracks[0].keypoints.shape == ((9 if len(shape) > 2 else 1), 17, 2)


def test_real_hourglass_detections(shared_data):
    recording = keypoints.read([shared_data / "h36m_sh" / "S9"])
    assert len(recording.tracks) == 8
    walking = next(t for t in recording.tracks if t.name == "Walking.54138969")
    assert walking.keypoints.shape == (1612, 16, 2)
    assert walking.times[-1] == pytest.approx(1611 / 50)


def test_annotations_of_joints_that_are_not_coco_s(tmp_path):
    path = write("coco_annotations", tmp_path, [walk(COCO_17)])
    path.write_text(path.read_text().replace("left_eye", "head_bottom"))
    with pytest.raises(SynposeError, match=r"names the joints.*head_bottom.*--layout"):
        keypoints.read([path])


def test_annotations_of_things_have_no_keypoints(tmp_path):
    tree = {"images": [{"id": 1, "file_name": "1.jpg"}], "annotations": []}
    tree["annotations"].append({"image_id": 1, "bbox": [1, 2, 3, 4]})
    with pytest.raises(SynposeError, match=r"a.json: none of its 1 annotations has keypoints"):
        keypoints.read([dump(tmp_path / "a.json", tree)])


# === 17 joints ===


@pytest.mark.parametrize("layout", [H36M_17, COCO_17], ids=["h36m", "coco"])
def test_real_motion_tells_which_17_joints(layout, cmu_views, tmp_path):
    points = in_layout(cmu_views["test"]["keypoints_2d"], layout)
    for start in range(0, 4000, 500):
        np.save(tmp_path / "a.npy", points[start : start + 50])
        assert keypoints.read([tmp_path / "a.npy"]).tracks[0].layout == layout


def test_joints_that_do_not_tell_ask_for_the_layout(tmp_path):
    np.save(tmp_path / "a.npy", np.random.default_rng(0).uniform(0, 500, (300, 17, 2)))
    with pytest.raises(SynposeError, match=r"a.npy.*h36m or coco.*Give --layout=\w+ or"):
        keypoints.read([tmp_path / "a.npy"])
    assert keypoints.read([tmp_path / "a.npy"], layout="coco").tracks[0].layout == COCO_17


# === What is wrong ===


def bad_results(**change):
    entry = {"image_id": 0, "keypoints": [1.0, 2.0, 0.5] * 17} | change
    return [{"image_id": 0, "keypoints": [1.0, 2.0, 0.5] * 17}, entry]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "the file is empty"),
        ("   ", "neither JSON"),
        ("x,y\n1,2", "neither JSON"),
        ("[]", "an empty list"),
        ("[{", "it ends too early"),
        ('{"people": [{"pose_keypoints_2d"', "it ends too early"),
        ("[" * 100_000, "nested deeper than 100"),
        ('{"people": [' + "[" * 5000, "nested deeper than 100"),
        ({"boxes": [1, 2], "labels": ["cat"]}, r"not of a known detector; it holds boxes"),
        ([{"bbox": [1, 2, 3, 4], "category_id": 3}], "not of a known detector; it holds item"),
        ({"people": []}, "holds nobody"),
        ({"people": [{"face": []}]}, "no pose_keypoints_2d"),
        (bad_results(keypoints=[1.0, 2.0, 0.5] * 26), "entry 1 has 26 joints, entry 0 had 17"),
        (bad_results(keypoints=[1.0, 2.0, 0.5] * 17 + [3.0]), "52 numbers"),
        (bad_results(keypoints="many"), "entry 1: expected lists of numbers"),
        (bad_results(keypoints=["1.0", "2.0", "0.5"] * 17), r"found '\"?1.0|found '1.0'"),
        (bad_results(keypoints=[[1.0, 2.0], [3.0]]), "expected lists of numbers"),
        (bad_results(keypoints={}), "found dict"),
        (bad_results(image_id=None), "image_id: expected a whole number, found 'None'"),
        (bad_results(image_id=[1]), "image_id: expected a whole number"),
        (bad_results(idx="first"), "idx: expected a whole number, found 'first'"),
        ([{"image_id": 0, "keypoints": [10, 2, 1] * 9}], r"9 joints, which no layout has.*coco 17"),
        ([{"image_id": 0, "keypoints": [0, 0, 0] * 17}], "every joint of every frame is missing"),
        ({"instance_info": [{"frame_id": 1, "instances": [{"keypoints": [1]}]}]}, "shape"),
        ({"frames": [{"people": []}]}, r'no "image_size"'),
        ({"image_size": [9, 9], "frames": [{"people": []}]}, "holds nobody"),
        ({"image_size": [9, 9], "frames": [{"people": [{"landmarks": [1]}]}]}, "found 1"),
        ({"fps": -3, "image_size": [9, 9], "frames": [{"people": []}]}, "fps is '-3'"),
    ],
)  # fmt: skip
def test_a_bad_json_file(text, match, tmp_path):
    path = dump(tmp_path / "bad.json", text)
    with pytest.raises(SynposeError, match=match) as error:
        keypoints.read([path])
    assert "bad.json" in str(error.value) or tmp_path.name in str(error.value)


@pytest.mark.parametrize(
    ("array", "match"),
    [
        (np.zeros((3, 17, 4)), r"shape \(3, 17, 4\). Expected \(frames, joints, 2\)"),
        (np.zeros(5), r"shape \(5,\)"),
        (np.zeros((0, 17, 2)), r"shape \(0, 17, 2\)"),
        (np.array([["a", "b"]]), "Expected numbers"),
        (np.array([None, {}], object), "Python objects"),
        (np.ones((4, 12, 2)) * 9, "12 joints, which no layout has"),
        (np.full((4, 17, 2), np.nan), "every joint of every frame is missing"),
    ],
)
def test_a_bad_array(array, match, tmp_path):
    np.save(tmp_path / "bad.npy", array)
    with pytest.raises(SynposeError, match=match):
        keypoints.read([tmp_path / "bad.npy"], layout=None)


def test_an_array_that_claims_more_than_there_is(tmp_path):
    np.save(tmp_path / "bad.npy", np.ones((12, 17, 2)))
    content = (tmp_path / "bad.npy").read_bytes()
    (tmp_path / "bad.npy").write_bytes(content.replace(b"(12, 17, 2)", b"(12999999999, 17, 2)"))
    with pytest.raises(SynposeError, match=r"bad.npy.*damaged"):
        keypoints.read([tmp_path / "bad.npy"])


def test_times_that_do_not_increase(tmp_path):
    joints = walk(COCO_17)
    np.savez(tmp_path / "a.npz", keypoints=joints, times=np.zeros(12))
    with pytest.raises(SynposeError, match=r"times of 'person 1' do not increase.*--fps"):
        keypoints.read([tmp_path / "a.npz"], layout="coco")
    keypoints.read([tmp_path / "a.npz"], layout="coco", fps=30)


def test_a_wrong_layout_of_the_user(tmp_path):
    path = write("results", tmp_path, [walk(COCO_17)])
    with pytest.raises(SynposeError, match=r"17 joints, but BODY_25 has 25. Give another --layout"):
        keypoints.read([path], layout="body25")


def test_files_of_two_formats(tmp_path):
    write("npy", tmp_path, [walk(H36M_17)])
    write("results", tmp_path, [walk(COCO_17)])
    with pytest.raises(SynposeError, match=r"keypoints.npy is NumPy.*one format at a time"):
        keypoints.read([tmp_path])


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda folder: folder / "absent.json", "no such file or folder"),
        (lambda folder: folder, "holds no keypoint file"),
    ],
)
def test_nothing_there(make, match, tmp_path):
    with pytest.raises(SynposeError, match=match):
        keypoints.read([make(tmp_path)])


def test_an_unknown_format(tmp_path):
    path = write("results", tmp_path, [walk(COCO_17)])
    with pytest.raises(SynposeError, match=r"--format=coc: no such format.*results, alphapose"):
        keypoints.read([path], format="coc")


def test_a_pickle_that_would_run_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return print, ("executed",)

    np.savez(tmp_path / "evil.npz", positions_2d=np.array({"S1": Evil()}, dtype=object))
    with pytest.raises(SynposeError, match="Do not trust this file"):
        keypoints.read([tmp_path / "evil.npz"])


def test_hostile_names_stay_text(tmp_path):
    name = "<script>alert(1)</script>/../../etc/passwd\x00\n"
    left, right = zip(*H36M_17.left_right, strict=True)
    np.savez(
        tmp_path / "a.npz",
        positions_2d=np.array({name: {name: [walk(H36M_17)[..., :2]]}}, dtype=object),
        metadata=np.array({"keypoints_symmetry": [list(left), list(right)]}, dtype=object),
    )
    (track,) = keypoints.read([tmp_path / "a.npz"]).tracks
    assert track.name == f"{name} {name}"
