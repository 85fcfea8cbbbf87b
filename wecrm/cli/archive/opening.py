"""What every verb of `wecrm archive` opens: the archive's database, its source, the private keys, the access log."""

import getpass
import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from wecrm.cli.session import Session
from wecrm.errors import WecrmError
from wecrm.i18n import _
from wecrm.models.clock import Run

if TYPE_CHECKING:
    from wecrm.api.archive.native import Settings
    from wecrm.api.client import Client
    from wecrm.models.archive import ArchiveSource
    from wecrm.models.status import ArchiveStatus
    from wecrm.operations.archive.anchors import Anchors
    from wecrm.store.archive.pages import Derive
    from wecrm.store.database import Store


def database(s: Session) -> Path:
    """Path of the corp's archive."""
    own = s.profile.archive.database
    return Path(own).expanduser() if own else s.places.data / f"{s.profile.corp_id}.archive.db"


def media_folder(s: Session) -> Path:
    """Where its media files lie."""
    own = s.profile.archive.media.folder
    return Path(own).expanduser() if own else database(s).with_suffix(".media")


def archive(s: Session, *, as_it_is: bool = False) -> "Store":
    """The corp's archive, open and migrated, `as_it_is` with a damaged schema too; closed when the run ends."""
    from wecrm.store.archive.opening import open_archive

    store = open_archive(
        database(s),
        s.profile.corp_id,
        busy_timeout_s=s.profile.busy_timeout_s,
        passphrase=passphrase(s),
        as_it_is=as_it_is,
    )
    s.at_end(store.close)
    return store


def passphrase(s: Session) -> str | None:
    """What the archive is encrypted with, resolved and never shown; None when it is not."""
    from wecrm import config as configuration

    reference = s.profile.archive.encryption
    return configuration.resolve(reference, s.options.environ) if reference else None


def private_keys(s: Session) -> dict[int, bytes]:
    """The corp's private keys (PEM) by the version of the public one; never shown.

    Raises:
        ConfigError: a reference leads nowhere.
    """
    from wecrm import config as configuration

    if s.in_sandbox:
        from wecrm.sandbox.archive import keys

        return keys.held_by_admin(s.world)
    found = s.profile.archive.keys
    return {
        version: configuration.resolve(reference, s.options.environ).encode() for version, reference in found.items()
    }


def source(s: Session) -> "ArchiveSource":
    """Where the archive comes from: the vendor's library in child processes, or the sandbox's world."""
    if s.in_sandbox:
        from wecrm.sandbox.archive.source import WorldSource

        made: ArchiveSource = WorldSource(s.world)
    else:
        from wecrm.api.archive import native

        made = native.source(_library(s))
        if made.standin:
            s.warn(_("{path} is a stand-in for tests, not WeCom's library.", path=made.found.path))
    s.at_end(made.close)
    return made


def accessed(s: Session, store: "Store", command: str, *, reason: str, filter: str, rows: int) -> None:
    """Write into the access log, and to the anchor, that messages are about to be shown; before the first of them is.

    Args:
        command: the verb's words, as `archive search`.
        reason: what `--reason` says; "" when nothing.
        filter: what narrowed the rows, as the person typed it.
        rows: how many messages are shown.

    Raises:
        ConfigError: the anchor did not take it; then nothing may be shown.
    """
    from wecrm.store.archive import access

    access.write(store, s.clock.now(), who(), command, reason, filter, rows)
    anchored(s, store)


def anchors(s: Session) -> "Anchors":
    """Where the profile wants heads of the chain to be written; its key resolved.

    Raises:
        ConfigError: the key's reference leads nowhere.
    """
    from wecrm import config as configuration
    from wecrm.operations.archive.anchors import Anchors

    own = s.profile.archive.anchor
    return Anchors(
        Path(own.file).expanduser() if own.file else None,
        own.command or "",
        own.syslog,
        configuration.resolve(own.key, s.options.environ).encode() if own.key else None,
    )


def anchored(s: Session, store: "Store") -> None:
    """Write the head of the chain to the anchor, after every pull and every access.

    Raises:
        ConfigError: a place did not take it. What was stored stays; messages about to be shown are not.
    """
    from wecrm.operations.archive import anchors as operations

    operations.anchor(store, s.profile.corp_id, anchors(s), s.clock.now())


def standing(s: Session) -> "ArchiveStatus | None":
    """How the corp's archive stands, read without changing anything; None where there is none."""
    from wecrm.store.archive.standing import read

    return read(database(s), s.profile.corp_id, passphrase(s))


def locked(s: Session) -> AbstractContextManager[None]:
    """The lock of everything that writes messages or media into the archive; hold it while the block runs."""
    from wecrm.store.locks import held

    return held(database(s), "archive")


def derivations(s: Session) -> "tuple[Derive, ...]":
    """What is written for messages in the very transaction that stores them: reply times, word hits.

    Raises:
        ConfigError: `working_hours` can't be understood.
    """
    from wecrm.cli.archive import words
    from wecrm.store.archive import replies

    return (replies.derive(s.profile.archive.working_hours, s.tz), *words.derivations(s))


def refusal(s: Session) -> WecrmError | None:
    """What is behind a 10001 of the library, which hides every failure of gettoken."""
    from wecrm.api.archive import diagnosis as api

    return api.explain(lambda: client(s, s.run))


def client(s: Session, run: Run) -> "Client":
    """A connection with the archive's secret alone, by the library's way.

    Raises:
        ConfigError: no such secret, or a proxy that can't be used.
    """
    kept = {kind: secret for kind, secret in s.secrets().items() if kind == "archive"}
    own = s.profile.archive
    proxy = own.proxy
    if proxy and own.proxy_auth and "@" not in proxy:
        scheme, _colon, rest = proxy.rpartition("://")
        user, _colon, password = _proxy_auth(s).partition(":")
        proxy = f"{scheme or 'http'}://{quote(user, safe='')}:{quote(password, safe='')}@{rest}"
    return s.connect(kept, run, patient=False, proxy=proxy)


def _library(s: Session) -> "Settings":
    """How the vendor's library is used; references resolved.

    Raises:
        ConfigError: a reference leads nowhere.
    """
    from wecrm.api.archive.native import Settings

    own = s.profile.archive
    return Settings(
        library=own.library or "",
        corp_id=s.profile.corp_id,
        secret=s.secrets().get("archive", ""),
        proxy=own.proxy or "",
        proxy_auth=_proxy_auth(s),
        timeout_s=own.timeout_s,
        processes=own.processes if own.processes is not None else os.cpu_count() or 1,
    )


def _proxy_auth(s: Session) -> str:
    """user:password of the archive's proxy; "" where it has none."""
    from wecrm import config as configuration

    reference = s.profile.archive.proxy_auth
    return configuration.resolve(reference, s.options.environ) if reference else ""


def who() -> str:
    """The person at the keyboard: the login that became another by sudo, else the process's own user."""
    real = os.environ.get("SUDO_USER")
    try:
        own = getpass.getuser()
    except (KeyError, OSError):
        own = str(os.getuid())
    return f"{real} as {own}" if real and real != own else own
