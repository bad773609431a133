"""The viewer, as a browser without a network shows it."""

import dataclasses
import io
import re
import time

import browser
import films
import numpy as np
import pytest
from camera_scenes import CAMERAS, in_room, walker
from PIL import Image, ImageColor
from pose_tracks import pose_track

from synpose_tf import output
from synpose_tf.output import stage
from synpose_tf.visualization import colours

HOSTILE = "</script><img src=x onerror=\"document.title='hacked'\">\u2028'&amp;"


def counter(page):
    return page.find_element("id", "counter").text


def frame(page):
    return int(counter(page).split(" / ")[0])


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def click(page, name):
    page.find_element("id", name).click()


def press(page, element, *keys):
    page.find_element("css selector", element).send_keys(*keys)


def drawn(page, canvas="scene"):
    """What a canvas shows, once it has been drawn again."""
    return page.execute_async_script(
        "const done = arguments[1]; requestAnimationFrame(() => requestAnimationFrame(() =>"
        " done(document.getElementById(arguments[0]).toDataURL())))",
        canvas,
    )


def paused(page):
    press(page, "body", " ")
    assert page.find_element("id", "play").get_attribute("aria-label") == "Play"
    return page


def test_it_opens_without_a_network_and_plays_60_frames(page):
    shown = page(pose_track())
    assert shown.title == "walk"
    assert counter(shown).endswith(" s")
    seen = set()
    wait_until(lambda: seen.add(frame(shown)) or len(seen) > 8)
    assert re.fullmatch(r"\d+ / 60 · \d\.\d\d s", counter(shown))
    assert shown.execute_script("return performance.getEntriesByType('resource')") == []


def test_pause_scrub_and_step(page):
    shown = paused(page(pose_track()))
    press(shown, "body", "\ue010")  # End
    assert counter(shown) == "60 / 60 · 1.97 s"
    before = drawn(shown), drawn(shown, "image")
    click(shown, "back")
    assert frame(shown) == 59
    assert drawn(shown) != before[0]
    assert drawn(shown, "image") != before[1]
    click(shown, "forward")
    assert (drawn(shown), drawn(shown, "image")) == before
    press(shown, "#scrub", "\ue011", "\ue014", "\ue014")  # Home, right, right
    assert frame(shown) == 3
    press(shown, "body", "\ue012")  # left
    assert frame(shown) == 2
    press(shown, "#scrub", " ")
    wait_until(lambda: frame(shown) not in (2, 3))


def test_dragging_turns_and_the_wheel_zooms(page):
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

    shown = paused(page(pose_track()))
    scene = shown.find_element("id", "scene")
    views = [drawn(shown)]
    ActionChains(shown).drag_and_drop_by_offset(scene, 120, 30).perform()
    views.append(drawn(shown))
    ActionChains(shown).scroll_from_origin(ScrollOrigin.from_element(scene), 0, -300).perform()
    views.append(drawn(shown))
    ActionChains(shown).key_down("\ue008").drag_and_drop_by_offset(scene, 60, 0).key_up(
        "\ue008"
    ).perform()
    views.append(drawn(shown))
    assert len(set(views)) == 4
    ActionChains(shown).double_click(scene).perform()
    assert drawn(shown) == views[0]


def test_keys_in_the_3d_view_turn_it(page):
    shown = paused(page(pose_track()))
    before, moment = drawn(shown), frame(shown)
    for key in ("\ue014", "\ue013", "+"):
        press(shown, "#scene", key)
        after = drawn(shown)
        assert after != before
        before = after
    assert frame(shown) == moment
    press(shown, "#scene", "0")
    start = drawn(shown)
    for button in shown.find_elements("css selector", "[data-azimuth]"):
        button.click()
        assert drawn(shown) != start


