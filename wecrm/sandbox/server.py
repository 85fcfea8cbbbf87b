"""The world on a loopback port, for other clients, demonstrations and load tests."""

import ipaddress
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from wecrm.sandbox.app import wsgi
from wecrm.sandbox.world import World


class _Handler(WSGIRequestHandler):
    """HTTP/1.1 that keeps connections open, which werkzeug's own handler does not.

    The application reads every body to its end, so that the next request line is what comes next.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one piece

    def run_wsgi(self) -> None:
        """Answer one request."""
        self.wfile.flush()  # "100 Continue", if it was asked for
        self.environ = environ = self.make_environ()
        head: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            head.append((status, headers))
            return self.wfile.write

        try:
            for data in self.server.app(environ, start_response):
                while head:
                    self._send_head(*head.pop())
                self.wfile.write(data)
            self.wfile.flush()
        except ConnectionError as e:
            self.connection_dropped(e, environ)

    def _send_head(self, status: str, headers: list[tuple[str, str]]) -> None:
        code, _, text = status.partition(" ")
        self.send_response(int(code), text)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        """Close the connection so that the client feels it now."""
        self.close_connection = True
        with suppress(OSError, ValueError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 (werkzeug's name)
        """Say nothing; the world keeps its own log of calls."""


def check_loopback(host: str) -> None:
    """ValueError unless nobody outside this machine can reach `host`."""
    if host != "localhost" and not _is_loopback(host):
        raise ValueError(f"the sandbox listens on loopback addresses only, not on {host}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def serve(
    world: World,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    latency_s: float = 0.0,
    ready: Callable[[str], None],
) -> None:
    """Answer on a port until Ctrl-C or SIGTERM; the world's time is real from now on.

    Args:
        world: what answers.
        host: a loopback address.
        port: 0 = a free one.
        latency_s: seconds that every call takes at least.
        ready: called with the base URL once connections are accepted.

    Raises:
        ValueError: `host` is no loopback address.
    """
    check_loopback(host)
    world.serve_from_now()
    server = make_server(host, port, wsgi(world, latency_s=latency_s), threaded=True, request_handler=_Handler)
    old = None
    if threading.current_thread() is threading.main_thread():
        old = signal.signal(signal.SIGTERM, _stop)
    try:
        shown = f"[{host}]" if ":" in host else host
        world.address = f"http://{shown}:{server.server_port}"
        ready(world.address)
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        if old is not None:
            signal.signal(signal.SIGTERM, old)


def _stop(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
