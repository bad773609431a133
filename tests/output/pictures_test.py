"""PNG, GIF and MP4: read back with other libraries, and what is drawn where."""

import dataclasses
import importlib.resources
import sys

import cv2
import films
import numpy as np
import pytest
from PIL import Image, ImageColor
from pose_tracks import pose_track

from synpose_tf import output
from synpose_tf.errors import SynposeError
from synpose_tf.output import animation, certainty, drawing, gif_file, scenes, stage
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.visualization import colours

LEFT, RIGHT = (ImageColor.getrgb(colour) for colour in (colours.LEFT, colours.RIGHT))


def pixels(panel):
    return np.asarray(panel.image(), int)


def ink(picture, colour):
    """Pixels of about a colour."""
    return (np.abs(picture - colour).max(axis=-1) < 24).sum()


# === Drawing ===
def test_everybody_stays_in_the_picture_however_it_turns():
    people = [pose_track("a"), pose_track("b", seed=3)]
    for tracks in (people[:1], people):
        staged = stage.set_on_stage(tracks)
        rows = [np.arange(60)] * len(tracks)
        view = drawing.View.of(staged, rows)
        size = np.array([300, 240])
        for azimuth in np.linspace(0, 2 * np.pi, 9):
            for points in staged:
                anchors = view.anchors[:, None]
                places, scales = view.project(points, azimuth, anchors, size)
                assert (places > 0).all()
                assert (places < size).all()
                assert (scales > 0).all()


def test_the_view_from_the_camera_is_the_camera_s():
    track = pose_track()
    staged = stage.set_on_stage([track])
    view = drawing.View.of(staged, [np.arange(60)])
    places, _ = view.project(staged[0][10], 0.0, view.anchors[10], np.array([300, 300]))
    for axis in (0, 1):
        assert np.corrcoef(places[:, axis], track.keypoints[10, :, axis])[0, 1] > 0.95


def test_sides_have_their_colours_and_inferred_joints_are_hollow():
    track = pose_track(frames=1)
    for inferred in (False, True):
        track.inferred[:] = inferred
        scene = scenes.Scene([track])
        for draw in (
            lambda panel, scene=scene: scene.draw_2d(panel, 0),
            lambda panel, scene=scene: scene.draw_3d(panel, 0, 0.5),
        ):
            panel = drawing.Panel(400, 400)
            draw(panel)
            picture = pixels(panel)
            assert ink(picture, LEFT) > 200
            assert ink(picture, RIGHT) > 200
    panel = drawing.Panel(400, 400)
    keypoints = np.full((17, 2), np.nan)
    keypoints[:2] = [[10, 10], [90, 90]]
    frame = drawing.ImageFrame(np.array([50.0, 50.0]), np.array([100.0, 100.0]), None)
    certainty = np.where(np.arange(17) == 1, np.nan, 1.0)
    drawing.draw_2d(panel, frame, [drawing.Figure(keypoints, certainty, colours.OF_JOINTS)])
    picture = pixels(panel)
    scale = (400 - 60) / 100
    filled, hollow = ((keypoints[j] - 50) * scale + [200, 208] for j in (0, 1))
    assert picture[tuple(filled[::-1].astype(int))].max() < 150
    assert picture[tuple(hollow[::-1].astype(int))].min() > 230


# === PNG ===
@pytest.mark.parametrize(("frames", "columns"), [(60, 8), (3, 3), (1, 2)])
def test_png_has_a_column_for_each_of_up_to_eight_moments(frames, columns, tmp_path):
    output.write([pose_track(frames=frames)], tmp_path / "a.png")
    picture = cv2.imread(str(tmp_path / "a.png"))[..., ::-1].astype(int)
    assert picture.shape[1] == 8 + columns * 178
    for column in np.array_split(picture[34:-34], columns, axis=1)[: min(frames, columns)]:
        for panel in np.array_split(column, 3):
            assert ink(panel, LEFT) > 20
            assert ink(panel, RIGHT) > 20


