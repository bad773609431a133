"""What the look at a folder says of files in the real layouts, and the command."""

import dataclasses
import json
import re
import shlex
import subprocess
import sys

import command_process
import numpy as np
import pytest

from synpose_tf.datasets.bvh_motion import conventions
from synpose_tf.datasets.bvh_motion import survey as bvh_motion
from synpose_tf.datasets.bvh_motion import testing as bvh_files
from synpose_tf.datasets.cmu_mocap import conftest as cmu_files
from synpose_tf.datasets.cmu_mocap import survey as cmu_mocap
from synpose_tf.datasets.h36m import sources, takes
from synpose_tf.datasets.h36m import survey as h36m
from synpose_tf.datasets.h36m import testing as h36m_files
from synpose_tf.datasets.mpi_inf_3dhp import survey as mpi_inf_3dhp
from synpose_tf.datasets.mpi_inf_3dhp import testing as mpi_inf_3dhp_files
from synpose_tf.datasets.mpii import mpii_dataset_builder_test as mpii_files
from synpose_tf.datasets.mpii import survey as mpii
from synpose_tf.datasets.multiview import survey as multiview
from synpose_tf.datasets.multiview import testing as multiview_files
from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import h36m_cameras
from synpose_tf.structures.skeleton import H36M_17, H36M_32, MPII_16, joint_map, select_joints

SURVEYS = {
    "bvh_motion": bvh_motion,
    "cmu_mocap": cmu_mocap,
    "h36m": h36m,
    "mpi_inf_3dhp": mpi_inf_3dhp,
    "mpii": mpii,
    "multiview": multiview,
}
PNG = b"\x89PNG\r\n\x1a\n"


# === Files ===


def h36m_motion(*keys, layout=H36M_17):
    """(poses by (subject, take), detections by (subject, take, camera))."""
    points = h36m_files.motion(6)
    joints = select_joints(points, H36M_32, H36M_17)
    order = [H36M_17.index("Thorax") if i is None else i for i in joint_map(H36M_17, layout)]
    seen = {
        (subject, name): camera.project(camera.to_camera(joints[:, order]))
        for subject in {key[0] for key in keys}
        for name, camera in h36m_cameras()[subject].items()
    }
    views = {(*key, name): seen[key[0], name] for key in keys for name in takes.CAMERAS}
    return dict.fromkeys(keys, points), views


def write_h36m(folder):
    poses, views = h36m_motion(
        ("S1", "Walking 1"), ("S1", "Photo"), ("S5", "Sitting"), layout=MPII_16
    )
    h36m_files.write_official(folder, poses)
    del views["S1", "Walking 1", "55011271"]
    h36m_files.write_martinez(folder, {}, {k: v for k, v in views.items() if k[0] == "S1"})


def write_mpi_inf_3dhp(folder):
    motion = select_joints(h36m_files.motion(12), H36M_32, H36M_17)
    mpi_inf_3dhp_files.write_train(folder / "S1" / "Seq1", motion)
    mpi_inf_3dhp_files.write_train(folder / "S2" / "Seq1", motion)
    (folder / "S2" / "Seq1" / "camera.calibration").unlink()
    mpi_inf_3dhp_files.write_test(folder / "mpi_inf_3dhp_test_set" / "TS1", motion)


def write_mpii(folder):
    mpii_files.write_people(folder / "mpii_human_pose_v1_u12_1.mat", mpii_files.some_people(20))


def write_cmu_mocap(folder, subjects=("01", "02")):
    for subject in subjects:
        place = folder / "subjects" / subject
        place.mkdir(parents=True)
        (place / f"{subject}.asf").write_text(cmu_files.asf_text())
        (place / f"{subject}_01.amc").write_text(cmu_files.amc_text(frames=21, seed=0))


def write_bvh_motion(folder):
    for name in ("Mixamo", "LaFAN1", "Xsens"):
        bvh_files.write(folder / "motions" / f"{name}_1.bvh", bvh_files.STYLES[name])


def write_multiview(folder):
    multiview_files.write(folder / "recordings", "first/poses", "second/poses")


WRITERS = {
    "bvh_motion": write_bvh_motion,
    "cmu_mocap": write_cmu_mocap,
    "h36m": write_h36m,
    "mpi_inf_3dhp": write_mpi_inf_3dhp,
    "mpii": write_mpii,
    "multiview": write_multiview,
}