def test_light_and_dark(page):
    shown = paused(page(pose_track()))
    colours = "return getComputedStyle(document.body).backgroundColor"
    before = shown.execute_script(colours), drawn(shown)
    click(shown, "theme")
    after = shown.execute_script(colours), drawn(shown)
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_a_frame_without_a_pose_says_so(page):
    shown = paused(page(pose_track(unseen=(0, 59))))
    absent = shown.find_element("id", "absent")
    for key, hidden in (("\ue011", False), ("\ue014", True), ("\ue010", False)):
        press(shown, "body", key)
        drawn(shown)
        assert absent.is_displayed() != hidden


def test_people_are_listed_by_names_that_stay_text(page):
    names = [HOSTILE, "Zoë", "日本"]
    shown = paused(page(*(pose_track(name, seed=n) for n, name in enumerate(names))))
    assert shown.title == "walk"
    items = shown.find_elements("css selector", "#people bdi")
    assert [item.get_attribute("textContent") for item in items] == names
    assert shown.find_elements("tag name", "img") == []
    before = drawn(shown)
    shown.find_element("css selector", "#people input").click()
    assert drawn(shown) != before


def test_cameras_stand_in_the_view_until_they_are_hidden(page):
    named = [dataclasses.replace(CAMERAS[0], name=HOSTILE), *CAMERAS[1:]]
    shown = paused(page(in_room(walker(3)), cameras=named))
    assert shown.title == "walk"
    assert shown.find_elements("tag name", "img") == []
    shown.execute_script(
        "window.texts = []; CanvasRenderingContext2D.prototype.fillText ="
        " function (...text) { texts.push([...text, this.canvas.clientWidth]); };"
    )
    press(shown, "#scene", "0")
    before = drawn(shown)
    texts = {text: place for text, *place in shown.execute_script("return texts")}
    assert set(texts) == {f"{HOSTILE[:23]}…", *(camera.name for camera in CAMERAS[1:])}
    for x, y, wide in texts.values():
        assert 0 < x < wide
        assert 0 < y < shown.find_element("id", "scene").rect["height"]
    click(shown, "cameras-shown")
    assert drawn(shown) != before
    shown.execute_script("texts = []")
    press(shown, "#scene", "0")
    drawn(shown)
    assert shown.execute_script("return texts") == []


def test_the_policy_lets_no_other_script_run(page):
    shown = page(pose_track(frames=2))
    shown.execute_script(
        "const script = document.createElement('script'); script.textContent = 'hacked = true';"
        "document.body.append(script);"
        "document.body.insertAdjacentHTML('beforeend', '<p onclick=\"hacked = true\"></p>');"
        "document.body.lastChild.click();"
    )
    assert shown.execute_script("return typeof hacked") == "undefined"
    messages = [entry["message"] for entry in shown.get_log("browser")]
    assert len(messages) == 2
    assert all("Content Security Policy" in message for message in messages)


def test_the_browser_reads_the_numbers_that_were_written(page):
    tracks = [
        pose_track("a", unseen=(3,)),
        pose_track("b", seed=2, frames=20, times=1.0 + np.arange(20) / 30),
    ]
    shown = page(*tracks)
    found = shown.execute_script(
        "const data = JSON.parse(document.getElementById('data').textContent);"
        "return data.people.map((entry) => {"
        "  const person = new Person(entry, 17);"
        "  return [30, 3].map((moment) => [person.pose(moment), person.picture(moment),"
        "    data.joints.map((_, joint) => person.certainty(moment, joint) === null)]);"
        "})"
    )
    points = stage.set_on_stage(tracks)
    for person, row in ((0, 30), (1, 0)):
        pose, picture, inferred = found[person][0]
        np.testing.assert_allclose(pose, points[person][row], atol=0.2)
        np.testing.assert_allclose(picture, tracks[person].keypoints[row], atol=0.02)
        assert inferred == tracks[person].inferred[row].tolist()
    assert found[0][1][:2] == [None, None]
    assert found[1][1][:2] == [None, None]


