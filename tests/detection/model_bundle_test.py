"""The detector's model is fetched once, whole, and only it; from a server of the test's own."""

import functools
import hashlib
import http.server
import threading

import platformdirs
import pytest

from synpose_tf.detection import model_bundle
from synpose_tf.errors import SynposeError

CONTENT = bytes(range(256)) * 300
FACTS = {"size": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}


class Handler(http.server.SimpleHTTPRequestHandler):
    asked = 0

    def do_GET(self):
        type(self).asked += 1
        super().do_GET()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The address of a server whose folder holds `model.task`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "www"
    folder.mkdir()
    (folder / "model.task").write_bytes(CONTENT)
    Handler.asked = 0
    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_it_is_fetched_once(server, tmp_path, capsys):
    paths = [model_bundle.obtain(f"{server}/model.task", **FACTS) for _ in range(2)]
    assert Handler.asked == 1
    assert paths[0] == paths[1] == model_bundle.cache_folder() / "model.task"
    assert paths[0].read_bytes() == CONTENT
    assert capsys.readouterr().out.count("fetching the detector's model, 0.1 MB, once") == 1
    if platformdirs.unix.Unix == platformdirs.PlatformDirs:
        assert paths[0].parent == tmp_path / "cache" / "synpose_tf"


def test_a_damaged_one_is_fetched_again(server):
    path = model_bundle.obtain(f"{server}/model.task", **FACTS)
    path.write_bytes(CONTENT[:-1] + b"x")
    assert model_bundle.obtain(f"{server}/model.task", **FACTS).read_bytes() == CONTENT
    assert Handler.asked == 2


def test_another_file_is_refused(server, tmp_path):
    for content in (CONTENT[:-1], CONTENT + b"x", CONTENT[::-1]):
        (tmp_path / "www" / "model.task").write_bytes(content)
        with pytest.raises(SynposeError, match=r"what came is another file \(\d+,\d+ bytes, expec"):
            model_bundle.obtain(f"{server}/model.task", **FACTS)
    assert not list(model_bundle.cache_folder().rglob("*.task"))


def test_without_a_network_it_is_said_where_the_model_comes_from(server):
    with pytest.raises(SynposeError, match=r"can't be fetched .*404.* give --detector_model=FILE"):
        model_bundle.obtain(f"{server}/absent.task", **FACTS)
    with pytest.raises(SynposeError, match=r"Fetch http://127.0.0.1:9/model.task where there is a"):
        model_bundle.obtain("http://127.0.0.1:9/model.task", **FACTS)


def test_the_facts_are_those_of_the_real_bundle(shared_data):
    bundle = shared_data / "mediapipe" / "pose_landmarker_full.task"
    assert bundle.stat().st_size == model_bundle.SIZE
    assert model_bundle.checksum(bundle) == model_bundle.SHA256
    assert model_bundle.URL.endswith(f"/{bundle.name}")
