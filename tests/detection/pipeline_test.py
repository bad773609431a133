"""People found in pictures, and the landmarks' file, as far as it goes without a real detector."""

import json

import films
import numpy as np
import pytest
import replaying_detector
from PIL import Image
from replaying_detector import EMPTY, Following, Replaying, people

from synpose_tf import keypoints
from synpose_tf.detection import detectors, pipeline, shots
from synpose_tf.detection.landmarks_file import LandmarksFile
from synpose_tf.errors import SynposeError
from synpose_tf.video.pictures import Picture, open_pictures

pytest.importorskip("av", reason="PyAV is not installed")

IDENTITY = {"name": "replaying", "at_most": None}


@pytest.fixture
def video(tmp_path):
    return films.write(tmp_path / "walk.mp4", films.numbered(20))


def detect(video, detector=None, path=None, people=None):
    path = path or video.with_suffix(".json")
    detection = pipeline.Detection(
        open_pictures(video), detector or Replaying(), IDENTITY, path, people
    )
    detection.finish()
    return path


def test_what_is_found_is_what_is_read(video):
    path = detect(video)
    recording = keypoints.read([path])
    assert [len(track.frames) for track in recording.tracks] == [20, 17]
    for track, person in zip(recording.tracks, people(), strict=True):
        seen = ~np.isin(track.frames, EMPTY)
        np.testing.assert_allclose(
            track.keypoints[seen], person[track.frames[seen], :, :2], atol=1e-3
        )
        assert np.isnan(track.keypoints[~seen]).all()
        np.testing.assert_allclose(track.times, track.frames / 25.0, atol=1e-6)
        assert (track.image_size, track.layout.name) == (films.SIZE, "COCO-17")
    assert recording.tracks[0].frames.tolist() == list(range(20))  # With those without anybody.


def test_the_surest_are_kept(video):
    class Unsure(Replaying):
        def detect(self, image):
            found = super().detect(image)
            return [found[0] * (1, 1, 0.5), found[1]] if found else []

    (track,) = keypoints.read([detect(video, Unsure(), people=1)]).tracks
    seen = np.isfinite(track.keypoints[..., 0]).all(-1)
    assert seen.sum() == 17
    np.testing.assert_allclose(
        track.keypoints[seen], people()[1, track.frames[seen], :, :2], atol=1e-3
    )


def test_depth_is_kept_and_photos_have_no_times(tmp_path):
    for number, image in enumerate(films.numbered(3)):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    tree = json.loads(detect(tmp_path, Following(), tmp_path / "a.json").read_text())
    assert (tree["fps"], tree["layout"], tree["image_size"]) == (None, "mediapipe", [160, 120])
    assert [frame["time"] for frame in tree["frames"]] == [None] * 3
    world = np.array([frame["people"][0]["world"] for frame in tree["frames"]])
    assert world.shape == (3, 33, 3)
    np.testing.assert_allclose(
        world[:, :, 2], np.arange(3)[:, None] / 30.0 * np.ones(33), atol=1e-5
    )


def test_another_scene_ends_every_track(tmp_path):
    video = films.write(tmp_path / "cut.mp4", films.numbered(24, scenes=(0, 9, 17)))
    recording = keypoints.read([detect(video)])
    assert "another scene begins in frame 9, 17: tracks end there" in recording.notes
    spans = sorted((track.frames[0], track.frames[-1]) for track in recording.tracks)
    assert spans == [(0, 8), (0, 8), (9, 16), (9, 16), (17, 23), (17, 23)]
    recording = keypoints.read([detect(video, Following(), tmp_path / "one.json")])
    assert sorted(track.frames[0] for track in recording.tracks) == [0, 9, 17]


