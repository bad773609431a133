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
from PIL import Image

from synpose_tf.live.server import Server
from synpose_tf.structures.skeleton import H36M_17

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
