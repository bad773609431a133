"""The lift command on photos and videos, with a detector that finds stored people."""

import json
import os
import signal
import time

import films
import numpy as np
import pytest
from command_process import Running, run
from PIL import Image
from replaying_detector import EMPTY

pytest.importorskip("av", reason="PyAV is not installed")

TWO = "--detector=replaying_detector:Replaying"
ONE = "--detector=replaying_detector:Following"
QUICK = "--formats=npz"


def lift(*flags, folder, **options):
    finished = run("lift", *flags, folder=folder, **options)
    assert finished.code == 0, finished.stderr
    return finished.stdout


def arrays(folder):
    (path,) = folder.rglob("*.npz")
    return dict(np.load(path))


def same(one, other):
    return all(
        np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f")
        for name in one
    )


def test_a_video_in_one_command(tmp_path):
    folder = tmp_path / "Über alle Wege"
    folder.mkdir()
    films.write(folder / "zwei Läufer.mov", films.numbered(12))
    flags = ("Über alle Wege/zwei Läufer.mov", TWO, "--formats=npz,json,csv,html")
    stdout = lift(*flags, folder=tmp_path)
    assert "zwei Läufer.mov: 12 pictures of 160 × 120, somebody in 9; the detector took" in stdout
    assert "MediaPipe landmarks, COCO-17; 2 tracks" in stdout
    results = tmp_path / "lifted" / "zwei Läufer"
    suffixes = {path.suffix for path in results.iterdir()}
    assert suffixes == {".npz", ".json", ".csv", ".html", ".txt"}  # No landmarks are left.
    # Frames in which nobody was seen are in every output, marked.
    found = np.load(results / "zwei Läufer.npz")
    first = found["track"] == 0
    assert found["frames"][first].tolist() == list(range(12))
    lifted = np.isfinite(found["poses"][first]).all((1, 2))
    assert np.flatnonzero(~lifted).tolist() == list(EMPTY)
    rows = (results / "zwei Läufer.csv").read_text().splitlines()
    tree = json.loads((results / "zwei Läufer.json").read_text())
    for number in EMPTY:
        assert any(f",{number}," in row for row in rows)
        assert f'"frame": {number}' in json.dumps(tree)


def test_landmarks_are_saved_and_read_again(tmp_path):
    films.write(tmp_path / "walk.mp4", films.numbered(12), np.arange(12) ** 1.1 / 25.0)
    stdout = lift("walk.mp4", ONE, "--save_keypoints=kept/a.json", QUICK, folder=tmp_path)
    assert "landmarks: kept/a.json" in stdout
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["a.json"]
    lift("kept/a.json", QUICK, "--output=again", folder=tmp_path)
    one, other = arrays(tmp_path / "lifted"), arrays(tmp_path / "again")
    assert same(one, other)
    np.testing.assert_allclose(one["times"], np.arange(12) ** 1.1 / 25.0, atol=1e-3)


@pytest.mark.parametrize(("detector", "sign"), [(TWO, signal.SIGKILL), (ONE, signal.SIGINT)])
def test_a_run_that_ended_early_goes_on(detector, sign, tmp_path):
    films.write(tmp_path / "walk.mp4", films.numbered(60))
    flags = ("walk.mp4", detector, QUICK)
    slow = {"REPLAYING_SECONDS": "0.05"}
    command = Running("lift", *flags, folder=tmp_path, environment=slow)
    part = tmp_path / "lifted" / "walk" / "walk.landmarks.part"
    for _ in range(2000):
        if part.exists() and part.read_bytes().count(b"\n") > 5:
            break
        time.sleep(0.01)
    os.kill(command._process.pid, sign)
    finished = command.wait()
    if finished.code == 0:
        pytest.skip("the command was done before it could be ended")
    assert finished.code == (130 if sign == signal.SIGINT else -signal.SIGKILL)
    if sign == signal.SIGINT:
        assert "pictures are done; the same command goes on from there" in finished.stderr
    stdout = lift(*flags, folder=tmp_path)
    if detector == TWO:
        assert "pictures were done before; it goes on" in stdout
    assert not part.exists()
    one = arrays(tmp_path / "lifted")
    lift(*flags, "--output=whole", folder=tmp_path)
    assert same(one, arrays(tmp_path / "whole"))


def test_three_pictures_and_a_camera_that_was_held_otherwise(tmp_path):
    images = [np.rot90(image) for image in films.numbered(3)]
    films.write(tmp_path / "turned.mp4", images)
    films.write(tmp_path / "phone.mp4", images, turned=-90)
    films.write(tmp_path / "upright.mp4", films.numbered(3))
    lift("turned.mp4", ONE, "--rotate=90", QUICK, "--output=a", folder=tmp_path)
    lift("phone.mp4", ONE, QUICK, "--output=b", folder=tmp_path)
    lift("upright.mp4", ONE, QUICK, "--output=c", folder=tmp_path)
    found = [arrays(tmp_path / name) for name in "abc"]
    for one in found:
        assert one["image_size"].tolist() == [list(films.SIZE)]
        np.testing.assert_allclose(one["poses"], found[2]["poses"])
    # The intrinsics are those of the picture before it was turned.
    flags = ("--intrinsics=200,200,60,80", "--rotate=90", QUICK, "--output=d")
    lift("turned.mp4", ONE, *flags, folder=tmp_path)
    lift("upright.mp4", ONE, "--intrinsics=200,200,80,60", QUICK, "--output=e", folder=tmp_path)
    np.testing.assert_allclose(
        arrays(tmp_path / "d")["root"], arrays(tmp_path / "e")["root"], rtol=0.02
    )


