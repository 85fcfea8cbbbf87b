"""Customers from whom nothing was heard for a while."""

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures, figures_relations

_DAYS = 30
_DAY_S = 86400


def build(sources: Sources, asked: Asked) -> Table:
    """One row per member with customers, most silent ones first."""
    columns = (
        Column("userid", _("Userid"), "id"),
        Column("name", _("Name")),
        Column("customers", _("Customers"), "int", sums=True),
        Column("silent", _("Silent"), "int", sums=True),
        Column("share", _("Share"), "float", "%"),
    )
    found = figures_relations.silent(sources.store, sources.archive, asked, _since(asked))
    rows = ((*row, round(100 * row[3] / row[2], 1)) for row in found)
    return Table("silent", columns, rows, as_of=figures.as_of(sources.store, "contacts"))


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per silent relation, longest silent first."""
    columns = (
        Column("userid", _("Member"), "id"),
        Column("member", _("Member name")),
        Column("external_userid", _("Customer"), "id"),
        Column("name", _("Name")),
        Column("sign", _("Last sign")),
        Column("at", _("When"), "time"),
        Column("days", _("Silent for"), "int", "d"),
    )
    found = figures_relations.silent_ones(sources.store, sources.archive, asked, _since(asked))
    shown = ((*row, int((asked.now - row[5]) // _DAY_S)) for row in found)
    return Table("silent_ones", columns, shown, as_of=figures.as_of(sources.store, "contacts"))


def _since(asked: Asked) -> float:
    return asked.now - _DAYS * _DAY_S if asked.since is None else asked.since


REPORT = Report(
    title="Silent customers",
    summary="Customers without a message or change since a day; 30 days unless told.",
    definition=Definition(
        "Active relations that are older than the day asked for and showed no sign since. Where the session archive "
        "has a conversation of the two, the sign is its last message, whoever wrote it. Elsewhere it is the last "
        "change of a remark, description, company, mobile or tag that none of our jobs made.",
        "The relations of the cache and their history; the conversations of the session archive, where there is one.",
        "Changes have the time of the sync that noticed them. Without an archive a busy chat leaves no sign here. "
        "Relations of unknown age are left out.",
    ),
    build=build,
    takes=frozenset({"since", "department", "member"}),
    rows=rows,
    archive="used",
)
