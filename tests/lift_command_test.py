"""The lift command as a user runs it."""

import json
import re

import films
import numpy as np
import pytest
from command_process import run
from keypoint_files import IMAGE, LAYOUT, walk, write

from synpose_tf.geometry import camera
from synpose_tf.keypoints.layouts import COCO_17
from synpose_tf.structures.skeleton import H36M_17, joint_map

QUICK = "--formats=npz,json"
INTRINSICS = (1145.0, 1143.0, 512.0, 515.0)


@pytest.fixture(scope="module")
def person(synthetic_views):
    """(24, 17, 3): a synthetic person in Human3.6M's image, confidence 0.9."""
    pixels = synthetic_views["keypoints_2d"][:24]
    return np.concatenate([pixels, np.full((24, 17, 1), 0.9)], axis=-1)


def as_coco(person):
    """COCO's joints of a person, eyes and ears missed."""
    order = joint_map(H36M_17, COCO_17)
    joints = person[:, [index or 0 for index in order]].copy()
    joints[:, [index is None for index in order]] = 0.0
    return joints


def fails(finished, *texts):
    assert finished.code == 1, finished.stderr
    assert "Traceback" not in finished.stderr
    for text in texts:
        assert text in finished.stderr


def test_from_a_detector_to_poses(person, tmp_path):
    write("results", tmp_path, [as_coco(person)])
    finished = run("lift", "results.json", "--output=out", folder=tmp_path)
    assert finished.code == 0, finished.stderr
    assert "COCO or AlphaPose results, COCO-17; 1 track:" in finished.stdout
    assert "person 1: 24 frames, 0.00 to 0.77 s" in finished.stdout
    assert "lifter: --pretrained=paper, paper normalisation" in finished.stdout
    assert "24 of 24 frames lifted; 3.0 of 17 joints inferred" in finished.stdout
    for suffix in ("npz", "json", "png", "html"):
        assert f"  out/results.{suffix}" in finished.stdout
        assert (tmp_path / "out" / f"results.{suffix}").stat().st_size > 1000
    assert "open out/results.html in a browser" in finished.stdout
    text = json.loads((tmp_path / "out" / "results.json").read_text())
    assert "person 1" in json.dumps(text)


def test_camera_mode_gives_the_roots_path_and_other_formats(person, tmp_path):
    write("npz", tmp_path, [person])
    intrinsics = ",".join(map(str, INTRINSICS))
    flags = ["keypoints.npz", f"--intrinsics={intrinsics}", "--layout=h36m", "--smooth"]
    finished = run("lift", *flags, "--formats=npz,csv,bvh,trc,glb", folder=tmp_path)
    assert finished.code == 0, finished.stderr
    assert "camera normalisation" in finished.stdout
    assert "smoothed" in finished.stdout
    folder = tmp_path / "lifted" / "keypoints"
    suffixes = {".npz", ".csv", ".bvh", ".trc", ".glb", ".txt"}
    assert {path.suffix for path in folder.iterdir()} == suffixes
    arrays = np.load(folder / "keypoints.npz")
    root = next(arrays[name] for name in arrays if "root" in name)
    pixels = camera.project(
        root.reshape(-1, 1, 3), camera.pinhole(INTRINSICS[:2], INTRINSICS[2:])
    ).reshape(-1, 2)
    assert (root.reshape(-1, 3)[:, 2] > 1000).all()  # Millimetres in front of the camera.
    assert np.abs(pixels[0] - person[0, 0, :2]).max() < 1.0  # The first is not smoothed.


def test_an_unknown_camera_is_assumed_and_said(person, tmp_path):
    """Where the picture's size is known, the camera lifter is taken, and the path is there."""
    write("npz", tmp_path, [person])
    flags = ["keypoints.npz", "--layout=h36m", "--output=out", "--fps=5", QUICK]
    finished = run("lift", *flags, folder=tmp_path)
    assert finished.code == 0, finished.stderr
    assert "lifter: --pretrained=camera, camera normalisation" in finished.stdout
    assert "note: a focal length of 1002 pixels is taken" in finished.stdout
    with np.load(tmp_path / "out" / "keypoints.npz") as arrays:
        assert arrays["camera_from"].tolist() == ["typical"]
        np.testing.assert_allclose(arrays["intrinsics"][0, :4], (1002.0, 1002.0, 500.0, 501.0))
        assumed = arrays["root"]
    finished = run("lift", *flags, "--focal=2004", folder=tmp_path)
    assert finished.code == 0, finished.stderr
    assert "note: a focal length" not in finished.stdout
    with np.load(tmp_path / "out" / "keypoints.npz") as arrays:
        assert arrays["camera_from"].tolist() == ["given"]
        ratio = np.median(arrays["root"][:, 2] / assumed[:, 2])
    assert 1.8 < ratio < 2.2  # Twice the focal length, twice as far away.
    finished = run("lift", *flags, "--pretrained=paper", folder=tmp_path)
    assert finished.code == 0, finished.stderr
    (track,) = json.loads((tmp_path / "out" / "keypoints.json").read_text("utf-8"))["tracks"]
    assert track["intrinsics"] is None
    assert track["camera_from"] is None
    assert track["frames"][0]["root"] is None