def photo(path, number=0, focal=28, orientation=1):
    image = Image.fromarray(np.ascontiguousarray(films.numbered(1, first=number)[0]))
    exif = image.getexif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8769)[0xA405] = focal
    image.save(path, exif=exif, quality=95)
    return path


def test_a_photos_intrinsics_are_taken(tmp_path):
    photo(tmp_path / "a.jpg")
    stdout = lift("a.jpg", ONE, QUICK, folder=tmp_path)
    focal = 28 * 200 / np.hypot(36, 24)  # 200 pixels are the diagonal.
    assert f"note: --intrinsics={focal:.6g},{focal:.6g},80,60 by the photo's EXIF" in stdout
    assert "lifter: --pretrained=camera" in stdout
    other = lift("a.jpg", ONE, QUICK, "--pretrained=paper", folder=tmp_path)
    assert "EXIF" not in other
    assert "lifter: --pretrained=paper" in other
    given = lift("a.jpg", ONE, QUICK, "--intrinsics=150,150,80,60", folder=tmp_path)
    assert "EXIF" not in given


def test_a_folder_of_photos_and_several_videos(tmp_path):
    (tmp_path / "shots").mkdir()
    for number in (2, 10, 9, 1):
        photo(tmp_path / "shots" / f"IMG{number}.jpg", number, focal=0)
    stdout = lift("shots", ONE, "--fps=10", QUICK, "--output=a", folder=tmp_path)
    assert "person 1: 4 frames, 0.00 to 0.30 s" in stdout
    for name in ("left", "right"):
        films.write(tmp_path / f"{name}.mp4", films.numbered(5))
    stdout = lift("left.mp4", "right.mp4", ONE, QUICK, "--output=b", folder=tmp_path)
    assert "  left: 5 frames" in stdout
    assert "  right: 5 frames" in stdout


def test_a_truncated_video(tmp_path):
    whole = films.write(tmp_path / "a.mkv", films.numbered(60)).read_bytes()
    (tmp_path / "cut off.mkv").write_bytes(whole[: len(whole) * 2 // 3])
    stdout = lift("cut off.mkv", ONE, QUICK, folder=tmp_path)
    assert "note: cut off.mkv: the video ends after" in stdout


@pytest.mark.parametrize(
    ("flags", "texts"),
    [
        (["absent.mp4"], ["absent.mp4: no such file"]),
        (["no video.mp4"], ["no video.mp4: no video that FFmpeg reads"]),
        (["walk.mp4", "a.json"], ["walk.mp4 holds pictures and a.json does not"]),
        (["walk.mp4", "--people=0"], ["--people=0: expected auto"]),
        (["walk.mp4", "--people=many"], ["--people=many: expected auto"]),
        (["walk.mp4", "--detector=cat"], ["--detector=cat", "module:Class"]),
        (["walk.mp4", "--layout=coco"], ["--layout: is for keypoints, and the input is pictures"]),
        (["a.json", "--people=1"], ["--people: is for pictures, and the input is keypoints"]),
        (["walk.mp4", "--save_keypoints=walk.mp4"], ["--save_keypoints=walk.mp4: is the input"]),
        (["walk.mp4", "--save_keypoints=folder"], ["--save_keypoints=folder: is a folder"]),
        (["walk.mp4", "--save_keypoints=a.json/b"], ["a.json", "can't be written"]),
        (["walk.mp4", "--pretrained=cat"], ["--pretrained=cat", "It has: camera"]),
        (
            ["walk.mp4", "--detector=replaying_detector:Nobody"],
            ["walk.mp4: nobody was found in any picture", "--rotate"],
        ),
        (["walk.mp4", "--detector=replaying_detector:Broken"], ["gave joints of shape (17, 2)"]),
    ],
)
def test_what_is_wrong_is_said(flags, texts, tmp_path):
    films.write(tmp_path / "walk.mp4", films.numbered(5))
    (tmp_path / "no video.mp4").write_bytes(b"no video")
    (tmp_path / "a.json").write_text("[]")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.iterdir())
    given = [] if any("--detector" in flag for flag in flags) or flags[0] == "a.json" else [TWO]
    finished = run("lift", QUICK, *flags, *given, folder=tmp_path)
    assert finished.code == 1, finished.stderr
    assert "Traceback" not in finished.stderr
    for text in texts:
        assert text in finished.stderr
    after = sorted(path for path in tmp_path.iterdir() if not path.name.startswith(".std"))
    if "Broken" not in flags[-1]:  # What was found before a detector's fault is kept.
        assert after == before
