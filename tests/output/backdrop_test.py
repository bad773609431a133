"""The pictures behind the joints: copies on their way, and which belongs to which moment."""

import dataclasses
import itertools

import films
import numpy as np
import pytest
import replaying_detector
from pose_tracks import CAMERA, pose_track

from synpose_tf.detection.pipeline import Detection
from synpose_tf.errors import SynposeError
from synpose_tf.output import Backdrop, backdrop, timeline

pytest.importorskip("av", reason="PyAV is not installed")


@pytest.fixture
def film(tmp_path):
    """Twelve pictures, 25 a second, each of one grey that grows by 8 from 40."""
    return films.write(tmp_path / "a.mp4", films.shades(12))


def grey(image):
    return np.asarray(image)[-4:, -4:].mean()


def test_copies_are_made_while_another_takes_the_pictures(film):
    pictures = Backdrop(film)
    passed = [(picture.number, picture.image) for picture in pictures.since(0)]
    film.unlink()  # From here on there are only the copies.
    assert [number for number, _ in passed] == list(range(12))
    np.testing.assert_array_equal(pictures.numbers, np.arange(12))
    np.testing.assert_allclose(pictures.times, np.arange(12) / 25, atol=1e-6)
    for index, (_, image) in enumerate(passed):
        copy = pictures.image(index)
        assert copy.size == pictures.small_size == (64, 48)
        assert abs(grey(copy) - grey(image)) < 3
        assert len(pictures.jpeg(index)) == pictures.lengths[index]


def test_a_detector_leaves_the_copies_on_its_way(tmp_path):
    film = films.write(tmp_path / "a.mp4", films.numbered(9))
    pictures = Backdrop(film)
    Detection(pictures, replaying_detector.Replaying(), {}, tmp_path / "a.json").finish()
    film.unlink()
    assert len(pictures.numbers) == 9
    assert pictures.image(8).size == pictures.small_size


def test_who_stops_half_way_leaves_no_half_of_the_copies(film):
    pictures = Backdrop(film)
    assert len(list(itertools.islice(pictures.since(0), 5))) == 5
    assert [picture.number for picture in pictures.since(9)] == [9, 10, 11]
    assert len(pictures.numbers) == 12
    assert abs(grey(pictures.image(11)) - (40 + 8 * 11)) < 4


@pytest.mark.parametrize(
    ("size", "count", "small"),
    [
        ((1920, 1080), 1, (640, 360)),
        ((1080, 1920), 400, (360, 640)),
        ((1920, 1080), 800, (496, 280)),  # 20 MB hold them, somewhat smaller.
        ((1920, 1080), 5000, (640, 360)),  # They go into a film.
        ((1920, 1080), 50_000, (400, 224)),
        ((33, 57), 50_000, (32, 56)),
    ],
)
def test_copies_are_as_large_as_a_page_can_hold(size, count, small):
    assert backdrop.small_size(size, count) == small


# === Moments ===
def at(track, frames, times):
    chosen = dataclasses.replace(track, frames=np.array(frames), times=np.array(times))
    return dataclasses.replace(
        chosen,
        image_size=None if track.image_size == CAMERA.image_size else track.image_size,
        **{
            name: getattr(track, name)[: len(frames)] for name in ("poses", "keypoints", "inferred")
        },
    )


def test_frames_without_anybody_are_moments_too(film):
    people = [
        at(pose_track("a", path=False), [2, 3, 5], np.array([2, 3, 5]) / 25),
        at(pose_track("b", path=False), [5, 6], np.array([5, 6]) / 25),
    ]
    moments = timeline.moments(people, Backdrop(film))
    np.testing.assert_array_equal(moments.pictures, np.arange(12))
    np.testing.assert_allclose(moments.times, np.arange(12) / 25, atol=1e-6)
    np.testing.assert_array_equal(moments.rows[0], [-1, -1, 0, 1, -1, 2] + [-1] * 6)
    np.testing.assert_array_equal(moments.rows[1], [-1] * 5 + [0, 1] + [-1] * 5)


def test_pictures_follow_the_clock_of_the_joints(film):
    """`--fps` gave the joints times of their own, twice as slow, and numbers beyond the film."""
    track = at(pose_track(path=False), [4, 6, 8, 30], [8 / 25, 12 / 25, 16 / 25, 60 / 25])
    moments = timeline.moments([track], Backdrop(film))
    np.testing.assert_array_equal(moments.pictures, [*range(12), -1])
    assert (np.diff(moments.times) > 0).all()
    np.testing.assert_allclose(moments.times[4:9], np.arange(4, 9) * 2 / 25, atol=1e-6)
    assert moments.rows[0][-1] == 3


def test_another_recordings_pictures(film):
    with pytest.raises(SynposeError, match=r"a.mp4: none of its 12 pictures, counted from 0, is"):
        timeline.moments([at(pose_track(path=False), [40, 41], [1.0, 1.1])], Backdrop(film))


def test_pictures_of_another_shape(film):
    track = at(pose_track(path=False, image_size=(480, 640)), [4, 5], [0.1, 0.2])
    with pytest.raises(SynposeError, match=r"a.mp4: its pictures are 64 × 48, but .* 480 × 640"):
        timeline.moments([track], Backdrop(film))


def test_a_page_holds_the_bytes_that_are_promised():
    assert backdrop.PAGE_BYTES == 20_000_000  # docs/outputs.md says so.