def names(survey):
    return [ready.name for ready in survey.ready]


# === Human3.6M ===


def test_complete_h36m(tmp_path):
    every = [(s, f"{a}{n}") for s in takes.SUBJECTS for a in takes.ACTIONS for n in ("", " 1")]
    poses, views = h36m_motion(*every)
    h36m_files.write_videopose3d(tmp_path, poses, views)
    survey = h36m.survey(tmp_path)
    rows = [line.split() for line in survey.found[1:8]]
    split = dict.fromkeys(takes.SUBJECTS, "train") | {"S9": "test", "S11": "test"}
    assert rows == [[subject, split[subject], "30", "120"] for subject in takes.SUBJECTS]
    assert "actions: all 15" in survey.found
    assert [what for what, _ in survey.missing] == [
        h36m.DETECTIONS["sh_pt_mpii"],
        h36m.DETECTIONS["sh_ft_h36m"],
    ]
    assert len(survey.notes) == 2
    assert survey.notes[0].startswith("S11 Directions")
    assert survey.notes[1].startswith("S9's Greeting")
    assert names(survey) == ["h36m/gt", "h36m/cpn_ft_h36m_dbb"]
    assert survey.ready[0].command("my files") == (
        "python -m synpose_tf.train --dataset=h36m/gt --manual_dir='my files'"
    )


def test_partial_h36m(tmp_path):
    write_h36m(tmp_path)
    survey = h36m.survey(tmp_path)
    rows = {line.split()[0]: line.split()[1:] for line in survey.found[1:8]}
    assert rows["S1"] == ["train", "2", "7"]
    assert rows["S5"] == ["train", "1", "-"]
    assert rows["S9"] == ["test", "-", "-"]
    assert "actions: Photo, Sitting, Walking" in survey.found
    missing = dict(survey.missing)
    assert missing["poses of S6, S7, S8"] == "all of the paper's training poses"
    assert missing["poses of S9, S11"] == "the paper's test"
    assert "all actions but Sitting, of S5" in missing
    (lacking,) = (what for what in missing if "views" in what)
    assert lacking.startswith("sh_pt_mpii of 5 of 12 views, such as S1 Walking 1 55011271")
    assert not survey.notes
    # Neither of the paper's test subjects is there, so another one has to test.
    assert names(survey) == ["h36m/gt-train.S1-test.S5", "h36m/sh_pt_mpii"]
    assert survey.ready[1].splits == ("train",)
    assert "synpose_tf.evaluate" in survey.ready[1].command("x")
    assert "--split=train" in survey.ready[1].command("x")
    gt, sh = (ready.example() for ready in survey.ready)
    assert (gt.subject, gt.action, gt.confidence) == ("S1", "Photo", None)
    assert (sh.subject, sh.action, sh.confidence.shape) == ("S1", "Photo", (6, 17))
    np.testing.assert_allclose(gt.keypoints_3d, sh.keypoints_3d)
    seen = sh.confidence[0] > 0
    np.testing.assert_allclose(gt.keypoints_2d[:, seen], sh.keypoints_2d[:, seen], atol=1e-3)


def test_h36m_detections_without_poses(tmp_path):
    _, views = h36m_motion(("S9", "Photo"), layout=MPII_16)
    h36m_files.write_martinez(tmp_path, {}, views, packed=False)
    survey = h36m.survey(tmp_path)
    assert not survey.ready
    assert ("poses of S9, S11", "the paper's test") in survey.missing


@pytest.mark.parametrize(
    "write",
    [
        lambda folder, poses, _: h36m_files.write_official(folder, poses, packed=True),
        lambda folder, poses, _: h36m_files.write_official(folder, poses, packed=False),
        h36m_files.write_videopose3d,
        lambda *files: h36m_files.write_martinez(*files, packed=True),
        lambda *files: h36m_files.write_martinez(*files, packed=False),
    ],
    ids=["official", "unpacked official", "VideoPose3D", "Martinez", "unpacked Martinez"],
)
def test_h36m_names_tell_what_reading_gives(write, tmp_path):
    keys = ("S1", "Walking 1"), ("S11", "SittingDown")
    poses, views = h36m_motion(*keys, layout=MPII_16)
    write(tmp_path, poses, views)
    (source,) = sources.find(tmp_path)
    assert source.list_positions() == set(source.positions(takes.SUBJECTS)) == set(poses)
    assert source.list_detections("other") == set()
    for kind in source.kinds:
        found = set(source.detections(kind, takes.SUBJECTS))
        assert source.list_detections(kind) == found == set(views)


