"""The page as a browser without a network shows it, with an untrained lifter."""

import dataclasses
import json
import pathlib
import urllib.error
import urllib.request

import browser
import bvhio
import exported as exported_lifters
import numpy as np
import pytest
import web_pages
from web_pages import choose, complaint, opened, saved, saved_poses, text, wait

from synpose_tf import keypoints
from synpose_tf.errors import SynposeError
from synpose_tf.export import verification
from synpose_tf.export.web import bundle, server
from synpose_tf.inference.lifter import Lifter
from synpose_tf.structures.skeleton import COCO_17, H36M_17, joint_map

pytest.importorskip("ai_edge_litert")
SWIFTSHADER = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
SIZE = 1000


@pytest.fixture(scope="module")
def lifter(new_model, synthetic_views):
    """An untrained lifter, with 480 views to verify its export on."""
    views = {key: array[::8] for key, array in synthetic_views.items()}
    return exported_lifters.lifter(new_model, views, "paper")


@pytest.fixture(scope="module")
def exported(lifter, synthetic_views, tmp_path_factory):
    """The page's folder, and the format that wrote it; skips where npm can't build it."""
    try:
        bundle.built()
    except SynposeError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("web") / "page"
    return folder, web_pages.export(lifter, synthetic_views, folder, None)


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def chromium(downloads):
    flags = (*SWIFTSHADER, "--use-fake-device-for-media-stream")
    with browser.open_browser(flags=flags, downloads=downloads, log_requests=True) as session:
        yield session


@pytest.fixture(scope="module")
def address(exported):
    with web_pages.served(exported[0]) as (_, address):
        yield address


@pytest.fixture
def page(chromium, address):
    return opened(chromium, address)


@pytest.fixture
def walker(synthetic_views, tmp_path):
    """COCO results of somebody in 24 frames, with missed joints: the file."""
    order = joint_map(H36M_17, COCO_17)
    entries = []
    for frame, pose in enumerate(synthetic_views["keypoints_2d"][:24]):
        rows = [[0.0] * 3 if i is None else [*pose[i].tolist(), 0.9] for i in order]
        if frame == 3:
            rows[COCO_17.index("LWrist")] = [0.0, 0.0, 0.0]
        numbers = [round(number, 2) for row in rows for number in row]
        entries.append({"image_id": frame, "category_id": 1, "keypoints": numbers, "score": 0.9})
    path = tmp_path / "walker.json"
    path.write_text(json.dumps(entries))
    return path


def by_python(lifter, path):
    """Poses (F, 17, 3), millimetres, and which joints are inferred, of a keypoint file."""
    (track,) = keypoints.read([path]).tracks
    # The page knows no other frames, which would mend a joint's jump: here neither.
    track = dataclasses.replace(track, times=60.0 * track.times)
    python = Lifter(lifter.model.averaged_generator.get_weights(), "paper", lifter.model.distance)
    poses = python.lift_track(track, roll=0.0)
    return poses.poses, poses.inferred


def open_walker(page, walker):
    page.execute_script("document.getElementById('smooth').checked = false")
    choose(page, walker)
    wait(lambda: "is open" in text(page, "status") and text(page, "count") == "1")
    return page


def test_the_folder_holds_all_that_the_page_needs(exported):
    folder, _ = exported
    card = json.loads((folder / "page.json").read_text())
    worker = (folder / "service_worker.js").read_text()
    for name in (*card["lifters"].values(), card["detector"], "completion.bin", "icon_512.png"):
        assert (folder / name).is_file()
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "service_worker.js":
            assert f'"{path.relative_to(folder).as_posix()}"' in worker
    assert card["normalization"] == {"mode": "paper", "distance": 13.0}
    assert "https:" not in (folder / "index.html").read_text()


def test_the_pages_own_code_is_verified(exported, lifter):
    """LiteRT for Python, and the page's code in Node.js, on every test pose."""
    folder, format = exported
    measured = verification.measure(format, folder, lifter)
    assert measured.format == "web"
    poses = format.command_line(folder, lifter.inputs)
    float16 = verification.compare(
        format, 0, {"poses": poses, "one_pose_s": 0, "batch_s": 0, "peak_memory": 0}, lifter
    )
    assert float16.max_difference < 3.0
    assert float16.max_difference < measured.max_difference


