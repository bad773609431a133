"""The focal length of an unknown camera."""

import dataclasses
import pathlib
import sys

import numpy as np
import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "benchmarks"))

import real_video
import s9

from synpose_tf.errors import SynposeError
from synpose_tf.inference import focal
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import KeypointTrack

FEET = [H36M_17.index(name) for name in ("LAnkle", "RAnkle")]


def march(seconds=6.0, rate=30.0, speed=1200.0, shown=1.0):
    """Somebody who comes nearer; one foot stands while the other swings, by turns.

    Args:
        speed: millimetres a second.
        shown: how many times farther away than true the path is.

    Returns:
        poses (F, 17, 3), of which only the feet move; root (F, 3); times (F,).
    """
    times = np.arange(0.0, seconds, 1.0 / rate)
    root = np.zeros((len(times), 3))
    root[:, 2] = 9000.0 - speed * times
    poses = np.zeros((len(times), 17, 3))
    for foot, phase in zip(FEET, (0.0, 0.5), strict=True):
        step = (times + phase) % 1.0  # Stands for half of a second, swings for the other.
        ground = np.where(step < 0.5, step, 1.0 - step) * speed - 0.25 * speed
        poses[:, foot] = np.stack([0 * step, 800.0 - 60.0 * (step >= 0.5), ground], -1)
    return poses, shown * root, times


@pytest.mark.parametrize("shown", [0.6, 1.0, 1.8])
def test_the_feet_tell_how_far_somebody_goes(shown):
    seen, walked = focal.way(*march(shown=shown))
    assert len(seen) > 40
    np.testing.assert_allclose(seen, -1200.0 * shown * 0.7, rtol=1e-6)
    assert np.median(walked) == pytest.approx(-1200.0 * 0.7, rel=0.15)


def test_frames_without_a_pose_end_a_way():
    poses, root, times = march()
    whole = len(focal.way(poses, root, times)[0])
    poses[60:75] = np.nan
    parts = focal.way(poses, root, times)[0]
    assert 0 < len(parts) < whole - 5
    np.testing.assert_allclose(parts, -1200.0 * 0.7, rtol=1e-6)
    assert not len(focal.way(*(column[::10] for column in march()))[0])


def views(shared_data, times=1.0):
    """S9 walking before a camera, in a picture so many times as large as it is."""
    folder, known = shared_data / "h36m_sh" / "S9", s9.CAMERAS[2]
    track = dataclasses.replace(s9.read_views(folder, "Walking")[2], image_size=known.image_size)
    return real_video.resized(track, times), known.intrinsics[0]


@pytest.mark.parametrize("times", [0.5, 1.0, 2.0])
def test_a_walk_tells_a_real_camera(times, shared_data):
    track, true = views(shared_data, times)
    found, usual = focal.estimate([track]), focal.typical(track.image_size)
    assert found.source == "walk"
    assert found.spread < usual.spread
    off, usually = (abs(np.log(length.pixels / true)) for length in (found, usual))
    assert off < (0.25 if times == 1.0 else 0.6 * usually)


def still(**fields):
    rng = np.random.default_rng(0)
    pose = rng.uniform(300.0, 700.0, (1, 17, 2)) + rng.normal(0.0, 1.0, (90, 17, 2))
    made = {
        "name": "one", "keypoints": pose.astype(np.float32), "confidence": np.ones((90, 17)),
        "frames": np.arange(90), "times": np.arange(90) / 30.0, "layout": H36M_17,
        "image_size": (1920, 1080),
    }  # fmt: skip
    return KeypointTrack(**(made | fields))


def test_who_stays_where_they_are_tell_nothing():
    assert focal.estimate([still()]) == focal.Focal(1920.0, focal.SPREAD, "typical")


def test_a_camera_for_each_size_of_a_picture():
    tracks = [still(), still(image_size=(640, 480)), still()]
    cameras, notes = focal.cameras(tracks)
    large, small = [1920.0, 1920.0, 960.0, 540.0], [640.0, 640.0, 320.0, 240.0]
    assert [given[:4].tolist() for given, _ in cameras] == [large, small, large]
    assert len(notes) == 2
    assert "1920 pixels" in notes[0]
    assert "--focal" in notes[0]
    cameras, notes = focal.cameras(tracks, 1500.0)
    assert not notes
    assert {(given[0], source) for given, source in cameras} == {(1500.0, "given")}
    with pytest.raises(SynposeError, match="--image_size"):
        focal.cameras([still(image_size=None)])
