"""Customers per member."""

from wecrm.i18n import _
from wecrm.models.table import Column, Table
from wecrm.store import figures
from wecrm.store.database import Store


def build(store: Store) -> Table:
    """One row per member with relations: how many are active, lost, transferred and out of sight."""
    columns = (
        Column("userid", _("Userid"), "id"),
        Column("name", _("Name")),
        Column("active", _("Active"), "int"),
        Column("lost", _("Lost"), "int"),
        Column("transferred", _("Transferred"), "int"),
        Column("out_of_sight", _("Out of sight"), "int"),
    )
    return Table("followers", columns, figures.followers(store), as_of=figures.as_of(store, "contacts"))
