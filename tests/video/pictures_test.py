"""Pictures out of photos, videos and folders, as cameras and phones write them."""

import fractions
import itertools

import films
import numpy as np
import pytest
from PIL import Image

from synpose_tf.errors import SynposeError
from synpose_tf.video.pictures import is_pictures, open_pictures

av = pytest.importorskip("av", reason="PyAV is not installed")


def red_corner(image):
    """Where the red quarter of `films.shades` lies: (top, left)."""
    red = (image[..., 0].astype(int) - image[..., 1]) > 60
    rows, columns = (axis.mean() for axis in np.nonzero(red))
    return bool(rows < image.shape[0] / 2), bool(columns < image.shape[1] / 2)


def test_a_video_is_read_again_and_again(tmp_path):
    pictures = open_pictures(films.write(tmp_path / "Über alle Wege.mp4", films.shades(7)))
    assert (pictures.size, pictures.fps, pictures.count) == ((64, 48), 25.0, 7)
    for _ in range(2):
        read = list(pictures)
        assert [picture.number for picture in read] == list(range(7))
        np.testing.assert_allclose([p.time for p in read], np.arange(7) / 25.0, atol=1e-6)
        greys = [picture.image[-4, -4] for picture in read]
        np.testing.assert_allclose(greys, [[40 + 8 * n] * 3 for n in range(7)], atol=4)
    assert pictures.notes == []
    # Two readers at once do not disturb each other.
    for one, other in zip(pictures, itertools.islice(pictures, 7), strict=True):
        assert np.array_equal(one.image, other.image)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_videos_own_times(suffix, tmp_path):
    times = [0.0, 0.033, 0.2, 0.21, 1.0]
    path = films.write(tmp_path / f"phone{suffix}", films.shades(5), times)
    np.testing.assert_allclose([p.time for p in open_pictures(path)], times, atol=1e-3)


@pytest.mark.parametrize(
    ("turned", "size", "corner"),
    [
        (0, (64, 48), (True, True)),
        (90, (48, 64), (False, True)),
        (-90, (48, 64), (True, False)),
        (180, (64, 48), (False, False)),
    ],
)
def test_a_phones_video_stands_upright(turned, size, corner, tmp_path):
    pictures = open_pictures(films.write(tmp_path / "phone.mp4", films.shades(3), turned=turned))
    assert pictures.size == size
    for picture in pictures:
        assert picture.image.shape == (*size[::-1], 3)
        assert red_corner(picture.image) == corner


def test_a_mirrored_video(tmp_path):
    """What phones' front cameras write: a display matrix that turns and mirrors."""
    path = films.write(tmp_path / "selfie.mp4", films.shades(2), turned=180)
    data = path.read_bytes()
    turned = b"\xff\xff\x00\x00" + b"\0" * 12 + b"\xff\xff\x00\x00"  # (-1, 0, 0), (0, -1, …
    assert data.count(turned) == 1
    path.write_bytes(data.replace(turned, b"\xff\xff\x00\x00" + b"\0" * 12 + b"\x00\x01\x00\x00"))
    assert red_corner(next(iter(open_pictures(path))).image) == (True, False)


@pytest.mark.parametrize(
    ("rotate", "size", "corner"),
    [
        (90, (48, 64), (True, False)),
        (180, (64, 48), (False, False)),
        (270, (48, 64), (False, True)),
    ],
)
def test_pictures_are_turned_clockwise_as_asked(rotate, size, corner, tmp_path):
    pictures = open_pictures(films.write(tmp_path / "a.mp4", films.shades(1)), rotate)
    assert pictures.size == size
    (picture,) = pictures
    assert picture.image.flags.c_contiguous
    assert red_corner(picture.image) == corner
    with pytest.raises(SynposeError, match=r"rotate=45: expected 0, 90, 180 or 270"):
        open_pictures(tmp_path / "a.mp4", 45)


def test_pixels_become_square(tmp_path):
    aspect = fractions.Fraction(4, 3)
    path = films.write(tmp_path / "dv.mp4", films.shades(2, 66, 48), aspect=aspect)
    pictures = open_pictures(path)
    assert pictures.size == (88, 48)
    assert next(iter(pictures)).image.shape == (48, 88, 3)


def test_ten_bits_and_high_dynamic_range(tmp_path):
    """A grey of HDR10 comes as bright as on a screen, neither dark nor burnt out."""
    plain = films.write(tmp_path / "ten.mp4", films.shades(1), pixels="yuv420p10le")
    (picture,) = open_pictures(plain)
    np.testing.assert_allclose(picture.image[-4, -4], 40, atol=4)
    # In HDR10 the value 0.58 is 203 candela per square metre: the white of paper.
    image = np.full((48, 64, 3), round(0.58 * 255), np.uint8)
    bright = films.write(tmp_path / "hdr.mp4", [image], pixels="yuv420p10le", color_trc=16)
    (picture,) = open_pictures(bright)
    assert 180 < picture.image.mean() < 200


