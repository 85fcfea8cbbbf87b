"""Customers with the tags that they carry: the single rows behind the reports of tags."""

from collections.abc import Callable, Iterator

from wecrm.i18n import _
from wecrm.models.report import Asked
from wecrm.models.table import Cell, Column, Table
from wecrm.reports.entries import Sources
from wecrm.store import figures, figures_tags


def table(sources: Sources, asked: Asked, called: Callable[[str], str], least: int = 1) -> Table:
    """One row per active relation that carries so many tags or more, one of those asked for among them.

    Args:
        called: the name of a tag by its id; those without one are left out.
    """
    columns = (
        Column("userid", _("Member"), "id"),
        Column("member", _("Member name")),
        Column("external_userid", _("Customer"), "id"),
        Column("name", _("Name")),
        Column("tags", _("Tags"), "list"),
    )
    store = sources.store

    def rows() -> Iterator[tuple[Cell, ...]]:
        for *who, joined in figures_tags.carriers(store, asked, least):
            names = filter(None, map(called, joined.split(",")))
            if shown := tuple(sorted(names)):
                yield *who, shown

    return Table("carriers", columns, rows(), as_of=figures.as_of(store, "contacts"))
