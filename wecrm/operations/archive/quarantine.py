"""What could not be read, tried again: when a key has turned up, or the library got better."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo

import msgspec

from wecrm.i18n import _
from wecrm.models.clock import Progress, Run
from wecrm.models.table import Column, Table
from wecrm.operations.archive.openings import Opener, understood
from wecrm.store.archive import pages, quarantines
from wecrm.store.archive.derived import Memory
from wecrm.store.archive.pages import Counts, Derive
from wecrm.store.database import Store


def retry(
    store: Store,
    opener: Opener,
    run: Run,
    tz: tzinfo,
    *,
    derive: Sequence[Derive] = (),
    versions: Sequence[int] | None = None,
    reasons: Sequence[str] = (),
) -> Counts:
    """Try everything once that waits (of those versions and reasons); what becomes readable becomes a record.

    `quarantined` of the answer is what still waits. Stops cleanly between batches.
    """
    memory, done = Memory(tz), Counts()
    upto = quarantines.newest_id(store)
    for batch in quarantines.waiting(store, versions=versions, reasons=reasons, upto=upto):
        run.check()
        sealed = [one for one in batch if one.plain is None and one.reason != "malformed"]
        items = list(zip((one.id for one in sealed), opener.read([one.sealed for one in sealed]), strict=True))
        items += [(one.id, understood(one.sealed, 0, one.plain)) for one in batch if one.plain is not None]
        done.add(pages.store_recovered(store, memory, items, now=int(run.clock.now()), derive=derive))
        done.quarantined += len(batch) - len(items)
        run.progress(Progress("archive quarantine", done.new + done.doubled + done.quarantined))
    return done


def summed(store: Store) -> Table:
    """What waits by version of the public key and reason."""
    columns = (
        Column("publickey_ver", _("Key version"), "int"),
        Column("reason", _("Reason")),
        Column("code", _("Code"), "int"),
        Column("messages", _("Messages"), "int"),
    )
    return Table("quarantine", columns, quarantines.tally(store.connection))


def count_waiting(store: Store) -> int:
    """How many messages wait."""
    return sum(n for _version, _reason, _code, n in quarantines.tally(store.connection))


def each(store: Store) -> Table:
    """What waits, a row for each message; no ciphertext."""
    columns = (
        Column("id", _("Number"), "int"),
        Column("msgid", _("Message"), "id"),
        Column("seq", _("Position"), "id"),
        Column("publickey_ver", _("Key version"), "int"),
        Column("reason", _("Reason")),
        Column("code", _("Code"), "int"),
        Column("stored_at", _("Stored"), "time"),
        Column("attempts", _("Attempts"), "int"),
        Column("tried_at", _("Tried"), "time"),
    )
    rows = (
        (
            *(one.id, one.sealed.msgid, str(one.sealed.seq), one.sealed.publickey_ver, one.reason, one.code),
            *(one.stored_at, one.attempts, one.tried_at),
        )
        for batch in quarantines.waiting(store)
        for one in batch
    )
    return Table("quarantine", columns, rows)


def sealed_lines(store: Store) -> Iterator[bytes]:
    """What waits as it came from WeCom, one JSON object per line; never a plaintext."""
    for batch in quarantines.waiting(store):
        for one in batch:
            yield msgspec.json.encode(one.sealed) + b"\n"