def test_the_server_names_types_and_lists_nothing(address):
    types = {
        "": "text/html; charset=utf-8",
        "app.js": "text/javascript",
        "wasm/vision_wasm_internal.wasm": "application/wasm",
        "manifest.webmanifest": "application/manifest+json",
    }
    for name, expected in types.items():
        with urllib.request.urlopen(address + name) as answer:
            assert answer.headers["Content-Type"] == expected
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(address + "wasm/")
    port = int(address.rstrip("/").rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        server.open_server(pathlib.Path(), port)


def test_keypoints_are_lifted_as_python_does(page, walker, lifter, downloads):
    open_walker(page, walker)
    tree = saved_poses(page, downloads)
    (track,) = tree["tracks"]
    expected, inferred = by_python(lifter, walker)
    assert [frame["frame"] for frame in track["frames"]] == list(range(24))
    poses = np.array([frame["pose"] for frame in track["frames"]])
    assert np.linalg.norm(poses - expected, axis=-1).max() < 1.0
    for frame, marks in zip(track["frames"], inferred, strict=True):
        assert frame["inferred"] == [H36M_17.joints[joint] for joint in np.flatnonzero(marks)]
    motion = saved(page, "bvh", downloads, "poses.bvh")
    (downloads / "again.bvh").write_text(motion)
    assert bvhio.readAsBvh(str(downloads / "again.bvh")).FrameCount == 24


def test_what_it_saves_can_be_opened_again(page, walker, downloads):
    open_walker(page, walker)
    before = saved_poses(page, downloads)
    again = downloads / "again.json"
    again.write_text(json.dumps(before))
    choose(page, again)
    wait(lambda: text(page, "status").startswith("again.json is open"))
    after = saved_poses(page, downloads)
    for one, other in zip(before["tracks"][0]["frames"], after["tracks"][0]["frames"], strict=True):
        np.testing.assert_allclose(one["pose"], other["pose"], atol=2.0)


def test_a_file_can_be_dropped(page, walker):
    page.execute_script(
        "const data = new DataTransfer(); data.items.add(new File([arguments[0]], 'dropped.json'));"
        "document.dispatchEvent(new DragEvent('drop', {dataTransfer: data, cancelable: true}))",
        walker.read_text(),
    )
    wait(lambda: text(page, "status").startswith("dropped.json is open"))
    wait(lambda: text(page, "count") == "1")


def test_no_request_leaves_the_machine(page, walker, address):
    open_walker(page, walker)
    asked = browser.requests(page)
    assert any(url.endswith("lifter_float16.tflite") for url in asked)
    assert [url for url in asked if not url.startswith(address)] == []


def test_other_hosts_are_forbidden(page):
    page.execute_async_script(
        "const done = arguments[0]; document.addEventListener('securitypolicyviolation',"
        " (event) => { window.refused = event.blockedURI; done(); });"
        " fetch('http://127.0.0.1:9/x').catch(() => {});"
    )
    assert page.execute_script("return window.refused").startswith("http://127.0.0.1:9")


def test_it_can_be_installed_and_works_offline_after_the_first_visit(exported, chromium, walker):
    with web_pages.served(exported[0]) as (_, address):
        opened(chromium, address)
        ready = "navigator.serviceWorker.ready.then(() => arguments[0]())"
        chromium.execute_async_script(ready)
        missing = chromium.execute_cdp_cmd("Page.getInstallabilityErrors", {})
        assert missing["installabilityErrors"] == []
    opened(chromium, address)  # Nobody serves it any more.
    open_walker(chromium, walker)
    names = chromium.execute_async_script("caches.keys().then(arguments[0])")
    assert len(names) == 1
    assert names[0].startswith("synpose-")


def touch(page, name, across):
    """Draws a finger over an element."""
    box = page.find_element("id", name).rect
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + across / 2, "y": y}]),
        ("touchMove", [{"x": x + across, "y": y}]),
        ("touchEnd", []),
    ):
        event = {"type": kind, "touchPoints": points}
        page.execute_cdp_cmd("Input.dispatchTouchEvent", event)


def test_keys_and_fingers_do_what_buttons_do(page, walker):
    open_walker(page, walker)
    body = page.find_element("css selector", "body")
    body.send_keys(" ")
    wait(lambda: text(page, "status") == "Paused.")
    assert page.find_element("id", "pause").get_attribute("aria-pressed") == "true"
    body.send_keys("r")
    wait(lambda: "elbows left" in text(page, "status"))
    drawn = "return document.getElementById('scene').toDataURL()"
    before = page.execute_script(drawn)
    page.find_element("id", "scene").send_keys("\ue014\ue014")
    turned = page.execute_script(drawn)
    assert turned != before
    touch(page, "scene", 60)
    assert page.execute_script(drawn) not in (before, turned)
    body.send_keys("x")
    wait(lambda: text(page, "status") == "Stopped." and text(page, "count") == "0")


def test_it_fits_a_narrow_phone_and_names_its_parts(page):
    device = {"width": 360, "height": 640, "deviceScaleFactor": 2, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device)
    try:
        page.find_element("css selector", "summary").click()
        assert page.execute_script("return document.scrollingElement.scrollWidth") <= 360
        for part in page.find_elements("css selector", "button, select, input:not([hidden])"):
            if part.is_displayed():
                assert part.accessible_name
                assert part.size["height"] >= 20
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    for canvas in page.find_elements("css selector", "canvas"):
        assert canvas.accessible_name
    assert page.find_element("id", "status").aria_role == "status"
    assert page.execute_script("return document.getElementById('alert').role") == "alert"


