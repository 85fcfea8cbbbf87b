"""What is missing in the customers of each member."""

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures, figures_relations


def build(sources: Sources, asked: Asked) -> Table:
    """One row per member with customers, most customers first."""
    columns = (
        Column("userid", _("Userid"), "id"),
        Column("name", _("Name")),
        Column("customers", _("Customers"), "int", sums=True),
        Column("no_remark", _("No remark"), "int", sums=True),
        Column("no_tag", _("No tag"), "int", sums=True),
        Column("no_mobile", _("No mobile"), "int", sums=True),
        Column("no_description", _("No description"), "int", sums=True),
        Column("no_owner", _("No owner"), "int", sums=True),
    )
    found = figures_relations.quality(sources.store, asked)
    return Table("quality", columns, found, as_of=figures.as_of(sources.store, "contacts"))


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per relation that lacks something, by member."""
    columns = (
        Column("userid", _("Userid"), "id"),
        Column("member", _("Member name")),
        Column("external_userid", _("Customer"), "id"),
        Column("name", _("Name")),
        Column("remark", _("Remark")),
        Column("missing", _("Missing"), "list"),
    )
    lacks = [name.removeprefix("no_") for name in figures_relations.LACKS]
    found = (
        (*row[:5], tuple(name for name, lacking in zip(lacks, row[5:], strict=True) if lacking))
        for row in figures_relations.lacking(sources.store, asked)
    )
    return Table("lacking", columns, found, as_of=figures.as_of(sources.store, "contacts"))


REPORT = Report(
    title="Data quality",
    summary="Customers without a remark, tag, mobile, description or owner, by member.",
    definition=Definition(
        "Active relations. No remark: it is empty or the customer's own name. No tag: no corp tag; personal "
        "ones do not count. No owner: the member left the corp.",
        "The relations of the cache.",
        "Mobiles are not shown to every app: without that permission everybody lacks one.",
    ),
    build=build,
    takes=frozenset({"department", "member"}),
    rows=rows,
)
