"""Tags by use."""

from wecrm.i18n import _
from wecrm.models.table import Column, Table
from wecrm.store import figures
from wecrm.store.database import Store


def build(store: Store) -> Table:
    """One row per live tag: active relations that carry it, and how many members use it."""
    columns = (
        Column("group", _("Tag group")),
        Column("tag", _("Tag")),
        Column("customers", _("Customers"), "int"),
        Column("members", _("Members"), "int"),
    )
    return Table("tags", columns, figures.tag_usage(store), as_of=figures.as_of(store, "tags"))