def test_sound_is_left(tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(SynposeError, match=r"sound.mp4: holds no pictures, only sound"):
        open_pictures(path)


def test_photos_stand_upright(tmp_path):
    image = Image.fromarray(films.shades(1)[0])
    exif = image.getexif()
    exif[0x0112] = 6  # To be turned clockwise.
    image.save(tmp_path / "photo.jpg", exif=exif)
    pictures = open_pictures(tmp_path / "photo.jpg")
    assert (pictures.size, pictures.fps, pictures.count, pictures.photo) == (
        (48, 64),
        None,
        1,
        True,
    )
    (picture,) = pictures
    assert (picture.number, picture.time) == (0, 0.0)
    assert red_corner(picture.image) == (True, False)
    for mode in ("L", "RGBA", "P", "1"):
        image.convert(mode).save(tmp_path / f"{mode}.png")
        (picture,) = open_pictures(tmp_path / f"{mode}.png")
        assert (picture.image.shape, picture.image.dtype) == ((48, 64, 3), np.uint8)


def test_a_folder_of_photos_is_a_film_in_natural_order(tmp_path):
    for number, image in zip((1, 2, 10), films.shades(3), strict=True):
        Image.fromarray(image).save(tmp_path / f"shot{number}.png")
    (tmp_path / "._shot1.png").write_bytes(b"macOS")
    (tmp_path / "notes.txt").write_text("no photo")
    assert is_pictures(tmp_path)
    pictures = open_pictures(tmp_path)
    assert (pictures.count, pictures.fps, pictures.photo) == (3, None, False)
    assert [int(p.image[-1, -1, 0]) for p in pictures] == [40, 48, 56]
    np.testing.assert_allclose([p.time for p in pictures], np.arange(3) / 30.0)
    Image.fromarray(films.shades(1, 32, 20)[0]).save(tmp_path / "shot11.png")
    with pytest.raises(SynposeError, match=r"shot11.png: 32 × 20 pixels, but shot1.png has 64 × 4"):
        list(open_pictures(tmp_path))


def test_a_truncated_video_is_read_as_far_as_it_goes(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (40, 96, 128, 3), dtype=np.uint8)
    whole = films.write(tmp_path / "whole.mkv", list(noise), bitrate=10**6).read_bytes()
    (tmp_path / "half.mkv").write_bytes(whole[: len(whole) // 2])
    pictures = open_pictures(tmp_path / "half.mkv")
    count = len(list(pictures))
    assert 10 < count < 30
    assert f"ends after {count} of 40 pictures: damaged or incomplete" in pictures.notes[-1]
    whole = films.write(tmp_path / "whole.mp4", list(noise)).read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 2])  # Its index stands at the end.
    with pytest.raises(SynposeError, match=r"half.mp4: no video that FFmpeg reads, or damaged or"):
        open_pictures(tmp_path / "half.mp4")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("walk.mp4", b"no video", r"walk.mp4: no video that FFmpeg reads, or damaged"),
        ("walk.mp4", b"", r"walk.mp4: no video that FFmpeg reads, or damaged"),
        ("walk.mp4", b"#EXTM3U\n#EXTINF:1,\nother.mp4\n", r"walk.mp4: no video that FFmpeg reads"),
        ("walk.jpg", b"no photo", r"walk.jpg: no photo that Pillow reads"),
        ("walk.heic", b"no photo", r"walk.heic: Pillow reads no such photos here. Convert"),
    ],
)
def test_what_is_no_picture_is_said(name, content, message, tmp_path):
    films.write(tmp_path / "other.mp4", films.shades(2))
    (tmp_path / name).write_bytes(content)
    assert is_pictures(tmp_path / name)
    with pytest.raises(SynposeError, match=message):
        open_pictures(tmp_path / name)


def test_what_is_told_from_keypoints(tmp_path):
    with pytest.raises(SynposeError, match=r"absent.mp4: no such file"):
        open_pictures(tmp_path / "absent.mp4")
    assert not is_pictures(tmp_path)
    (tmp_path / "keypoints.json").write_text("[]")
    assert not is_pictures(tmp_path / "keypoints.json")
    films.write(tmp_path / "a.mp4", films.shades(1)).rename(tmp_path / "IMG_0001")
    assert is_pictures(tmp_path / "IMG_0001")
    Image.fromarray(films.shades(1)[0]).save(tmp_path / "shot1.png")
    assert not is_pictures(tmp_path)  # Its keypoints stand beside.
    (tmp_path / "keypoints.json").unlink()
    (tmp_path / "IMG_0001").rename(tmp_path / "b.mov")
    with pytest.raises(SynposeError, match=r"the folder holds videos: b.mov. Name those one by"):
        open_pictures(tmp_path)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({0xA405: 36}, (32.0, 24.0)),
        ({0xA405: 36, 0xA002: 640, 0xA003: 480}, (32.0, 24.0)),  # Shrunk since.
        ({0xA405: 36, 0xA002: 640, 0xA003: 640}, None),  # Cropped since.
        ({0xA405: 0}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("orientation", [1, 6])
def test_intrinsics_by_exif(facts, expected, orientation, tmp_path):
    image = Image.fromarray(films.shades(1)[0])
    exif = image.getexif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8769).update(facts)
    image.save(tmp_path / "photo.jpg", exif=exif)
    pictures = open_pictures(tmp_path / "photo.jpg", rotate=90)
    if expected is None:
        assert pictures.intrinsics is None
        return
    focal = 36.0 * 80.0 / np.hypot(36.0, 24.0)
    centre = expected if orientation == 1 else expected[::-1]
    np.testing.assert_allclose(pictures.intrinsics, (focal, focal, *centre))
