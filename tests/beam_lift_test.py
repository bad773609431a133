"""The lift command on Beam gives what the plain one gives."""

import importlib.util
import json
import os

import numpy as np
import pytest
from command_process import run
from pose_tracks import pose_track

from synpose_tf.geometry.camera import turn_image
from synpose_tf.structures.skeleton import H36M_17

HAS_BEAM = importlib.util.find_spec("apache_beam") is not None
needs_beam = pytest.mark.skipif(not HAS_BEAM, reason="apache-beam is not installed")
LAYOUT = "--layout=h36m"
SWAPPED = [1000, 1001]
TURNED = ("--intrinsics=1145,1143,512,515", "--image_size=1000,1002", "--rotate=180", "--roll=7")


def there_and_back(frames, motion="walking"):
    there = pose_track(motion=motion, frames=32).keypoints
    return np.resize(np.concatenate([there, there[-2:0:-1]]), (frames, 17, 2))


@pytest.fixture(scope="module")
def keypoints():
    """(5000, 17, 2), pixels: a person who walks there and back, with missed joints, a stretch where
    nobody is seen, first without joints and then with all on a point, and two frames whose sides
    are exchanged."""
    keypoints = there_and_back(5000)
    keypoints[np.random.default_rng(0).random((5000, 17)) < 0.05] = np.nan
    keypoints[2048:4096] = np.nan
    keypoints[3000:4096] = 700.0
    keypoints[SWAPPED] = keypoints[SWAPPED][:, H36M_17.mirror]
    return keypoints


def results(folder):
    """The arrays of the files that the manifest lists, joined."""
    manifest = json.loads((folder / "manifest.json").read_text())
    arrays = [np.load(folder / part["name"], allow_pickle=False) for part in manifest]
    keys = ("poses", "keypoints", "inferred", "exchanged", "confidence", "frames", "times", "root")
    return {key: np.concatenate([piece[key] for piece in arrays]) for key in keys}


def lift_plain(folder, name, *flags):
    finished = run("lift", name, "--output=plain", "--formats=npz", *flags, folder=folder)
    assert finished.code == 0, finished.stderr
    return np.load(folder / "plain" / "keypoints.npz", allow_pickle=False)


def same(found, wanted):
    for key, values in found.items():
        np.testing.assert_array_equal(values, wanted[key], err_msg=key)


@needs_beam
@pytest.mark.parametrize("camera", [(), TURNED])
def test_pieces_of_a_file_are_the_plain_commands_result(keypoints, tmp_path, camera):
    np.save(tmp_path / "keypoints.npy", keypoints)
    flags = ("keypoints.npy", "--output=out", "--frames_per_file=2048", *camera)
    beam_flags = ("--runner=DirectRunner", "--direct_num_workers=1")
    finished = run("beam_lift", *flags, *beam_flags, folder=tmp_path)
    assert finished.code == 0, finished.stderr
    assert "for Beam: --runner=DirectRunner --direct_num_workers=1" in finished.stdout
    assert "of 5000 frames lifted; 3 files in out" in finished.stdout
    found = results(tmp_path / "out")
    assert np.isnan(found["poses"][2048:4096]).all()
    assert np.flatnonzero(found["exchanged"].any(1)).tolist() == SWAPPED
    same(found, lift_plain(tmp_path, "keypoints.npy", *camera))
    note = "keypoints.npy, rows 0 to 2047: left and right were exchanged in 2 frames"
    assert f"note: {note}" in finished.stdout
    assert ("stands on the head" in finished.stdout) == bool(camera)
    points = "1096 poses are too small or too flat to be a person; they are left out"
    notes = [part["notes"] for part in json.loads((tmp_path / "out/manifest.json").read_text())]
    assert points in notes[1]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "manifest.json",
        *(f"poses-{i:05d}-of-00003.npz" for i in range(3)),
    ]


@needs_beam
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_pieces_of_an_archive_are_the_plain_commands_result(keypoints, tmp_path, save):
    """With all that an archive may hold; frames without a joint keep their times."""
    count = len(keypoints)
    beside = {
        "confidence": np.random.default_rng(1).random((count, 17)),
        "frames": 10 + 3 * np.arange(count),
        "times": np.cumsum(np.linspace(0.01, 0.05, count)),
        "image_size": np.array([1000, 1002]),
        "fps": np.array(25.0),
    }
    save(tmp_path / "keypoints.npz", keypoints=keypoints, **beside)
    # Beam assumes no camera, and a piece of such a recording has a rate of its own.
    same_flags = ("--min_confidence=0.1", "--pretrained=paper", "--temporal=off")
    flags = ("keypoints.npz", "--output=out", "--frames_per_file=2048", *same_flags)
    finished = run("beam_lift", *flags, folder=tmp_path)
    assert finished.code == 0, finished.stderr
    assert "of 5000 frames lifted; 3 files in out" in finished.stdout
    same(results(tmp_path / "out"), lift_plain(tmp_path, "keypoints.npz", *same_flags))


@needs_beam
def test_the_first_piece_tells_layout_and_roll_of_all(tmp_path):
    """Who sits, in the second piece, would tell another; the camera is the same."""
    both = [there_and_back(2048, motion) for motion in ("walking", "sitting")]
    rolled = turn_image(np.concatenate(both) - 500.0, 26.0) + 500.0
    np.save(tmp_path / "keypoints.npy", rolled)
    flags = ("keypoints.npy", "--output=out", "--frames_per_file=2048")
    finished = run("beam_lift", *flags, folder=tmp_path)
    assert finished.code == 0, finished.stderr
    parts = [np.load(tmp_path / "out" / f"poses-0000{i}-of-00002.npz") for i in range(2)]
    (one,), (other,) = (part["roll"] for part in parts)
    assert one == other
    assert abs(one - 26.0) < 8.0
    assert finished.stdout.count(f": people are tilted by {one:.0f} degrees") == 2


