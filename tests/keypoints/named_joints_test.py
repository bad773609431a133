"""DeepLabCut's and SLEAP's files: joints by any names, or a sentence about what to do."""

import h5py
import numpy as np
import pytest
from keypoint_arrays import deeplabcut_table
from keypoint_files import walk, write

from synpose_tf import keypoints
from synpose_tf.errors import SynposeError
from synpose_tf.keypoints.layouts import COCO_17
from synpose_tf.structures.skeleton import MPII_16, Skeleton

# DeepLabCut's model of people: 1 is the right side.
NUMBERED = [
    "ankle1", "knee1", "hip1", "hip2", "knee2", "ankle2", "wrist1", "elbow1", "shoulder1",
    "shoulder2", "elbow2", "wrist2", "chin", "forehead",
]  # fmt: skip
OF_MPII = [
    "RAnkle", "RKnee", "RHip", "LHip", "LKnee", "LAnkle", "RWrist", "RElbow", "RShoulder",
    "LShoulder", "LElbow", "LWrist", "UpperNeck", "Head",
]  # fmt: skip
MOUSE = ["snout", "leftear", "rightear", "tailbase", "left_hip", "right_hip"]


def points(count, frames=5):
    return walk(Skeleton("some", tuple(map(str, range(count))), (-1, *[0] * (count - 1))), frames)


def table(folder, names, joints, head=("scorer", "bodyparts", "coords")):
    """A CSV file of one individual."""
    columns, values = deeplabcut_table([joints], names)
    rows = [[name, *texts] for name, texts in zip(head, zip(*columns, strict=True), strict=True)]
    rows += [[i, *row] for i, row in enumerate(values)]
    path = folder / "walk.csv"
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


def test_numbered_sides(tmp_path):
    joints = points(14)
    (track,) = keypoints.read([table(tmp_path, NUMBERED, joints)]).tracks
    assert track.layout == MPII_16
    for name, column in zip(OF_MPII, joints.swapaxes(0, 1), strict=True):
        np.testing.assert_allclose(
            track.keypoints[:, MPII_16.index(name)], column[:, :2], atol=1e-3
        )
    others = [joint for joint in MPII_16.joints if joint not in OF_MPII]
    assert np.isnan(track.keypoints[:, [MPII_16.index(joint) for joint in others]]).all()


def test_some_joints_in_any_order_among_others(tmp_path):
    names = ["ball", "RightKnee", "Left Hip", "right-hip", "l_shoulder", "R_Shoulder", "nose"]
    names += ["L_Knee", "left.ankle", "rightAnkle"]
    joints = points(10)
    (track,) = keypoints.read([table(tmp_path, names, joints)]).tracks
    assert track.layout == COCO_17
    knee = track.keypoints[:, COCO_17.index("RKnee")]
    np.testing.assert_allclose(knee, joints[:, 1, :2], atol=1e-3)
    assert np.isfinite(track.keypoints).all(-1).sum() == 5 * 9


@pytest.mark.parametrize("tracker", ["DeepLabCut", "SLEAP"])
def test_an_animal_is_no_person(tracker, tmp_path):
    joints = points(6)
    if tracker == "DeepLabCut":
        path, remedy = table(tmp_path, MOUSE, joints), "config.yaml"
    else:
        path, remedy = tmp_path / "walk.h5", "skeleton's nodes"
        with h5py.File(path, "w") as file:
            file["tracks"] = joints[None, ..., :2].transpose(0, 3, 2, 1)
            file["node_names"] = np.array(MOUSE, "S")
    with pytest.raises(SynposeError, match=f"snout, .* A person has both shoulders .*{remedy}"):
        keypoints.read([path])


def test_deeplabcut_of_pictures_says_what_to_export(tmp_path):
    path = table(tmp_path, NUMBERED, points(14))
    path.write_text(path.read_text().replace("\n0,", "\nlabeled-data/img001.png,"))
    with pytest.raises(SynposeError, match="'labeled-data/img001.png', .* save_as_csv=True"):
        keypoints.read([path])


def test_deeplabcut_cut_off(tmp_path):
    path = table(tmp_path, NUMBERED, points(14))
    path.write_text(path.read_text()[:-40])
    with pytest.raises(SynposeError, match="line 8: .* The file is cut off"):
        keypoints.read([path])


def test_names_of_hdf5_are_texts_and_run_nothing(tmp_path):
    path = write("deeplabcut_hdf5", tmp_path, [walk(COCO_17)])
    with h5py.File(path, "r+") as file:
        attributes = file["df_with_missing/table"].attrs
        attributes["values_block_0_kind"] = np.bytes_(b"cos\nsystem\n(S'touch hacked'\ntR.")
    with pytest.raises(SynposeError, match=r"ask for \w+.system, and only texts are read"):
        keypoints.read([path])


def test_both_files_of_deeplabcut_in_a_folder_are_one_recording(tmp_path):
    for form in ("deeplabcut", "deeplabcut_hdf5"):
        write(form, tmp_path, [walk(COCO_17)])
    assert len(keypoints.read([tmp_path]).tracks) == 1


@pytest.mark.parametrize("count", [1, 2, 3])
def test_sleap_io_s_other_preset(count, tmp_path):
    """Frames first; with two tracks its shape may be either's."""
    people = [walk(COCO_17, seed=n, place=(300.0 * n + 200, 400.0)) for n in range(count)]
    path = write("sleap", tmp_path, people)
    with h5py.File(path, "r+") as file:
        for key, axes in (("tracks", (3, 0, 2, 1)), ("point_scores", (2, 0, 1))):
            values = file[key][:]
            del file[key]
            file[key] = values.transpose(axes)
        file.attrs["preset"] = "standard"
    tracks = keypoints.read([path]).tracks
    assert [track.name for track in tracks] == [f"track_{n}" for n in range(count)]
    for track, joints in zip(tracks, people, strict=True):
        np.testing.assert_allclose(track.keypoints, joints[..., :2], atol=1e-3)


def test_sleap_of_a_track_that_comes_and_goes(tmp_path):
    people = [walk(COCO_17, 12), walk(COCO_17, 12, seed=2, place=(700.0, 500.0))]
    people[1][:4] = people[1][7:] = people[1][5] = np.nan
    tracks = keypoints.read([write("sleap", tmp_path, people)]).tracks
    assert tracks[1].frames.tolist() == [4, 5, 6]
    assert np.isnan(tracks[1].keypoints[1]).all()


def test_a_project_of_sleap_says_what_to_export(tmp_path):
    with h5py.File(tmp_path / "walk.slp", "w") as file:
        for key in ("metadata", "frames", "instances", "points", "pred_points"):
            file.create_group(key)
    with pytest.raises(SynposeError, match="walk.slp: a project of SLEAP.*Export Analysis HDF5"):
        keypoints.read([tmp_path / "walk.slp"])
