"""A page of this computer that shows events as they come (server-sent events).

Only this computer reaches it: it listens on the loopback address, and answers no page of another
name that a browser was led to believe is this one.
"""

import http.server
import importlib.resources
import json
import threading
from collections.abc import Iterator
from typing import Any

from synpose_tf.errors import SynposeError

ADDRESS = "127.0.0.1"
_POLICY = (
    "default-src 'none'; img-src data:; connect-src 'self'; style-src 'unsafe-inline'; "
    "script-src 'self'"
)
_FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}


class Server:
    """Serves the page and what is shown, from threads of its own.

    Args:
        port: 0 for any that is free.

    Attributes:
        address: of the page.

    Raises:
        SynposeError: the port is taken.
    """

    def __init__(self, port: int = 0):
        self._changed = threading.Condition()
        self._event = b""
        self._number, self._ended = 0, False
        try:
            self._server = http.server.ThreadingHTTPServer((ADDRESS, port), self._handler())
        except OSError as error:
            raise SynposeError(f"port {port} of {ADDRESS} can't be had ({error}).") from error
        self._server.daemon_threads = True
        self.address = f"http://{ADDRESS}:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def show(self, event: dict[str, Any]) -> None:
        """Sends an event to whoever looks; who is too slow for one gets the next."""
        with self._changed:
            self._event = b"data: " + json.dumps(event).encode() + b"\n\n"
            self._number += 1
            self._changed.notify_all()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        return type("Handler", (_Handler,), {"shown": self})

    def events(self) -> Iterator[bytes]:
        """Yields events as they are sent, from now on."""
        seen = self._number
        while True:
            with self._changed:
                while self._number == seen and not self._ended:
                    self._changed.wait()
                if self._ended:
                    return
                event, seen = self._event, self._number
            yield event

    def close(self) -> None:
        """Ends it."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    shown: Server

    def do_GET(self):
        host = self.headers.get("Host", "").rpartition(":")[0]
        if host not in (ADDRESS, "localhost"):
            self.send_error(403)
        elif self.path in _FILES:
            name, kind = _FILES[self.path]
            folder = importlib.resources.files("synpose_tf.live")
            self._head(kind)
            self.wfile.write(folder.joinpath(name).read_bytes())
        elif self.path == "/events":
            self._head("text/event-stream")
            try:
                for event in self.shown.events():
                    self.wfile.write(event)
                    self.wfile.flush()
            except OSError:  # The page was closed.
                return
        else:
            self.send_error(404)

    def _head(self, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()

    def log_message(self, *arguments):
        """Says nothing: the terminal is the user's."""