def test_png_shows_frames_with_a_pose(tmp_path):
    output.write([pose_track(unseen=range(5, 60))], tmp_path / "a.png")
    assert Image.open(tmp_path / "a.png").width == 8 + 5 * 178


# === GIF and MP4 ===
def frames_of(gif):
    with Image.open(gif) as picture:
        for number in range(picture.n_frames):
            picture.seek(number)
            yield picture.info["duration"], np.asarray(picture.convert("RGB"), int)


def test_gif_plays_at_the_true_speed(tmp_path):
    output.write([pose_track(frames=24, rate=12.0, unseen=(3, 4))], tmp_path / "a.gif")
    durations, pictures = zip(*frames_of(tmp_path / "a.gif"), strict=True)
    assert sum(durations) == 2000
    assert len(pictures) == 24
    assert pictures[0].shape == (*animation.SIZE[::-1], 3)
    for seen, lifted in ((picture[:400, :340], picture[:400, 350:]) for picture in pictures[:3]):
        assert min(ink(part, colour) for part in (seen, lifted) for colour in (LEFT, RIGHT)) > 100
    assert ink(pictures[3][:400], LEFT) == 0  # nothing was seen
    assert Image.open(tmp_path / "a.gif").info["loop"] == 0


def test_a_long_gif_is_thinned(tmp_path, monkeypatch):
    monkeypatch.setattr(gif_file, "_LONGEST", 10)
    output.write([pose_track(frames=90)], tmp_path / "a.gif")
    durations, pictures = zip(*frames_of(tmp_path / "a.gif"), strict=True)
    assert len(pictures) == 10
    assert sum(durations) == 3000


def test_a_single_moment_turns_around(monkeypatch):
    monkeypatch.setattr(animation, "_STILL", 1.0)
    film = animation.Animation([pose_track(frames=1)], 20.0)
    assert len(film) == 15
    pictures = [np.asarray(picture, int) for picture in film.pictures("a")]
    seen, lifted = (np.array([p[:, s] for p in pictures]) for s in (slice(340), slice(350, None)))
    assert (seen == seen[0]).all()
    assert all((picture != lifted[0]).any() for picture in lifted[1:])


def test_a_gap_lasts_a_second_at_most():
    times = np.array([0.0, 0.1, 0.2, 500.0])
    film = animation.Animation([pose_track(frames=4, times=times)], 10.0)
    assert len(film) == 13


def test_mp4_read_back(tmp_path):
    people = [pose_track("a"), pose_track("b", "sitting", seed=2, frames=20)]
    output.write(people, tmp_path / "a.mp4")
    video = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(30)
    pictures = [picture for read, picture in iter(video.read, (False, None)) if read]
    assert len(pictures) == 60
    assert pictures[0].shape == (*animation.SIZE[::-1], 3)
    assert (pictures[30] < 160).any(axis=-1).sum() > 1000


