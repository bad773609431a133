"""Chromium without a window and without a network, for the tests of the viewer and of the page."""

import contextlib
import json
import pathlib
import shutil
import tempfile

import pytest

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--proxy-server=127.0.0.1:9",  # nothing answers there
    "--hide-scrollbars",
)


@contextlib.contextmanager
def open_browser(width=1280, height=800, flags=(), downloads=None, log_requests=False):
    """A Selenium driver; the test skips where Chromium or its driver is not installed.

    Args:
        flags: of Chromium, more than the usual ones.
        downloads: a folder for what pages save.
        log_requests: keep what `requests` tells.
    """
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if not browser or not driver:
        pytest.skip("no Chromium with chromedriver: apt-get install chromium chromium-driver")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    logs = {"browser": "ALL"} | ({"performance": "ALL"} if log_requests else {})
    options.set_capability("goog:loggingPrefs", logs)
    if downloads is not None:
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (
            *_FLAGS,
            *flags,
            f"--window-size={width},{height}",
            f"--user-data-dir={profile}",
        ):
            options.add_argument(flag)
        service = webdriver.ChromeService(executable_path=driver)
        session = webdriver.Chrome(options=options, service=service)
        try:
            yield session
        finally:
            session.quit()


def show(session, path: pathlib.Path) -> None:
    """Opens a file."""
    session.get(path.resolve().as_uri())


def requests(session) -> list[str]:
    """The addresses that pages have asked for since the last call, whoever answered."""
    entries = (json.loads(entry["message"])["message"] for entry in session.get_log("performance"))
    urls = [
        entry["params"]["request"]["url"]
        for entry in entries
        if entry["method"] == "Network.requestWillBeSent"
    ]
    return [url for url in urls if not url.startswith(("data:", "blob:", "chrome:"))]
