"""Cuts and flips bytes in every kind of file: a clear error or the right joints, never less.

What a form can promise depends on its checksums. Packed forms have them. Unpacked HDF5 and CDF
files have none, so there a changed number can only be told when it is no human body any more
(`clips`), and a changed count of frames in a CDF header shortens the take.
"""

import random

import numpy as np
import pytest

from synpose_tf.datasets.h36m import sources, takes, testing
from synpose_tf.errors import SynposeError
from synpose_tf.structures.skeleton import H36M_17, H36M_32, select_joints

POSES = {("S1", "Walking 1"): testing.motion(60, 1)}
TRUTH = select_joints(POSES["S1", "Walking 1"], H36M_32, H36M_17)
PIXELS = np.random.default_rng(0).integers(0, 1000, (60, 17, 2)).astype(float)
DETECTIONS = {("S1", "Walking 1", camera): PIXELS for camera in takes.CAMERAS}
MPII = {("S1", "Walking 1", takes.CAMERAS[0]): PIXELS[:, :16]}

# How to write the file, its path, and by how many millimetres or pixels a joint that is read
# may be wrong without an error.
KINDS = {
    "packed official": (
        lambda folder: testing.write_official(folder, POSES),
        "Poses_D3_Positions_S1.tgz",
        1e-3,
    ),
    "unpacked official": (
        lambda folder: testing.write_official(folder, POSES, packed=False),
        "S1/MyPoseFeatures/D3_Positions/Walking 1.cdf",
        100.0,
    ),
    "official with checksum": (
        lambda folder: testing.write_official(folder, POSES, packed=False, checksum=True),
        "S1/MyPoseFeatures/D3_Positions/Walking 1.cdf",
        1e-3,
    ),
    "VideoPose3D poses": (
        lambda folder: testing.write_videopose3d(folder, POSES),
        "data_3d_h36m.npz",
        1e-3,
    ),
    "VideoPose3D detections": (
        lambda folder: testing.write_videopose3d(folder, {}, DETECTIONS),
        "data_2d_h36m_cpn_ft_h36m_dbb.npz",
        1e-3,
    ),
    "packed Martinez poses": (
        lambda folder: testing.write_martinez(folder, POSES),
        "h36m.zip",
        1e-3,
    ),
    "packed Martinez detections": (
        lambda folder: testing.write_martinez(folder, {}, MPII),
        "h36m.zip",
        1e-3,
    ),
    "unpacked Martinez poses": (
        lambda folder: testing.write_martinez(folder, POSES, packed=False),
        "h36m/S1/MyPoses/3D_positions/Walking 1.h5",
        100.0,
    ),
    "unpacked Martinez detections": (
        lambda folder: testing.write_martinez(folder, {}, MPII, packed=False),
        f"h36m/S1/StackedHourglass/Walking_1.{takes.CAMERAS[0]}.h5",
        2000.0,
    ),
}


def damage(content: bytes, rng: random.Random) -> bytes:
    """The content cut off, or with one to four bytes changed; headers are hit more often."""
    if rng.random() < 0.2:
        return content[: rng.randrange(len(content))]
    changed = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        header = min(len(content), 2500)
        ends = (rng.randrange(header), len(content) - 1 - rng.randrange(header))
        place = rng.choice((*ends, rng.randrange(len(content))))
        changed[place] ^= rng.choice((1 << rng.randrange(8), rng.randrange(1, 256)))
    return bytes(changed)


def read(folder):
    """{key: joints} of all that the folder holds."""
    found = sources.find(folder)
    arrays = {}
    for source in found:
        arrays |= source.positions(["S1"])
        for kind in source.kinds:
            arrays |= source.detections(kind, ["S1"])
    if not arrays:
        raise SynposeError(f"{folder}: nothing was found.")
    return {key: value.points for key, value in arrays.items()}


def check(folder, path, intact, tolerance):
    """Whether a damaged file was refused; raises AssertionError if it was read wrongly."""
    try:
        found = read(folder)
    except SynposeError as error:
        if str(folder) not in str(error):
            raise AssertionError(f"the error does not name the file: {error}") from error
        return True
    assert found.keys() == intact.keys()
    for key, points in found.items():
        if path.suffix == ".cdf":
            assert 0 < len(points) <= len(intact[key])
        else:
            assert len(points) == len(intact[key])
        np.testing.assert_allclose(points, intact[key][: len(points)], atol=tolerance, rtol=0)
    return False


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_give_an_error_or_the_right_joints(kind, tmp_path):
    write, name, tolerance = KINDS[kind]
    write(tmp_path)
    path = tmp_path / name
    content = path.read_bytes()
    intact = read(tmp_path)
    rng = random.Random(kind)
    refused = 0
    for _ in range(12 if path.suffix == ".cdf" else 30):  # Each CDF file takes a process.
        path.write_bytes(damage(content, rng))
        refused += check(tmp_path, path, intact, tolerance)
    assert refused > 3
    path.write_bytes(content)
    assert not check(tmp_path, path, intact, 0.0)


def test_a_header_that_would_keep_the_reader_busy_for_hours(tmp_path):
    testing.write_official(tmp_path, POSES, packed=False)
    path = tmp_path / "S1/MyPoseFeatures/D3_Positions/Walking 1.cdf"
    content = bytearray(path.read_bytes())
    content[365] = 0xFF  # The number of variables: 16,711,680.
    path.write_bytes(content)
    with pytest.raises(SynposeError, match=r"Walking 1\.cdf: .*cannot be read \(it takes too long"):
        read(tmp_path)
