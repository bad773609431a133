"""Which recording a file or image belongs to, and which frame of it is which."""

import json

import numpy as np
import pytest
from field_recordings import entries, read, walker
from keypoint_files import walk, write

from synpose_tf import keypoints
from synpose_tf.errors import SynposeError
from synpose_tf.keypoints.layouts import BODY_25, COCO_17


@pytest.mark.parametrize("depth", ["", "/json"])
@pytest.mark.parametrize("form", ["openpose", "mmpose_images"])
def test_two_folders_with_equal_file_names_are_two_recordings(form, depth, tmp_path):
    joints = [walk(BODY_25 if form == "openpose" else COCO_17, 5, seed) for seed in (1, 2)]
    folders = [tmp_path / f"cam{number}{depth}" for number in (1, 2)]
    for folder, person in zip(folders, joints, strict=True):
        folder.mkdir(parents=True)
        write(form, folder, [person])
    tracks = keypoints.read(folders, layout="body25" if form == "openpose" else "coco").tracks
    assert len({track.name for track in tracks}) == 2
    for track, person, name in zip(tracks, joints, ("cam1", "cam2"), strict=True):
        assert name in track.name
        assert track.frames.tolist() == list(range(5))
        np.testing.assert_allclose(track.keypoints, person[..., :2], atol=1e-3)


def test_a_folder_of_folders_names_these(tmp_path):
    for name in ("cam2", "cam1", ".cache"):
        (tmp_path / name).mkdir()
    with pytest.raises(SynposeError, match=r"no keypoint file.*folders: cam1, cam2. Name those"):
        keypoints.read([tmp_path])


def test_images_of_two_folders_in_one_file(tmp_path):
    people = [walker(6), walker(6, seed=1)]
    tree = [e for person in people for e in entries(person)]
    for index, entry in enumerate(tree):
        entry["image_id"] = f"cam{index // 6 + 1}/{entry['image_id']:04d}.jpg"
    tracks = read(tmp_path, tree).tracks
    assert [track.name for track in tracks] == ["cam1", "cam2"]
    assert all(track.frames.tolist() == list(range(6)) for track in tracks)


def test_equal_files_of_two_folders_have_names_that_tell(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "alphapose-results.json").write_text(json.dumps(entries(walker(4))))
    paths = sorted(tmp_path.glob("*/*.json"))
    names = [track.name for track in keypoints.read(paths).tracks]
    assert names == ["one alphapose-results", "two alphapose-results"]


def annotations(joints, names, size=(1920, 1080)):
    """COCO annotations whose ids follow the order of the names as text."""
    order = {name: number for number, name in enumerate(sorted(names), 1)}
    keys = {"width": size[0], "height": size[1]} if size else {}
    images = [{"id": order[name], "file_name": name, **keys} for name in sorted(names)]
    entries = [
        {"id": 1, "image_id": order[name], "keypoints": pose.ravel().tolist()}
        for name, pose in zip(names, joints, strict=True)
    ]
    return {"images": images, "annotations": entries, "categories": []}


@pytest.mark.parametrize("pattern", ["{}.jpg", "frame_{}.png", "folder/take2_{}.jpg"])
def test_file_names_of_annotations_decide_the_order(pattern, tmp_path):
    joints = walker(12)
    names = [pattern.format(number) for number in range(1, 13)]
    (track,) = read(tmp_path, annotations(joints, names)).tracks
    assert track.frames.tolist() == list(range(1, 13))
    assert track.image_size == (1920, 1080)
    seen = joints[..., 2] > 0
    np.testing.assert_allclose(track.keypoints[seen], joints[seen][:, :2], atol=1e-3)


def test_images_of_another_size_have_none(tmp_path):
    tree = annotations(walker(6), [f"{n}.jpg" for n in range(6)])
    tree["images"][3]["width"] = 640
    assert read(tmp_path, tree).tracks[0].image_size is None


def test_annotations_of_two_cameras(tmp_path):
    joints = np.concatenate([walker(4), walker(4, seed=1)])
    names = [f"cam{c}/{n}.jpg" for c in (1, 2) for n in range(4)]
    tracks = read(tmp_path, annotations(joints, names)).tracks
    assert [track.name for track in tracks] == ["cam1", "cam2"]


def test_an_image_without_annotations_is_a_frame_without_anybody(tmp_path):
    tree = annotations(walker(12), [f"{n}.jpg" for n in range(12)])
    tree["annotations"] = tree["annotations"][:5] + tree["annotations"][6:]
    (track,) = read(tmp_path, tree).tracks
    assert track.frames.tolist() == list(range(12))
    assert np.flatnonzero(np.isnan(track.keypoints).all((1, 2))).tolist() == [5]


def test_reports_from_the_field(shared_data):
    folder = shared_data / "field_reports"
    (track,) = keypoints.read([folder / "12_coco_ids_lexicographic.json"]).tracks
    assert (np.diff(track.keypoints[:, 11, 0]) > 0).all()  # The person walks to the right.
    assert track.image_size == (1920, 1080)
    tracks = keypoints.read(sorted((folder / "03_two_folders").iterdir())).tracks
    assert [track.name for track in tracks] == ["cam1_json", "cam2_json"]