def test_pictures_behind_the_joints_of_another_program(person, tmp_path):
    pytest.importorskip("av", reason="PyAV is not installed")
    write("results", tmp_path, [as_coco(person)])
    films.write(tmp_path / "walk.mp4", films.shades(26), times=np.arange(26) / 30)
    flags = ["results.json", "--background=walk.mp4", "--output=out", "--formats=html,png"]
    finished = run("lift", *flags, folder=tmp_path)
    assert finished.code == 0, finished.stderr
    page = (tmp_path / "out" / "results.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'type="application/json">(.*?)</script>', page)[1])
    assert len(data["pictures"]["jpegs"]) == 26
    assert data["summary"].startswith("26 frames")
    flags[1] = "--background=none"
    finished = run("lift", *flags, folder=tmp_path)
    assert finished.code == 0, finished.stderr
    page = (tmp_path / "out" / "results.html").read_text(encoding="utf-8")
    assert '"pictures": null' in page
    flags[1] = "--background=wlak.mp4"
    fails(run("lift", *flags, folder=tmp_path), "wlak.mp4: no such file or folder")


def test_flags_before_and_behind_the_files(person, tmp_path):
    write("results", tmp_path, [as_coco(person)])
    flags = ("--output=out", "results.json", "--fps=10", QUICK)
    finished = run("lift", *flags, folder=tmp_path)
    assert finished.code == 0, finished.stderr
    assert "0.00 to 2.30 s" in finished.stdout


def test_a_frame_without_joints_is_marked_and_the_rest_lifted(person, tmp_path):
    joints = as_coco(person)
    joints[5] = 0.0
    joints[7, 7:, 2] = 0.1
    write("results", tmp_path, [joints])
    flags = ("results.json", "--output=out", "--min_confidence=0.5", "--formats=npz")
    finished = run("lift", *flags, folder=tmp_path)
    assert finished.code == 0, finished.stderr
    assert "note: 1 frames without a joint; they stay without a pose." in finished.stdout
    arrays = np.load(tmp_path / "out" / "results.npz")
    poses = next(arrays[name] for name in arrays if arrays[name].shape[-2:] == (17, 3))
    lifted = np.isfinite(poses.reshape(-1, 17, 3)).all((1, 2))
    assert np.flatnonzero(~lifted).tolist() == [5]
    assert "23 of 24 frames lifted" in finished.stdout


def test_joints_that_were_mended_are_told(tmp_path):
    joints = walk(COCO_17)
    write("results", tmp_path, [joints])
    steady = run("lift", "results.json", "--output=steady", "--formats=npz", folder=tmp_path)
    assert "jumped" not in steady.stdout + steady.stderr
    joints[5, 9, 0] += 150.0  # A wrist.
    joints[8, 9] = 0.0
    write("results", tmp_path, [joints])
    finished = run("lift", "results.json", "--output=out", "--formats=npz", folder=tmp_path)
    assert finished.code == 0, finished.stderr
    told = finished.stdout + finished.stderr
    assert "note: person 1: joints that jumped or were missed for a moment: 2 in 12 frames" in told


@pytest.mark.parametrize(
    ("flags", "texts"),
    [
        ([], ["no file is named"]),
        (["absent.json"], ["absent.json: no such file"]),
        (["empty.json"], ["empty.json: the file is empty"]),
        (["results.json", "--layout=cat"], ["--layout=cat", "halpe26"]),
        (["results.json", "--layout=mpii"], ["17 joints, but MPII-16 has 16"]),
        (["results.json", "--format=cat"], ["--format=cat", "openpose"]),
        (["results.json", "--formats=npz,cat"], ["--formats", "'cat'", "bvh"]),
        (["results.json", "--pretrained=camera"], ["--intrinsics=fx,fy,cx,cy"]),
        (["results.json", "--focal=long"], ["--focal=long", "pixels"]),
        (["results.json", "--focal=auto"], ["size is not known", "--image_size=W"]),
        (["results.json", "--focal=9", "--intrinsics=1,2,3,4"], ["focal", "intrinsics"]),
        (["results.json", "--pretrained=cat"], ["--pretrained=cat", "It has: camera"]),
        (["results.json", "--pretrained=paper", "--workdir=run"], ["workdir", "pretrained"]),
        (["results.json", "--causal", "--temporal=off"], ["--causal", "--temporal=off", "Leave"]),
        (
            ["results.json", "--causal", "--pretrained=paper_synchronized"],
            ["paper_synchronized: no 'causal' network over time", "camera and paper"],
        ),
        (["results.json", "--intrinsics=1,2,3"], ["--intrinsics=1,2,3", "fx,fy,cx,cy"]),
        (["results.json", "--intrinsics=a,2,3,4"], ["--intrinsics=a,2,3,4", "fx,fy,cx,cy"]),
        (["results.json", "--intrinsics=nan,2,3,4"], ["--intrinsics=nan", "fx,fy,cx,cy"]),
        (["results.json", "--image_size=640"], ["--image_size=640", "WIDTH,HEIGHT"]),
        (["results.json", "--fps=0"], ["--fps=0"]),
        (["results.json", "--body_height=-3"], ["--body_height=-3"]),
        (["results.json", "--workdir=absent"], ["--workdir=absent", "no training run"]),
        (["results.json", "--output=results.json"], ["results.json/", "can't be written"]),
        (["results.json", "--min_confidence=1"], ["every joint of every frame is missing"]),
        (["fractions.json"], ["fractions of an image", "--image_size=WIDTH,HEIGHT"]),
    ],
)
def test_what_is_wrong_is_said(flags, texts, tmp_path):
    joints = walk(COCO_17)
    write("results", tmp_path, [joints / (*IMAGE, 1.0)]).rename(tmp_path / "fractions.json")
    write("results", tmp_path, [joints])
    (tmp_path / "empty.json").touch()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    fails(run("lift", QUICK, *flags, folder=tmp_path), *texts)
    after = {path: path.read_bytes() for path in before}
    assert after == before
    assert not (tmp_path / "lifted").exists()


def test_the_old_name_of_a_flag_still_does(tmp_path):
    """`--mode` was the name's and the mode's at once."""
    write("results", tmp_path, [walk(COCO_17)])
    flags = ("results.json", "--intrinsics=1145,1143,512,515", "--output=out", QUICK)
    finished = run("lift", *flags, "--mode=paper", folder=tmp_path)
    assert finished.code == 0, finished.stderr
    assert "lifter: --pretrained=paper, paper normalisation" in finished.stdout
    assert "--mode is now --pretrained" in finished.stderr
    assert "is now" not in run("lift", *flags, "--pretrained=paper", folder=tmp_path).stderr


@pytest.mark.parametrize("form", LAYOUT)
def test_every_format_comes_through(form, tmp_path):
    path = write(form, tmp_path, [walk(LAYOUT[form])])
    finished = run("lift", str(path), "--output=out", "--formats=npz", folder=tmp_path)
    assert finished.code == 0, finished.stderr
    assert f", {LAYOUT[form].name}; 1 track:" in finished.stdout
    assert "12 of 12 frames lifted" in finished.stdout


def test_nothing_heavy_is_imported(tmp_path):
    """A first result within seconds: no TensorFlow for the pretrained lifter."""
    import subprocess
    import sys

    path = write("results", tmp_path, [walk(COCO_17)])
    code = (
        "import runpy, sys\n"
        "try: runpy.run_module('synpose_tf.lift', run_name='__main__', alter_sys=True)\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'tensorflow', 'keras', 'tensorflow_datasets', 'scipy', 'pandas'}\n"
        "print('heavy:', sorted(heavy & sys.modules.keys()))\n"
    )
    command = [sys.executable, "-c", code, str(path), "--output=out", QUICK]
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.endswith("heavy: []\n")


def test_results_of_one_input_do_not_overwrite_anothers(person, tmp_path):
    """Names with dots, files of one name in two folders, one name with two suffixes."""
    inputs = [tmp_path / name for name in ("S1.54138969", "S1.55011271", "cam1", "cam2")]
    for number, folder in enumerate(inputs):
        folder.mkdir()
        write("results", folder, [as_coco(person + (10.0 * number, 0.0, 0.0))])
    paths = [*inputs[:2], inputs[2] / "results.json", inputs[3] / "results.json"]
    for _ in range(2):  # The second time they are written anew, where they were.
        for path in paths:
            finished = run("lift", str(path), "--formats=npz", folder=tmp_path)
            assert finished.code == 0, finished.stderr
    written = sorted(path.relative_to(tmp_path) for path in tmp_path.glob("lifted/*/*.npz"))
    assert [path.parent.name for path in written] == [
        "S1.54138969", "S1.55011271", "cam2-results", "results",
    ]  # fmt: skip
    lefts = [np.load(tmp_path / path)["keypoints"][0, 0, 0] for path in written]
    assert len(np.unique(np.round(lefts))) == 4
    fails(
        run("lift", str(paths[3]), "--output=lifted/results", folder=tmp_path), "cam1/results.json"
    )


@pytest.mark.parametrize("height", ["1.7", "170"])
def test_metres_and_centimetres_are_no_body_height(height, tmp_path):
    path = write("results", tmp_path, [walk(COCO_17)])
    finished = run("lift", str(path), f"--body_height={height}", folder=tmp_path)
    fails(finished, f"--body_height={height}: expected millimetres", "Did you mean 1700?")