# === The other sets ===


def test_mpi_inf_3dhp(tmp_path):
    write_mpi_inf_3dhp(tmp_path)
    survey = mpi_inf_3dhp.survey(tmp_path)
    assert survey.found == ["training sequences: S1/Seq1, S2/Seq1", "test sequences: TS1"]
    train, test, calibration = (what for what, _ in survey.missing)
    assert train.startswith("training sequences S1/Seq2, S2/Seq2, S3/Seq1")
    assert test == "test sequences TS2, TS3, TS4, TS5, TS6"
    assert calibration == "camera.calibration of S2/Seq1"
    assert names(survey) == ["mpi_inf_3dhp/every_frame", "mpi_inf_3dhp/every_5th"]
    assert survey.ready[0].splits == ("train", "test")
    assert survey.ready[0].example().subject == "TS1"


def test_mpi_inf_3dhp_without_its_test_set(tmp_path):
    motion = select_joints(h36m_files.motion(12), H36M_32, H36M_17)
    mpi_inf_3dhp_files.write_train(tmp_path / "S3" / "Seq2", motion)
    (ready, _) = mpi_inf_3dhp.survey(tmp_path).ready
    assert ready.splits == ("train",)
    assert ready.example().name == "S3 Seq2 camera 0"


def test_mpii(tmp_path):
    write_mpii(tmp_path)
    survey = mpii.survey(tmp_path)
    assert survey.missing[0][0] == "valid_images.txt"
    (ready,) = survey.ready
    *_, code = shlex.split(ready.command("x"))
    names = {}
    exec(code.partition(";")[0], names)
    assert callable(names["prepared"].prepare)
    assert 'prepared.Source("mpii", manual_dir="x")' in code
    example = ready.example()
    assert example.keypoints_3d is None
    assert (example.confidence[0] > 0).sum() >= 12
    (tmp_path / "valid_images.txt").write_text("000000000.jpg")
    assert not mpii.survey(tmp_path).missing


def test_cmu_mocap(tmp_path):
    write_cmu_mocap(tmp_path)
    survey = cmu_mocap.survey(tmp_path)
    assert survey.found == ["train: 1 clips of subject_01", "test: 1 clips of subject_02"]
    assert survey.ready[0].example().subject == "subject_02"


def test_cmu_mocap_without_clips_to_test(tmp_path):
    write_cmu_mocap(tmp_path, subjects=("01", "03"))
    survey = cmu_mocap.survey(tmp_path)
    assert "clips for test" in dict(survey.missing)
    assert not survey.ready


def test_bvh_motion(tmp_path):
    write_bvh_motion(tmp_path)
    survey = bvh_motion.survey(tmp_path)
    assert sorted(survey.found) == [
        "1 clips, 1.0 seconds, joints of Xsens, Biovision",
        "2 clips, 2.1 seconds, joints of MotionBuilder (Mixamo, LaFAN1)",
    ]
    assert [what for what, _ in survey.missing] == ["split.json"]
    assert survey.ready[0].example().subject == "motions"


def test_bvh_motion_with_names_that_nobody_knows(tmp_path):
    write_bvh_motion(tmp_path)
    style = bvh_files.STYLES["Mixamo"]
    called = {part: f"bone_{number}" for number, part in enumerate(style.called)}
    bvh_files.write(tmp_path / "other.bvh", dataclasses.replace(style, called=called))
    survey = bvh_motion.survey(tmp_path)
    assert not survey.ready
    assert survey.missing[0][0].startswith(f"joint names of 1 clips. {tmp_path}/other.bvh: ")
    table = {joint: called[joint] for joint in bvh_files.BODY if joint in called}
    (tmp_path / "joint_map.json").write_text(json.dumps({"joints": limbs(table)}))
    assert bvh_motion.survey(tmp_path).ready


