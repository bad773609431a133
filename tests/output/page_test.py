"""The viewer's page as a file; `viewer_test.py` looks at it in a browser."""

import dataclasses
import json
import re

import numpy as np
import pytest
from camera_scenes import CAMERAS, in_room, walker
from pose_tracks import pose_track

from synpose_tf import output
from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import pinhole
from synpose_tf.output import stage

HOSTILE = "</script><img src=x onerror=\"document.title='hacked'\">\u2028'&amp;"


def data_of(text):
    return re.search(r'<script id="data" type="application/json">(.*?)</script>', text)[1]


def test_the_page_names_no_other_place(tmp_path):
    output.write([pose_track(HOSTILE)], tmp_path / 'a "<b>&.html')
    text = (tmp_path / 'a "<b>&.html').read_text(encoding="utf-8")
    assert "<title>a &quot;&lt;b&gt;&amp;</title>" in text
    assert text.count("</script>") == 7
    embedded = data_of(text)
    page = text.replace(embedded, "")
    assert not re.search(r'(src|href)=(?!"data:,")|https?:|@import|url\(', page)
    assert json.loads(embedded)["people"][0]["name"] == HOSTILE
    assert not set("<>&\u2028") & set(embedded)


def test_thousands_of_frames_stay_small(tmp_path):
    output.write([pose_track(frames=4000)], tmp_path / "a.html")
    assert (tmp_path / "a.html").stat().st_size < 1.1e6


def test_cameras_see_on_the_stage_what_they_saw_in_the_room(tmp_path):
    """A joint's place between a pyramid's corners is that in the camera's picture."""
    world = walker(3)
    track = in_room(world)
    output.write([track], tmp_path / "a.html", cameras=CAMERAS)
    entries = json.loads(data_of((tmp_path / "a.html").read_text(encoding="utf-8")))["cameras"]
    joints = stage.set_on_stage([track])[0].reshape(-1, 3)
    for camera, entry in zip(CAMERAS, entries, strict=True):
        assert entry["name"] == camera.name
        tip, left, right, _, below = np.array(entry["points"])
        edges = np.stack([left - tip, right - left, below - left], axis=1)
        near, across, down = np.linalg.solve(edges, (joints - tip).T)
        assert (near > 1).all()
        seen = np.stack([across, down], axis=1) / near[:, None] * camera.image_size
        intrinsics = pinhole(camera.intrinsics[:2], camera.intrinsics[2:4])
        ideal = dataclasses.replace(camera, intrinsics=intrinsics)
        expected = ideal.project(ideal.to_camera(world)).reshape(-1, 2)
        np.testing.assert_allclose(seen, expected, atol=1.5)


def test_cameras_stand_only_in_a_room(tmp_path):
    with pytest.raises(SynposeError, match=r"tracks of a room \(PoseTrack.level\)"):
        output.write([pose_track(frames=2)], tmp_path / "a.html", cameras=CAMERAS)
    assert list(tmp_path.iterdir()) == []
