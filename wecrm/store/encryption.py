"""Database files encrypted at rest: the key that a passphrase makes, and connections that use it (SQLCipher).

SQLCipher is imported only where a key is used. A file tells in its first 16 bytes what it is: SQLite's own
words when it is plain, else the salt of its key: 12 random bytes and 4 by which a wrong passphrase is told
from a damaged file.
"""

import hashlib
import hmac
import os
import re
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from wecrm.errors import ConfigError
from wecrm.i18n import _

PLAIN: Final = b"SQLite format 3\0"
"""How a database that is not encrypted begins."""

_SALT = 16
_CHECK = 4
_PAGE = 4096


@dataclass(frozen=True, slots=True)
class Key:
    """What opens one encrypted file; nothing of it is ever shown."""

    salt: bytes = field(repr=False)
    main: bytes = field(repr=False)

    def of(self, purpose: str) -> bytes:
        """32 bytes for one purpose alone; they tell nothing of those for another."""
        return hmac.digest(self.main, purpose.encode(), "sha256")


def key(passphrase: str, salt: bytes | None = None) -> Key:
    """The key that a passphrase makes with the salt of a file; without one, with a new salt.

    64 hexadecimal digits are taken as the key itself, without the work that makes guessing slow.

    Raises:
        ConfigError: the salt belongs to another passphrase.
    """
    free = os.urandom(_SALT - _CHECK) if salt is None else salt[:-_CHECK]
    if re.fullmatch("[0-9a-fA-F]{64}", passphrase):
        secret = hmac.digest(bytes.fromhex(passphrase), free, "sha256")
    else:
        # some 0.1 s and 32 MB for one guess
        secret = hashlib.scrypt(passphrase.encode(), salt=free, n=1 << 15, r=8, p=1, maxmem=1 << 26, dklen=32)
    check = hmac.digest(secret, b"check", "sha256")[:_CHECK]
    if salt is not None and not hmac.compare_digest(check, salt[-_CHECK:]):
        raise ConfigError(
            _("The key in `archive.encryption` does not open the archive."),
            _("The archive was encrypted with another one (or its first bytes are damaged)."),
            _("Refer to the passphrase with which it was made; nothing was changed."),
        )
    return Key(free + check, secret)


def beginning(path: Path) -> bytes:
    """The first 16 bytes of the file at `path`; b"" when there is none or nothing in it."""
    try:
        with path.open("rb") as stream:
            return stream.read(_SALT)
    except FileNotFoundError:
        return b""


def is_encrypted(path: Path) -> bool:
    """Whether the file at `path` looks like an encrypted database: whole pages that do not begin like a plain one."""
    head = beginning(path)
    return len(head) == _SALT and head != PLAIN and any(head) and path.stat().st_size % _PAGE == 0


def connect(path: Path, own: Key | None, *, mode: str = "", timeout_s: float) -> sqlite3.Connection:
    """A connection in autocommit mode to the file at `path`, with its key where it has one.

    Args:
        mode: what the address of the file ends with, as `?mode=ro`.

    Raises:
        ConfigError: SQLCipher is not installed.
    """
    address = path.absolute().as_uri() + mode
    if own is None:
        return sqlite3.connect(address, timeout=timeout_s, isolation_level=None, uri=True)
    db = _with_sqlcipher(address, timeout_s)
    db.execute(f'PRAGMA key = "{raw(own)}"')
    return db


def connect_plain(path: Path, *, timeout_s: float) -> sqlite3.Connection:
    """A connection to a file that is not encrypted, through SQLCipher: files with a key can be attached to it."""
    return _with_sqlcipher(path.absolute().as_uri(), timeout_s)


def _with_sqlcipher(address: str, timeout_s: float) -> sqlite3.Connection:
    opened = _sqlcipher().connect(address, timeout=timeout_s, isolation_level=None, uri=True)
    db = cast("sqlite3.Connection", opened)  # the same interface, but not a subclass
    db.execute("PRAGMA cipher_log_level = NONE")  # else it writes to stderr by itself
    return db


def raw(own: Key) -> str:
    """The key as SQLCipher takes it, with its salt and without work of its own: `x'…'`."""
    return f"x'{own.of('database').hex()}{own.salt.hex()}'"


def begin(path: Path, passphrase: str) -> Key:
    """Make the empty file at `path` an encrypted database without tables; its key. One process at a time."""
    own = key(passphrase)
    with closing(connect(path, own, timeout_s=0)) as db:
        db.execute("PRAGMA journal_mode = WAL")  # writes the first page, and with it the salt
    return own


def errors() -> tuple[type[Exception], ...]:
    """The errors of SQLite as they may come now: those of SQLCipher only when it is in use."""
    theirs = sys.modules.get("sqlcipher3.dbapi2")
    return (sqlite3.DatabaseError, *([theirs.DatabaseError] if theirs else []))


def _sqlcipher() -> Any:
    try:
        from sqlcipher3 import dbapi2
    except ImportError as error:
        raise ConfigError(
            _("Encryption needs SQLCipher, which is not installed."),
            str(error),
            _("Run: pip install 'wecrm[encryption]'"),
        ) from error
    return dbapi2
