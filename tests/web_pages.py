"""An exported page with an untrained lifter, and how tests use it in a browser."""

import contextlib
import json
import os
import pathlib
import threading
import time
import zipfile

from synpose_tf.export import formats
from synpose_tf.export.web import server


def export(lifter, views, folder: pathlib.Path, detector: pathlib.Path | None):
    """Writes a page; a detector that is none becomes a bundle without a model.

    Returns:
        The format, bound to its detector.
    """
    lifter.__dict__["training"] = views
    if detector is None:
        detector = folder.parent / "empty.task"
        with zipfile.ZipFile(detector, "w") as archive:
            archive.writestr("empty", "")
    folder.mkdir()
    (format,) = formats.select(["web"], str(detector))
    format.write(lifter, folder)
    return format


@contextlib.contextmanager
def served(folder):
    """Serves a folder; gives the server and its address."""
    page = server.open_server(folder, 0)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    try:
        yield page, f"http://localhost:{page.server_port}/"
    finally:
        page.shutdown()
        page.server_close()


def changed(folder, target, **files):
    """A page whose named files are other ones, or None for none; the rest is linked."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in files:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target / name)
    for name, content in files.items():
        if content is not None:
            (target / name).write_bytes(content)
    return target


def wait(condition, seconds=60):
    """What a condition gives, once it gives something."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return found


def text(session, name):
    return session.find_element("id", name).text


def opened(session, address):
    """Opens the page, and waits until it can be used."""
    session.get(address)
    wait(lambda: session.execute_script("return document.documentElement.dataset.ready"))
    return session


def complaint(session):
    """The sentence that the page says of a failure, once it does."""
    return wait(lambda: text(session, "alert"))


def choose(session, *paths):
    """Opens files, as by the page's button."""
    session.find_element("id", "file").send_keys("\n".join(str(path) for path in paths))


def saved(session, button, folder: pathlib.Path, name: str) -> str:
    """The text of a file that a button saves."""
    path = folder / name
    path.unlink(missing_ok=True)
    session.find_element("id", button).click()
    wait(path.exists)
    wait(lambda: path.stat().st_size)
    return path.read_text(encoding="utf-8")


def saved_poses(session, folder):
    """The tracks of the JSON that the page saves."""
    return json.loads(saved(session, "json", folder, "poses.json"))
