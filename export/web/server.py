"""Serves an exported page on this machine, to try it: browsers give the camera to localhost."""

import functools
import http.server
import pathlib

_TYPES = {  # What the system's own list may lack, or have otherwise.
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".tflite": "application/octet-stream",
    ".task": "application/octet-stream",
    ".bin": "application/octet-stream",
}


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map = _TYPES | {"": "application/octet-stream"}

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")  # The service worker keeps the page.
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def list_directory(self, path):
        self.send_error(404)

    def log_message(self, *arguments):
        pass


def open_server(folder: pathlib.Path, port: int) -> http.server.ThreadingHTTPServer:
    """A server of a folder at `localhost`; `serve_forever` runs it.

    Args:
        folder: of the page.
        port: to listen on; 0 for any free one.

    Raises:
        OSError: the port is taken.
    """
    handler = functools.partial(_Handler, directory=str(folder))
    return http.server.ThreadingHTTPServer(("localhost", port), handler)
