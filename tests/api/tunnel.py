"""A proxy on a loopback port that answers CONNECT and speaks TLS itself, for the host of WeCom, self-signed.

What comes out of the TLS goes to a plain HTTP server, as requests to plain addresses do. Only a client that checks
no certificate chain accepts it, as the vendor's archive library does.
"""

import datetime
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "qyapi.weixin.qq.com"

SERVER = """
import sys
from pathlib import Path
from wecrm.sandbox.server import serve
from wecrm.sandbox.world import World

serve(World.open(Path(sys.argv[1])), ready=lambda url: print(url, flush=True))
"""


@contextmanager
def served(world: Path) -> Iterator[str]:
    """The base URL of the sandbox in a process of its own."""
    process = subprocess.Popen([sys.executable, "-c", SERVER, world], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    process.stdout.close()


@dataclass
class Tunnel:
    """A running proxy: its address, what clients asked it for, the beginning of each request, each whole answer."""

    address: str
    connects: list[str] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    answers: list[bytearray] = field(default_factory=list)


@contextmanager
def tunnel(folder: Path, port: int, host: str = HOST) -> Iterator[Tunnel]:
    """A proxy in front of 127.0.0.1:`port` whose certificate is for `host`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder, host))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Tunnel(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread = threading.Thread(target=_accept, args=(listener, context, port, made), daemon=True)
        thread.start()
        yield made
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _certificate(folder: Path, host: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def _accept(listener: socket.socket, context: ssl.SSLContext, port: int, made: Tunnel) -> None:
    with suppress(OSError):
        while True:
            client, _address = listener.accept()
            threading.Thread(target=_serve, args=(client, context, port, made), daemon=True).start()


def _serve(client: socket.socket, context: ssl.SSLContext, port: int, made: Tunnel) -> None:
    with suppress(OSError), client:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        if not head.startswith(b"CONNECT "):
            with socket.create_connection(("127.0.0.1", port)) as server:
                _relay(client, server, head, bytearray())
            return
        made.connects.append(head.split(b"\r\n")[0].decode())
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with (
            context.wrap_socket(client, server_side=True) as inside,
            socket.create_connection(("127.0.0.1", port)) as server,
        ):
            request, answer = inside.recv(65536), bytearray()
            made.requests.append(request)
            made.answers.append(answer)
            _relay(inside, server, request, answer)


def _relay(client: socket.socket, server: socket.socket, begun: bytes, answer: bytearray) -> None:
    server.sendall(begun)
    threading.Thread(target=_pump, args=(client, server, bytearray()), daemon=True).start()
    _pump(server, client, answer)


def _pump(source: socket.socket, target: socket.socket, seen: bytearray) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            seen += data
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
