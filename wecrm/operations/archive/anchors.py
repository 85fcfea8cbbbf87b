"""Writing the head of the archive's chain where whoever can change the archive cannot: the anchor.

After each pull and each access. A hash chain alone shows a changed row only as long as nobody computes the
whole chain anew; a head kept elsewhere shows that too.
"""

import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from wecrm.errors import ConfigError, UsageError
from wecrm.files import anchors as files
from wecrm.i18n import _
from wecrm.store.archive import chain
from wecrm.store.database import Store

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

COMMAND_TIMEOUT_S: Final = 10
"""A command that takes the line and does not end is given up after so long."""


@dataclass(frozen=True, slots=True)
class Anchors:
    """Where heads go: any of the three, or none. `key` is an Ed25519 private key (PEM) that signs them."""

    file: Path | None = None
    command: str = ""
    syslog: bool = False
    key: bytes | None = None

    def __bool__(self) -> bool:
        return bool(self.file or self.command or self.syslog)


def anchor(store: Store, corp_id: str, places: Anchors, at: float) -> chain.Head:
    """Write the newest link of the archive's chain to every place; that link.

    All places are tried, also when one fails. What was stored stays stored in any case.

    Args:
        at: unix seconds.

    Raises:
        ConfigError: a place did not take it (the first that failed), or the key is none.
    """
    head = chain.head(store.connection)
    if not places:
        return head
    if places.file is not None and places.file.absolute().parent == store.path.absolute().parent:
        raise ConfigError(
            _("The anchor {path} lies in the archive's own folder.", path=places.file),
            _("Whoever can exchange the one can exchange the other."),
            _("Set archive.anchor.file to a place that this computer's users can only append to."),
        )
    line = files.encoded(_signed(files.Line(int(at), corp_id, head.n, head.hash.hex(), files.VERSION), places.key))
    failed: list[ConfigError] = []
    for write in _writers(places):
        try:
            write(line)
        except ConfigError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return head


def _writers(places: Anchors) -> list[Callable[[str], None]]:
    found: list[Callable[[str], None]] = []
    if places.file is not None:
        found.append(partial(files.append, places.file))
    if places.command:
        found.append(partial(_command, places.command))
    if places.syslog:
        found.append(_syslog)
    return found


def _command(command: str, line: str) -> None:
    try:
        words = shlex.split(command)
        done = subprocess.run(  # noqa: S603 the profile's own command
            words, input=f"{line}\n".encode(), capture_output=True, timeout=COMMAND_TIMEOUT_S, check=False
        )
        why = "" if done.returncode == 0 else _("It ended with code {code}.", code=done.returncode)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        why = type(error).__name__
    if why:
        raise ConfigError(
            _("The anchor's command did not take the line."),
            why,
            _("It gets one line on its standard input and has {n} s: see archive.anchor.command.", n=COMMAND_TIMEOUT_S),
        )


def _syslog(line: str) -> None:
    try:
        import syslog
    except ImportError:
        raise ConfigError(
            _("This system has no syslog."), "", _("Set archive.anchor.file or archive.anchor.command instead.")
        ) from None
    syslog.openlog("wecrm", 0, syslog.LOG_AUTH)
    syslog.syslog(syslog.LOG_NOTICE, line)


def _signed(line: files.Line, pem: bytes | None) -> files.Line:
    if pem is None:
        return line
    key = private_key(pem)
    named = replace(line, key=key_id(key.public_key()))
    return replace(named, signature=key.sign(named.signed()).hex())


def private_key(pem: bytes) -> "Ed25519PrivateKey":
    """The Ed25519 key in this PEM.

    Raises:
        ConfigError: another kind of key, or none.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        found = None
    if not isinstance(found, Ed25519PrivateKey):
        raise ConfigError(
            _("The anchor's key is no Ed25519 private key in PEM."),
            "",
            "openssl genpkey -algorithm ed25519 -out anchor.pem",
        )
    return found


def public_key(pem: bytes) -> "Ed25519PublicKey":
    """The Ed25519 public key in this PEM.

    Raises:
        UsageError: another kind of key, or none.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        found = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        found = None
    if not isinstance(found, Ed25519PublicKey):
        raise UsageError(
            _("This is no Ed25519 public key in PEM."), "", "openssl pkey -in anchor.pem -pubout -out anchor.pub"
        )
    return found


def key_id(key: "Ed25519PublicKey") -> str:
    """What lines call the key by: the first 16 hex digits of the SHA-256 of its 32 bytes."""
    return sha256(key.public_bytes_raw()).hexdigest()[:16]


def is_genuine(key: "Ed25519PublicKey", line: files.Line) -> bool:
    """Whether that key signed the line."""
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(bytes.fromhex(line.signature), line.signed())
    except (InvalidSignature, ValueError):
        return False
    return True


def public_pem(pem: bytes) -> bytes:
    """The public half (PEM) of a private key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return private_key(pem).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
