"""How fast the exported page is on this machine, and how near its poses are to Python's.

  python -m synpose_tf.export --pretrained=paper --output=exported --formats=web \\
      --detector_model=pose_landmarker_full.task
  python benchmarks/web_page.py --page=exported/web/1 --film=film.mp4

The network alone, in WebAssembly on one core, by Node.js. Then the page in Chromium (apt-get
install chromium chromium-driver; pip install selenium opencv-python-headless) with the film in the
camera's place: frames a second, the detector's and the lifter's milliseconds, and its poses against
`Lifter.from_pretrained("paper")` from the same landmarks. Chromium draws in software here.
"""

import json
import os
import pathlib
import platform
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "tests"))

import browser
import cv2
import numpy as np
import web_pages
from absl import app, flags

from synpose_tf import keypoints
from synpose_tf.export.web import page_code
from synpose_tf.inference.lifter import Lifter

flags.DEFINE_string("page", None, "The exported page of the `paper` lifter.", required=True)
flags.DEFINE_string("film", None, "A film of somebody.", required=True)
flags.DEFINE_float("seconds", 20.0, "How long the camera runs.")
flags.DEFINE_integer("height", 640, "Of the camera's picture, pixels.")
FLAGS = flags.FLAGS
CHROMIUM = (
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)
POSES = 20_000


def processor() -> str:
    """The name of the machine's processor, and how many cores there are."""
    path = pathlib.Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{(names or [platform.processor()])[0]}, {os.cpu_count()} cores"


def network_alone(folder):
    """Prints the median of one pose on one core, of each precision."""
    poses = np.random.default_rng(0).normal(500.0, 100.0, (POSES, 17, 2)).astype(np.float32)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})  # Node.js inherits it.
    for precision in ("float16", "int8"):
        _, seconds = page_code.measure(folder, {"keypoints": poses}, precision)
        print(f"{precision} in WebAssembly, one core: {seconds * 1e3:.3f} ms a pose (median)")
    os.sched_setaffinity(0, cores)


def as_camera(film: str, height: int, path: pathlib.Path) -> pathlib.Path:
    """A film as Chromium's fake camera takes it: JPEG pictures one after another."""
    capture = cv2.VideoCapture(film)
    with path.open("wb") as handle:
        while (read := capture.read())[0]:
            size = round(read[1].shape[1] * height / read[1].shape[0] / 2) * 2, height
            small = cv2.resize(read[1], size, interpolation=cv2.INTER_AREA)
            handle.write(cv2.imencode(".jpg", small)[1].tobytes())
    return path


def run_page(folder, film, scratch):
    """Runs the camera; prints what the page says of itself and gives what it saves."""
    flags = (*CHROMIUM, f"--use-file-for-fake-video-capture={film}")
    with (
        web_pages.served(folder) as (_, address),
        browser.open_browser(flags=flags, downloads=scratch, log_requests=True) as session,
    ):
        web_pages.opened(session, address)
        session.execute_script("document.getElementById('smooth').checked = false")
        session.find_element("id", "camera").click()
        web_pages.wait(lambda: web_pages.text(session, "count") != "0")
        time.sleep(FLAGS.seconds)
        told = {name: web_pages.text(session, name) for name in ("fps", "detector", "lifter")}
        session.find_element("id", "pause").click()
        tree = web_pages.saved_poses(session, scratch)
        others = [url for url in browser.requests(session) if not url.startswith(address)]
    print(f"page: {told['fps']} frames/s, detector {told['detector']}, lifter {told['lifter']}")
    print(f"requests to anybody else: {len(others)}")
    return tree


def compare(tree, scratch):
    """Prints how far the page's poses are from Python's."""
    (track,) = tree["tracks"]
    frames = [
        {"frame": f["frame"], "time": f["time"], "people": [{"landmarks": f["landmarks"]}]}
        for f in track["frames"]
    ]
    about = {"format": "mediapipe-pose-landmarks", "image_size": track["image_size"]}
    path = scratch / "film.landmarks.json"
    path.write_text(json.dumps(about | {"frames": frames}))
    (python,) = keypoints.read([path], min_confidence=0.25).tracks
    expected = Lifter.from_pretrained("paper").lift_track(python, roll=0.0).poses
    off = np.linalg.norm(np.array([f["pose"] for f in track["frames"]]) - expected, axis=-1)
    print(
        f"{len(off)} poses; joints are {off.mean():.3f} mm off Python's on average, "
        f"{off.max():.3f} mm at most"
    )


def main(_):
    print(processor())
    folder = pathlib.Path(FLAGS.page)
    network_alone(folder)
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        film = as_camera(FLAGS.film, FLAGS.height, scratch / "film.mjpeg")
        compare(run_page(folder, film, scratch), scratch)


if __name__ == "__main__":
    app.run(main)
