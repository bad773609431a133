"""The multiview command as a user runs it."""

import json

import cv2
import numpy as np
import pytest
from camera_scenes import CAMERAS, RATE, seen_by, similarity, walker
from command_process import run

from synpose_tf.evaluation import metrics
from synpose_tf.reconstruction import calibration_files
from synpose_tf.structures import camera_views

NAMES = [camera.name for camera in CAMERAS]
LATER = (0, 0, 4, 0)  # Frames after the first camera's start that each began.
FRAMES = 72


def write(folder, people, later=LATER):
    """An array of keypoints of each camera: (people, frames, 17, 3)."""
    rng = np.random.default_rng(0)
    for camera, start in zip(CAMERAS, later, strict=True):
        views = [seen_by(camera, world[start:], rng) for world in people]
        points = np.stack(views)
        score = np.full((*points.shape[:-1], 1), 0.9)
        keypoints = np.concatenate([points, score], axis=-1)
        np.savez(
            folder / f"{camera.name}.npz",
            keypoints=keypoints,
            fps=RATE,
            image_size=np.array(camera.image_size),
        )
    return [f"{name}.npz" for name in NAMES]


def check_views(path):
    """What each camera saw lies where OpenCV projects the joints that all of them told."""
    views = camera_views.read(path)
    assert [view.camera for view in views] == NAMES
    for view, start in zip(views, LATER, strict=True):
        fx, fy, cx, cy, *lens = view.intrinsics
        matrix, none = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]), np.zeros(3)
        points = view.joints.astype(float).reshape(-1, 3)
        pixels, _ = cv2.projectPoints(points, none, none, matrix, np.array(lens))
        off = np.linalg.norm(pixels.reshape(view.keypoints.shape) - view.keypoints, axis=-1)
        assert len(off) >= FRAMES - start - 1
        assert np.median(off[view.agreed]) < 5.0  # The detector's noise has 2 pixels in x and y.
        assert view.agreed.mean() > 0.9


def fails(finished, *texts):
    assert finished.code == 1, finished.stderr
    assert "Traceback" not in finished.stderr
    for text in texts:
        assert text in finished.stderr


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    return folder, walker(FRAMES), write(folder, [walker(FRAMES)])


def test_from_four_files_to_a_room(recordings):
    """Lenses known; one camera began four frames later."""
    folder, world, paths = recordings
    flags = ["--intrinsics=h36m/S1", "--layout=h36m", "--formats=npz,trc", "--output=out"]
    finished = run("multiview", *paths, *flags, folder=folder)
    assert finished.code == 0, finished.stderr
    out = folder / "out"
    report = json.loads((out / "poses.report.json").read_text())
    clocks = [RATE * camera["clock_offset_s"] for camera in report["cameras"]]
    np.testing.assert_allclose(clocks, [-start for start in LATER], atol=0.5)
    told = [camera["standard_deviation"]["clock_s"] for camera in report["cameras"]]
    assert told[0] == 0.0
    assert (np.abs(np.add(clocks, LATER))[1:] < 2.5 * RATE * np.array(told[1:])).all()
    found = calibration_files.read(str(out / "cameras.toml"))
    centres = np.array([camera.position for camera in CAMERAS])
    laid, _, turn = similarity(np.array([camera.position for camera in found]), centres)
    assert np.linalg.norm(laid - centres, axis=1).max() < 150.0
    for one, two in zip(found, CAMERAS, strict=True):
        cosine = (np.trace(one.rotation @ turn.T @ two.rotation.T) - 1) / 2
        assert np.degrees(np.arccos(min(cosine, 1.0))) < 2.0
    with np.load(out / "poses.npz") as arrays:
        poses, rows = arrays["poses"].astype(float), arrays["frames"]
        assert str(arrays["coordinate_frame"]).startswith("level")
        lowest = (arrays["root"][:, None] + poses)[..., 1].max(1)  # y points down.
        assert -250.0 < np.median(lowest) < 50.0
    assert len(rows) == FRAMES
    # What moves, without the joints that bend the skull's way only: all are seen here.
    assert metrics.p_mpjpe(poses, world[rows]).mean() < 25.0
    table = (out / "poses.reprojection.csv").read_text().splitlines()
    assert len(table) == 1 + 17 * len(CAMERAS)
    assert (out / "poses.reprojection.png").stat().st_size > 1000
    check_views(out / "poses.views.npz")
    assert "known to" in finished.stdout
    assert f"{clocks[2] / RATE:+.4f} ± {told[2]:.4f}" in finished.stdout
    assert "72 of 72 frames" in finished.stdout


@pytest.mark.slow
def test_with_a_calibration_and_two_people(tmp_path):
    """Triangulated in the calibration's own world; who is who in every view."""
    people = [walker(24), walker(24, seed=5) + [900.0, 700.0, 0.0]]
    paths = write(tmp_path, people, later=(0, 0, 0, 0))
    calibration_files.write(tmp_path / "rig.toml", CAMERAS, 0.0)
    flags = ["--calibration=rig.toml", "--layout=h36m", "--synchronized", "--refine"]
    finished = run("multiview", *paths, *flags, "--formats=npz", "--output=out", folder=tmp_path)
    assert finished.code == 0, finished.stderr
    assert "calibration off by" in finished.stdout
    with np.load(tmp_path / "out" / "poses.npz") as arrays:
        assert len(arrays["names"]) == 2
        joints = arrays["poses"] + arrays["root"][:, None]
        world = joints[..., [0, 2, 1]] * [1.0, 1.0, -1.0]
        halves = [world[arrays["track"] == number] for number in range(2)]
    for one in people:
        errors = [np.linalg.norm(one - found, axis=-1).mean() for found in halves]
        assert min(errors) < 40.0
        assert max(errors) > 500.0


@pytest.mark.parametrize(
    ("flags", "texts"),
    [
        (["54138969.npz"], ["two cameras"]),
        ([*NAMES[:1], "absent.npz"], ["no such file"]),
        (["--refine"], ["--refine", "--calibration"]),
        (["--intrinsics=1,2,3"], ["--intrinsics=1,2,3", "fx,fy,cx,cy"]),
        (["--intrinsics=9,9,9,9;9,9,9,9"], ["2 cameras' are given for 4"]),
        (["--calibration=absent.toml"], ["absent.toml: no such calibration"]),
        (["--calibration=a", "--intrinsics=9,9,9,9"], ["calibration, intrinsics"]),
        (["--camera_distance=1,9,3000"], ["--camera_distance=1,9,3000", "1 to 4"]),
        (["--formats=npz,cat"], ["'cat'"]),
        (["--image_size=a,3"], ["--image_size=a,3"]),
        (["--body_height=1.7"], ["Did you mean 1700?"]),
    ],
)
def test_what_is_wrong_is_said(flags, texts, recordings):
    folder, _, paths = recordings
    files = [] if flags[0][0] != "-" else paths
    fails(run("multiview", *files, *flags, "--output=wrong", folder=folder), *texts)
    assert not (folder / "wrong").exists()
