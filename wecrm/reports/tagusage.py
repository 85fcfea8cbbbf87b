"""Tags by use."""

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures


def build(sources: Sources, _asked: Asked) -> Table:
    """One row per live tag: active relations that carry it, and how many members use it."""
    columns = (
        Column("group", _("Tag group")),
        Column("tag", _("Tag")),
        Column("customers", _("Customers"), "int"),
        Column("members", _("Members"), "int"),
    )
    store = sources.store
    return Table("tags", columns, figures.tag_usage(store), as_of=figures.as_of(store, "tags"))


REPORT = Report(
    title="Tags by use",
    summary="Tags by use: customers, members, and tags nobody uses.",
    definition=Definition(
        "Active relations that carry the tag, and the members they belong to; deleted tags are left out.",
        "The relations and corp tags of the cache.",
        "A customer carries several tags: the figures are not to be added up.",
    ),
    build=build,
)