@needs_beam
@pytest.mark.parametrize(
    "changed",
    [
        {"frames": np.arange(5000)[::-1]},
        {"frames": np.arange(5000) / 2.0},
        {"times": np.zeros(5000)},
        {"confidence": np.ones((17, 5000)).T},
        {"keypoints": np.ones((2, 100, 17, 2))},
        {"fps": np.ones(3)},
    ],
)
def test_an_archive_that_cannot_be_cut_is_left_whole(keypoints, tmp_path, changed):
    from synpose_tf.inference import beam_arrays

    path = tmp_path / "keypoints.npz"
    np.savez(path, **{"keypoints": keypoints, "frames": np.arange(5000)})
    assert beam_arrays.frame_count(str(path)) == 5000
    np.savez(path, **{"keypoints": keypoints} | changed)
    assert beam_arrays.frame_count(str(path)) is None


@needs_beam
def test_a_damaged_archive_is_left_whole_for_its_reader_to_say(keypoints, tmp_path):
    from synpose_tf.inference import beam_arrays

    path = tmp_path / "keypoints.npz"
    np.savez(path, keypoints=keypoints, other=np.arange(3))
    assert beam_arrays.frame_count(str(path)) == 5000
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    assert beam_arrays.frame_count(str(path)) is None


@needs_beam
def test_a_bad_file_does_not_stop_the_others(keypoints, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "._keypoints.npz").write_bytes(b"what macOS leaves beside a file")
    np.savez(tmp_path / "in" / "keypoints.npz", keypoints=keypoints[:200])
    (tmp_path / "in" / "bad.json").write_text('[{"image_id": 1, "keypo')
    np.save(tmp_path / "in" / "short.npy", keypoints[:100])
    os.truncate(tmp_path / "in" / "short.npy", 5000)
    finished = run("beam_lift", "in", "--output=out", LAYOUT, folder=tmp_path)
    assert finished.code == 1
    assert "Traceback" not in finished.stderr
    assert "2 of 3 pieces failed; the others are written:\n" in finished.stderr
    assert "bad.json" in finished.stderr
    assert "short.npy: shape (100, 17, 2) is larger than the file" in finished.stderr
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    (good,) = (part for part in manifest if "error" not in part)
    found = np.load(tmp_path / "out" / good["name"], allow_pickle=False)
    same(dict(found), lift_plain(tmp_path, "in/keypoints.npz", LAYOUT))
    finished = run("beam_lift", "in", "--output=out", LAYOUT, folder=tmp_path)
    assert finished.code == 1
    assert "--output=out: holds 2 files" in finished.stderr


@needs_beam
@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["absent.npy"], "absent.npy: no such file"),
        ([], "no file is named"),
        (["good.npy", "--frames_per_file=3000"], "expected a multiple of 2048"),
        (["good.npy", "--intrinsics=1,2"], "--intrinsics=1,2: expected fx,fy,cx,cy"),
        (["good.npy", "--pretrained=camera"], "give --intrinsics"),
        (["good.npy", "--pretrained=cat"], "It has: camera"),
        (["good.npy", "--workdir=absent"], "--workdir=absent: no training run there"),
        (["good.npy", "--layout=wrong"], "--layout=wrong: no such layout"),
    ],
)
def test_wrong_input_is_said_and_nothing_is_written(keypoints, tmp_path, flags, text):
    np.save(tmp_path / "good.npy", keypoints[:100])
    finished = run("beam_lift", *flags, "--output=out", folder=tmp_path)
    assert finished.code == 1
    assert text in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(HAS_BEAM, reason="apache-beam is installed")
def test_without_beam_the_error_says_what_to_install(tmp_path):
    finished = run("beam_lift", "keypoints.npy", "--output=out", folder=tmp_path)
    assert finished.code == 1
    assert "pip install 'synpose_tf[beam]'" in finished.stderr
    assert "Traceback" not in finished.stderr


@needs_beam
@pytest.mark.parametrize("fps", ["30", "100"])
def test_poses_are_corrected_by_the_frames_around_a_piece(tmp_path, fps):
    """At the ends of pieces as within them."""
    rng = np.random.default_rng(0)
    keypoints = there_and_back(4500) + rng.normal(0.0, 4.0, (4500, 17, 2))
    np.save(tmp_path / "keypoints.npy", keypoints)
    flags = (f"--fps={fps}", "--pretrained=paper")
    pieces = ("keypoints.npy", "--frames_per_file=2048", "--output=out")
    finished = run("beam_lift", *pieces, *flags, folder=tmp_path)
    assert finished.code == 0, finished.stderr
    assert "poses are corrected by the frames around them" in finished.stdout
    found, wanted = results(tmp_path / "out"), lift_plain(tmp_path, "keypoints.npy", *flags)
    np.testing.assert_array_equal(found["frames"], wanted["frames"])
    np.testing.assert_allclose(found["poses"], wanted["poses"], atol=1e-3)
    pieces = ("keypoints.npy", "--temporal=off", "--output=alone")
    alone = run("beam_lift", *pieces, *flags, folder=tmp_path)
    assert "corrected" not in alone.stdout
    assert np.abs(results(tmp_path / "alone")["poses"] - found["poses"]).mean() > 1.0
