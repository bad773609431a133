"""Bad files of every form: the error names the file and, where it applies, subject and take."""

import io
import pathlib
import tarfile
import zipfile

import h5py
import numpy as np
import pytest

from synpose_tf.datasets.h36m import clips, sources, takes, testing
from synpose_tf.errors import SynposeError

KEY = ("S1", "Walking 1")
POSES = {KEY: testing.motion(30)}
CDF = "S1/MyPoseFeatures/D3_Positions/Walking 1.cdf"


def read(folder):
    found = sources.find(folder)
    for kind in sources.kinds(found):
        sources.read_detections(found, kind, takes.SUBJECTS)
    return sources.read_positions(found, takes.SUBJECTS)


def changed(where, value):
    points = POSES[KEY].copy()
    points[where] = value
    return {KEY: points}


def cut(path, share):
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


def official_truncated(folder):
    testing.write_official(folder, POSES)
    cut(folder / "Poses_D3_Positions_S1.tgz", 0.5)


def official_other_variable(folder):
    testing.write_cdf(folder / CDF, POSES[KEY], variable="Angles")


def official_cut_cdf(folder):
    testing.write_official(folder, POSES, packed=False)
    cut(folder / CDF, 0.7)


def official_empty_archive(folder):
    with tarfile.open(folder / "Poses_D3_Positions_S1.tgz", "w:gz"):
        pass


def official_in_metres(folder):
    testing.write_official(folder, {KEY: POSES[KEY] / 1000}, packed=False)


def official_other_subject_inside(folder):
    testing.write_official(folder, POSES)
    (folder / "Poses_D3_Positions_S1.tgz").rename(folder / "Poses_D3_Positions_S5.tgz")


def videopose3d_in_millimetres(folder):
    testing.write_videopose3d(folder, {KEY: POSES[KEY] * 1000})


def videopose3d_other_key(folder):
    np.savez(folder / "data_3d_h36m.npz", poses=np.zeros(3))


def videopose3d_no_dictionary(folder):
    np.savez(folder / "data_3d_h36m.npz", positions_3d=np.zeros((5, 32, 3)))


def videopose3d_17_joints(folder):
    testing.write_videopose3d(folder, {KEY: POSES[KEY][:, :17]})


def videopose3d_unknown_sides(folder):
    testing.write_videopose3d(folder, POSES)
    sides = [[1, 3, 5], [2, 4, 6]]
    views = {"S1": {"Walking 1": [np.ones((30, 17, 2))] * 4}}
    metadata = {"keypoints_symmetry": sides}
    np.savez(folder / "data_2d_h36m_odd.npz", positions_2d=views, metadata=metadata)


def videopose3d_three_cameras(folder):
    testing.write_videopose3d(folder, POSES)
    sides = [[4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]]
    views = {"S1": {"Walking 1": [np.ones((30, 17, 2))] * 3}}
    metadata = {"keypoints_symmetry": sides}
    np.savez(folder / "data_2d_h36m_cpn.npz", positions_2d=views, metadata=metadata)


def videopose3d_nan_detection(folder):
    pixels = np.ones((30, 17, 2))
    pixels[4, 2, 1] = np.nan
    testing.write_videopose3d(folder, POSES, {(*KEY, takes.CAMERAS[1]): pixels})


def videopose3d_far_detection(folder):
    pixels = np.full((30, 17, 2), 500.0)
    pixels[9, 2, 1] = 1e5
    testing.write_videopose3d(folder, POSES, {(*KEY, takes.CAMERAS[1]): pixels})


def martinez_truncated(folder):
    testing.write_martinez(folder, POSES)
    cut(folder / "h36m.zip", 0.8)


def martinez_other_key(folder):
    testing.write_martinez(folder, POSES, packed=False)
    path = folder / "h36m/S1/MyPoses/3D_positions/Walking 1.h5"
    with h5py.File(path, "w") as file:
        file["2D_positions"] = np.zeros((64, 5))


