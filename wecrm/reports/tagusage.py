"""Tags by use."""

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports import carriers
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures, figures_tags


def build(sources: Sources, asked: Asked) -> Table:
    """One row per live tag: active relations that carry it, and how many members use it."""
    columns = (
        Column("group", _("Tag group")),
        Column("tag", _("Tag")),
        Column("customers", _("Customers"), "int"),
        Column("members", _("Members"), "int"),
    )
    store = sources.store
    return Table("tags", columns, figures_tags.usage(store, asked), as_of=figures.as_of(store, "tags"))


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per active relation that carries a tag, with those of its tags that are counted."""
    names = figures_tags.listed(sources.store, asked)
    return carriers.table(sources, asked, lambda tag: names.get(tag, ""))


REPORT = Report(
    title="Tags by use",
    summary="Tags by use: customers, members, and tags nobody uses.",
    definition=Definition(
        "Active relations that carry the tag, and the members they belong to; deleted tags are left out.",
        "The relations and corp tags of the cache.",
        "A customer carries several tags: the figures are not to be added up.",
    ),
    build=build,
    takes=frozenset({"department", "member", "tag"}),
    rows=rows,
)