def test_multiview(tmp_path):
    write_multiview(tmp_path)
    survey = multiview.survey(tmp_path)
    assert [line.partition(" (")[0] for line in survey.found] == [
        f"{split}: 1 recordings, 4 cameras, 44 frames" for split in ("train", "test")
    ]
    assert "2.0 of 17 joints" in survey.notes[0]
    assert [what for what, _ in survey.missing] == ["split.json"]
    example = survey.ready[0].example()
    assert example.confidence.mean() == pytest.approx(15 / 17)
    (tmp_path / "recordings" / "second" / "poses.views.npz").unlink()
    survey = multiview.survey(tmp_path)
    assert survey.missing[0][0] == "a second recording"
    assert survey.ready[0].splits == ("train",)


def limbs(table):
    """What `joint_map.json` must name, of a table of all joints."""
    return {joint: name for joint, name in table.items() if joint in conventions.REQUIRED}


@pytest.mark.parametrize("name", SURVEYS)
def test_a_set_is_found_among_the_others_and_only_where_it_is(name, tmp_path):
    for other, write in WRITERS.items():
        if other != name:
            write(tmp_path)
    assert SURVEYS[name].survey(tmp_path) is None
    WRITERS[name](tmp_path)
    assert SURVEYS[name].survey(tmp_path).ready


# === The command ===


def test_command_surveys_several_sets_and_draws_one(tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    for write in WRITERS.values():
        write(files)
    picture = tmp_path / "pictures" / "one.png"
    command = [sys.executable, "-m", "synpose_tf.datasets"]
    command += [f"--manual_dir={files}", f"--picture={picture}"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    for title in (
        "Human3.6M",
        "MPI-INF-3DHP",
        "MPII Human Pose",
        "CMU Graphics Lab",
        "Motion in BVH",
        "Recordings of several cameras",
    ):
        assert re.search(f"^{title}", run.stdout, re.M)
    assert f"python -m synpose_tf.train --dataset=cmu_mocap --manual_dir={files}" in run.stdout
    assert "example of h36m/gt-train.S1-test.S5: S1 Photo camera 54138969, frame 3" in run.stdout
    assert picture.read_bytes().startswith(PNG)


def test_command_on_what_it_cannot_use(tmp_path):
    for name in ("empty", "unknown", "damaged"):
        (tmp_path / name).mkdir()
    (tmp_path / "unknown" / "holiday.jpg").write_bytes(b"\xff\xd8")
    (tmp_path / "damaged" / "h36m.zip").write_bytes(b"PK\x03\x04 cut off")
    write_mpii(tmp_path / "damaged")
    arguments = [
        "--manual_dir=absent",
        "--manual_dir=empty",
        "--manual_dir=unknown",
        "--manual_dir=damaged",
        "--manual_dir=damaged --dataset=mpii",
        "--manual_dir=damaged --dataset=mpii/other",
        "--manual_dir=unknown --dataset=h36m",
        "--manual_dir=unknown --dataset=nothing",
    ]
    finished = [
        command_process.run("datasets", f"--picture={n}.png", *line.split(), folder=tmp_path)
        for n, line in enumerate(arguments)
    ]
    assert [run.code for run in finished] == [1, 1, 1, 1, 0, 1, 1, 1]
    errors = [text for run in finished for text in re.split("^error: ", run.stderr, flags=re.M)[1:]]
    expected = [
        "--manual_dir=absent is not a folder.\nLooked for\n",
        "--manual_dir=empty is empty.\nLooked for\n",
        "unknown: holds nothing known.\nLooked for\n",
        "damaged/h36m.zip: cannot be read",
        "--dataset=mpii/other: the folder suffices for mpii.",
        "unknown: holds nothing known.\nThe folder, or any folder below it, must hold poses",
        "--dataset=nothing: no data set that reads files.",
    ]
    for error, start in zip(errors, expected, strict=True):
        assert error.startswith(start), errors
    assert all(f"\n  {name} " in errors[2] for name in SURVEYS)
    # What is damaged does not hide the rest, or keep it from being drawn.
    assert (tmp_path / "3.png").read_bytes().startswith(PNG)
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["3.png", "4.png"]


def test_damaged_archive_is_an_error_of_its_own_set(tmp_path):
    write_h36m(tmp_path)
    archive = tmp_path / "Poses_D3_Positions_S1.tgz"
    archive.write_bytes(archive.read_bytes()[:-20])
    with pytest.raises(SynposeError, match=r"Poses_D3_Positions_S1\.tgz: cannot be read"):
        h36m.survey(tmp_path)
    assert mpii.survey(tmp_path) is None