def martinez_turned(folder):
    testing.write_martinez(folder, POSES, packed=False)
    path = folder / "h36m/S1/MyPoses/3D_positions/Walking 1.h5"
    with h5py.File(path, "w") as file:
        file["3D_positions"] = POSES[KEY].reshape(-1, 96)


def martinez_other_camera(folder):
    testing.write_martinez(folder, POSES, {(*KEY, "12345678"): np.ones((30, 16, 2))})


BAD = {
    official_truncated: r"Poses_D3_Positions_S1\.tgz: cannot be read \(EOFError",
    official_other_variable: r"S1/.*Walking 1\.cdf: the variable Pose cannot .*'Pose' not found",
    official_cut_cdf: r"S1/.*Walking 1\.cdf: the variable Pose cannot be read",
    official_empty_archive: r"S1\.tgz: holds no S1/MyPoseFeatures/D3_Positions/\*\.cdf",
    official_in_metres: r"Walking 1\.cdf: the joints lie within \S+ mm.*in millimetres\?",
    official_other_subject_inside: r"S5\.tgz: holds S1/MyPose.*Expected S5 only",
    videopose3d_in_millimetres: r"npz: S1 Walking 1: the joints lie within \S+ mm.*in metres\?",
    videopose3d_other_key: r"data_3d_h36m\.npz: has no array 'positions_3d'; it holds \['poses'\]",
    videopose3d_no_dictionary: r"positions_3d must be a dictionary of subjects",
    videopose3d_17_joints: r"S1 Walking 1: .*shape \(30, 17, 3\).*Expected .*\(frames, 32, 3\)",
    videopose3d_unknown_sides: r"data_2d_h36m_odd\.npz: left joints .* are of no known layout",
    videopose3d_three_cameras: r"h36m_cpn\.npz: S1 Walking 1: expected a list of 4 arrays",
    videopose3d_nan_detection: r"S1 Walking 1 camera 55011271: .*not finite in 1 of 30.*frame 4",
    videopose3d_far_detection: r"S1 Walking 1 camera 55011271: a pixel outside .*frame 9",
    martinez_truncated: r"h36m\.zip: cannot be read \(BadZipFile",
    martinez_other_key: r"Walking 1\.h5: has no dataset '3D_positions'; it holds \['2D",
    martinez_turned: r"Walking 1\.h5: 3D_positions has shape \(30, 96\). Expected \(96, frames\)",
    martinez_other_camera: r"Walking_1\.12345678\.h5: Human3\.6M has no camera 12345678",
}


@pytest.mark.parametrize("write", BAD, ids=lambda write: write.__name__)
def test_bad_files_are_named(write, tmp_path):
    write(tmp_path)
    with pytest.raises(SynposeError, match=BAD[write]) as error:
        read(tmp_path)
    assert str(tmp_path) in str(error.value)


WRITERS = {
    "official": lambda folder, poses: testing.write_official(folder, poses, packed=False),
    "packed official": testing.write_official,
    "VideoPose3D": testing.write_videopose3d,
    "Martinez": lambda folder, poses: testing.write_martinez(folder, poses, packed=False),
    "packed Martinez": testing.write_martinez,
}


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(
    ("poses", "message"),
    [
        (changed((7, 1), np.nan), r"S1.*Walking 1.*not finite in 1 of 30 frames, first in frame 7"),
        (changed((7, 1, 0), 1e9), r"S1.*Walking 1.*more than 10 m from the origin.*frame 7"),
        (changed((7, 2, 2), 0.0), r"S1.*Walking 1.*another length of the bone.*RKnee.*frame 7"),
        (changed(29, 0.0), r"S1.*Walking 1.*all joints at one place.*frame 29"),
        ({("S12", "Walking 1"): POSES[KEY]}, r"no subject 'S12'. Expected S1, S5"),
        ({("S1", "Walkng 1"): POSES[KEY]}, r"'Walkng 1' is no take of Human3.6M.*WalkTogether"),
        (
            {("S1", "Photo 1"): POSES[KEY], ("S1", "TakingPhoto 1"): POSES[KEY]},
            r"Photo 1.*: the same take as .*Photo 1",
        ),
    ],
)
def test_bad_poses_are_named_in_every_form(form, poses, message, tmp_path):
    WRITERS[form](tmp_path, poses)
    with pytest.raises(SynposeError, match=message):
        read(tmp_path)


