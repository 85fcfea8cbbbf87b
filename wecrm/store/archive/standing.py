"""How an archive stands, read without making, migrating, locking or changing it."""

import json
from pathlib import Path
from sqlite3 import Connection

from wecrm.errors import ConfigError
from wecrm.i18n import _
from wecrm.models.status import NEVER, ArchiveStatus
from wecrm.store import encryption
from wecrm.store.archive import pulls
from wecrm.store.archive.opening import refuse_mismatch
from wecrm.store.connections import reading


def read(path: Path, corp_id: str, passphrase: str | None = None) -> ArchiveStatus | None:
    """What the archive at `path` says; None where there is none.

    Raises:
        IntegrityError: it is damaged, or not a database.
        ConfigError: it is encrypted and the passphrase is missing or wrong, or it belongs to another corp.
    """
    if not path.exists():
        return None
    refuse_mismatch(path, passphrase)
    key = None if passphrase is None else encryption.key(passphrase, encryption.beginning(path))
    with reading(path, key=key) as db:
        db.execute("BEGIN")
        if not db.execute("PRAGMA user_version").fetchone()[0]:  # its very first start was broken off
            return ArchiveStatus()
        owner = db.execute("SELECT value FROM corp WHERE key = 'corp_id'").fetchone()
        if owner is not None and owner[0] != corp_id:
            raise ConfigError(
                _("The database {path} belongs to another corp ({corp}).", path=path, corp=owner[0]),
                "",
                _("Point the profile at its own database."),
            )
        return _standing(db)


def _standing(db: Connection) -> ArchiveStatus:
    last = pulls.newest(db)
    good = pulls.newest(db, pulls.SOUND)
    position = db.execute("SELECT seq FROM cursor WHERE name = 'pull'").fetchone()
    seated = db.execute("SELECT userids FROM seats WHERE edition = 0 ORDER BY id DESC LIMIT 1").fetchone()
    finished = good.finished_at if good else None
    return ArchiveStatus(
        last.state if last else NEVER,
        finished,
        None if good is None or finished is None else max(0.0, finished - good.started_at),
        int(position[0]) if position else 0,
        db.execute("SELECT coalesce(max(id), 0) FROM record").fetchone()[0],
        db.execute("SELECT count(*) FROM quarantine_state WHERE record IS NULL").fetchone()[0],
        db.execute("SELECT count(*) FROM media WHERE state IN ('wanted', 'part')").fetchone()[0],
        pulls.covered_until(db),
        tuple(gap.id for gap in pulls.gaps(db) if not gap.acknowledged),
        len(json.loads(seated[0])) if seated else None,
        last.note if last else "",
    )
