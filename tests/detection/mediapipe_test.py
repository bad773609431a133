"""MediaPipe itself, on real video; skips without the package or the model."""

import functools
import itertools
import json
import subprocess
import sys

import films
import numpy as np
import pytest
from command_process import run

from synpose_tf.detection.mediapipe import FollowingMediaPipe, MediaPipe
from synpose_tf.errors import SynposeError
from synpose_tf.video.pictures import open_pictures

pytest.importorskip("mediapipe", reason="MediaPipe is not installed")
pytest.importorskip("av", reason="PyAV is not installed")
FRAMES = 4


@pytest.fixture
def bundle(shared_data):
    return shared_data / "mediapipe" / "pose_landmarker_full.task"


@pytest.fixture
def camera(shared_data):
    """The first pictures of a camera, and the joints that MediaPipe found in them elsewhere."""
    return functools.partial(_camera, shared_data / "four_cameras")


def _camera(folder, number):
    images = [
        p.image for p in itertools.islice(open_pictures(folder / f"cam0{number}.mp4"), FRAMES)
    ]
    tree = json.loads((folder / f"cam0{number}.landmarks.json").read_text())
    landmarks = [frame["people"][0]["landmarks"] for frame in tree["frames"][:FRAMES]]
    return images, np.array(landmarks)[..., :2] * tree["image_size"]


def apart(person, joints):
    """Mean pixels between a person's joints that are in the picture, and stored ones."""
    seen = person.joints[:, 2] > 0.5
    return np.linalg.norm(person.joints[:, :2] - joints, axis=-1)[seen].mean()


def test_one_person_is_found_as_elsewhere(bundle, camera, capfd):
    images, joints = camera(1)
    detector = FollowingMediaPipe(1, bundle)
    detector.begin()
    for number, image in enumerate(images):
        (person,) = detector.detect_next(image, number / 60.0)
        assert apart(person, joints[number]) < 15.0  # Of 900 that the person is high.
        assert person.world.shape == (33, 3)
        height = np.ptp(person.world[:, 1])
        assert 1.2 < height < 2.2  # Metres.
        assert np.abs(person.world[[23, 24]].mean(axis=0)).max() < 0.01  # From the hips.
        assert person.world[0, 1] < person.world[27, 1]  # Down from nose to ankle.
    detector.close()
    assert capfd.readouterr().err == ""


def test_several_people_are_found_each_picture_for_itself(bundle, camera):
    """Two cameras' people side by side."""
    (one, joints), (other, others) = camera(1), camera(3)
    shape = min(one[0].shape[0], other[0].shape[0])
    both = np.concatenate([one[0][:shape], other[0][:shape]], axis=1)
    others = others[0] + (one[0].shape[1], 0)
    detector = MediaPipe(None, bundle)
    people = sorted(detector.detect(both), key=lambda person: person.joints[:, 0].mean())
    assert len(people) == 2
    assert apart(people[0], joints[0]) < 30.0
    assert apart(people[1], others) < 30.0
    assert detector.detect(np.zeros((48, 64, 3), np.uint8)) == []
    detector.close()


def test_what_is_no_model(tmp_path):
    (tmp_path / "a.task").write_bytes(b"no model")
    with pytest.raises(
        SynposeError, match=r"a.task: MediaPipe can't take it for a model .*\n*.*from"
    ):
        MediaPipe(1, tmp_path / "a.task")
    with pytest.raises(SynposeError, match=r"--detector_model=.*absent.task: no such file"):
        MediaPipe(1, tmp_path / "absent.task")


def test_the_command_without_a_network(shared_data, tmp_path):
    environment = {"XDG_CACHE_HOME": str(tmp_path), "https_proxy": "http://127.0.0.1:9"}
    video = str(shared_data / "four_cameras" / "cam01.mp4")
    finished = run("lift", video, folder=tmp_path, environment=environment)
    assert finished.code == 1
    for text in ("the detector's model can't be fetched", "https://", "--detector_model=FILE"):
        assert text in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not (tmp_path / "lifted").exists()


def lift(*flags, folder):
    """The command in a process of its own: MediaPipe hangs in one that was forked."""
    command = [sys.executable, "-m", "synpose_tf.lift", *map(str, flags), "--formats=npz"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )


def test_a_real_video_in_one_command(camera, bundle, tmp_path):
    """What MediaPipe finds in some pictures of a camera, lifted, and lifted again from a file."""
    images, _ = camera(1)
    films.write(tmp_path / "walk.mp4", [image[::2, ::2] for image in images])
    flags = ["walk.mp4", f"--detector_model={bundle}", "--save_keypoints=a.json"]
    finished = lift(*flags, folder=tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert "walk.mp4: 4 pictures of 540 × 960, somebody in 4; the detector took" in finished.stdout
    assert finished.stderr == ""
    again = lift("a.json", folder=tmp_path)
    assert again.returncode == 0, again.stderr
    one, other = (np.load(tmp_path / f"lifted/{n}/{n}.npz") for n in ("walk", "a"))
    assert np.isfinite(one["poses"]).all()
    assert one["poses"].size == 4 * 17 * 3
    for name in one.files:
        assert np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f")


def test_what_is_missing_is_said(bundle, monkeypatch):
    from mediapipe.tasks.python import vision

    def fails(options):
        raise OSError("libEGL.so.1: cannot open shared object file")

    with monkeypatch.context() as patch:
        patch.setattr(vision.PoseLandmarker, "create_from_options", fails)
        with pytest.raises(
            SynposeError, match=r"libEGL.so.1.*apt-get install libegl1 libgles2 lib"
        ):
            MediaPipe(1, bundle)
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(SynposeError, match=r"pip install 'synpose_tf\[video\]'"):
        MediaPipe(1, bundle)