def test_subjects_whose_poses_are_not_public_are_passed_over(tmp_path):
    pixels = np.full((30, 17, 2), 500.0)
    found = {(subject, "Walking 1", camera): pixels for subject in ("S1", "S2", "S4")
             for camera in takes.CAMERAS}  # fmt: skip
    testing.write_videopose3d(tmp_path, POSES, found)
    detected = sources.read_detections(sources.find(tmp_path), "cpn_ft_h36m_dbb", ["S1", "S9"])
    assert {key[0] for key in detected} == {"S1"}


def test_each_subject_comes_from_the_most_trusted_form(tmp_path):
    other = {("S1", "Walking 1"): testing.motion(30, 5), ("S9", "Sitting"): testing.motion(30, 6)}
    testing.write_videopose3d(tmp_path, other)
    testing.write_official(tmp_path, POSES, packed=False)
    found = read(tmp_path)
    assert found["S1", "Walking 1"].where.endswith(".cdf")
    assert found["S9", "Sitting"].where.endswith("data_3d_h36m.npz: S9 Sitting")


def test_archives_write_nowhere(tmp_path):
    """Members that would climb out of a folder, and links, harm nothing."""
    testing.write_cdf(tmp_path / CDF, POSES[KEY])
    content = (tmp_path / CDF).read_bytes()
    (tmp_path / "files").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with tarfile.open(tmp_path / "files" / "Poses_D3_Positions_S1.tgz", "w:gz") as archive:
        link = tarfile.TarInfo("S1/MyPoseFeatures/D3_Positions/Eating.cdf")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        member = tarfile.TarInfo(f"../../{CDF}")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    with zipfile.ZipFile(tmp_path / "files" / "h36m.zip", "w") as archive:
        archive.writestr("../../S9/MyPoses/3D_positions/Walking 1.h5", b"no HDF5")
    with pytest.raises(SynposeError, match=r"h36m\.zip: /?(\.\./)*.*Walking 1\.h5: cannot be read"):
        read(tmp_path / "files")
    (tmp_path / "files" / "h36m.zip").unlink()
    assert list(read(tmp_path / "files")) == [KEY]
    assert sorted(tmp_path.rglob("*")) == sorted(
        [*before, tmp_path / "files" / "Poses_D3_Positions_S1.tgz"]
    )


def test_hidden_copies_of_the_file_system_are_passed_over(tmp_path):
    testing.write_official(tmp_path, POSES, packed=False)
    hidden = pathlib.Path(tmp_path / CDF).with_name("._Walking 1.cdf")
    hidden.write_bytes(b"what macOS leaves beside a file")
    assert list(read(tmp_path)) == [KEY]


def test_tuned_detections_come_from_an_archive_of_their_own(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 1000, (30, 16, 2))
    path = tmp_path / "S1" / "StackedHourglassFineTuned240" / "Walking_1.54138969.h5"
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        file.create_dataset("poses", data=pixels, chunks=True, compression="gzip")
    (tmp_path / "files").mkdir()
    name = tmp_path / "files" / "stacked_hourglass_fined_tuned_240.tar.gz"
    with tarfile.open(name, "w:gz") as archive:
        archive.add(tmp_path / "S1", "S1")
    found = sources.find(tmp_path / "files")
    assert sources.kinds(found) == ["sh_ft_h36m"]
    detected = sources.read_detections(found, "sh_ft_h36m", ["S1"])["S1", "Walking 1", "54138969"]
    np.testing.assert_array_equal(detected.points[:, 1], pixels[:, 2])  # RHip


def test_positions_that_are_no_skeleton_are_warned_of(caplog):
    rng = np.random.default_rng(0)
    clips.poses("somewhere", rng.normal(0, 500, (50, 32, 3)))
    assert "somewhere: bones change" in caplog.text
    caplog.clear()
    clips.poses("somewhere", testing.motion(50))
    assert not caplog.text