def test_a_still_has_no_transport(page):
    shown = page(pose_track(frames=1, path=False))
    for name in ("transport", "cameras"):
        assert not shown.find_element("id", name).is_displayed()
    assert "1 frame · 1 person" in shown.find_element("id", "summary").text


def test_it_fits_a_telephone(page, chromium):
    screen = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        shown = page(pose_track("a"), pose_track("b", seed=2))
        wait_until(lambda: frame(shown) > 1)
        root = "document.documentElement"
        wide, high = shown.execute_script(f"return [{root}.scrollWidth, {root}.scrollHeight]")
        assert (wide, high) == (360, 740)  # All of it at once.
        for name in ("image", "scene"):
            assert shown.find_element("id", name).rect["height"] > 190
    finally:
        chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


# === With what the camera saw ===
PAGES = {"one by one": 1e9, "film in the page": None, "film beside": 0}


@pytest.fixture
def filmed(tmp_path):
    """A person in frames 5 to 34 of 40, and the film of it: a grey that says which picture."""
    pytest.importorskip("av", reason="PyAV is not installed")
    greys = 5 + 5 * np.arange(40, dtype=np.uint8)
    images = np.broadcast_to(greys[:, None, None, None], (40, 160, 160, 3))
    film = films.write(tmp_path / "in.mp4", np.ascontiguousarray(images), times=np.arange(40) / 30)
    numbers = np.arange(5, 35)
    track = pose_track(frames=30, times=numbers / 30)
    return dataclasses.replace(track, frames=numbers), output.Backdrop(film)


def bound(monkeypatch, backdrop, kind):
    """Lets pictures lie in the page as `kind` says."""
    largest = PAGES[kind]
    largest = sum(backdrop.lengths) if largest is None else largest  # In base64 they are more.
    monkeypatch.setattr(output.backdrop, "PAGE_BYTES", largest)


def picture_shown(page):
    """The number of the film's picture in the 2D panel."""
    drawn_at = page.execute_script(
        "const r = document.getElementById('image').getBoundingClientRect();"
        "return [r.x + r.width * 0.06, r.y + r.height / 2]"
    )
    screen = Image.open(io.BytesIO(page.get_screenshot_as_png())).convert("RGB")
    return (screen.getpixel(tuple(map(int, drawn_at)))[0] - 5) / 5


def only_reads_back(page):
    """Whether the console holds nothing but advice to a test that reads a canvas."""
    return all("willReadFrequently" in entry["message"] for entry in page.get_log("browser"))


def seek(page, moment):
    page.execute_script(
        "const scrub = document.getElementById('scrub'); scrub.value = arguments[0];"
        "scrub.dispatchEvent(new Event('input'));",
        moment,
    )


@pytest.mark.parametrize("kind", PAGES)
def test_the_slider_moves_the_picture(kind, filmed, page, monkeypatch, tmp_path):
    track, backdrop = filmed
    bound(monkeypatch, backdrop, kind)
    shown = paused(page(track, background=backdrop, name="Größe 100% #1"))
    beside = tmp_path / "Größe 100% #1.pictures.mp4"
    assert beside.exists() == (kind == "film beside")
    for moment in (39, 0, 20, 21):
        seek(shown, moment)
        assert frame(shown) == moment + 1
        wait_until(lambda moment=moment: abs(picture_shown(shown) - moment) < 0.5)
        nobody = not 5 <= moment < 35
        for mark in ("nobody", "absent"):
            assert shown.find_element("id", mark).is_displayed() == nobody
    assert shown.find_element("id", "trouble").text == ""