def test_dark_and_light(page):
    colour = "return getComputedStyle(document.body).backgroundColor"
    seen = set()
    for scheme in ("dark", "light"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        seen.add(page.execute_script(colour))
    page.find_element("id", "theme").click()
    assert page.execute_script(colour) in seen
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("film.mp4", b"no film", "film.mp4: the browser can't read this as a video or a photo"),
        ("photo.png", b"no photo", "photo.png: the browser can't read this as a video or a photo"),
        ("torn.json", b'{"frames": [', "torn.json: is no JSON"),
        ("other.json", b'{"a": 1}', "other.json: holds no keypoints that this page knows"),
        ("odd.json", b'[{"image_id": 1, "keypoints": [1, 2, 3]}]', "odd.json: holds no keypoints"),
    ],
)
def test_a_file_that_is_none_is_said(page, tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    choose(page, tmp_path / name)
    assert sentence in complaint(page)


def permission(session, address, setting):
    given = {"permission": {"name": "camera"}, "setting": setting, "origin": address}
    session.execute_cdp_cmd("Browser.setPermission", given)


def test_a_camera_that_is_denied(page, address):
    permission(page, address, "denied")
    page.find_element("id", "camera").click()
    assert "The camera is not allowed" in complaint(page)


def test_a_detector_that_fails(page, address):
    permission(page, address, "granted")
    page.find_element("id", "camera").click()
    assert "pose_landmarker.task can't be used" in complaint(page)
    assert page.execute_script("return document.getElementById('video').srcObject") is None


def test_a_browser_without_simd(chromium, address):
    script = {"source": "WebAssembly.validate = () => false"}
    given = chromium.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", script)
    try:
        chromium.get(address)
        assert "This browser has no WebAssembly SIMD" in complaint(chromium)
    finally:
        chromium.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", given)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"lifter_float16.tflite": None}, "lifter_float16.tflite can't be loaded (status 404)"),
        ({"lifter_float16.tflite": b"torn"}, "lifter_float16.tflite can't be used"),
        ({"completion.bin": bytes(400)}, "completion.bin can't be used"),
        ({"page.json": None}, "page.json can't be loaded"),
    ],
)
def test_a_model_that_fails_to_load(exported, chromium, tmp_path, files, sentence):
    folder = web_pages.changed(exported[0], tmp_path / "page", **files)
    with web_pages.served(folder) as (_, address):
        chromium.get(address)
        assert sentence in complaint(chromium)


def test_the_camera_is_lifted_as_python_does(shared_data, lifter, exported, tmp_path, downloads):
    """A film as camera, MediaPipe, the lifter; and Python from the same landmarks."""
    detector = (shared_data / "mediapipe" / "pose_landmarker_full.task").read_bytes()
    folder = web_pages.changed(exported[0], tmp_path / "p", **{"pose_landmarker.task": detector})
    film = _as_camera(shared_data / "four_cameras" / "cam01.mp4", tmp_path / "film.mjpeg")
    flags = (
        *SWIFTSHADER,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    with (
        web_pages.served(folder) as (_, address),
        browser.open_browser(flags=flags, downloads=downloads, log_requests=True) as session,
    ):
        opened(session, address)
        session.execute_script("document.getElementById('smooth').checked = false")
        session.find_element("id", "camera").click()
        wait(lambda: text(session, "count") == "1")
        session.execute_script("document.getElementById('pause').click()")
        tree = saved_poses(session, downloads)
        session.find_element("id", "flip").click()
        wait(lambda: text(session, "status") == "The back camera is open.")
        wait(lambda: text(session, "count") == "1")
        asked = browser.requests(session)
    assert [url for url in asked if not url.startswith(address)] == []
    (track,) = tree["tracks"]
    landmarks = {
        "format": "mediapipe-pose-landmarks",
        "image_size": track["image_size"],
        "frames": [
            {"frame": f["frame"], "time": f["time"], "people": [{"landmarks": f["landmarks"]}]}
            for f in track["frames"]
        ],
    }
    path = tmp_path / "film.landmarks.json"
    path.write_text(json.dumps(landmarks))
    (python,) = keypoints.read([path], min_confidence=0.25).tracks
    assert python.exchanged is None  # Python puts sides back, which takes the whole film.
    model = Lifter(lifter.model.averaged_generator.get_weights(), "paper", lifter.model.distance)
    expected = model.lift_track(python, roll=0.0).poses
    poses = np.array([frame["pose"] for frame in track["frames"]])
    assert np.linalg.norm(poses - expected, axis=-1).max() < 1.0


def _as_camera(film: pathlib.Path, path: pathlib.Path) -> pathlib.Path:
    """A film as the fake camera takes it: JPEG pictures one after another."""
    cv2 = pytest.importorskip("cv2")
    capture = cv2.VideoCapture(str(film))
    with path.open("wb") as handle:
        for _ in range(40):
            good, image = capture.read()
            assert good
            small = cv2.resize(image, (360, 640), interpolation=cv2.INTER_AREA)
            handle.write(cv2.imencode(".jpg", small)[1].tobytes())
    return path
