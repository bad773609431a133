"""The viewer in a browser, for the tests of pages."""

import browser
import pytest

from synpose_tf import output


@pytest.fixture(scope="module")
def chromium():
    with browser.open_browser() as session:
        yield session


@pytest.fixture
def page(chromium, tmp_path):
    """A function that shows tracks in the viewer.

    At the end the console must be empty; what a page tried to load in vain would stand there.
    """

    def show(*tracks, background=None, cameras=(), name="walk"):
        output.write(tracks, tmp_path / f"{name}.html", background, cameras)
        browser.show(chromium, tmp_path / f"{name}.html")
        return chromium

    yield show
    assert chromium.get_log("browser") == []
