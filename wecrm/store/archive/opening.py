"""Opening the archive's database: made and migrated like the cache's, the cache attached where asked."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from wecrm.errors import ConfigError, IntegrityError
from wecrm.i18n import _
from wecrm.store import encryption
from wecrm.store.archive.migrations import SCHEMA_DIGEST, SCHEMA_VERSION, migrations
from wecrm.store.connections import BUSY_TIMEOUT_S, explained, rolled_back
from wecrm.store.database import Store, is_open
from wecrm.store.schemas import CURRENT, Schema, refuse_damaged

ARCHIVE = Schema(migrations, SCHEMA_VERSION, SCHEMA_DIGEST)


def open_archive(
    path: Path,
    corp_id: str,
    *,
    busy_timeout_s: float = BUSY_TIMEOUT_S,
    passphrase: str | None = None,
    as_it_is: bool = False,
) -> Store:
    """The archive's database at `path`, made (mode 0600) or migrated when needed, bound to that corp.

    Args:
        passphrase: the archive is encrypted, or will be when it is made now.
        as_it_is: with a damaged schema too, for who is going to tell what is wrong with it.

    Raises:
        ConfigError, IntegrityError, TemporaryError: as `Store.open`; ConfigError too for another corp's file,
            a plain one with a passphrase, an encrypted one without or with another.
    """
    refuse_mismatch(path, passphrase)
    schema = replace(ARCHIVE, digest="") if as_it_is else ARCHIVE
    store = Store.open(path, busy_timeout_s=busy_timeout_s, schema=schema, passphrase=passphrase)
    try:
        store.claim(corp_id)
    except BaseException:
        store.close()
        raise
    return store


def refuse_mismatch(path: Path, passphrase: str | None) -> None:
    """Refuse an encrypted file without a passphrase, and a plain one with it; encryption is never half on.

    Raises:
        ConfigError: they do not go together; nothing was touched.
        IntegrityError: the file is neither.
    """
    head = encryption.beginning(path)
    if not head:
        return
    if head == encryption.PLAIN:
        if passphrase is not None:
            raise ConfigError(
                _("The archive {path} is not encrypted, but `archive.encryption` is set.", path=path),
                _("Encryption is decided when an archive is made."),
                _("Encrypt it with `wecrm archive encrypt`, or take the setting out."),
            )
    elif not encryption.is_encrypted(path):
        raise IntegrityError(
            _("The database {path} is damaged or not a database.", path=path),
            "",
            _("Keep the file, restore a backup beside it, and compare."),
        )
    elif passphrase is None:
        raise ConfigError(
            _("The archive {path} is encrypted, but `archive.encryption` is not set.", path=path),
            _("Or its first bytes are damaged."),
            _("Set it to a reference to the passphrase with which the archive was made."),
        )


@contextmanager
def with_cache(archive: Store, cache: Path) -> Iterator[None]:
    """Inside the block the cache's tables and views are there too, as `crm.contact` and so on; nothing may write them.

    A cache that does not exist yet is not attached: ask `attached(archive)`. An encrypted archive attaches it by
    SQLCipher's own copy of SQLite, and closing a file in one copy drops the locks that the other holds: so a cache
    that this process has open already is a bug, told before any harm.
    """
    if not cache.exists():
        yield
        return
    if archive.key is not None and is_open(cache):
        raise RuntimeError("the cache is open in two copies of SQLite")
    rolled_back(cache)
    with explained(cache):
        archive.connection.execute("ATTACH DATABASE ? AS crm KEY ''", (f"{cache.absolute().as_uri()}?mode=ro",))
    try:
        refuse_damaged(cache, archive.connection, CURRENT, within="crm")
        yield
    except BaseException:
        with suppress(*encryption.errors()):  # rows that nobody reads on hold it; the first failure is the one to tell
            archive.connection.execute("DETACH DATABASE crm")
        raise
    archive.connection.execute("DETACH DATABASE crm")


def attached(archive: Store) -> bool:
    """Whether the cache is attached to this connection."""
    return any(name == "crm" for _n, name, _path in archive.connection.execute("PRAGMA database_list"))
