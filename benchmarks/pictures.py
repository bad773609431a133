"""Makes the pictures of README and docs.

  python benchmarks/pictures.py
  python benchmarks/pictures.py --manual_dir=FOLDER

Without a folder, from a video of people who never were (`benchmarks/drawn_video.py`), the page as
a desktop and a telephone show it: docs/page.png, docs/page_phone.png. Chromium shows it (apt-get
install chromium chromium-driver; pip install av selenium).

FOLDER holds CMU's motion. A test clip, which trained nothing, is projected, every twentieth joint
forgotten, and what is left lifted with the pretrained weights: docs/lift.png. With
--page=exported/web/1, an exported page, also docs/web.png and docs/web_phone.png.
"""

import os
import pathlib
import shutil
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import drawn_video
import numpy as np
from absl import app, flags

from synpose_tf import output
from synpose_tf.datasets import motion_views
from synpose_tf.datasets.cmu_mocap import sources
from synpose_tf.inference.lifter import Lifter
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import KeypointTrack

flags.DEFINE_string("manual_dir", None, "Folder with CMU's motion.")
flags.DEFINE_string("clip", "mixed_test/soccer_1", "The clip's key.")
flags.DEFINE_integer("view", 1, "Which camera's view of it.")
flags.DEFINE_integer("start", 60, "Its first frame.")
flags.DEFINE_integer("frames", 90, "Frames at 30 Hz.")
flags.DEFINE_integer("moment", 43, "The frame of the clip that the exported page shows.")
flags.DEFINE_string("folder", "docs", "Where the pictures go.")
flags.DEFINE_string("page", None, "An exported page, which is shown with the clip.")
FLAGS = flags.FLAGS


def lifted_clip():
    """The clip as the camera mode lifts it, with its name for the title."""
    clips = sources.read_clips(pathlib.Path(FLAGS.manual_dir).expanduser())["test"]
    clip = next(clip for clip in clips if clip.key == FLAGS.clip)
    view = list(motion_views.views("test", [clip]))[FLAGS.view]
    chosen = slice(FLAGS.start, FLAGS.start + FLAGS.frames)
    keypoints = view.keypoints_2d[chosen].astype(np.float32)
    missed = np.random.default_rng(0).random(keypoints.shape[:2]) < 0.05
    keypoints[missed] = np.nan
    times = np.arange(len(keypoints)) / 30
    track = KeypointTrack(
        name=FLAGS.clip,
        keypoints=keypoints,
        confidence=1.0 - missed,
        frames=np.arange(len(keypoints)),
        times=times,
        layout=H36M_17,
        image_size=(1000, 1000),
    )
    return Lifter.from_pretrained("camera").lift_track(track, view.intrinsics)


def drawn_people():
    """The people of the drawn video, as the camera mode lifts what a detector might see."""
    lifter = Lifter.from_pretrained("camera")
    camera = drawn_video.CAMERA
    return [
        lifter.lift_track(track, camera.intrinsics)
        for track in drawn_video.detected(drawn_video.people())
    ]


def photograph(page: pathlib.Path, picture: pathlib.Path, size: tuple[int, int]):
    """The page at one moment, as a screen of a size shows it."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(flag)
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    session = webdriver.Chrome(options=options, service=service)
    phone = size[0] < 600
    screen = {"width": size[0], "height": size[1], "mobile": phone, "deviceScaleFactor": 1 + phone}
    try:
        session.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        session.get(page.as_uri())
        session.execute_async_script(
            "document.getElementById('play').click();"
            "const scrub = document.getElementById('scrub');"
            "scrub.value = 12; scrub.dispatchEvent(new Event('input'));"
            "document.activeElement.blur();"
            "setTimeout(arguments[0], 500);"
        )
        session.save_screenshot(str(picture))
    finally:
        session.quit()


def photograph_page(keypoints: pathlib.Path, folder: pathlib.Path):
    """The exported page with the clip, on a desk and on a phone, in light and dark."""
    sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
    import browser
    import web_pages

    desk = {"width": 1280, "height": 720, "deviceScaleFactor": 1, "mobile": False}
    phone = {"width": 360, "height": 760, "deviceScaleFactor": 1, "mobile": True}
    with (
        web_pages.served(pathlib.Path(FLAGS.page)) as (_, address),
        browser.open_browser() as session,
    ):
        for name, device, scheme in (("web", desk, "light"), ("web_phone", phone, "dark")):
            session.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device)
            feature = {"name": "prefers-color-scheme", "value": scheme}
            session.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
            web_pages.opened(session, address)
            web_pages.choose(session, keypoints)
            web_pages.wait(lambda: "is open" in web_pages.text(session, "status"))
            time.sleep(FLAGS.moment / 30)
            session.find_element("id", "pause").click()
            session.save_screenshot(str(folder / f"{name}.png"))


def main(_):
    folder = pathlib.Path(FLAGS.folder)
    with tempfile.TemporaryDirectory() as scratch:
        if FLAGS.manual_dir:
            picture_clip(folder, pathlib.Path(scratch))
        else:
            picture_drawn_people(folder, pathlib.Path(scratch))


def picture_clip(folder: pathlib.Path, scratch: pathlib.Path):
    track = lifted_clip()
    output.write([track], folder / "lift.png")
    if FLAGS.page:
        name = FLAGS.clip.split("/")[-1]
        (keypoints,) = output.write([track], scratch / f"{name}.json")
        photograph_page(keypoints, folder)
    print(f"written: {folder / 'lift.png'}")


def picture_drawn_people(folder: pathlib.Path, scratch: pathlib.Path):
    video, page = scratch / "walk.mp4", scratch / "walk.html"
    drawn_video.write(video, drawn_video.people(), empty=8)
    output.write(drawn_people(), page, output.Backdrop(video))
    for name, size in (("page.png", (1280, 830)), ("page_phone.png", (360, 740))):
        photograph(page, folder / name, size)
        print(f"written: {folder / name}")


if __name__ == "__main__":
    app.run(main)
