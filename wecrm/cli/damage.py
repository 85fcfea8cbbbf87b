"""Looking at the databases of a run that SQLite refused to work on: is it them, or is it wecrm?"""

from wecrm.cli.session import Session
from wecrm.errors import IntegrityError, WecrmError


def found(s: Session) -> IntegrityError | None:
    """What is damaged in the schema of the corp's database or of its archive; None: it is not that."""
    from wecrm.cli.archive import opening
    from wecrm.store import encryption, schemas
    from wecrm.store.archive.opening import ARCHIVE
    from wecrm.store.connections import reading

    try:
        if s.database.exists():
            with reading(s.database) as db:
                schemas.refuse_damaged(s.database, db, schemas.CURRENT)
        path = opening.database(s)
        if path.exists():
            passphrase = opening.passphrase(s)
            key = None if passphrase is None else encryption.key(passphrase, encryption.beginning(path))
            with reading(path, key=key) as db:
                schemas.refuse_damaged(path, db, ARCHIVE)
    except IntegrityError as damage:
        return damage
    except WecrmError:  # it can't even be looked at: what was met first is told
        return None
    return None
