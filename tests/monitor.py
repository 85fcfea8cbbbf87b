"""A monitor on a loopback port, for heartbeats."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer


class Monitor(HTTPServer):
    """It remembers what reached it (path, headers, body); `/404…` is answered 404, and so on."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Monitor

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length", 0))
        self.server.seen.append((self.path, dict(self.headers), self.rfile.read(length)))
        word = self.path.split("/")[1]
        self.send_response(int(word) if word.isdigit() else 200)
        self.send_header("Location", "/moved")
        self.end_headers()

    def log_message(self, _format: str, *_args: object) -> None:
        return


@contextmanager
def serving() -> Iterator[Monitor]:
    """A monitor while the block runs."""
    with Monitor() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
