"""The world over WSGI: mounted in an HTTP client, or behind a port."""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import quote

from wecrm.sandbox import faults, openapi, pictures
from wecrm.sandbox.callers import pid_of_caller
from wecrm.sandbox.exchange import Reply, Request, exchange
from wecrm.sandbox.faults import LIBRARY, Fault
from wecrm.sandbox.remote import PREFIX, operate
from wecrm.sandbox.state.media import File
from wecrm.sandbox.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

JSON_TYPE: Final = "application/json; charset=UTF-8"
LARGEST_BODY: Final = 21 * 1024 * 1024  # a file of 20 MB and what a form puts around it
PORT_OF_SERVER: Final = "wecrm.sandbox.port"


class SlowAnswer(ConnectionError, TimeoutError):
    """In process: the answer took longer than any client waits, and nobody was left to read it."""


def wsgi(world: World, *, latency_s: float = 0.0, remote_addr: str | None = None) -> "WSGIApplication":
    """The world as a WSGI application; any number of threads may call it.

    Args:
        world: what answers.
        latency_s: real seconds that every call takes at least.
        remote_addr: the caller's address, instead of what the server or client says.

    Called in process, a closed connection is a `ConnectionError` out of the application, and an answer
    that is too slow is one too (`SlowAnswer`) after the world's time has moved.
    """

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        body = _body(environ)
        if path == openapi.ADDRESS:
            return _send(start_response, "200 OK", openapi.document())
        if path.startswith(PREFIX):
            status, answer = operate(world, path.removeprefix(PREFIX), body)
            return _send(start_response, status, answer)
        if path.startswith(pictures.PREFIX):
            return _picture(world, path, environ, start_response)
        request = Request(
            environ["REQUEST_METHOD"],
            path,
            environ.get("QUERY_STRING", ""),
            body,
            remote_addr or environ.get("REMOTE_ADDR") or "127.0.0.1",
            None if world.served else os.getpid(),
            environ.get("CONTENT_TYPE", ""),
        )
        with world.flights.boarding(path) as crowd:
            if latency_s:
                time.sleep(latency_s)
            reply = exchange(world, request, crowd)
        return _deliver(world, reply, environ, start_response)

    return application


def _picture(world: World, path: str, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """What the public host of the pictures answers; no call of an API, so not in the log."""
    with world.writing():
        fault = faults.draw(world, faults.PICTURES)
    kind = fault.kind if fault else ""
    png = pictures.draw(world, path)
    if png is None or kind == "http404":
        return _send(start_response, "404 Not Found", b"", "text/plain")
    if kind == "redirect":
        start_response("302 Found", [("Location", pictures.another(world, path)), ("Content-Length", "0")])
        return [b""]
    if fault is None or kind == "large":
        return _send(start_response, "200 OK", png + bytes(pictures.TOO_MUCH if fault else 0), "image/png")
    content = faults.spoil(kind, png) if kind in faults.BODIES else png
    return _deliver(world, Reply(None, content, fault), environ, start_response)


def _body(environ: "WSGIEnvironment") -> bytes:
    stream: Any = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH")
    if length:
        body, more = bytes(stream.read(min(int(length), LARGEST_BODY))), int(length) - LARGEST_BODY
        while more > 0 and (dropped := len(stream.read(min(more, LARGEST_BODY)))):  # or it is taken for the next call
            more -= dropped
        return body
    if environ.get("wsgi.input_terminated") or "werkzeug.socket" not in environ:
        return bytes(stream.read(LARGEST_BODY))
    return b""


def _send(start_response: "StartResponse", status: str, body: bytes, content_type: str = JSON_TYPE) -> Iterable[bytes]:
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]


def _send_file(start_response: "StartResponse", file: File) -> Iterable[bytes]:
    name = quote(file.name, safe="")  # a header takes nothing but ASCII
    head = [
        ("Content-Type", file.kind or "application/octet-stream"),
        ("Content-Disposition", f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"),
        ("Content-Length", str(len(file.content))),
    ]
    start_response("200 OK", head)
    return [file.content]


def _deliver(
    world: World, reply: Reply, environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """Send the reply, or do what the fault does to it."""
    fault = reply.fault
    kind = fault.kind if fault else ""
    body = reply.body
    if kind == "http502":
        return _send(start_response, "502 Bad Gateway", body, "text/html")
    if kind == "close" or kind in LIBRARY:
        raise ConnectionResetError("the sandbox closed the connection")
    if kind == "kill":
        _kill(environ)
    if kind == "slow" and fault:
        _be_slow(world, fault)
    if kind == "cut" and world.served:
        return _cut(start_response, body)
    if reply.file:
        return _send_file(start_response, reply.file)
    if world.switch("raw_controls"):
        body = body.replace(b"\\u001b", b"\x1b").replace(b"\\u0007", b"\x07").replace(b"\\t", b"\t")
    return _send(start_response, "200 OK", body)


def _kill(environ: "WSGIEnvironment") -> NoReturn:
    """End the calling process at once: this one in process, else whoever holds the socket's other end."""
    if "werkzeug.socket" in environ:
        pid = pid_of_caller(int(environ["REMOTE_PORT"]), int(environ["SERVER_PORT"]))
    else:
        pid = os.getpid()
    if pid:
        os.kill(pid, signal.SIGKILL)
    raise ConnectionResetError("the sandbox was to kill the calling process")


def _be_slow(world: World, fault: Fault) -> None:
    if world.served:
        time.sleep(fault.seconds)
        return
    world.advance(fault.seconds)
    raise SlowAnswer(f"no answer within {fault.seconds:g} s of the sandbox's time")


def _cut(start_response: "StartResponse", body: bytes) -> Iterator[bytes]:
    """Half of an announced body, then the connection breaks."""
    start_response("200 OK", [("Content-Type", JSON_TYPE), ("Content-Length", str(2 * len(body)))])
    yield body
    raise ConnectionResetError("the sandbox cut the answer")
