"""Customers per channel."""

from wecrm.i18n import _
from wecrm.models.table import Column, Table
from wecrm.store import figures
from wecrm.store.database import Store


def build(store: Store) -> Table:
    """One row per channel (`state`): relations ever seen, still active, and the share that stayed."""
    columns = (
        Column("channel", _("Channel")),
        Column("added", _("Added"), "int"),
        Column("active", _("Active"), "int"),
        Column("kept", _("Kept"), "float", "%"),
    )
    return Table("channels", columns, figures.channels(store), as_of=figures.as_of(store, "contacts"))