def test_mp4_without_pyav(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(SynposeError, match=r"/a.mp4: MP4 is written by PyAV: pip install av"):
        output.write([pose_track(frames=2)], tmp_path / "a.mp4")


# === With what the camera saw ===
@pytest.fixture
def filmed(tmp_path):
    """Two people in frames 3 to 26 of 30, and the film of it: one green, ever lighter."""
    pytest.importorskip("av", reason="PyAV is not installed")
    images = np.zeros((30, 80, 80, 3), np.uint8)
    images[..., 1] = 60 + 4 * np.arange(30)[:, None, None]
    film = films.write(tmp_path / "in.mp4", images, times=np.arange(30) / 30)
    numbers = np.arange(3, 27)
    people = [
        dataclasses.replace(
            pose_track(name, motion, frames=24, seed=seed, times=numbers / 30), frames=numbers
        )
        for name, motion, seed in (("a", "walking", 0), ("b", "standing", 3))
    ]
    return people, output.Backdrop(film)


def greens(pictures):
    """The film's green in each picture, in the lower left corner of the 2D panel."""
    return [np.median(picture[-80:-60, 14:22], axis=(0, 1))[1] for picture in pictures]


def test_mp4_and_gif_show_each_moment_before_its_picture(filmed, tmp_path):
    people, backdrop = filmed
    output.write(people, tmp_path / "a.mp4", backdrop)
    video = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(30)
    shown = [picture[..., ::-1] for read, picture in iter(video.read, (False, None)) if read]
    np.testing.assert_allclose(greens(shown), 60 + 4 * np.arange(30), atol=6)
    output.write(people, tmp_path / "a.gif", backdrop)
    durations, pictures = zip(*frames_of(tmp_path / "a.gif"), strict=True)
    assert sum(durations) == 1000
    expected = 60 + 4 * np.floor((np.arange(20) + 0.5) * 1.5)
    np.testing.assert_allclose(greens(pictures), expected, atol=16)  # Of a GIF's few colours.


def test_people_have_a_colour_each_the_same_in_2d_and_3d(filmed):
    people, backdrop = filmed
    scene = scenes.Scene(people, backdrop)
    for moment, there in ((10, True), (0, False)):
        for draw in (scene.draw_2d, lambda *where: scene.draw_3d(*where, 0.5)):
            panel = drawing.Panel(400, 400)
            draw(panel, moment)
            for of_joints in colours.of_people(2):
                shades = {of_joints[H36M_17.index(joint)] for joint in ("Hip", "LHip", "RHip")}
                assert len(shades) == 3
                inks = [ink(pixels(panel), ImageColor.getrgb(shade)) for shade in shades]
                assert (min(inks) > 15) == there
    panel = drawing.Panel(400, 400)
    scene.draw_2d(panel, 0)
    plate = pixels(panel)[376:388, 110:290]  # "nobody seen in this frame"
    assert (plate.min(axis=-1) > 240).mean() > 0.4
    assert (plate.max(axis=-1) < 160).mean() > 0.03


def test_png_follows_a_person_through_the_picture(filmed, tmp_path):
    people, backdrop = filmed
    output.write(people[:1], tmp_path / "a.png", backdrop)
    picture = np.asarray(Image.open(tmp_path / "a.png"), int)[34:244]
    green = (picture[..., 1] > picture[..., 0] + 40) & (picture[..., 1] > picture[..., 2] + 40)
    assert green.mean() > 0.5


def test_joints_are_the_paler_the_less_certain():
    track = pose_track(frames=3)
    track.inferred[:] = False
    confidence = np.full((3, 17), 0.2, np.float32)  # All that this detector ever is.
    confidence[1], confidence[2, 0] = 0.05, 0.0
    track = dataclasses.replace(track, confidence=confidence)
    usual = certainty.usual([track])
    assert usual == pytest.approx(0.2)
    found = certainty.of_joints(track, np.arange(3), usual)
    np.testing.assert_allclose(found[:2].T, [[1.0, 0.25]] * 17, rtol=1e-6)
    assert found[2, 0] == 0.0
    track.inferred[0, 4] = True
    assert np.isnan(certainty.of_joints(track, 0, usual)[4])
    lightness = []
    for one in (1.0, 0.5, 0.0):
        panel = drawing.Panel(40, 40)
        panel.dot(np.array([20.0, 20.0]), 6, colours.LEFT, one)
        assert ink(pixels(panel), LEFT) > 10  # The rim.
        lightness.append(pixels(panel)[20, 20].sum())
    assert lightness[0] < lightness[1] < lightness[2] == 3 * 255


def test_joints_have_the_colour_of_their_side():
    for name, colour in zip(H36M_17.joints, colours.OF_JOINTS, strict=True):
        side = {LEFT: "L", RIGHT: "R"}.get(ImageColor.getrgb(colour), "")
        assert (name[0] if name[1].isupper() else "") == side


def test_the_viewer_has_the_same_colours():
    style = importlib.resources.files("synpose_tf.output").joinpath("viewer.css").read_text()
    for name in ("left", "right", "middle"):
        assert f"--{name}: {getattr(colours, name.upper())};" in style
