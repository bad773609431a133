"""The MediaPipe example, as far as it goes without MediaPipe."""

import importlib.util
import pathlib
import subprocess
import sys

import cv2
import numpy as np
import pytest
from keypoint_files import walk

from synpose_tf import keypoints
from synpose_tf.keypoints.layouts import MEDIAPIPE_33

SCRIPT = pathlib.Path(__file__).resolve().parent.parent / "examples" / "mediapipe_to_3d.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("mediapipe_to_3d", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "walk.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 20.0, (64, 48))
    for shade in range(0, 240, 20):
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()
    return path


def test_the_hint_where_mediapipe_is_absent(tmp_path):
    if importlib.util.find_spec("mediapipe"):
        pytest.skip("MediaPipe is installed here")
    (tmp_path / "photo.jpg").touch()
    finished = subprocess.run(
        [sys.executable, str(SCRIPT), "photo.jpg"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 1
    assert "mediapipe-env/bin/pip install mediapipe==" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_what_it_writes_is_what_is_read(example, video, tmp_path):
    frames, fps = example._video(cv2, video)
    joints = walk(MEDIAPIPE_33, 12) * (0.06, 0.06, 1.0)
    people = []
    for index in range(12):
        x, y, visibility = joints[index].T
        marks = np.stack([x / 64, y / 48, 0 * x, visibility], -1).tolist()
        people.append([{"landmarks": marks}] if index != 4 else [])
    output = tmp_path / "walk.landmarks.json"
    assert example.write(output, frames, fps, lambda image: people.pop(0)) == (11, 12)
    (track,) = keypoints.read([output]).tracks
    assert track.frames.tolist() == list(range(12))
    np.testing.assert_allclose(track.times, track.frames / 20.0, atol=1e-4)
    joints[4] = np.nan
    np.testing.assert_allclose(track.keypoints, joints[..., :2], atol=0.01)
    assert track.image_size == (64, 48)


def test_a_detector_that_fails_leaves_what_was_there(example, video, tmp_path):
    output = tmp_path / "walk.landmarks.json"
    output.write_text("before")
    frames, fps = example._video(cv2, video)
    with pytest.raises(ZeroDivisionError):
        example.write(output, frames, fps, lambda image: 1 / 0)
    assert output.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["walk.avi", output.name]


def test_no_video_at_all(example, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(SystemExit, match=r"a.mp4: OpenCV can't read this video"):
        example._video(cv2, tmp_path / "a.mp4")
