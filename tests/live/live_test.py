"""The live page, with a video for a camera."""

import base64
import io
import json
import os
import re
import signal
import time
import urllib.error
import urllib.request

import films
import numpy as np
import pytest
from command_process import Running, run
from keypoint_files import walk
from PIL import Image

from synpose_tf.evaluation import motion
from synpose_tf.inference.lifter import Lifter
from synpose_tf.live.server import Server
from synpose_tf.live.watching import OverTime
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import KeypointTrack

DETECTOR = "--detector=replaying_detector:Replaying"


@pytest.fixture
def live(tmp_path):
    """The command while it runs, and the page's address."""
    pytest.importorskip("av", reason="PyAV is not installed")
    films.write(tmp_path / "camera.mp4", films.numbered(200))
    command = Running("lift", "--webcam=camera.mp4", DETECTOR, folder=tmp_path)
    for _ in range(3000):
        said = (tmp_path / ".stdout").read_text() if (tmp_path / ".stdout").exists() else ""
        if found := re.search(r"open (http://127\.0\.0\.1:\d+/) in a browser", said):
            break
        time.sleep(0.01)
    yield command, found[1]
    command.kill()


def test_events_show_picture_and_poses(live):
    command, address = live
    events = []
    with urllib.request.urlopen(f"{address}events", timeout=30) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        while len(events) < 12:
            line = answer.readline()
            if line.startswith(b"data: "):
                events.append(json.loads(line[6:]))
    for event in events:
        assert Image.open(io.BytesIO(base64.b64decode(event["picture"]))).size == films.SIZE
        assert len(event["bones"]) == 16
        for person in event["people"]:
            pose = np.array(person["pose"])
            assert pose.shape == (17, 3)
            assert 500 < np.ptp(pose[:, 1]) < 3000  # Millimetres.
            assert np.array(person["joints"]).shape == (17, 2)
            assert person["inferred"][H36M_17.index("Spine")] is True  # COCO has none.
    assert max(len(event["people"]) for event in events) == 2
    assert events[-1]["rate"] > 0

    os.kill(command._process.pid, signal.SIGINT)
    finished = command.wait()
    assert finished.code == 0, finished.stderr
    assert re.search(r"\d+ pictures, \d+\.\d a second", finished.stdout)
    assert "pictures were corrected by those before, which takes 20 a second" in finished.stdout


def people(frame, rng):
    """Two people who walk to the right, as a detector sees them, in any order."""
    walking = np.stack([walk(H36M_17, 1, seed, (300.0 + 500.0 * seed, 400.0)) for seed in (0, 1)])
    joints = walking[:, 0] + (2.0 * frame, 0.0, 0.0)
    joints[..., :2] += rng.normal(0.0, 4.0, (2, 17, 2))
    order = rng.permutation(2)
    numbers = np.arange(2)
    joints = joints[order].astype(np.float32)
    track = KeypointTrack("now", joints[..., :2], joints[..., 2], numbers, numbers, H36M_17)
    return track, np.argsort(order)


def poses(stream, frames):
    """(frames, 2, 17, 3)."""
    rng, found = np.random.default_rng(0), []
    for frame in range(frames):
        track, places = people(frame, rng)
        found.append(np.asarray(stream.lift(track, frame / 30.0, roll=0.0).poses)[places])
    return np.array(found)


def test_people_are_followed_and_corrected_by_the_pictures_before():
    alone, calm = (OverTime(Lifter.from_pretrained("paper", "causal")) for _ in range(2))
    alone.set_rate(12.0)
    calm.set_rate(28.0)
    assert (alone.runs, calm.runs) == (False, True)
    before, after = (motion.jitter(poses(s, 60).reshape(60, 34, 3)) for s in (alone, calm))
    assert after < 0.8 * before  # The poses are no people's.
    calm.set_rate(15.0)
    assert not calm.runs


def test_a_lifter_that_looks_ahead_lifts_each_picture_alone():
    stream = OverTime(Lifter.from_pretrained("paper", "centred"))
    stream.set_rate(30.0)
    assert not stream.runs


def test_only_this_computers_page_is_answered():
    server = Server()
    try:
        with urllib.request.urlopen(server.address, timeout=30) as answer:
            page = answer.read().decode()
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert '<script src="/page.js">' in page
        with urllib.request.urlopen(f"{server.address}page.js", timeout=30) as answer:
            assert b"EventSource" in answer.read()
        for path, host, code in [("", "evil.example:80", 403), ("../lift.py", None, 404)]:
            request = urllib.request.Request(server.address + path)
            if host:
                request.add_header("Host", host)
            with pytest.raises(urllib.error.HTTPError) as error:
                urllib.request.urlopen(request, timeout=30)
            assert error.value.code == code
    finally:
        server.close()


def test_what_is_wrong_is_said(tmp_path):
    finished = run("lift", "walk.mp4", "--webcam", DETECTOR, folder=tmp_path)
    assert finished.code == 1
    assert "--webcam: walk.mp4 is one input too many" in finished.stderr
    finished = run("lift", "--webcam=77", DETECTOR, folder=tmp_path)
    assert finished.code == 1
    assert "--webcam=77: no such camera" in finished.stderr
