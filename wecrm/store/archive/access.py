"""Who looked at which messages, when and why: an append-only, chained log in the archive itself."""

from wecrm.i18n import _
from wecrm.models.table import Column, Table
from wecrm.store.archive import chain
from wecrm.store.archive.derived import cleaned
from wecrm.store.database import Store


def write(store: Store, at: float, who: str, command: str, reason: str, filter_: str, rows: int) -> None:
    """Add one access, durably, before its rows are shown."""
    with store.write() as db:
        texts = map(cleaned, (who, command, reason, filter_))
        chain.put(db, "access", [(int(at), *texts, rows)])


def listed(store: Store) -> Table:
    """Every access, newest first."""
    columns = (
        Column("at", _("At"), "time"),
        Column("who", _("Who")),
        Column("command", _("Command")),
        Column("reason", _("Reason")),
        Column("filter", _("Filter")),
        Column("rows", _("Messages"), "int"),
        Column("id", _("Number"), "int"),
    )
    query = "SELECT at, who, command, reason, filter, rows, id FROM access ORDER BY id DESC"
    return Table("accesses", columns, store.connection.execute(query))
