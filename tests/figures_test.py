"""Pictures of lifted poses as a user asks for them."""

import cv2
import numpy as np
import pytest
from command_process import run
from motion_capture import write_archive

from synpose_tf.datasets.mpii import mpii_dataset_builder as mpii
from synpose_tf.datasets.mpii.mpii_dataset_builder_test import some_people, write_people

CMU = ("--dataset=cmu_mocap", "--manual_dir=mocap", "--data_dir=data")
MPII = ("--dataset=mpii", "--manual_dir=mpii", "--data_dir=data")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    write_archive(folder / "mocap")
    (folder / "mpii").mkdir()
    people = some_people(80)
    for name in list(people)[::2]:  # Of these, nothing is missing.
        people[name] = [(np.where(p == 0, 450.0, p), visible) for p, visible in people[name]]
    write_people(folder / "mpii" / mpii.FILE, people)
    return folder


def picture_size(path):
    height, width = cv2.imread(str(path)).shape[:2]
    return width, height


def figures(finished):
    """The two errors that the command prints: of the poses drawn, and of all."""
    (line,) = (line for line in finished.stdout.splitlines() if line.startswith("MPJPE "))
    return [float(word) for word in line.split() if word[0].isdigit()]


def test_best_and_worst_poses_with_their_truth(folder):
    errors = {}
    for choice in ("best", "worst"):
        flags = (
            "--pretrained=camera",
            f"--choose={choice}",
            "--count=3",
            f"--output={choice}.png",
        )
        finished = run("figures", *CMU, *flags, folder=folder)
        assert finished.code == 0, finished.stderr
        assert "3 of 256 poses" in finished.stdout
        errors[choice], mean = figures(finished)
    assert errors["best"] < mean < errors["worst"]
    width, height = picture_size(folder / "best.png")
    assert height > width > 300  # three rows of three panels, and titles


def test_2d_only_data_with_missing_joints(folder):
    finished = run("figures", *MPII, "--count=4", "--output=mpii.png", folder=folder)
    assert finished.code == 0, finished.stderr
    assert "MPJPE" not in finished.stdout
    width, height = picture_size(folder / "mpii.png")
    assert width > 1.3 * height  # two rows


@pytest.mark.parametrize(
    ("flags", "texts"),
    [
        ((*MPII, "--pretrained=camera"), ["mpii/1.0.0 has no intrinsics", "paper"]),
        ((*MPII, "--choose=worst"), ["--choose=worst", "no true 3D"]),
        ((*CMU, "--output=poses.pdf"), ["--output=poses.pdf", ".png"]),
        ((*CMU, "--actions=flying"), ["no flying; it has: standing, walking"]),
        ((*CMU, "--workdir=nowhere"), ["no training run there"]),
        ((*CMU, "--pretrained=cat"), ["--pretrained=cat", "It has: camera"]),
    ],
)
def test_what_can_t_be_drawn_is_refused(folder, flags, texts):
    finished = run("figures", *flags, folder=folder)
    assert finished.code == 1
    assert "Traceback" not in finished.stderr
    for text in texts:
        assert text in finished.stderr