def test_what_is_no_cut():
    """A flash, a picture of one shade, a camera that turns, light that goes."""

    def cuts(images):
        pictures = [Picture(n, 0.0, np.asarray(image, np.uint8)) for n, image in enumerate(images)]
        marked = list(shots.cuts(pictures))
        assert [picture.number for picture, _ in marked] == list(range(len(images)))
        return [picture.number for picture, cut in marked if cut]

    one, other = films.numbered(1)[0], films.numbered(1, scenes=(9,))[0]
    black = np.zeros_like(one)
    assert cuts([one, one, other, other, one]) == [2, 4]
    assert cuts([one, one, other, one, one]) == []
    assert cuts([one, black, one, black, black, one]) == []
    assert cuts([one, black, other]) == [2]
    assert cuts([one, one * 0.5, one * 0.3, 0.5 * one + 120]) == []
    wide = np.concatenate([one, other], axis=1)
    assert cuts([wide[:, shift : shift + 160] for shift in range(0, 160, 20)]) == []
    assert cuts([black, black]) == []
    assert cuts([]) == []


@pytest.mark.parametrize("kind", [Replaying, Following])
@pytest.mark.parametrize("left", [0, 1, 0.3, 0.7])
def test_a_run_that_was_killed_goes_on(kind, left, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "STRETCH", 8)
    video = films.write(tmp_path / "walk.mp4", films.numbered(40, scenes=(0, 21)))
    whole = detect(video, kind(), tmp_path / "whole.json").read_bytes()
    path = tmp_path / "part.json"
    path.write_bytes(whole[: int(left * len(whole))])
    detection = pipeline.Detection(open_pictures(video), kind(), IDENTITY, path)
    done = path.read_bytes().count(b'"frame":')
    assert detection.skipped == done if kind is Replaying else detection.skipped % 8 == 0
    assert (detection.skipped > 0) == (left > 0)
    detection.finish()
    assert path.read_bytes() == whole
    assert detection.file.seen == whole.count(b'"frame":') - whole.count(b'"people": []')


def test_another_video_or_detector_begins_anew(video, tmp_path):
    path = detect(video, path=tmp_path / "a.json")
    for change in ({"name": "other"}, {"at_most": 3}):
        detection = pipeline.Detection(open_pictures(video), Replaying(), IDENTITY | change, path)
        assert detection.skipped == 0
        detection.finish()
    films.write(video, films.numbered(12))
    detect(video, path=path)
    assert len(json.loads(path.read_text())["frames"]) == 12
    turned = pipeline.Detection(open_pictures(video, 180), Replaying(), IDENTITY, path)
    assert turned.skipped == 0
    turned.close()


def test_two_processes_do_not_write_one_file(video, tmp_path):
    path = tmp_path / "a.json"
    held = LandmarksFile(path, {"format": "x"})
    with pytest.raises(SynposeError, match=r"a.json: another process finds the people of the same"):
        LandmarksFile(path, {"format": "x"})
    held.close()
    detect(video, path=path)
    assert [entry.name for entry in tmp_path.iterdir()] in (
        ["a.json", "walk.mp4"],
        ["walk.mp4", "a.json"],
    )


def test_the_wrong_detectors_are_refused(video, tmp_path):
    def make(name, **arguments):
        return detectors.make(f"replaying_detector:{name}", **arguments)

    detector, identity = make("Replaying", people=3)
    assert isinstance(detector, Replaying)
    assert identity == {"name": "replaying_detector:Replaying", "at_most": 3}
    with pytest.raises(SynposeError, match=r"--detector=cat: no such detector. Expected mediapipe"):
        detectors.make("cat")
    with pytest.raises(SynposeError, match=r"replaying_detector:Absent: can't be imported"):
        make("Absent")
    with pytest.raises(SynposeError, match=r"=fractions:Fraction: expected a class with `layout`"):
        detectors.make("fractions:Fraction")
    with pytest.raises(SynposeError, match=r"--detector_model is for --detector=mediapipe"):
        make("Replaying", model=tmp_path)
    with pytest.raises(SynposeError, match=r"gave joints of shape \(17, 2\) for a person"):
        detect(video, replaying_detector.Broken())
    # A bug of the user's own comes as it is.
    with pytest.raises(ZeroDivisionError):
        list(map(replaying_detector.Broken().detect, films.numbered(3)))