@pytest.mark.parametrize("kind", ["one by one", "film in the page"])
def test_picture_and_joints_are_of_one_moment_while_it_plays(kind, filmed, page, monkeypatch):
    track, backdrop = filmed
    bound(monkeypatch, backdrop, kind)
    shown = page(track, background=backdrop)
    shown.execute_script(
        "window.drawn = []; const [image, scene] = [drawImage, drawScene];"
        "window.drawImage = (context, frame, picture, figures, ...rest) => {"
        "  image(context, frame, picture, figures, ...rest);"
        "  const row = context.canvas.height / 2;"
        "  drawn.push([context.getImageData(9, row, 1, 1).data[0], figures[0]?.points[0]]);"
        "};"
        "window.drawScene = (context, view, figures, ...rest) => {"
        "  drawn.at(-1).push(figures[0]?.points[0]);"
        "  return scene(context, view, figures, ...rest);"
        "};"
    )
    wait_until(lambda: shown.execute_script("return drawn.length") > 50)
    staged = stage.set_on_stage([track])[0][:, 0]
    numbers = []
    for grey, seen, posed in shown.execute_script("return drawn"):
        if seen is None:
            assert posed is None
            continue
        of_2d = np.abs(track.keypoints[:, 0] - seen).sum(axis=-1).argmin()
        of_3d = np.abs(staged - posed).sum(axis=-1).argmin()
        assert of_2d == of_3d
        assert abs((grey - 5) / 5 - (5 + of_2d)) <= 0.6  # A film's greys are not exact.
        numbers.append(of_2d)
    assert len(set(numbers)) > 15
    assert only_reads_back(shown)


def test_the_page_says_that_its_film_is_missing(filmed, page, monkeypatch, tmp_path):
    track, backdrop = filmed
    bound(monkeypatch, backdrop, "film beside")
    shown = page(track, background=backdrop)
    (tmp_path / "walk.pictures.mp4").unlink()
    browser.show(shown, tmp_path / "walk.html")
    trouble = shown.find_element("id", "trouble")
    wait_until(lambda: "walk.pictures.mp4, which is not beside this page" in trouble.text)
    seek(paused(shown), 20)
    before = drawn(shown)
    click(shown, "forward")
    assert drawn(shown) != before  # All else goes on.
    assert all("ERR_FILE_NOT_FOUND" in entry["message"] for entry in shown.get_log("browser"))


def test_each_person_has_a_colour_and_one_of_them_can_be_hidden(page):
    shown = paused(page(pose_track("a"), pose_track("b", seed=3)))
    swatches = shown.find_elements("css selector", "#people i")
    found = [swatch.value_of_css_property("background-color") for swatch in swatches]
    rgb = [ImageColor.getrgb(colours.PEOPLE[number]) for number in (0, 1)]
    assert [[*map(int, re.findall(r"\d+", one)[:3])] for one in found] == [[*one] for one in rgb]

    def inks(canvas):
        return shown.execute_script(
            "const canvas = document.getElementById(arguments[0]);"
            "const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width,"
            " canvas.height); const counts = [0, 0];"
            "for (let i = 0; i < data.length; i += 4) arguments[1].forEach((rgb, person) => {"
            "  counts[person] += rgb.every((part, at) => Math.abs(data[i + at] - part) < 3); });"
            "return counts",
            canvas,
            rgb,
        )

    drawn(shown)
    assert min(inks("image") + inks("scene")) > 20
    shown.find_element("css selector", "#people input").click()
    drawn(shown)
    for canvas in ("image", "scene"):
        hidden, left = inks(canvas)
        assert hidden < 5 < 20 < left
    assert only_reads_back(shown)


# === Without a browser ===
def test_only_a_page_that_needs_a_film_may_load_one(filmed, tmp_path, monkeypatch):
    track, backdrop = filmed
    policies = []
    for kind in PAGES:
        bound(monkeypatch, backdrop, kind)
        output.write([track], tmp_path / "a.html", backdrop)
        text = (tmp_path / "a.html").read_text(encoding="utf-8")
        policies.append(re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1])
    assert "media-src" not in policies[0]
    assert "media-src blob:;" in policies[1]
    assert "media-src 'self';" in policies[2]
    for policy in policies:
        assert policy.startswith("default-src 'none';")
        assert "img-src data:;" in policy
